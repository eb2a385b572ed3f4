"""A clock that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

START_MS = 1_760_000_000_000
TURNS = 20


class FakeClock:
    """Implements `kagami.clock.Clock`. Sleepers wake in the order of their time, inside `advance`."""

    def __init__(self, *, wall_ms: int = START_MS) -> None:
        self._start_ms = wall_ms
        self._now = 0.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._changed = asyncio.Event()

    def wall_ms(self) -> int:
        return self._start_ms + round(self._now * 1000)

    def monotonic(self) -> float:
        return self._now

    def set_wall(self, seconds: float) -> None:
        """Somebody sets the wall clock by so many seconds; no time passes."""
        self._start_ms += round(seconds * 1000)

    async def sleep(self, seconds: float) -> None:
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + max(0.0, seconds), next(self._order), wake))
        self._changed.set()
        await wake

    @property
    def sleeping(self) -> int:
        """How many wait for a time to come."""
        return sum(not wake.done() for _, _, wake in self._sleepers)

    async def asleep(self, count: int = 1) -> None:
        """Wait until at least so many sleep."""
        while self.sleeping < count:
            self._changed.clear()
            await self._changed.wait()

    async def advance(self, seconds: float) -> None:
        """Let time pass; whoever wakes gets its turn before time goes on, and may sleep again within it."""
        target = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= target:
            due, _, wake = heapq.heappop(self._sleepers)
            if wake.done():
                continue
            self._now = max(self._now, due)
            wake.set_result(None)
            await settle()
        self._now = target
        await settle()


async def settle() -> None:
    """Let everything run that waits for nothing but its turn."""
    for _ in range(TURNS):
        await asyncio.sleep(0)
