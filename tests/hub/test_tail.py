from __future__ import annotations

import asyncio

import msgspec
import pytest

from kagami.hub import tail as module
from kagami.hub.tail import STEP, Tail
from kagami.model.event import Event
from kagami.ports import Happened, Passed
from tests.hub.doubles import event


class Disk:
    """Implements `ports.History` in a list; `asked` are the numbers behind which it was read."""

    def __init__(self) -> None:
        self.rows: list[Happened] = []
        self.asked: list[int] = []

    async def after(self, number: int, limit: int) -> list[Happened]:
        self.asked.append(number)
        return [each for each in self.rows if each.number > number][:limit]

    async def passed(self, number: int, before_ms: int, most: int) -> Passed:
        return Passed(most, number)


class House:
    """A tail that is told of events, which the disk has too."""

    def __init__(self, old: int = 0) -> None:
        self.disk = Disk()
        self.number = 0
        self.tail = Tail(self.disk, lambda: self.number, lambda event: event.user == "42")
        for _ in range(old):
            self.happens(told=False)
        self.tail.open()

    def happens(self, said: Event | None = None, *, told: bool = True) -> None:
        self.number += 1
        row = Happened(self.number, said or event(self.number), 5)
        self.disk.rows.append(row)
        if told:
            self.tail.put(row.number, row.event, row.accepted_ms)

    async def numbers(self, after: int) -> list[int]:
        async with asyncio.timeout(1):
            return [each.number for each in await self.tail.after(after)]


async def test_what_is_new_comes_from_memory() -> None:
    house = House()
    house.happens()
    house.happens()
    assert (await house.numbers(0), await house.numbers(1), house.disk.asked) == ([1, 2], [2], [])


async def test_what_was_before_comes_from_the_disk() -> None:
    house = House(old=2)
    house.happens()
    assert (await house.numbers(0), house.disk.asked) == ([1, 2, 3], [0])


async def test_who_has_everything_waits_for_the_next() -> None:
    house = House()
    waiting = [asyncio.ensure_future(house.numbers(0)) for _ in range(2)]
    await asyncio.sleep(0)
    house.happens()
    assert await asyncio.gather(*waiting) == [[1], [1]]


async def test_who_stops_waiting_is_forgotten() -> None:
    house = House()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(house.tail.after(0), 0.001)
    house.happens()
    assert await house.numbers(0) == [1]


async def test_who_is_far_behind_reads_in_steps_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_EVENTS", 10)
    house, found, place = House(), list[int](), 0
    for _ in range(3 * STEP):
        house.happens()
    while len(found) < 3 * STEP:
        found += await house.numbers(place)
        place = found[-1]
    assert found == list(range(1, 3 * STEP + 1))
    assert house.disk.asked == [0, STEP, 2 * STEP]


async def test_no_more_is_kept_than_it_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100_000)
    house = House()
    for number in range(10):
        house.happens(msgspec.structs.replace(event(number), native="x" * 30_000))
    await house.numbers(6)
    assert house.disk.asked == [6]
    await house.numbers(7)
    assert house.disk.asked == [6]


async def test_ids_that_were_none_of_an_event_are_passed_by() -> None:
    house = House(old=1)
    house.number = 50  # what was sent has numbers too
    house.tail = Tail(house.disk, lambda: house.number, lambda _: False)
    house.tail.open()
    house.happens()
    assert await house.numbers(1) == [51]
    assert await house.numbers(20) == [51]


async def test_what_plugins_planned_is_not_told() -> None:
    house = House()
    house.tail.put(1, event(1, kind="schedule"), 5)
    house.number = 1
    house.happens()
    assert await house.numbers(0) == [2]


async def test_it_knows_the_newest_what_is_hidden_and_what_has_passed() -> None:
    house = House(old=3)
    hidden = [house.tail.hides(event(1, user=user)) for user in ("42", "43")]
    assert (house.tail.newest, hidden, await house.tail.passed(1, 2, 3)) == (3, [True, False], Passed(3, 1))
