from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from textual.pilot import Pilot

from kagami.operations.logs import Window
from kagami.operations.traces import ListTraces
from kagami.tui.app import Console
from kagami.tui.screens.sandbox import Sandbox
from kagami.tui.screens.trace import Trace
from kagami.tui.shell import Leave
from tests.tui.pilot import run_console, screen_text, settled, until
from tests.tui.world import World, busy_world, execution


@asynccontextmanager
async def traces(world: World, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Trace, Console, Pilot[Leave]]]:
    async with run_console(size, control=world) as (console, pilot):
        await pilot.press("7")
        await settled(console, pilot)
        yield cast(Trace, console.stage.current), console, pilot


def seen(console: Console, text: str) -> bool:
    return any(text in row for row in screen_text(console))


async def test_traces_are_listed_with_outcome_and_time() -> None:
    async with traces(busy_world(), (120, 24)) as (place, console, _):
        assert len(place.table.rows) == 5
        assert seen(console, "✗ dead")
        assert seen(console, "48.9")
        assert seen(console, "weather@1.4.0")


async def test_one_trace_is_shown_stage_by_stage() -> None:
    async with traces(busy_world()) as (place, console, pilot):
        place.table.select(execution(1))
        await pilot.press("enter")
        await until(lambda: seen(console, "48.9 ms"))
        for text in ("route", "44 870", "receipt", "handled"):
            assert seen(console, text)


async def test_what_was_sent_stands_below() -> None:
    async with traces(busy_world(), (80, 40)) as (place, console, pilot):
        place.table.select(execution(1))
        await pilot.press("enter")
        await until(lambda: seen(console, "✓ sent → group:123456  8812"))


async def test_escape_goes_back_to_the_list() -> None:
    async with traces(busy_world()) as (place, _, pilot):
        await pilot.press("enter", "escape")
        assert place.opened == ""
        assert place.table.has_focus


async def test_the_outcome_filter_goes_round() -> None:
    world = busy_world()
    async with traces(world) as (place, console, pilot):
        await pilot.press("o")
        await until(lambda: world.asked(ListTraces)[-1].outcome == "handled")
        await until(lambda: len(place.table.rows) == 3)
        assert seen(console, "OUTCOME handled")


async def test_only_slow_ones() -> None:
    world = busy_world()
    async with traces(world) as (place, console, pilot):
        await pilot.press("greater_than_sign")
        await until(lambda: len(place.table.rows) == 1)
        assert seen(console, "> 50 ms")
        await pilot.press("greater_than_sign", "greater_than_sign", "s")
        await until(lambda: [row.order[2] for row in place.table.rows[:2]] == [812_440, 48_900])


async def test_the_newest_failure_is_one_key_away() -> None:
    async with traces(busy_world()) as (place, _, pilot):
        await pilot.press("e")
        await until(lambda: place.opened == execution(7))


async def test_the_whole_id_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    async with traces(busy_world()) as (place, _, _pilot):
        copied: list[str] = []
        monkeypatch.setattr(place.shell, "copy", copied.append)
        place.action_act("trace.copy")
        assert copied == [execution(7)]


async def test_its_log_lines_are_one_key_away() -> None:
    world = busy_world()
    async with traces(world) as (_, console, pilot):
        await pilot.press("l")
        await until(lambda: console.stage.current is not None and console.stage.current.NAME == "logs")
        await until(lambda: bool(world.asked(Window)))
        assert world.asked(Window)[-1].filter == f"execution:{execution(7)}"
        assert world.asked(Window)[-1].level == "debug"


async def test_the_same_is_tried_in_the_sandbox_by_the_same_user_in_the_same_chat_as_a_dry_run() -> None:
    async with traces(busy_world()) as (place, console, pilot):
        first = place.traces[execution(7)]
        await pilot.press("r")
        await until(lambda: console.stage.current is not None and console.stage.current.NAME == "sandbox")
        await settled(console, pilot)
        sandbox = cast(Sandbox, console.stage.current)
        assert seen(console, "/song 夜曲")
        assert (sandbox.identity.user, sandbox.identity.group, sandbox.identity.bot) == (
            first.user,
            first.chat.removeprefix("group:"),
            first.bot,
        )
        assert sandbox.trying.dry


async def test_a_trace_that_is_not_written_yet_is_waited_for() -> None:
    world = busy_world()
    world.untraced = True
    async with run_console(control=world) as (console, pilot):
        console.go("trace", execution(1))
        await settled(console, pilot)
        await until(lambda: seen(console, "no trace yet"))
        world.untraced = False
        await until(lambda: seen(console, "48.9 ms"))


async def test_no_traces_say_how_to_get_one() -> None:
    async with traces(World()) as (place, console, _):
        assert seen(console, "No traces yet.")
        assert place.blocked("trace.open")


async def test_an_engine_that_goes_away_is_told_and_nothing_crashes() -> None:
    world = busy_world()
    async with traces(world) as (_, console, pilot):
        world.away = True
        await pilot.press("enter", "escape", "o", "s", "e")
        await settled(console, pilot)
        assert console.is_running
        assert console.return_value is None


async def test_an_open_trace_changes_its_language_too() -> None:
    async with traces(busy_world()) as (_, console, pilot):
        await pilot.press("enter")
        await settled(console, pilot)
        assert seen(console, "y copy id")
        await pilot.press("f3")
        await settled(console, pilot)
        assert seen(console, "y 复制编号")
