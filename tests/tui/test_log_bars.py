from __future__ import annotations

import os
from typing import cast

from kagami.operations.logs import Export
from kagami.tui.saving import exports
from kagami.tui.screens.logs import Logs
from kagami.tui.widgets.minutes import CLOCK_CELLS
from tests.tui.engine import NOW_MS
from tests.tui.pilot import on_screen, press, run_console, settled, until
from tests.tui.world import ERROR, World, line


def world_of_three() -> World:
    world = World()
    world.log(
        [
            line(1, "old", time_ms=NOW_MS - 300 * 60_000),
            line(2, "a long line of words " * 6, time_ms=NOW_MS - 600_000, ms="45"),
            line(3, "bad", level=ERROR, time_ms=NOW_MS - 1_000, ms="46"),
        ]
    )
    return world


async def test_marks_wrapping_columns_and_times() -> None:
    async with run_console(control=world_of_three()) as (console, pilot):
        await press(console, pilot, "3")
        place = cast(Logs, console.stage.current)
        assert on_screen(console, "23:41: 1 lines/min  E 1")
        await press(console, pilot, "m", "k", "k", "m")
        assert on_screen(console, "2 marked")
        await press(console, pilot, "apostrophe")
        assert place.view.line is not None
        assert place.view.line.seq == 3
        await press(console, pilot, "M", "enter")
        await until(lambda: place.view.line is not None and place.view.line.seq == 1)
        assert not on_screen(console, "words words")
        await press(console, pilot, "w", "0")
        assert on_screen(console, "ms=45")
        await press(console, pilot, "c")
        assert not on_screen(console, "ms=45")
        await press(console, pilot, "c")
        assert not on_screen(console, "23:41:06.000")
        await press(console, pilot, "c")
        assert on_screen(console, "11-21 23:41:06.000")
        await press(console, pilot, "a", *"18:41:00", "enter")
        await until(lambda: place.view.line is not None and place.view.line.seq == 1)
        await until(lambda: place.hour.since_ms < NOW_MS - 300 * 60_000)
        await press(console, pilot, "right_curly_bracket", "G")
        await until(lambda: place.hour.since_ms > NOW_MS - 3_600_000)
        await pilot.click("#log-minutes", offset=(CLOCK_CELLS + 49, 0))
        await until(lambda: console.moment_ms == (NOW_MS - 600_000) // 60_000 * 60_000)


async def test_what_is_shown_is_exported_with_level_and_filter() -> None:
    world = world_of_three()
    async with run_console(control=world) as (console, pilot):
        await press(console, pilot, "3", "ampersand", *"ms:46", "enter", "x", "j", "enter")
        folder = exports(os.environ)
        await until(lambda: folder.is_dir() and any(folder.glob("kagami-logs-*.jsonl")))
        await settled(console, pilot)
        request = world.asked(Export)[-1]
        assert (request.level, request.filter, request.form) == ("info", "ms:46", "jsonl")
        (made,) = folder.iterdir()
        assert made.read_text("utf-8").count("\n") == 1
        assert on_screen(console, "Exported 1 rows")
