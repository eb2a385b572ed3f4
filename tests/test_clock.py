from __future__ import annotations

import asyncio
import time

import pytest

from kagami.clock import STEP_S, Clock, SystemClock, doze
from kagami.testing.clock import FakeClock


@pytest.fixture
def clock() -> Clock:
    return SystemClock()


def test_wall_time_is_in_milliseconds(clock: Clock) -> None:
    before = time.time()
    assert before * 1000 - 1 <= clock.wall_ms() <= time.time() * 1000 + 1


def test_monotonic_time_is_in_seconds(clock: Clock) -> None:
    before = time.monotonic()
    assert before <= clock.monotonic() <= time.monotonic()


async def test_a_sleep_gives_way(clock: Clock) -> None:
    passed = asyncio.Event()
    asyncio.get_running_loop().call_soon(passed.set)
    await clock.sleep(0)
    assert passed.is_set()


async def test_a_sleep_lasts_as_long_as_asked(clock: Clock) -> None:
    before = time.monotonic()
    await clock.sleep(0.02)
    assert time.monotonic() - before >= 0.019


@pytest.mark.parametrize("seconds", [0.0, STEP_S / 2, 5.0])
async def test_a_doze_lasts_as_long_as_asked(seconds: float) -> None:
    clock = FakeClock()
    dozing = asyncio.create_task(doze(clock, lambda: seconds))
    await clock.asleep()
    while not dozing.done():
        await clock.advance(STEP_S / 2)
    assert seconds <= clock.monotonic() <= seconds + STEP_S / 2


async def test_a_doze_that_becomes_shorter_ends_soon() -> None:
    clock, wanted = FakeClock(), [5.0]
    dozing = asyncio.create_task(doze(clock, lambda: wanted[0]))
    await clock.asleep()
    await clock.advance(1.0)
    wanted[0] = 0.2
    await clock.advance(STEP_S)
    assert dozing.done()
