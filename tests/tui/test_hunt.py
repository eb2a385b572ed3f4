from __future__ import annotations

import asyncio
from typing import Any, cast

from kagami.operations.logs import Window, Windowed
from kagami.tui.screens.logs import Logs
from tests.tui.pilot import on_screen, run_console, settled, until
from tests.tui.world import World, line


class Slow(World):
    """Searches with words come to their end in pages of 100 lines, each when a test lets it."""

    def __init__(self) -> None:
        super().__init__()
        self.log(line(seq, "a needle" if seq == 50 else f"line {seq}") for seq in range(1, 1_001))
        self.turns = asyncio.Semaphore(0)
        self.answers[Window] = self._paged

    async def _paged(self, request: Window) -> Windowed:
        answer = self._window(request)
        if "needle" not in request.filter or request.after:
            return answer
        await self.turns.acquire()
        reached = max(1, (request.before or 1_001) - 100)
        found = [each for each in answer.lines if each.seq >= reached]
        done = bool(found) or reached == 1
        return Windowed(found, answer.kept, answer.newest, answer.counts, found[0].seq if found else reached, done)


async def searching(world: Slow, pilot: Any, place: Logs) -> None:
    await pilot.press("slash", *"needle", "enter")
    await until(lambda: place.seeking.running)
    world.turns.release()
    await until(lambda: place.tail.reached_ms > 0)
    cast(Any, place.shell.clock).now += 3


async def test_a_long_search_tells_how_far_it_is_lets_keys_through_and_finds_in_the_end() -> None:
    world = Slow()
    async with run_console(control=world) as (console, pilot):
        await pilot.press("3")
        await settled(console, pilot)
        place = cast(Logs, console.stage.current)
        await searching(world, pilot, place)
        place.seeking.told(0)
        await until(lambda: on_screen(console, "searched as far as 23:41:"))
        assert on_screen(console, ", 3 s  esc cancel")
        before = place.view.index
        await pilot.press("k", "k")
        assert place.view.index == before - 2
        for _ in range(9):
            world.turns.release()
        await until(lambda: place.view.line is not None and place.view.line.seq == 50)
        await until(lambda: not place.seeking.running)
        assert not on_screen(console, "esc cancel")


async def test_a_search_is_cancelled_by_escape_and_what_was_shown_stays() -> None:
    world = Slow()
    async with run_console(control=world) as (console, pilot):
        await pilot.press("3")
        await settled(console, pilot)
        place = cast(Logs, console.stage.current)
        await searching(world, pilot, place)
        newest = place.view.newest
        await pilot.press("escape")
        await until(lambda: not place.seeking.running)
        assert (place.view.newest, place.found) == (newest, "needle")
        assert len([each for each in world.asked(Window) if "needle" in each.filter]) == 2


async def test_a_rare_filter_fills_the_list_page_by_page() -> None:
    world = Slow()
    async with run_console(control=world) as (console, pilot):
        for _ in range(20):
            world.turns.release()
        console.go("logs", "D needle")
        await settled(console, pilot)
        place = cast(Logs, console.stage.current)
        await until(lambda: place.view.length() == 1)
        assert place.view.line is not None
        assert place.view.line.seq == 50
