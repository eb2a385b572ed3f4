"""Numbers, ages and times in their one spelling: short, and as wide today as tomorrow."""

from __future__ import annotations

import time
from functools import lru_cache

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def count(number: int) -> str:
    """`412`, `9 120`, `1 204 998`."""
    return f"{number:,}".replace(",", " ")


def rate(per_s: float) -> str:
    """`0`, `0.4`, `41`, `1.2k`, `12k`: at most five cells."""
    if per_s <= 0:
        return "0"
    if per_s < 9.95:
        return f"{per_s:.1f}"
    return _thousands(per_s)


def _thousands(number: float) -> str:
    for unit, limit in (("", 999.5), ("k", 999_500.0), ("M", 999_500_000.0)):
        if number < limit:
            scaled = number / {"": 1, "k": 1e3, "M": 1e6}[unit]
            return f"{scaled:.1f}{unit}" if unit and scaled < 9.95 else f"{scaled:.0f}{unit}"
    return f"{number / 1e9:.1f}G"


def size(number: int) -> str:
    """Bytes: `812B`, `412M`, `2.0G`: at most five cells."""
    scaled = float(number)
    for unit in "BKMG":
        if scaled < 999.5:
            return f"{scaled:.1f}{unit}" if unit in "G" or (unit != "B" and scaled < 9.95) else f"{scaled:.0f}{unit}"
        scaled /= 1024
    return f"{scaled:.1f}T"


def ms(milliseconds: float) -> str:
    """`-` for none, `0.4ms`, `45ms`, `1.9s`, `12s`."""
    if milliseconds <= 0:
        return "-"
    if milliseconds < 0.95:
        return f"{milliseconds:.1f}ms"
    if milliseconds < 999.5:
        return f"{milliseconds:.0f}ms"
    return f"{milliseconds / 1000:.1f}s" if milliseconds < 9_950 else f"{milliseconds / 1000:.0f}s"


def span(seconds: float) -> str:
    """`12s`, `4m10s`, `2h05m`, `6d04h`: at most six cells for three years."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m{whole % _MINUTE:02d}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h{whole % _HOUR // _MINUTE:02d}m"
    return f"{whole // _DAY}d{whole % _DAY // _HOUR:02d}h"


def clock(epoch_ms: int) -> str:
    """Local time of day, `23:41:07`."""
    return time.strftime("%H:%M:%S", time.localtime(epoch_ms / 1000))


@lru_cache(maxsize=1_024)
def _second(seconds: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(seconds))


def clock_ms(epoch_ms: int) -> str:
    """Local time of day with milliseconds, `23:41:07.114`; fast for many of one second."""
    seconds, rest = divmod(epoch_ms, 1_000)
    return f"{_second(seconds)}.{rest:03d}"


def moment(epoch_ms: int) -> str:
    """Local date and time, `11-21 23:41:07`."""
    return time.strftime("%m-%d %H:%M:%S", time.localtime(epoch_ms / 1_000))


def age(seconds: float) -> str:
    """One unit: `9s`, `4m`, `2h`, `6d`."""
    whole = max(0, int(seconds))
    for unit, letter in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "m")):
        if whole >= unit:
            return f"{whole // unit}{letter}"
    return f"{whole}s"


def micros(microseconds: int) -> str:
    """Microseconds in milliseconds: `0.31`, `45.1`, `1204`."""
    milliseconds = microseconds / 1_000
    for limit, digits in ((9.995, 2), (999.95, 1)):
        if milliseconds < limit:
            return f"{milliseconds:.{digits}f}"
    return f"{milliseconds:.0f}"
