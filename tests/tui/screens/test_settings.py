"""The settings place as a whole: its looks, what is typed, applied and undone, and one run on the real centre."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kagami.centre.desk import SettingsDesk
from kagami.centre.history import History
from kagami.centre.seal import Seal
from kagami.clock import SystemClock
from kagami.config import Settings as Configuration
from kagami.config import load
from kagami.edits import FileEdits
from kagami.engine.live import Live
from kagami.home import Home, keep_secret
from kagami.meters import Meters
from kagami.model.principal import CONSOLE
from kagami.net.supervise import Nursery
from kagami.operations.people import Add
from kagami.operations.settings import ApplySettings, CheckSettings, ListSettings, SettingsHistory, UndoSettings
from kagami.storage.config import StoreConfig
from kagami.storage.store import open_store
from tests.tui.configured import Configured, go, opened
from tests.tui.pilot import golden, on_screen, press, run_console, screen_text, settled, until

TEXT = '# my house\nprefix = "/"   # why not\n\n[log]\nlevel = "info"  # quiet\n\n[gateway]\nport = 3001 # ours\n'


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_looks_as_it_should(size: tuple[int, int], language: str) -> None:
    name = f"{size[0]}x{size[1]}-{language}"
    async with opened(size=size, language=language) as (place, console, pilot):
        await go(place, console, pilot, "gateway.port")
        golden(f"settings-locked-{name}", screen_text(console))
        place.acts.wish(place.draft.rows["hub.running"], None)
        await go(place, console, pilot, "hub.running")
        golden(f"settings-pending-{name}", screen_text(console))
        for key, tab in (("o", "people"), ("v", "privacy"), ("b", "backups")):
            await press(console, pilot, key)
            golden(f"settings-{tab}-{name}", screen_text(console))


async def test_every_kind_of_value_is_typed_refused_in_place_and_given_back() -> None:
    async with opened() as (place, console, pilot):
        for key, typed, value in (
            ("gateway.query_token", (), True),
            ("log.level", (), "warning"),
            ("prefix", ("backspace", "!"), "!"),
            ("hub.drain", ("backspace", "backspace", "2", ".", "5"), 2.5),
            ("hub.retry_after", (",", "6", "0"), [5, 30, 60]),
            ("pace.chat_per_second", ("3",), 3.0),
            ("gateway.token", ("x", "y"), "xy"),
        ):
            await go(place, console, pilot, key)
            await press(console, pilot, "enter", *typed, *(["enter"] if typed else []))
            assert place.draft.changes[key] == value
        assert not on_screen(console, "xy")

        await go(place, console, pilot, "hub.running")
        await press(console, pilot, "enter", "0", "0", "0", "enter")
        assert on_screen(console, "✗ expected: a whole number from 1 to 10000")
        assert "hub.running" not in place.draft.changes
        await press(console, pilot, "escape")
        assert not on_screen(console, "✗ expected")
        await press(console, pilot, "d")
        assert place.draft.changes["hub.running"] is None
        await press(console, pilot, "l")
        assert "hub.running" not in place.draft.changes

        await go(place, console, pilot, "gateway.port")
        await press(console, pilot, "enter")
        assert on_screen(console, "from environment WS_PORT: unset it to edit")
        await press(console, pilot, "Z")
        assert not len(place.draft)


async def test_what_is_wrong_stays_with_its_reason_and_the_rest_is_applied_later() -> None:
    control = Configured()
    async with opened(control) as (place, console, pilot):
        await go(place, console, pilot, "hub.running")
        await press(console, pilot, "enter", "backspace", "1", "enter")
        control.wrong = {"hub.running": "it is too much for this machine"}
        await press(console, pilot, "A")
        assert on_screen(console, "✗ it is too much for this machine")
        assert not control.asked(ApplySettings)
        control.wrong = {}
        await press(console, pilot, "escape", "A")
        assert on_screen(console, "+running = 100 # many")
        await press(console, pilot, "enter")
        assert control.asked(ApplySettings) == [ApplySettings(changes={"hub.running": 201}, file_version="v1")]
        assert on_screen(console, "hub.running: applied")
        assert not len(place.draft)
        await press(console, pilot, "u")
        assert control.asked(UndoSettings) == [UndoSettings(change=7)]


async def test_what_needs_a_restart_is_a_page_to_read() -> None:
    async with opened() as (place, console, pilot):
        await go(place, console, pilot, "log.keep_mb")
        await press(console, pilot, "enter", "1", "enter", "A", "enter")
        assert on_screen(console, "log.keep_mb: restart needed")


async def test_leaving_with_pending_changes_asks_once() -> None:
    async with opened() as (place, console, pilot):
        place.draft.wish("prefix", "!")
        await pilot.press("1")
        await until(lambda: on_screen(console, "Discard the changes?"))
        await press(console, pilot, "enter")
        assert console.stage.current is place
        assert len(place.draft)
        await pilot.press("1")
        await until(lambda: on_screen(console, "Discard the changes?"))
        await press(console, pilot, "right", "enter", "9", "1")
        assert console.stage.current is not place


async def test_the_command_line_fills_the_form() -> None:
    async with run_console(control=Configured()) as (console, pilot):
        await press(console, pilot, "colon", *"set log.level debug", "enter")
        await until(lambda: on_screen(console, "< debug >"))
        assert on_screen(console, "[Settings •1]")
        await press(console, pilot, "colon", *"set hub.running many", "enter")
        assert on_screen(console, "✗ expected: a whole number")
        await press(console, pilot, "colon", *"set gateway.port 1", "enter")
        assert on_screen(console, "unset it to edit")
        await press(console, pilot, "colon", *"set drain", "enter")
        assert on_screen(console, "/drain 1")


async def test_search_over_all_groups_and_only_what_was_modified() -> None:
    async with opened() as (place, console, pilot):
        await press(console, pilot, "slash", *"port", "enter")
        assert [row.key for row in place.all.form.table.rows] == ["gateway.port", "privacy.enabled"]
        await press(console, pilot, "escape", "m")
        assert {row.key for row in place.all.form.table.rows} == {
            *("admins", "gateway.port", "hub.running", "privacy.enabled", "privacy.kinds")
        }
        await press(console, pilot, "m")
        assert not place.all.searching


async def test_history_file_and_undo() -> None:
    control = Configured()
    async with opened(control) as (place, console, pilot):
        await go(place, console, pilot, "hub.running")
        await press(console, pilot, "h")
        assert on_screen(console, "100 → 200")
        await press(console, pilot, "escape", "e")
        assert on_screen(console, "/srv/kagami/kagami.toml")
        await press(console, pilot, "escape", "U")
        assert on_screen(console, "byte for byte as it was before")
        await press(console, pilot, "right", "enter")
        assert control.asked(UndoSettings) == [UndoSettings(change=2)]


async def test_who_may_only_look_reads_why_not() -> None:
    control = Configured()
    control.scopes = ["*:read"]
    async with opened(control) as (place, console, pilot):
        await until(lambda: bool(console.lacks("people:write")))
        await go(place, console, pilot, "hub.running")
        await press(console, pilot, "enter", "d", "o", "a")
        assert on_screen(console, "needs the right settings:write")
        assert on_screen(console, "needs the right people:write")
        assert not control.asked(Add)
        assert not len(place.draft)


@pytest.fixture
async def centre(tmp_path: Path) -> AsyncIterator[SettingsDesk]:
    """The real one, on a file with comments; the gateway takes whatever port it is told."""
    home = Home(tmp_path / "home")
    home.path.mkdir()
    (home.path / "kagami.toml").write_text(TEXT, "utf-8")
    settings = load(home, environ={})
    live = Live(settings)

    async def move(_: Configuration) -> None:
        pass

    live.on(("gateway",), move, "reopen")
    live.on(("log",), move)
    async with (
        Nursery() as nursery,
        open_store(settings.database, clock=SystemClock(), meters=Meters(), config=StoreConfig()) as store,
    ):
        file = FileEdits(home.path / "kagami.toml")
        history = History(store, lambda: Seal(keep_secret(home, "settings_key")))
        desk = SettingsDesk(file, live, history, nursery=nursery, clock=SystemClock(), translate=str)
        await desk.open(file.read())
        yield desk


async def test_the_real_centre_applies_and_undoes_byte_for_byte(centre: SettingsDesk) -> None:
    control, file = Configured(), centre.file.path
    answers: dict[type, Any] = {
        ListSettings: lambda _: centre.rows(),
        CheckSettings: lambda request: centre.check(request.changes),
        ApplySettings: lambda request: centre.apply(CONSOLE, request.changes, version=request.file_version),
        UndoSettings: lambda request: centre.undo(CONSOLE, request.change),
        SettingsHistory: lambda request: centre.history(request.key),
    }
    control.answers |= answers
    async with opened(control) as (place, console, pilot):
        await go(place, console, pilot, "log.level")
        await press(console, pilot, "right")
        await go(place, console, pilot, "gateway.port")
        await press(console, pilot, "enter", "backspace", "2", "enter", "A")
        assert on_screen(console, "pending: 1 live, 1 reopen")
        await pilot.press("enter")
        await until(lambda: (centre.live.current.log.level, centre.live.current.gateway.port) == ("warning", 3002))
        await settled(console, pilot)
        assert file.read_text("utf-8") == TEXT.replace('"info"', '"warning"').replace("3001", "3002")
        await centre.apply(CONSOLE, {"prefix": "!"})
        await press(console, pilot, "u")
        assert on_screen(console, "Other settings were changed after that")
        assert centre.live.current.gateway.port == 3002
        await centre.undo(CONSOLE)
        await press(console, pilot, "u")
        await until(lambda: centre.live.current.gateway.port == 3001)
        assert file.read_bytes() == TEXT.encode()
