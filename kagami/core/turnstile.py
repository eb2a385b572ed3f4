"""Lets a few through at once and then so many a second, in the order in which they came.

When a network comes back, every account wants to connect in the same moment: the generic cell rate algorithm spreads
them (ITU-T I.371, annex A).
"""

from __future__ import annotations

BURST = 5
PER_SECOND = 2.0


class Turnstile:
    """Times are seconds of any monotonic clock, given by the caller."""

    __slots__ = ("_burst", "_next", "_step")

    def __init__(self, *, burst: int = BURST, per_second: float = PER_SECOND) -> None:
        self._step = 1.0 / per_second
        self._burst = (burst - 1) * self._step
        self._next = float("-inf")

    def wait(self, now: float) -> float:
        """Take a place; how long until it is one's turn."""
        turn = max(self._next, now - self._burst)
        self._next = turn + self._step
        return max(0.0, turn - now)
