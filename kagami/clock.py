"""Time as an argument: wall time for what people read, monotonic time for every wait and limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol

# How late a wait that has become shorter is noticed.
STEP_S = 0.25


class Clock(Protocol):
    """Where long-lived parts take the time from, so that tests can give them another."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970 (UTC)."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never jumps."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clocks."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def doze(clock: Clock, seconds: Callable[[], float]) -> None:
    """Sleep for so many seconds, which may become fewer meanwhile: they are asked for again every `STEP_S`."""
    began = clock.monotonic()
    while True:
        left = began + seconds() - clock.monotonic()
        await clock.sleep(max(0.0, min(left, STEP_S)))
        if left <= STEP_S:
            return
