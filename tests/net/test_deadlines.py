from __future__ import annotations

import asyncio

import pytest

from kagami.net.deadlines import Deadlines


class Bell:
    """Remembers who rang, and when on the loop's clock."""

    def __init__(self) -> None:
        self.rung: list[str] = []
        self.deadlines: Deadlines[str] = Deadlines(self._ring)
        self._told = asyncio.Event()

    def _ring(self, key: str) -> None:
        self.rung.append(key)
        self._told.set()

    async def until(self, amount: int) -> list[str]:
        async with asyncio.timeout(5):
            while len(self.rung) < amount:
                self._told.clear()
                await self._told.wait()
        return self.rung


def soon(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_each_rings_in_the_order_of_its_time() -> None:
    bell = Bell()
    for key, seconds in (("last", 0.06), ("first", 0.02), ("second", 0.04)):
        bell.deadlines.put(key, soon(seconds))
    assert await bell.until(3) == ["first", "second", "last"]


async def test_nobody_rings_before_its_time() -> None:
    bell = Bell()
    at = soon(0.03)
    bell.deadlines.put("late", at)
    await bell.until(1)
    assert asyncio.get_running_loop().time() >= at - 0.002  # uvloop's clock has milliseconds


async def test_what_was_dropped_does_not_ring() -> None:
    bell = Bell()
    bell.deadlines.put("dropped", soon(0.01))
    bell.deadlines.put("kept", soon(0.02))
    bell.deadlines.drop("dropped")
    assert await bell.until(1) == ["kept"]


async def test_a_later_word_about_the_same_replaces_the_earlier() -> None:
    bell = Bell()
    bell.deadlines.put("moved", soon(0.01))
    bell.deadlines.put("moved", soon(0.04))
    bell.deadlines.put("other", soon(0.02))
    assert await bell.until(2) == ["other", "moved"]


async def test_one_that_comes_after_the_timer_was_set_rings_too() -> None:
    bell = Bell()
    bell.deadlines.put("first", soon(0.02))
    bell.deadlines.put("second", soon(0.03))
    await bell.until(1)
    bell.deadlines.put("third", soon(0.01))
    assert sorted(await bell.until(3)) == ["first", "second", "third"]


async def test_who_rings_may_put_the_next() -> None:
    rung: list[str] = []
    done = asyncio.Event()

    def ring(key: str) -> None:
        rung.append(key)
        if key == "again":
            done.set()
        else:
            deadlines.put("again", soon(0.01))

    deadlines: Deadlines[str] = Deadlines(ring)
    deadlines.put("once", soon(0.0))
    async with asyncio.timeout(5):
        await done.wait()
    assert rung == ["once", "again"]


async def test_nothing_rings_after_the_end() -> None:
    bell, other = Bell(), Bell()
    bell.deadlines.put("never", soon(0.0))
    bell.deadlines.close()
    other.deadlines.put("later", soon(0.02))
    await other.until(1)
    assert (bell.rung, len(bell.deadlines)) == ([], 0)


@pytest.mark.parametrize("dropped", [True, False])
async def test_it_knows_how_many_are_left(dropped: bool) -> None:
    bell = Bell()
    bell.deadlines.put("one", soon(10))
    if dropped:
        bell.deadlines.drop("one")
    assert len(bell.deadlines) == (0 if dropped else 1)
    bell.deadlines.close()
