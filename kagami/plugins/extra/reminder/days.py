"""Days and times of day as people write them: `明天 8点`, `tonight`, `next monday`, `3月1日`, `8:30pm`."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from .spans import NUMBER, number

WEEKDAYS = "一二三四五六日"
ENGLISH_WEEKDAY = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_FULL_WEEKDAY = r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
_STARTS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})[a-z]{{0,6}}\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEARS = 8  # within so many years there is a 29th of February
_MONTHS_AHEAD = 12
_WEEK = 7
_NOON, _MIDNIGHT, _HOUR = 12, 24, 60
_SMALL_HOURS = 5


class Impossible(ValueError):
    """It reads like a time, but there is none such. `reason` is `nonsense`, `past` or `far`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Day(NamedTuple):
    """The days that may be meant, the earliest first, and the part of the day that was named with it."""

    dates: tuple[date, ...]
    part: str = ""


class Clock(NamedTuple):
    """`hour` may be more than 24: one at night is the next day's. A `loose` 8 may be the evening's too."""

    hour: int
    minute: int = 0
    loose: bool = False

    @property
    def offset(self) -> timedelta:
        return timedelta(hours=self.hour, minutes=self.minute)


_BEFORE_TIME = r"(?=\s|$|[\d一二两三四五六七八九十])"
_PARTS = {
    "dawn": "凌晨|清晨",
    "morning": rf"早上|早晨|上午|今早|早{_BEFORE_TIME}|in\s+the\s+morning\b",
    "noon": "中午",
    "afternoon": r"下午|傍晚|in\s+the\s+afternoon\b|in\s+the\s+evening\b",
    "night": rf"晚上|夜里|半夜|晚{_BEFORE_TIME}|at\s+night\b|tonight\b",
}
_PART = {name: re.compile(rf"\s*(?:{words})\s*的?", re.IGNORECASE) for name, words in _PARTS.items()}
_WORDS: tuple[tuple[str, int, str], ...] = (
    (r"大后天", 3, ""),
    (r"the\s+day\s+after\s+tomorrow\b|day\s+after\s+tomorrow\b|后天", 2, ""),
    (r"明早", 1, "morning"),
    (r"明晚|tomorrow\s+night\b", 1, "night"),
    (r"明天|明日|tomorrow\b|tmr\b", 1, ""),
    (r"今早|今晨", 0, "morning"),
    (r"今晚|今夜|tonight\b", 0, "night"),
    (r"今天|今日|today\b", 0, ""),
)
_WORD = tuple((re.compile(words, re.IGNORECASE), ahead, part) for words, ahead, part in _WORDS)
_CHINESE_WEEKDAY = re.compile(r"(下下|下|这|本)?个?(?:周|星期|礼拜)([一二三四五六日天])")
_ENGLISH = re.compile(rf"(?:(on|next|this)\s+({ENGLISH_WEEKDAY})|()({_FULL_WEEKDAY}))\b", re.IGNORECASE)
_FULL = re.compile(r"(?:on\s+)?(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?", re.IGNORECASE)
_OF_YEAR = re.compile(r"(\d{1,2})\s*月\s*(\d{1,2})\s*[日号]?")
_NAMED = (
    re.compile(rf"(?:on\s+)?{_MONTH}\s+{_DAY}\b", re.IGNORECASE),
    re.compile(rf"(?:on\s+)?(?:the\s+)?{_DAY}\s+(?:of\s+)?{_MONTH}(?![a-z])", re.IGNORECASE),
)
_OF_MONTH = re.compile(r"(\d{1,2})\s*[号日]")

_COLON = re.compile(r"(?:at\s+)?(\d{1,2}):(\d{2})(?!\d)(?:\s*([ap])\.?m\b\.?)?", re.IGNORECASE)
_MERIDIEM = re.compile(r"(?:at\s+)?(\d{1,2})\s*([ap])\.?m\b\.?", re.IGNORECASE)
_O_CLOCK = re.compile(
    rf"({NUMBER})\s*[点點时](?:钟|整|(半)|([一三])刻|({NUMBER})\s*分|(\d\d|(?:零|[二三四五]?十)[一二三四五六七八九]?))?"
)
_BARE = re.compile(r"at\s+(\d{1,2})(?![\d:.])(?:\s*o'?clock)?", re.IGNORECASE)
_NAMES = (
    (re.compile(r"(?:at\s+)?(?:noon|midday)\b", re.IGNORECASE), 12),
    (re.compile(r"(?:at\s+)?midnight\b|午夜", re.IGNORECASE), 24),
)


def read_day(text: str, today: date) -> tuple[Day, int] | None:
    """The day at the beginning of `text`, and where it ends. `Impossible` for one that no calendar has."""
    for pattern, ahead, part in _WORD:
        if found := pattern.match(text):
            return Day((today + timedelta(ahead),), part), found.end()
    for pattern, reader in _READERS:
        if found := pattern.match(text):
            return Day(reader(found, today)), found.end()
    return None


def read_part(text: str) -> tuple[str, int]:
    """The part of the day at the beginning of `text`, such as `night`, and where it ends."""
    for name, pattern in _PART.items():
        if found := pattern.match(text):
            return name, found.end()
    return "", 0


