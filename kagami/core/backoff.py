"""When to try again: full jitter for connections, a budget of attempts, growing pauses for crashed parts.

Times are seconds of any monotonic clock, given by the caller; so is randomness (`() -> float` in 0 to 1).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

Randomness = Callable[[], float]

HOUR = 3600.0
DAY = 86_400.0


class Backoff:
    """Delays between connection attempts: uniform between 0 and `min(cap, base * 2^n)` seconds.

    `n` falls back to 0 only after a connection that was healthy for `healthy` seconds: a peer that accepts and hangs up
    is not healthy.
    """

    __slots__ = ("_base", "_cap", "_healthy", "_random", "_tries")

    def __init__(self, random: Randomness, *, base: float = 1.0, cap: float = 60.0, healthy: float = 60.0) -> None:
        self._random = random
        self._base = base
        self._cap = cap
        self._healthy = healthy
        self._tries = 0

    def delay(self) -> float:
        """Seconds to wait before the next attempt; each call counts one failure more."""
        ceiling = min(self._cap, self._base * 2.0 ** min(self._tries, 63))
        self._tries += 1
        return self._random() * ceiling

    def lived(self, seconds: float) -> None:
        """A connection has ended that was up for this long."""
        if seconds >= self._healthy:
            self._tries = 0


class Budget:
    """How often one account may be dialled: `free` attempts, then evenly so many that neither `hourly` nor `daily` are
    passed: never a burst and a hole behind it. What came to nobody costs nothing. A connection gives back as many free
    ones as even attempts would have fitted into its life, so that no length of life passes the limits either.
    """

    __slots__ = ("_apart", "_free", "_last", "_left")

    def __init__(self, *, free: int = 10, hourly: int = 30, daily: int = 500) -> None:
        self._left = self._free = free
        self._apart = max(HOUR / hourly, DAY / daily)
        self._last = -math.inf

    def wait(self, now: float) -> float:
        """Seconds until an attempt is allowed; 0.0 when it is allowed now."""
        return 0.0 if self._left else max(0.0, self._last + self._apart - now)

    def spend(self, now: float) -> None:
        """An attempt was made, and somebody was there."""
        self._left = max(0, self._left - 1)
        self._last = now

    def lived(self, seconds: float) -> None:
        """A connection has ended that was up for this long."""
        self._left = min(self._free, self._left + int(seconds / self._apart))


class Pause(NamedTuple):
    """What a supervisor does about a crash: wait `seconds`; `looping` when it has happened too often."""

    seconds: float
    looping: bool


class Restarts:
    """Pauses of a part that crashes: 1, 2, 4 … 300 s with a fifth of jitter; after `window` quiet seconds 1 again.

    `limit` crashes within `window` seconds are a crash loop: then the pause is the longest one.
    """

    __slots__ = ("_cap", "_crashes", "_limit", "_random", "_tries", "_window")

    def __init__(self, random: Randomness, *, cap: float = 300.0, limit: int = 5, window: float = 600.0) -> None:
        self._random = random
        self._cap = cap
        self._limit = limit
        self._window = window
        self._tries = 0
        self._crashes: deque[float] = deque(maxlen=limit)

    def crashed(self, now: float) -> Pause:
        """Count a crash at `now`."""
        if self._crashes and now - self._crashes[-1] >= self._window:
            self._tries = 0
        self._crashes.append(now)
        looping = len(self._crashes) == self._limit and now - self._crashes[0] <= self._window
        plain = self._cap if looping else min(self._cap, 2.0 ** min(self._tries, 63))
        self._tries += 1
        return Pause(plain * (0.8 + 0.4 * self._random()), looping)
