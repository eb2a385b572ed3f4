"""Timetables: when something is due next. Pure; times are milliseconds since 1970."""

from __future__ import annotations

import re
from dataclasses import dataclass

_INTERVAL = re.compile(r"every (\d{1,6})\s*(s|sec|min|h|hour|d|day)")
_SECONDS = {"s": 1, "sec": 1, "min": 60, "h": 3_600, "hour": 3_600, "d": 86_400, "day": 86_400}


@dataclass(frozen=True, slots=True)
class Timetable:
    """`seconds` for an interval, otherwise `text` is a cron expression."""

    text: str
    seconds: int = 0


def read_timetable(text: str) -> Timetable:
    """`0 8 * * *` or `every 10min`; `ValueError` for anything else."""
    found = _INTERVAL.fullmatch(text)
    if found:
        return Timetable(text, int(found[1]) * _SECONDS[found[2]])
    return Timetable(text)
