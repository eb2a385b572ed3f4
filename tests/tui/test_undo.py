from __future__ import annotations

from kagami.errors import Conflict
from kagami.operations.plugins import Switch, Weigh
from kagami.tui.undo import MOST, Changes
from tests.tui.engine import FakeControl
from tests.tui.pilot import on_screen, press, run_console, screen_text
from tests.tui.plugged import plugged, plugin


def switched() -> FakeControl:
    control = plugged([plugin("dice")])
    control.answers |= {Switch: lambda _: None, Weigh: lambda _: plugin("dice")}
    return control


async def test_a_change_is_undone_from_any_place() -> None:
    control = switched()
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "e", "1", "u")
        assert control.asked(Switch) == [Switch(plugin="dice", on=False), Switch(plugin="dice", on=True)]


async def test_changes_are_undone_one_after_the_other() -> None:
    control = switched()
    async with run_console(control=control) as (console, pilot):
        console.changed("first", Switch(plugin="first", on=True))
        console.changed("second", Switch(plugin="second", on=True))
        await press(console, pilot, "u", "u", "u")
        assert [each.plugin for each in control.asked(Switch)] == ["second", "first"]
        assert on_screen(console, "Nothing was changed here")


async def test_the_footer_reminds_of_it_for_a_moment() -> None:
    control = switched()
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "e")
        assert "undo" in screen_text(console)[-1]


async def test_what_the_engine_refuses_to_undo_can_be_tried_again() -> None:
    def refuse(_: object) -> None:
        raise Conflict(reason="It was changed meanwhile.")

    control = switched()
    async with run_console(control=control) as (console, pilot):
        console.changed("before", Switch(plugin="dice", on=True))
        control.answers[Switch] = refuse
        await press(console, pilot, "u")
        assert on_screen(console, "It was changed meanwhile.")
        assert console.changes.last is not None


async def test_only_so_many_are_kept() -> None:
    async with run_console() as (console, _):
        changes = Changes(console)
        for number in range(MOST + 5):
            changes.add(str(number), Switch(plugin="dice", on=True))
        assert len(changes._made) == MOST
