"""A clock that stands still until it is moved."""

from __future__ import annotations

import asyncio

from kagami.net.supervise import Nursery
from kagami.testing.clock import START_MS, FakeClock


async def test_time_stands_still_until_it_is_moved() -> None:
    clock = FakeClock()
    before = (clock.monotonic(), clock.wall_ms())
    await clock.advance(1.5)
    assert (before, clock.monotonic(), clock.wall_ms()) == ((0.0, START_MS), 1.5, START_MS + 1500)


async def test_sleepers_wake_in_the_order_of_their_time() -> None:
    clock = FakeClock()
    woken: list[tuple[str, float]] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    async with Nursery() as nursery:
        nursery.start("late", sleep("late", 2))
        nursery.start("early", sleep("early", 1))
        await clock.asleep(2)
        await clock.advance(5)
    assert woken == [("early", 1.0), ("late", 2.0)]


async def test_a_sleeper_whose_time_has_not_come_sleeps_on() -> None:
    clock = FakeClock()
    async with Nursery() as nursery:
        nursery.start("sleeper", clock.sleep(2))
        await clock.asleep()
        await clock.advance(1.9)
        assert clock.sleeping == 1


async def test_who_sleeps_in_turns_wakes_at_every_turn() -> None:
    clock = FakeClock()
    turns: list[float] = []

    async def turn() -> None:
        while True:
            await clock.sleep(1)
            turns.append(clock.monotonic())

    async with Nursery() as nursery:
        nursery.start("turn", turn())
        await clock.asleep()
        await clock.advance(3)
    assert turns == [1.0, 2.0, 3.0]


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = FakeClock()
    async with Nursery() as nursery:
        task = nursery.start("sleeper", clock.sleep(1))
        await clock.asleep()
        task.cancel()
        await asyncio.wait([task])
        await clock.advance(2)
        assert clock.sleeping == 0


async def test_setting_the_wall_clock_wakes_nobody() -> None:
    clock = FakeClock(wall_ms=1_000)
    async with Nursery() as nursery:
        task = nursery.start("sleeper", clock.sleep(1))
        await clock.asleep()
        clock.set_wall(7_200)
        assert (clock.wall_ms(), clock.monotonic(), clock.sleeping) == (7_201_000, 0.0, 1)
        task.cancel()
