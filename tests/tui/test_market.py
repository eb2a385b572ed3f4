from __future__ import annotations

from typing import Any

from kagami.errors import Refused
from kagami.operations.plugins import Sync
from kagami.ports import SyncRow
from tests.tui.engine import FakeControl
from tests.tui.pilot import on_screen, press, run_console
from tests.tui.plugged import plugged

UPDATE = SyncRow("weather", "1.0.0", "1.2.0", "update", permissions=("store",))
RECALL = SyncRow("stocks", "2.0.0", "", "recall")


def engine(*rows: SyncRow, after: tuple[SyncRow, ...] | None = None) -> FakeControl:
    control = plugged()
    done = rows if after is None else after
    control.answers[Sync] = lambda request: list(rows if request.dry_run else done)
    return control


async def test_it_is_shown_asked_for_with_numbers_and_done() -> None:
    control = engine(UPDATE, RECALL)
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "m", "enter")
        for text in ("Change plugins: 2?", "weather 1.0.0 → 1.2.0", "stocks 2.0.0 → nothing", "weather: store"):
            assert on_screen(console, text)
        assert control.asked(Sync) == [Sync(dry_run=True)]
        await press(console, pilot, "right", "enter")
        assert control.asked(Sync) == [Sync(dry_run=True), Sync()]
        assert on_screen(console, "Plugins changed: 2")


async def test_no_is_the_default() -> None:
    control = engine(UPDATE)
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "m", "enter", "enter")
        assert control.asked(Sync) == [Sync(dry_run=True)]


async def test_what_went_wrong_is_listed() -> None:
    failed = SyncRow("weather", "1.0.0", "1.2.0", "update", error="it is larger than 64 MiB")
    async with run_console(control=engine(UPDATE, after=(failed,))) as (console, pilot):
        await press(console, pilot, "4", "m", "enter", "right", "enter")
        assert on_screen(console, "it is larger than 64 MiB")


async def test_nothing_from_the_market_and_no_market_are_said() -> None:
    async with run_console(control=engine()) as (console, pilot):
        await press(console, pilot, "4", "m")
        assert on_screen(console, "Nothing here comes from the market")
    control = engine()

    def refuse(_: Any) -> None:
        raise Refused(reason="There is no market")

    control.answers[Sync] = refuse
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "m")
        assert on_screen(console, "There is no market")
