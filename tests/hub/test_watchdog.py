from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

from kagami.hub.watchdog import Watchdog
from kagami.meters import Meters


class Told:
    def __init__(self) -> None:
        self.reports: list[tuple[float, str, str]] = []
        self.came = threading.Event()

    def __call__(self, seconds: float, plugin: str, stack: str) -> None:
        self.reports.append((seconds, plugin, stack))
        self.came.set()


def _culprit(files: Sequence[str]) -> str:
    return "sleeper" if files and files[-1] == __file__ else ""


def stand_still(until: threading.Event) -> None:
    until.wait(10)


async def test_a_loop_that_stands_still_is_named_with_its_stack_within_two_seconds() -> None:
    told, meters = Told(), Meters()
    with Watchdog(meters, blame=lambda files: "sleeper" if __file__ in files else "", report=told):
        started = time.monotonic()
        stand_still(told.came)
        assert time.monotonic() - started < 2.0
    seconds, plugin, stack = told.reports[0]
    assert seconds >= 1.0
    assert plugin == "sleeper"
    assert "stand_still" in stack
    assert meters.count["stalls", "sleeper"] == 1


async def test_one_stall_is_told_once() -> None:
    told = Told()
    with Watchdog(Meters(), blame=_culprit, report=told):
        stand_still(told.came)
        time.sleep(0.3)  # noqa: ASYNC251 - the stall itself
    assert len(told.reports) == 1


async def test_a_lively_loop_is_left_alone() -> None:
    told = Told()
    with Watchdog(Meters(), blame=_culprit, report=told) as dog:
        for _ in range(20):
            await asyncio.sleep(0.01)
        assert dog.stalled_s < 1.0
    assert told.reports == []


async def test_the_lag_is_measured() -> None:
    meters = Meters()
    with Watchdog(meters, blame=_culprit, report=Told()):
        time.sleep(0.4)  # noqa: ASYNC251 - the lag itself
        await asyncio.sleep(0.15)
    assert meters.gauge["loop_lag_ms"] > 100
