from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from kagami.errors import Refused, SettingError
from kagami.i18n import translator
from kagami.operations.plugins import Configure, Form
from kagami.ports import Field
from kagami.tui.app import Console
from kagami.tui.dialogs.form import FormDialog
from kagami.tui.shell import Leave
from tests.tui.engine import FakeControl
from tests.tui.pilot import on_screen, press, run_console, until
from tests.tui.plugged import FORM, plugged, reloaded, weather

Opened = tuple[FormDialog, Console, Pilot[Leave]]


@asynccontextmanager
async def form(
    control: FakeControl | None = None, size: tuple[int, int] = (80, 24), language: str = "en", rows: list[Field] = FORM
) -> AsyncIterator[Opened]:
    """The settings of the weather plugin."""
    control = control or plugged([weather()])
    control.answers[Form] = lambda _: list(rows)
    control.answers.setdefault(Configure, lambda _: reloaded("com.example.weather", "1.3.2", "1.3.2"))
    async with run_console(size, control=control, language=language) as (console, pilot):
        await press(console, pilot, "4", "s")
        await until(lambda: isinstance(console.screen, FormDialog))
        dialog = console.screen
        assert isinstance(dialog, FormDialog)
        yield dialog, console, pilot


def refusing(error: Exception) -> FakeControl:
    control = plugged([weather()])

    def refuse(_: Any) -> None:
        raise error

    control.answers[Configure] = refuse
    return control


async def test_every_setting_has_its_value_and_origin() -> None:
    async with form() as (_, console, _pilot):
        for text in (
            "< metric >",
            "max_days             7",
            "[ ] off",
            '["北京","上海"]',
            "kagami.toml",
            "Units of the",
        ):
            assert on_screen(console, text)


async def test_only_what_was_changed_is_sent() -> None:
    control = plugged([weather()])
    async with form(control) as (_, console, pilot):
        await press(console, pilot, "right", "j", "enter", "backspace", "9", "enter", "A")
        assert control.asked(Configure)[0].values == {"units": "imperial", "max_days": 9}
        await until(lambda: len(console.screen_stack) == 1)
        assert "serves with these settings" in console.toasts.said[-1].title


async def test_a_value_that_is_back_where_it_was_is_no_change() -> None:
    control = plugged([weather()])
    async with form(control) as (dialog, console, pilot):
        await press(console, pilot, "right", "left", "j", "j", "j", "space", "z", "A")
        assert dialog.changes == {}
        assert not control.asked(Configure)
        assert on_screen(console, "nothing is changed")


async def test_going_back_to_the_default_sends_none() -> None:
    control = plugged([weather()])
    async with form(control) as (dialog, console, pilot):
        await press(console, pilot, "j", "j", "d")
        assert dialog.changes == {"timeout": 8.0}
        assert on_screen(console, "was 2.5")
        await press(console, pilot, "A")
        assert control.asked(Configure)[0].values == {"timeout": None}


async def test_what_a_setting_of_ours_says_is_in_the_readers_language() -> None:
    words = "What a command begins with in a chat."
    async with form(language="zh", rows=[Field("prefix", "text", text=words)]) as (_, console, _pilot):
        assert not on_screen(console, words)
        assert on_screen(console, translator("zh")(words))


async def test_limits_are_checked_as_one_types() -> None:
    async with form() as (dialog, console, pilot):
        await press(console, pilot, "j", "enter", "9")
        assert on_screen(console, "expected: a whole number from 1 to 14")
        await press(console, pilot, "enter")
        assert dialog.editing
        await press(console, pilot, "backspace")
        assert not on_screen(console, "expected: ")
        await press(console, pilot, "escape")
        assert dialog.changes == {}


async def test_a_list_is_typed_as_json() -> None:
    async with form() as (dialog, console, pilot):
        await press(console, pilot, *"jjjj", "enter")
        dialog.box.write('["Ōsaka"]')
        await press(console, pilot, "enter")
        assert dialog.changes == {"cities": ["Ōsaka"]}


async def test_what_comes_from_the_environment_cannot_be_changed_here() -> None:
    async with form() as (dialog, console, pilot):
        await press(console, pilot, "k", "enter")
        assert not dialog.editing
        assert on_screen(console, "change it there")


async def test_a_refusal_stands_beside_its_field() -> None:
    refused = SettingError(
        key="plugins.settings.com.example.weather.cities[0]", value="x", origin="configuration",
        reason="no such \x1b[31mcity", fix="",
    )  # fmt: skip
    async with form(refusing(refused)) as (dialog, console, pilot):
        await press(console, pilot, "right", "A")
        assert dialog.field.name == "cities"
        assert on_screen(console, "✗ no such ␛[31mcity")
        assert dialog.changes == {"units": "imperial"}


async def test_a_refusal_of_no_field_stands_below_all() -> None:
    async with form(refusing(Refused(reason="kagami.toml cannot be written"))) as (_, console, pilot):
        await press(console, pilot, "right", "A")
        assert on_screen(console, "kagami.toml cannot be written")


async def test_changes_are_not_lost_without_a_question() -> None:
    control = plugged([weather()])
    async with form(control) as (dialog, console, pilot):
        await press(console, pilot, "right", "escape")
        assert on_screen(console, "Discard the changes?")
        await press(console, pilot, "enter")
        assert console.screen is dialog
        await press(console, pilot, "escape", "right", "enter")
        assert len(console.screen_stack) == 1
        assert not control.asked(Configure)


async def test_without_changes_it_closes_at_once() -> None:
    async with form() as (_, console, pilot):
        await press(console, pilot, "escape")
        assert len(console.screen_stack) == 1


async def test_the_mouse_chooses_and_changes() -> None:
    async with form() as (dialog, console, pilot):
        await pilot.click(dialog.sheet, offset=(8, 3))
        assert dialog.field.name == "verbose"
        await pilot.click(dialog.sheet, offset=(8, 3))
        assert dialog.changes == {"verbose": True}
        assert on_screen(console, "[x] on")


async def test_a_plugin_without_settings_says_so() -> None:
    control = plugged([weather()])
    control.answers[Form] = lambda _: []
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "s")
        assert on_screen(console, "it has no settings")


async def test_it_fits_the_smallest_screen() -> None:
    async with form(size=(60, 16)) as (_, console, pilot):
        await press(console, pilot, "j", "enter", "9")
        assert on_screen(console, "79")
        assert on_screen(console, "expected: a whole number")
