"""Numbers, ages and times in their one spelling: short, and as wide today as tomorrow."""

from __future__ import annotations

import time
from functools import lru_cache

from kagami.i18n import Translate, mark

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_ONE_DIGIT = 9.95  # below this a number is shown with a decimal
_THREE_DIGITS = 999.5  # from here the next unit begins


def count(number: int) -> str:
    """`412`, `9 120`, `1 204 998`."""
    return f"{number:,}".replace(",", " ")


def rate(per_s: float) -> str:
    """`0`, `0.4`, `41`, `1.2k`, `12k`: at most five cells."""
    if per_s <= 0:
        return "0"
    return f"{per_s:.1f}" if per_s < _ONE_DIGIT else _scaled(per_s, 1_000, ("", "k", "M", "G"), whole=1)


def size(number: int) -> str:
    """Bytes: `812B`, `412M`, `2.0G`: at most five cells."""
    return _scaled(number, 1_024, ("B", "K", "M", "G", "T"), whole=1)


def _scaled(number: float, step: int, units: tuple[str, ...], *, whole: int) -> str:
    """In the first unit that needs three digits at most; the first `whole` units have no decimals."""
    place = 0
    while number >= _THREE_DIGITS and place < len(units) - 1:
        number /= step
        place += 1
    return f"{number:.1f}{units[place]}" if place >= whole and number < _ONE_DIGIT else f"{number:.0f}{units[place]}"


def ms(milliseconds: float) -> str:
    """`-` for none, `0.4ms`, `45ms`, `1.9s`, `12s`."""
    if milliseconds <= 0:
        return "-"
    if milliseconds < 1 - 0.05:
        return f"{milliseconds:.1f}ms"
    if milliseconds < _THREE_DIGITS:
        return f"{milliseconds:.0f}ms"
    seconds = milliseconds / 1_000
    return f"{seconds:.1f}s" if seconds < _ONE_DIGIT else f"{seconds:.0f}s"


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
    for limit, digits in ((_ONE_DIGIT, 2), (_THREE_DIGITS, 1)):
        if milliseconds < limit:
            return f"{milliseconds:.{digits}f}"
    return f"{milliseconds:.0f}"


def zone(t: Translate) -> str:
    """The time zone of every time that is shown: `local time, CST (UTC+08:00)`."""
    now = time.localtime()
    sign, minutes = ("-" if now.tm_gmtoff < 0 else "+"), abs(now.tm_gmtoff) // 60
    offset = f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"
    return t(mark("local time, {zone} (UTC{offset})")).format(zone=now.tm_zone, offset=offset)
