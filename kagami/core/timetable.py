"""Timetables: when something is due next. Pure; times are milliseconds since 1970.

A cron expression has five fields (minute, hour, day, month, weekday), read as Debian's cron does, in local time. Where
the clock is set forward, a fixed time that does not exist is due when it exists again; where it is set back, a fixed
time is due once. Expressions with a wildcard (`*/10 * * * *`) go by elapsed time.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import takewhile
from typing import Literal

# What becomes of runs that nobody was there for.
Missed = Literal["skip", "once", "all"]

_INTERVAL = re.compile(r"every (\d{1,6})\s*(s|sec|min|h|hour|d|day)")
_SECONDS = {"s": 1, "sec": 1, "min": 60, "h": 3_600, "hour": 3_600, "d": 86_400, "day": 86_400}
_LONGEST_S = 366 * 86_400
_NAMED = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}
_FIELDS = 5
_FIX = 'write minute, hour, day, month and weekday as in "0 8 * * 1-5", or @daily, or "every 10min"'
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Timetable:
    """`seconds` for an interval, otherwise `text` is a cron expression or the name of one. Made by `read_timetable`."""

    text: str
    seconds: int = 0

    def next_after(self, ms: int, zone: tzinfo) -> int:
        """The first time after `ms` that is due. An interval counts from `ms`."""
        return next(self._after(ms, zone))

    def missed(self, after_ms: int, until_ms: int, zone: tzinfo, most: int = 100) -> list[int]:
        """The newest `most` times that were due after `after_ms` and up to `until_ms`, the oldest first."""
        if self.seconds:
            step = self.seconds * 1000
            last = max(0, until_ms - after_ms) // step
            return [after_ms + number * step for number in range(max(1, last - most + 1), last + 1)]
        # From the end backwards, in growing steps: years of minutes must not be walked through for the last of them.
        span = most * _MINUTE_MS
        while True:
            start = max(after_ms, until_ms - span)
            found = deque(takewhile(lambda due: due <= until_ms, self._after(start, zone)), maxlen=most)
            if len(found) == most or start == after_ms:
                return list(found)
            span *= 4

    def _after(self, ms: int, zone: tzinfo) -> Iterator[int]:
        """All that is due after `ms`, in order."""
        if self.seconds:
            while True:
                ms += self.seconds * 1000
                yield ms
        from cronsim import CronSim  # noqa: PLC0415 - authors import this module, few of them need the library

        for due in CronSim(_expression(self.text), (_EPOCH + timedelta(milliseconds=ms)).astimezone(zone)):
            due_ms = (due - _EPOCH) // timedelta(milliseconds=1)
            if due_ms > ms:  # in the hour that comes twice, the first may be meant when it is over
                ms = due_ms
                yield ms


@lru_cache(maxsize=1024)
def read_timetable(text: str) -> Timetable:
    """`0 8 * * *`, `@daily` or `every 10min`; `ValueError` for anything else, with what to write instead."""
    words = " ".join(text.split())
    if found := _INTERVAL.fullmatch(words):
        seconds = int(found[1]) * _SECONDS[found[2]]
        if not 1 <= seconds <= _LONGEST_S:
            raise ValueError(f"{text!r} is no interval: write one of a second up to 366 days")
        return Timetable(words, seconds)
    if problem := _problem(_expression(words)):
        raise ValueError(f"{text!r} is no timetable ({problem}): {_FIX}")
    return Timetable(words)


def _expression(text: str) -> str:
    return _NAMED.get(text, text)


def _problem(expression: str) -> str:
    """What is wrong with a cron expression, or nothing."""
    from cronsim import CronSim, CronSimError  # noqa: PLC0415 - as above

    if len(expression.split()) != _FIELDS:
        return f"it has {len(expression.split())} fields, not {_FIELDS}"
    try:
        next(CronSim(expression, _EPOCH))
    except CronSimError as error:
        return str(error).lower()
    except StopIteration:
        return "it is never due"
    return ""
