from __future__ import annotations

import pytest

from kagami.operations.cluster import ProcessRow
from tests.tui.engine import FakeControl
from tests.tui.pilot import on_screen, press, run_console
from tests.tui.tabs.test_processes import row

TOLD = [
    ([row("a"), row("b")], "2 processes share the work"),
    ([row("a"), row("b", state="gone")], "gone: b"),
    ([row("a"), row("b", state="gone"), row("c", state="gone")], "gone: b, c"),
    ([row("a"), row("b", state="leaving")], "handing over: b"),
    ([row("a", redis="it hangs up")], "Redis is away: messages go on, more slowly"),
    ([row("a", trouble="it cannot be written")], "The database is away: messages wait until it is back"),
]


@pytest.mark.parametrize(("rows", "text"), TOLD)
async def test_the_overview_says_how_they_are_in_one_line(rows: list[ProcessRow], text: str) -> None:
    control = FakeControl()
    control.processes = rows
    async with run_console(control=control) as (console, _):
        assert on_screen(console, text)


async def test_nothing_is_said_of_one_that_is_well() -> None:
    control = FakeControl()
    async with run_console(control=control) as (console, pilot):
        assert not on_screen(console, "processes share")
        control.processes = [row("a"), row("b")]
        await press(console, pilot, "2", "1")
        assert on_screen(console, "processes share")


async def test_what_a_process_that_is_gone_missed_is_not_told() -> None:
    control = FakeControl()
    control.processes = [row("a"), row("b", state="gone", redis="it hangs up")]
    async with run_console(control=control) as (console, _):
        assert not on_screen(console, "Redis is away")
