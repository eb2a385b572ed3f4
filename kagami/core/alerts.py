"""When people are told of a state, and when that it is over: a state must last, and its end too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

# Kinds of states that last, and that are told again when they are over.
LASTING = frozenset(
    {
        "bot_offline",
        "bot_silent",
        "bot_refused",
        "bot_crash_loop",
        "queue_age",
        "disk_full",
        "process_gone",
        "clock_apart",
        "store_away",
        "redis_away",
        "redis_setup",
    }
)
# What the kind of a notice ends with that tells of such an end.
OVER = "_over"
# A state that has come and gone so often is told again only when it lasts longer.
MOST_FLAPS = 3
FLAP_S = 900.0


class Reading(NamedTuple):
    """A state that is not as it should be. `patience` is how many seconds it may last before people are told."""

    kind: str
    patience: float
    text: str
    fields: Mapping[str, str] = {}
    level: Literal["warning", "error"] = "error"


class Told(NamedTuple):
    """People are to be told: of a state that lasts, or (`over`) that it ended after `seconds`."""

    key: str
    reading: Reading
    seconds: float
    over: bool


class Watched:
    """One state. `ended_at` is 0 while it lasts."""

    __slots__ = ("began_at", "ended_at", "reading", "told")

    def __init__(self, reading: Reading, now: float) -> None:
        self.reading = reading
        self.began_at = now
        self.ended_at = 0.0
        self.told = False


class Sentry:
    """Keeps what is wrong by key. `calm` is how many seconds a state must be over before people hear of it."""

    def __init__(self, calm: float) -> None:
        self.calm = calm
        self._watched: dict[str, Watched] = {}
        self._flaps: dict[str, list[float]] = {}

    @property
    def open(self) -> dict[str, Watched]:
        """What people were told of and is not over, by key."""
        return {key: each for key, each in self._watched.items() if each.told}

    def resume(self, key: str, reading: Reading, began_at: float) -> None:
        """People were told of it by an earlier process: now it lasts, or its end is to be told."""
        each = self._watched[key] = Watched(reading, began_at)
        each.told = True

    def judge(self, readings: Mapping[str, Reading], now: float) -> list[Told]:
        """What is to be told now, given everything that is wrong at this moment."""
        told: list[Told] = []
        for key, reading in readings.items():
            each = self._watched.setdefault(key, Watched(reading, now))
            each.reading, each.ended_at = reading, 0.0
            if not each.told and now - each.began_at >= self._patience(key, reading, now):
                each.told = True
                told.append(Told(key, reading, now - each.began_at, over=False))
        for key in [key for key in self._watched if key not in readings]:
            each = self._watched[key]
            each.ended_at = each.ended_at or now
            if each.told and now - each.ended_at < self.calm:
                continue
            del self._watched[key]
            if each.told:
                self._flaps.setdefault(key, []).append(now)
                told.append(Told(key, each.reading, each.ended_at - each.began_at, over=True))
        return told

    def _patience(self, key: str, reading: Reading, now: float) -> float:
        recent = [at for at in self._flaps.get(key, ()) if now - at < FLAP_S]
        if key in self._flaps:
            self._flaps[key] = recent
        return reading.patience * (1 << max(0, len(recent) - MOST_FLAPS + 1))
