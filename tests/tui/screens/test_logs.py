from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest
from textual.pilot import Pilot

from kagami.operations.logs import Window
from kagami.tui.app import Console
from kagami.tui.screens.logs import Logs
from kagami.tui.shell import Leave
from tests.tui.pilot import run_console, screen_text, settled, until
from tests.tui.world import ERROR, WARNING, World, busy_world, execution, line


@asynccontextmanager
async def logs(world: World, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Logs, Console, Pilot[Leave]]]:
    async with run_console(size, control=world) as (console, pilot):
        await pilot.press("3")
        await settled(console, pilot)
        place = cast(Logs, console.stage.current)
        yield place, console, pilot


@pytest.fixture
def world() -> World:
    world = World()
    world.log(
        line(seq, f"line {seq}", level=ERROR if seq % 50 == 0 else WARNING if seq % 25 == 0 else 20)
        for seq in range(1, 1_001)
    )
    return world


async def shows(console: Console, pilot: Pilot[Leave], wanted: Callable[[str], bool]) -> None:
    await until(lambda: any(map(wanted, screen_text(console))))


async def test_it_follows_what_comes(world: World) -> None:
    async with logs(world) as (_, console, pilot):
        assert any("FOLLOW ON" in row for row in screen_text(console))
        world.log([line(1_001, "hello 你好")])
        await shows(console, pilot, lambda row: "hello 你好" in row)


async def test_moving_up_pauses_and_counts_and_zero_follows_again(world: World) -> None:
    async with logs(world) as (place, console, pilot):
        await pilot.press("k")
        world.log(line(seq, "more") for seq in range(1_001, 1_008))
        await shows(console, pilot, lambda row: row.endswith("PAUSED  ▼ 7 new"))
        await pilot.press("0")
        await until(lambda: place.view.newest == 1_007)
        assert place.view.following


async def test_a_filter_is_the_engine_s_work_and_is_shown(world: World) -> None:
    async with logs(world) as (place, console, pilot):
        await pilot.press("ampersand", *"line", "space", *"99", "enter")
        await until(lambda: place.view.length() > 0 and place.tail.words == "line 99")
        await until(lambda: world.asked(Window)[-1].filter == "line 99")
        await shows(console, pilot, lambda row: "FILTER line 99" in row)


async def test_the_level_sheet_sets_the_lowest_level_with_counts(world: World) -> None:
    async with logs(world) as (place, console, pilot):
        await pilot.press("L")
        await shows(console, pilot, lambda row: "I  info" in row and "960 lines" in row)
        await pilot.press("e")
        await shows(console, pilot, lambda row: "LEVEL E " in row)
        await until(lambda: place.view.length() == 20)
        place.action_act("log.onlyerrors")
        await shows(console, pilot, lambda row: "LEVEL I+" in row)
        await pilot.press("L")
        await shows(console, pilot, lambda row: "I  info" in row)
        await pilot.press("up", "enter")
        await shows(console, pilot, lambda row: "LEVEL D+" in row)


async def test_finding_goes_from_hit_to_hit_also_beyond_what_is_held(world: World) -> None:
    async with logs(world) as (place, console, pilot):
        await pilot.press("slash", *"line", "space", *"11", "enter")
        await until(lambda: place.view.line is not None and place.view.line.text == "line 119")
        await pilot.press("N")
        assert place.view.line is not None
        assert place.view.line.text == "line 118"
        await pilot.press("n")
        assert place.view.line.text == "line 119"
        assert any("FIND line 11" in row for row in screen_text(console))


async def test_leaving_the_find_prompt_restores_what_was_found(world: World) -> None:
    async with logs(world) as (place, _, pilot):
        await pilot.press("slash", *"abc", "escape")
        assert place.found == ""


async def test_errors_are_reached_both_ways_also_beyond_what_is_held(world: World) -> None:
    async with logs(world) as (place, _, pilot):
        await pilot.press("k")
        for seq in (1_000, 950, 900, 850, 800, 750, 700):
            await pilot.press("E" if seq < 1_000 else "e")
            await until(lambda seq=seq: place.view.line is not None and place.view.line.seq == seq)  # type: ignore[misc]


async def test_the_edges_are_the_first_line_kept_and_the_newest(world: World) -> None:
    async with logs(world) as (place, console, pilot):
        await pilot.press("g")
        await until(lambda: place.view.line is not None and place.view.line.seq == 1)
        await pilot.press("G")
        await until(lambda: place.view.line is not None and place.view.line.seq == 1_000)
        await shows(console, pilot, lambda row: "FOLLOW ON" in row)


async def test_paging_back_reads_older_lines_without_a_gap(world: World) -> None:
    async with logs(world) as (place, _, pilot):
        for _ in range(40):
            await pilot.press("pageup")
            if place.view.oldest <= 400:
                break
        held = [each.seq for each in place.view._lines]
        assert held == list(range(held[0], held[-1] + 1))
        assert held[0] <= 400


async def test_a_minute_back_and_forth(world: World) -> None:
    last = world.ring._lines[-1].time_ms
    world.log([line(seq, "later", time_ms=last + (seq - 1_000) * 60_000) for seq in range(1_001, 1_005)])
    async with logs(world) as (place, _, pilot):
        await pilot.press("less_than_sign")
        await until(lambda: place.view.line is not None and place.view.line.seq == 1_003)
        await pilot.press("greater_than_sign")
        await until(lambda: place.view.line is not None and place.view.line.seq == 1_004)


async def test_enter_opens_the_line_and_escape_closes_it() -> None:
    async with logs(busy_world()) as (place, console, pilot):
        await pilot.press("E", "enter")
        await settled(console, pilot)
        text = "\n".join(screen_text(console))
        assert "Traceback" in text
        assert execution(7) in text
        await pilot.press("escape")
        await settled(console, pilot)
        assert "Traceback" not in "\n".join(screen_text(console))
        assert place.view.has_focus


async def test_beside_the_list_where_there_is_room() -> None:
    async with logs(busy_world(), (140, 40)) as (place, console, pilot):
        await pilot.press("E", "enter")
        await settled(console, pilot)
        assert place.view.display
        assert place.view.size.width > 60
        assert any("Traceback" in row for row in screen_text(console))


async def test_a_line_of_a_message_leads_to_its_trace() -> None:
    async with logs(busy_world()) as (_, console, pilot):
        await pilot.press("E", "o")
        await until(lambda: console.stage.current is not None and console.stage.current.NAME == "trace")
        await settled(console, pilot)
        assert any("812.4 ms" in row for row in screen_text(console))


async def test_a_link_from_elsewhere_sets_the_filter(world: World) -> None:
    async with run_console(control=world) as (console, pilot):
        console.go("logs", "bot:qq:1")
        await settled(console, pilot)
        await until(lambda: bool(world.asked(Window)))
        assert world.asked(Window)[-1].filter == "bot:qq:1"


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_an_empty_ring_says_what_will_come(language: str) -> None:
    async with run_console(control=World(), language=language) as (console, pilot):
        await pilot.press("3")
        await settled(console, pilot)
        assert len([row for row in screen_text(console) if row.strip()]) > 6


async def test_an_engine_that_goes_away_is_told_and_nothing_crashes() -> None:
    world = busy_world()
    async with logs(world) as (_, console, pilot):
        world.away = True
        await pilot.press("g", "G", "e", "E", "pageup", "less_than_sign", "0", "L")
        await settled(console, pilot)
        assert console.is_running
        assert console.return_value is None
