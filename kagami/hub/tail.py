"""The newest accepted events in memory, for whoever follows all of them; what is older comes from the disk."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import takewhile

from kagami.model.event import Event
from kagami.ports import Happened, History, Passed

MOST_EVENTS = 1_000
MOST_BYTES = 8 << 20
EVENT_BYTES = 1_024
# What is read at a time: a slow application holds no more than these.
STEP = 100


class Tail:
    """Implements `ports.Stream`. Whoever falls behind what is kept here reads on from the store at its own pace."""

    def __init__(self, history: History, newest: Callable[[], int], hides: Callable[[Event], bool]) -> None:
        self._history = history
        self._newest = newest
        self._hides = hides
        self._floor = -1
        self._kept: deque[Happened] = deque()
        self._bytes = 0
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def newest(self) -> int:
        return self._newest()

    def open(self) -> None:
        """From now on it is told of everything; what was before is on disk."""
        if self._floor < 0:
            self._floor = self._newest()

    def put(self, number: int, event: Event, accepted_ms: int) -> None:
        """A new event; numbers only rise."""
        if event.kind == "schedule":
            return
        self._kept.append(Happened(number, event, accepted_ms))
        self._bytes += _size(event)
        while len(self._kept) > MOST_EVENTS or (self._bytes > MOST_BYTES and len(self._kept) > 1):
            gone = self._kept.popleft()
            self._floor = gone.number
            self._bytes -= _size(gone.event)
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    async def after(self, number: int, idle: Callable[[], None] = lambda: None) -> list[Happened]:
        while True:
            floor = self._floor
            if number < floor:
                if older := await self._history.after(number, STEP):
                    return older
                number = floor  # everything up to there was on disk, and is none of an event
            elif found := self._behind(number):
                return found
            else:
                idle()
                await self._arrival()

    async def passed(self, number: int, before_ms: int, most: int) -> Passed:
        return await self._history.passed(number, before_ms, most)

    def hides(self, event: Event) -> bool:
        return self._hides(event)

    def _behind(self, number: int) -> list[Happened]:
        found = list(takewhile(lambda each: each.number > number, reversed(self._kept)))
        return found[::-1][:STEP]

    async def _arrival(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)


def _size(event: Event) -> int:
    return EVENT_BYTES + len(event.native) + 64 * len(event.message)
