from __future__ import annotations

import os
from typing import cast

from kagami.core.chain import CHANGED, Verdict
from kagami.operations.audit import ListAudit
from kagami.tui.saving import exports
from kagami.tui.screens.trace import Trace
from tests.tui.engine import NOW_MS
from tests.tui.pilot import on_screen, press, run_console, until
from tests.tui.world import busy_world


async def test_rows_are_listed_searched_and_opened_with_what_was_before() -> None:
    world = busy_world()
    async with run_console(control=world) as (console, pilot):
        await press(console, pilot, "7", "a")
        place = cast(Trace, console.stage.current)
        assert [row.key for row in place.audit.table.rows] == ["318", "317", "316", "315", "314"]
        assert on_screen(console, "! refused")
        await press(console, pilot, "slash", *"who:ann", "enter")
        assert world.asked(ListAudit)[-1].who == "ann"
        assert [row.key for row in place.audit.table.rows] == ["316", "314"]
        await press(console, pilot, "enter")
        assert on_screen(console, "10 → 25")
        assert place.subject() == "plugins.weigh 316"
        await press(console, pilot, "escape", "escape")
        assert (place.auditing, place.table.has_focus) == (False, True)


async def test_it_follows_the_time_cursor() -> None:
    world = busy_world()
    async with run_console(control=world) as (console, pilot):
        await press(console, pilot, "7", "a")
        place = cast(Trace, console.stage.current)
        console.look_at(NOW_MS - 220_000)
        await until(lambda: [row.key for row in place.audit.table.rows] == ["316", "315", "314"])


async def test_the_verdict_stands_in_the_bar_and_names_the_broken_row() -> None:
    world = busy_world()
    async with run_console((120, 24), control=world) as (console, pilot):
        await press(console, pilot, "7", "v")
        assert on_screen(console, "✓ 23:41:07  318 rows hold together, 2 signed anchors fit.")
        world.verdict = Verdict(ok=False, row=317, why=CHANGED)
        await press(console, pilot, "v", "escape")
        assert on_screen(console, "Broken at row 317: it does not fit the row before it")


async def test_it_is_exported_as_a_table() -> None:
    async with run_console(control=busy_world()) as (console, pilot):
        await press(console, pilot, "7", "a", "x", "down", "enter")
        await until(lambda: exports(os.environ).is_dir() and any(exports(os.environ).glob("kagami-audit-*.csv")))
        (made,) = exports(os.environ).iterdir()
        assert made.read_text("utf-8") == "5 rows as csv\n"
