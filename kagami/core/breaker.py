"""When to leave a failing part alone for a while. Times are monotonic seconds, given by the caller."""

from __future__ import annotations

from collections import deque
from typing import Literal

from kagami.i18n import mark

IN_A_ROW = 5
LAST = 20
ENOUGH = 10
WINDOW_S = 60.0
FIRST_PAUSE_S = 30.0
LONGEST_PAUSE_S = 600.0
# How long others wait, at most, while one is let through to see.
TRIAL_S = 5.0

State = Literal["closed", "open", "half-open"]


class Breaker:
    """Closed: all pass. Open: nobody does. Half-open, after the pause: one passes, and its success closes it again.

    It opens after 5 failures in a row, or when half of those of the last 20 results that are no older than 60 s, at
    least 10 of them, are failures. The pause is 30 s and doubles up to 600 s with each trial that fails.
    """

    __slots__ = ("_in_a_row", "_pause", "_results", "_until", "reason", "state")

    def __init__(self) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self.state: State = "closed"
        self.reason = ""
        self._in_a_row = 0
        self._pause = FIRST_PAUSE_S
        self._until = 0.0
        self._results: deque[tuple[float, bool]] = deque(maxlen=LAST)

    def allow(self, now: float) -> float:
        """0.0 when the next one may pass, else the seconds after which to ask again."""
        if self.state == "closed":
            return 0.0
        wait = self._until - now
        if wait > 0:
            return wait if self.state == "open" else min(wait, TRIAL_S)
        self.state = "half-open"
        # A trial that never tells how it ended must not shut everybody out: after a pause comes another.
        self._until = now + self._pause
        return 0.0

    def succeeded(self, now: float) -> None:
        if self.state == "half-open":
            self.close()
        if self.state == "closed":
            self._in_a_row = 0
            self._results.append((now, False))

    def failed(self, now: float) -> None:
        """What fails while it is open began before, and changes nothing."""
        if self.state == "half-open":
            self._pause = min(LONGEST_PAUSE_S, self._pause * 2)
            self._open(now, self.reason)
        elif self.state == "closed":
            self._in_a_row += 1
            self._results.append((now, True))
            if self._in_a_row >= IN_A_ROW:
                self._open(now, mark("It failed five times in a row."))
            elif self._half_fail(now):
                self._open(now, mark("It failed for half of its last events."))

    def _half_fail(self, now: float) -> bool:
        results = [failed for at, failed in self._results if now - at <= WINDOW_S]
        return len(results) >= ENOUGH and 2 * sum(results) >= len(results)

    def _open(self, now: float, reason: str) -> None:
        self.state = "open"
        self.reason = reason
        self._until = now + self._pause
