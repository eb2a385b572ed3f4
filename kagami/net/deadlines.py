"""One timer for many deadlines.

A timer of its own for each call and each handler is made and cancelled thousands of times a second, and hardly ever
rings. Here a deadline costs an entry in a dict; the timer is set for the earliest of those that it knew when it was
set, and looks again when it rings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")

NEVER = float("inf")


class Deadlines(Generic[Key]):
    """`ring(key)` is called once when its time has come, unless it was dropped before. Times are the loop's seconds."""

    __slots__ = ("_due", "_ring", "_timer", "_wakes_at")

    def __init__(self, ring: Callable[[Key], None]) -> None:
        self._ring = ring
        self._due: dict[Key, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._wakes_at = NEVER

    def __len__(self) -> int:
        return len(self._due)

    def put(self, key: Key, at: float) -> None:
        """Ring for `key` at that time; in place of an earlier word about it."""
        self._due[key] = at
        if at < self._wakes_at:
            self._wake(at)

    def drop(self, key: Key) -> None:
        self._due.pop(key, None)

    def close(self) -> None:
        """Ring no more."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._wakes_at = None, NEVER

    def _wake(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._wakes_at = at
        self._timer = asyncio.get_running_loop().call_at(at, self._look)

    def _look(self) -> None:
        self._timer, self._wakes_at = None, NEVER
        now = asyncio.get_running_loop().time()
        due = [key for key, at in self._due.items() if at <= now]
        for key in due:
            del self._due[key]
        if self._due:
            self._wake(min(self._due.values()))
        for key in due:
            self._ring(key)
