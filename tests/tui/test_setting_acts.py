from __future__ import annotations

import pytest

from kagami.errors import Conflict
from kagami.operations.settings import ApplySettings, ReloadSettings, SettingsHistory
from kagami.ports import Applied, AppliedKey
from tests.tui.configured import Configured, go, opened
from tests.tui.pilot import on_screen, press


async def test_a_file_that_somebody_edited_meanwhile_is_told_and_nothing_is_lost() -> None:
    control = Configured()

    def refuse(_: ApplySettings) -> Applied:
        raise Conflict(reason="kagami.toml was changed by somebody else.\n-a\n+b")

    control.answers[ApplySettings] = refuse
    async with opened(control) as (place, console, pilot):
        await go(place, console, pilot, "hub.running")
        place.draft.wish("hub.running", 7)
        await press(console, pilot, "A", "enter")
        assert on_screen(console, "kagami.toml was changed by somebody else.")
        assert on_screen(console, "r reads the file as it is")
        assert place.draft.changes == {"hub.running": 7}


async def test_reading_the_file_tells_what_came_of_it() -> None:
    control = Configured()
    async with opened(control) as (_, console, pilot):
        await press(console, pilot, "r")
        assert on_screen(console, "Nothing was changed")
        control.answers[ReloadSettings] = lambda _: Applied(4, [AppliedKey("prefix", "applied")], "v")
        await press(console, pilot, "r")
        assert on_screen(console, "prefix: applied")


async def test_nothing_to_undo_is_said() -> None:
    control = Configured()
    control.answers[SettingsHistory] = lambda _: []
    async with opened(control) as (_, console, pilot):
        await press(console, pilot, "U")
        assert on_screen(console, "Nothing was changed here")


@pytest.mark.parametrize(("keys", "value"), [(("right",), "warning"), (("left",), "debug")])
async def test_choices_go_round_to_both_sides(keys: tuple[str, ...], value: str) -> None:
    async with opened() as (place, console, pilot):
        await go(place, console, pilot, "log.level")
        await press(console, pilot, *keys)
        assert place.draft.changes == {"log.level": value}
