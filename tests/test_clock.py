from __future__ import annotations

import asyncio
import time

import pytest

from kagami.clock import Clock, SystemClock


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