def read_clock(text: str, part: str = "") -> tuple[Clock, int] | None:
    """The time of day at the beginning of `text`, and where it ends. `Impossible` for a time like 25:99."""
    for pattern, hour in _NAMES:
        if found := pattern.match(text):
            return Clock(hour), found.end()
    hands = _read_hands(text)
    if hands is None:
        return (Clock(_NOON), 0) if part == "noon" else None
    hour, minute, loose, meridiem, end = hands
    if not hands.real:
        raise Impossible("nonsense")
    if meridiem:
        part = "morning" if meridiem.lower() == "a" else "afternoon"
    elif not part:
        part, further = read_part(text[end:])
        end += further
    return Clock(_of_part(hour, part), minute, loose and not part and 0 < hour < _NOON), end


class _Hands(NamedTuple):
    """A time as it was written; `meridiem` is `a`, `p` or nothing."""

    hour: int
    minute: int
    loose: bool
    meridiem: str
    end: int

    @property
    def real(self) -> bool:
        """Whether a clock can show it."""
        return self.minute < _HOUR and (1 <= self.hour <= _NOON if self.meridiem else self.hour <= _MIDNIGHT)


def _read_hands(text: str) -> _Hands | None:
    if found := _COLON.match(text):
        return _Hands(int(found[1]), int(found[2]), False, found[3] or "", found.end())
    if found := _MERIDIEM.match(text):
        return _Hands(int(found[1]), 0, False, found[2], found.end())
    if found := _O_CLOCK.match(text):
        return _Hands(int(number(found[1])), _minute(found), True, "", found.end())
    if found := _BARE.match(text):
        return _Hands(int(found[1]), 0, True, "", found.end())
    return None


def _minute(found: re.Match[str]) -> int:
    if found[2]:
        return 30
    if found[3]:
        return int(number(found[3])) * 15
    told = found[4] or found[5]
    return int(number(told)) if told else 0


def _of_part(hour: int, part: str) -> int:
    """`8` in the afternoon is 20, twelve at night is 24 and one at night is 25: the next day's."""
    if hour == _NOON:
        return {"dawn": 0, "morning": 0, "night": _MIDNIGHT}.get(part, hour)
    if not 0 < hour < _NOON:
        return hour
    small = hour < _SMALL_HOURS
    added = {"afternoon": _NOON, "night": _MIDNIGHT if small else _NOON, "noon": _NOON if small else 0}
    return hour + added.get(part, 0)


def weekday(name: str) -> int:
    """0 for Monday, of `一` or `monday` or `Mon`."""
    return WEEKDAYS.index(name.replace("天", "日")) if name in "一二三四五六日天" else _STARTS.index(name[:2].lower())


def _coming(day: int, weeks: int | None, today: date) -> tuple[date, ...]:
    """The weekday of this week (0), of the next (1); or the next two that come."""
    if weeks is not None:
        return (today - timedelta(today.weekday()) + timedelta(day + _WEEK * weeks),)
    first = today + timedelta((day - today.weekday()) % _WEEK)
    return first, first + timedelta(_WEEK)


def _by_chinese_weekday(found: re.Match[str], today: date) -> tuple[date, ...]:
    weeks = {"下下": 2, "下": 1, "这": 0, "本": 0}.get(found[1] or "")
    return _coming(weekday(found[2]), weeks, today)


def _by_english_weekday(found: re.Match[str], today: date) -> tuple[date, ...]:
    weeks = 1 if (found[1] or "").lower() == "next" else None
    return _coming(weekday(found[2] or found[4]), weeks, today)


def _by_date(found: re.Match[str], _today: date) -> tuple[date, ...]:
    return _real((int(found[1]), int(found[2]), int(found[3])))


def _by_day_of_year(found: re.Match[str], today: date) -> tuple[date, ...]:
    return _of_years(int(found[1]), int(found[2]), today)


def _by_named_month(found: re.Match[str], today: date) -> tuple[date, ...]:
    return _of_years(_MONTHS.index(found["month"].lower()) + 1, int(found["day"]), today)


def _by_day_of_month(found: re.Match[str], today: date) -> tuple[date, ...]:
    months = [divmod(today.year * 12 + today.month - 1 + ahead, 12) for ahead in range(_MONTHS_AHEAD)]
    return _real(*((year, month + 1, int(found[1])) for year, month in months))


def _of_years(month: int, day: int, today: date) -> tuple[date, ...]:
    return _real(*((today.year + ahead, month, day) for ahead in range(_YEARS)))


def _real(*given: tuple[int, int, int]) -> tuple[date, ...]:
    """Those that the calendar has."""
    dates = []
    for year, month, day in given:
        try:
            dates.append(date(year, month, day))
        except ValueError:
            continue
    if not dates:
        raise Impossible("nonsense")
    return tuple(dates)


_READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], tuple[date, ...]]], ...] = (
    (_CHINESE_WEEKDAY, _by_chinese_weekday),
    (_ENGLISH, _by_english_weekday),
    (_FULL, _by_date),
    (_OF_YEAR, _by_day_of_year),
    *((pattern, _by_named_month) for pattern in _NAMED),
    (_OF_MONTH, _by_day_of_month),
)
