"""What waits is bounded."""

from __future__ import annotations

import asyncio

from kagami.meters import Meters
from kagami.net.supervise import Nursery
from kagami.state.queue import Bounded


def test_the_oldest_gives_way_and_is_counted() -> None:
    meters = Meters()
    queue: Bounded[int] = Bounded(3, meters, "hints")
    queue.put(range(5))
    assert (queue.pop(10), meters.count["state_lost", "hints"]) == ([2, 3, 4], 2)


def test_no_more_is_taken_than_is_wanted() -> None:
    queue: Bounded[int] = Bounded(3, Meters(), "hints")
    queue.put(range(3))
    assert (queue.pop(2), len(queue)) == ([0, 1], 1)


async def test_who_waits_wakes_when_there_is_something() -> None:
    queue: Bounded[int] = Bounded(3, Meters(), "hints")
    async with Nursery() as nursery, asyncio.timeout(20):
        waiting = nursery.start("waiting", queue.some())
        await asyncio.sleep(0)
        queue.put([])
        await asyncio.sleep(0)
        assert not waiting.done()
        queue.put([1])
        await waiting


async def test_who_waits_can_be_let_go() -> None:
    queue: Bounded[int] = Bounded(3, Meters(), "hints")
    queue.wake()
    async with asyncio.timeout(20):
        await queue.some()
    assert queue.pop(1) == []
