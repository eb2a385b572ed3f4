"""Is a connection alive, and does the account behind it still hear anything? Judged from frames, not from TCP.

Three things go wrong and look alike from outside: the peer is gone though the socket is open (no frame at all); the
peer is there and says that its account is offline; the peer's heart beats but no event comes any more, for far longer
than is usual for this account. All times are monotonic seconds given by the caller.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["alive", "lost", "silent"]

BEATS_MISSED = 3
GAPS_TO_LEARN = 50
GAP_WEIGHT = 0.05
QUIET_FACTOR = 20.0
QUIET_FLOOR = 600.0
RECHECK = 15.0


class Verdict(NamedTuple):
    """`reason` is English for people, empty when all is well; `recheck` is when to ask again, in seconds from now."""

    state: State
    reason: str
    recheck: float


class Pulse:
    """What one account's connection has shown so far.

    `usual_gap` is the moving average of seconds between events, 0.0 until enough were seen. It outlives a connection:
    `reconnected` starts a new one.
    """

    __slots__ = ("_gap", "_gaps", "_interval", "_last_event", "_last_frame", "_online")

    def __init__(self, now: float) -> None:
        self._last_frame = now
        self._last_event = now
        self._interval = 0.0
        self._online = True
        self._gap = 0.0
        self._gaps = 0

    @property
    def usual_gap(self) -> float:
        return self._gap if self._gaps >= GAPS_TO_LEARN else 0.0

    @property
    def interval(self) -> float:
        """Seconds between heartbeats as the peer announced them; 0.0 when it has not."""
        return self._interval

    def reconnected(self, now: float) -> None:
        self._last_frame = self._last_event = now
        self._interval = 0.0
        self._online = True

    def frame(self, now: float) -> None:
        """Any frame came."""
        self._last_frame = now

    def heartbeat(self, now: float, *, interval: float, online: bool | None) -> None:
        """A heartbeat came; `interval` in seconds, 0 when not said; `online` None when not said."""
        self._last_frame = now
        if interval > 0:
            self._interval = interval
        self._online = online is not False

    def event(self, now: float) -> None:
        """An event came: what a person or the platform did, not a heartbeat."""
        gap = now - self._last_event
        self._gap = gap if not self._gaps else self._gap + GAP_WEIGHT * (gap - self._gap)
        self._gaps += 1
        self._last_event = self._last_frame = now

    def verdict(self, now: float) -> Verdict:
        if self._interval and now - self._last_frame > BEATS_MISSED * self._interval:
            return Verdict("lost", f"no frame for {BEATS_MISSED} heartbeats of {self._interval:g} s", RECHECK)
        recheck = min(RECHECK, self._interval) if self._interval else RECHECK
        if not self._online:
            return Verdict("silent", "the implementation says that its account is offline", recheck)
        quiet = now - self._last_event
        if self.usual_gap and quiet > max(QUIET_FLOOR, QUIET_FACTOR * self.usual_gap):
            reason = f"no event for {quiet:.0f} s, usually one every {self.usual_gap:.1f} s"
            return Verdict("silent", reason, recheck)
        return Verdict("alive", "", recheck)
