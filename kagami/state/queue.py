"""What waits to be sent: bounded, the oldest gives way, the sender wakes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Generic, TypeVar

from kagami.meters import Meters

T = TypeVar("T")


class Bounded(Generic[T]):
    """Takes at once, always; what it loses for want of room is counted as `count["state_lost", why]`."""

    def __init__(self, most: int, meters: Meters, why: str) -> None:
        self._items: deque[T] = deque(maxlen=most)
        self._most = most
        self._meters = meters
        self._why = why
        self._there = asyncio.Event()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, items: Iterable[T]) -> None:
        for item in items:
            if len(self._items) == self._most:
                self._meters.count["state_lost", self._why] += 1
            self._items.append(item)
        if self._items:
            self._there.set()

    def pop(self, most: int) -> list[T]:
        """Up to so many, oldest first."""
        taken = [self._items.popleft() for _ in range(min(most, len(self._items)))]
        if not self._items:
            self._there.clear()
        return taken

    def wake(self) -> None:
        """Let whoever waits go on, although there may be nothing."""
        self._there.set()

    async def some(self) -> None:
        """Wait until there is one."""
        await self._there.wait()
