"""Each key that help lists does something where it is listed, or says why not."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from kagami.tui.app import Console
from kagami.tui.places import PLACES
from kagami.tui.shell import Leave
from tests.tui.pilot import run_console, screen_text, settled
from tests.tui.plugged import weather
from tests.tui.world import World, busy_world

# With nothing typed there is nothing to send; left of the groups there is nothing.
NOTHING_THERE = {"sandbox.send", "set.less"}


def seen(console: Console, world: World) -> tuple[object, ...]:
    """Everything that a person, or the engine, could notice."""
    said = sum(each.times for each in console.toasts.said)
    return screen_text(console), console.focused, len(console.screen_stack), said, len(world.calls), console.state.place


async def back(console: Console, pilot: Pilot[Leave], place: str) -> None:
    """As on arriving: no dialogs, no line to type into, no inner step."""
    for _ in range(6):
        current = console.stage.current
        assert current is not None
        if len(console.screen_stack) > 1 or console._prompt is not None:
            await pilot.press("escape")
        elif console.state.place == place and not current.back():
            break
        await settled(console, pilot)
    console.toasts.seen()
    console.rewind.live()
    if console.state.place != place:
        console.go(place)
        await settled(console, pilot)


@pytest.mark.parametrize("place", [entry.name for entry in PLACES])
async def test_no_key_that_help_lists_is_dead(place: str) -> None:
    world = busy_world()
    world.plugins = [weather()]
    async with run_console((100, 30), control=world) as (console, pilot):
        console.go(place)
        await settled(console, pilot)
        assert console.stage.current is not None
        dead = []
        for action in console.stage.current.actions:
            if not action.keys or action.id in NOTHING_THERE:
                continue
            before = seen(console, world)
            await pilot.press(action.keys[0])
            await settled(console, pilot)
            after = seen(console, world)
            if after == before:
                dead.append(action.id)
            elif after[0] != before[0]:
                await back(console, pilot, place)
        assert console.is_running
    assert dead == []
