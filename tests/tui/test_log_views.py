from __future__ import annotations

from typing import cast

from kagami.operations.logs import Window
from kagami.operations.plugins import ListPlugins
from kagami.tui.screens.logs import Logs
from tests.tui.pilot import on_screen, press, run_console, until
from tests.tui.plugged import plugins
from tests.tui.world import World, busy_world


async def test_a_filter_is_kept_under_a_name_and_comes_back_by_it() -> None:
    world = busy_world()
    async with run_console(control=world) as (console, pilot):
        await press(console, pilot, "3", "ampersand", *"upstream", "enter", "L", "w")
        place = cast(Logs, console.stage.current)
        await press(console, pilot, "S", *"slow", "space", *"api", "enter")
        assert console.state.views["logs"] == ["slow api = W upstream"]
        assert console.state.typed["logs"] == ["upstream"]
        await press(console, pilot, "ampersand", *["backspace"] * 8, "enter", "L", "d")
        assert place.filter_text() == "D"
        await press(console, pilot, "ampersand", *"slow", "space", *"api", "enter")
        assert place.filter_text() == "W upstream"
        await press(console, pilot, "V", "enter")
        assert place.filter_text() == ""
        assert on_screen(console, "1 views")
        await press(console, pilot, "V", "up", "enter")
        await until(lambda: world.asked(Window)[-1].filter == "upstream")


async def test_lines_of_the_canary_are_chosen_by_the_version_and_nothing_is_when_there_is_none() -> None:
    world = World()
    async with run_console(control=world) as (console, pilot):
        await press(console, pilot, "3")
        place = cast(Logs, console.stage.current)
        place.action_act("log.onlycanary")
        await until(lambda: on_screen(console, "No version is a canary now."))
        world.answers[ListPlugins] = lambda _: [row for row in plugins() if row.canary][:1]
        place.action_act("log.onlycanary")
        await until(lambda: place.tail.words.startswith("plugin:"))
        assert "@" in place.tail.words
