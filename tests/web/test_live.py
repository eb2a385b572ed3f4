from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Self

from kagami.ports import Feed, Notice
from kagami.testing.clock import FakeClock
from kagami.web.live import TICK_S, feed
from tests.web.doubles import NOW_MS, Rows, StillHouse, make_parts, row

NOTICE = Notice(NOW_MS, "warning", "bot", "the bot is away")


class Listener:
    """Reads a feed while a test moves the time. `heard` has each item with the second at which it came."""

    def __init__(self, *topics: str) -> None:
        self.clock = FakeClock()
        self.house = StillHouse()
        self.bots = Rows(row())
        self.heard: list[tuple[float, Feed]] = []
        self._topics = topics

    async def listen(self) -> None:
        parts = make_parts(clock=self.clock, house=self.house, bots=self.bots)
        async with aclosing(feed(parts, self._topics)) as items:
            async for item in items:
                self.heard.append((self.clock.monotonic(), item))

    async def __aenter__(self) -> Self:
        self._group = asyncio.TaskGroup()
        group = await self._group.__aenter__()
        self._task = group.create_task(self.listen())
        await self.clock.asleep()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await self._group.__aexit__(None, None, None)

    def values(self, topic: str) -> list[object]:
        return [item.value for _, item in self.heard if item.topic == topic]


async def test_a_pulse_comes_at_once_and_then_each_second() -> None:
    async with Listener("pulse") as listener:
        await listener.clock.advance(3)
        assert [moment for moment, _ in listener.heard] == [0, 1, 2, 3]


async def test_rows_come_once_while_nothing_changes() -> None:
    async with Listener("bots") as listener:
        await listener.clock.advance(5)
        assert listener.values("bots") == [[row()]]


async def test_changed_rows_come_at_the_next_tick() -> None:
    async with Listener("bots") as listener:
        listener.bots.all = [row(state="offline")]
        await listener.clock.advance(TICK_S)
        assert listener.values("bots")[-1] == [row(state="offline")]


async def test_rows_come_twice_a_second_at_most() -> None:
    async with Listener("bots") as listener:
        for count in range(1, 21):
            listener.bots.all = [row(received=count)]
            await listener.clock.advance(0.1)
        assert len(listener.heard) == 1 + 2 / TICK_S


async def test_a_new_notice_comes_once() -> None:
    async with Listener("notice") as listener:
        listener.house.told.append(NOTICE)
        await listener.clock.advance(3)
        assert listener.values("notice") == [NOTICE]


async def test_an_old_notice_does_not_come() -> None:
    listener = Listener("notice")
    listener.house.told.append(NOTICE)
    async with listener:
        await listener.clock.advance(3)
        assert listener.heard == []


async def test_only_what_was_asked_for_comes() -> None:
    async with Listener("pulse", "weather") as listener:
        listener.house.told.append(NOTICE)
        await listener.clock.advance(2)
        assert {item.topic for _, item in listener.heard} == {"pulse"}
