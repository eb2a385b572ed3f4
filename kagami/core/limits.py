"""Token buckets by key: floods that come in are refused, what goes out is spaced.

The algorithm is GCRA (the leaky bucket of ITU-T I.371 as a meter): one number a key, the time at which the bucket
would be full again.
"""

from __future__ import annotations

from collections.abc import Hashable
from math import floor

# Below what sums of floats can tell.
EPSILON_S = 1e-9
# As many as there are where nothing sets a limit.
NO_LIMIT = 1 << 31


class Buckets:
    """`rate` tokens a second and at most `burst` at once for each key; a rate of 0 sets no limit.

    Times are monotonic seconds. Keys that are full again are forgotten when there are more than `capacity`, and from
    then on whenever their number has doubled.
    """

    def __init__(self, rate: float, burst: float, capacity: int = 10_000) -> None:
        self.rate = rate
        self._interval = 1 / rate if rate else 0.0
        self._slack = self._interval * max(0.0, burst - 1)
        self._capacity = self._most = capacity
        self._full_at: dict[Hashable, float] = {}

    def take(self, key: Hashable, now: float) -> bool:
        """Take a token if there is one."""
        if not self.rate:
            return True
        full_at = max(self._full_at.get(key, now), now)
        if full_at - now > self._slack:
            return False
        self._put(key, full_at + self._interval, now)
        return True

    def draw(self, key: Hashable, now: float, amount: float) -> float:
        """Take so many tokens at once and return 0.0; where there are too few, take none, and return the wait."""
        if not self.rate:
            return 0.0
        full_at = max(self._full_at.get(key, now), now)
        wait = full_at - now + self._interval * (amount - 1) - self._slack
        if wait > EPSILON_S:
            return wait
        self._put(key, full_at + self._interval * amount, now)
        return 0.0

    def charge(self, key: Hashable, now: float, amount: float) -> float:
        """Take so many tokens, even future ones; the seconds until it would be full again."""
        full_at = max(self._full_at.get(key, now), now) + self._interval * amount
        self._put(key, full_at, now)
        return full_at - now

    def lower(self, key: Hashable, now: float, seconds: float) -> None:
        """Let it be full in so many seconds at the earliest: others have drawn from it."""
        if seconds > 0:
            self._put(key, max(self._full_at.get(key, now), now + seconds), now)

    def is_full(self, key: Hashable, now: float) -> bool:
        return self._full_at.get(key, now) <= now

    def give(self, key: Hashable) -> None:
        """Put back a token that was taken."""
        if key in self._full_at:
            self._full_at[key] -= self._interval

    def reserve(self, key: Hashable, now: float) -> float:
        """Take the next token, even a future one, and return the seconds to wait for it."""
        if not self.rate:
            return 0.0
        full_at = max(self._full_at.get(key, now), now)
        self._put(key, full_at + self._interval, now)
        return max(0.0, full_at - now - self._slack)

    def wait(self, key: Hashable, now: float) -> float:
        """Seconds that `reserve` would return, taking nothing."""
        if not self.rate:
            return 0.0
        return max(0.0, self._full_at.get(key, now) - now - self._slack)

    def room(self, key: Hashable, now: float) -> int:
        """How many tokens there are now."""
        if not self.rate:
            return NO_LIMIT
        spare = self._slack - max(0.0, self._full_at.get(key, now) - now)
        return max(0, floor((spare + EPSILON_S) / self._interval) + 1)

    def _put(self, key: Hashable, full_at: float, now: float) -> None:
        self._full_at[key] = full_at
        if len(self._full_at) > self._most:
            self._full_at = {each: at for each, at in self._full_at.items() if at > now}
            self._most = max(self._capacity, 2 * len(self._full_at))
