"""Finds in a line when somebody wants to be reminded, and of what. Pure: `now` is local time without a zone.

    find("20min tea", now)                 in twenty minutes, of "tea"
    find("明天 8点 起床", now)              tomorrow at eight
    find("every monday 9:00 report", now)  by the timetable "0 9 * * 1"
    find("明天 起床", now)                  some time tomorrow: somebody has to ask

The time comes first, or last after a space. What cannot be is an `Impossible`; what is no time at all is None.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from .days import ENGLISH_WEEKDAY, WEEKDAYS, Clock, Day, Impossible, read_clock, read_day, read_part, weekday
from .spans import NUMBER, number, read_span

FARTHEST = timedelta(days=3660)
HALF_A_DAY = timedelta(hours=12)
MOST_TAIL_WORDS = 6
# Who says an earlier hour in the afternoon means the afternoon.
EARLIEST = 6


@dataclass(frozen=True, slots=True)
class After:
    """So long from now."""

    span: timedelta


@dataclass(frozen=True, slots=True)
class At:
    """Once. With two moments somebody has to ask which is meant."""

    moments: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Every:
    """By a timetable as `ctx.jobs` takes it; `gap` is the least time between two."""

    timetable: str
    gap: timedelta


@dataclass(frozen=True, slots=True)
class Vague:
    """A day, or some days, at no time."""


class Found(NamedTuple):
    """`spoken` is how the time was written, `rest` is what is left."""

    when: After | At | Every | Vague
    spoken: str
    rest: str


_WIDE = str.maketrans("０１２３４５６７８９：　", "0123456789: ")
_LEAD = re.compile(r"(?:提醒我|叫我|请|在|(?:remind\s+)?me\s)?\s*", re.IGNORECASE)
_FILLER = re.compile(
    r"[\s,，;；:、。.-]*(?:(?:记得)?(?:提醒|叫)我(?:记得)?|(?:me\s+)?(?:to|that)\s+)?\s*", re.IGNORECASE
)
_CRON = re.compile(r"cron\s+(?:[\"“「]([^\"”」]{1,100})[\"”」]|((?:[\d*/,-]\S*\s+){4}\S+)|(@[a-z]+))", re.IGNORECASE)
_LIST = rf"{ENGLISH_WEEKDAY}s?(?:\s*(?:,|and|&)\s*{ENGLISH_WEEKDAY}s?)*"
_EVERY = r"(?:每隔?|every\s+)"
_ONE_UNIT = re.compile(_EVERY + r"\s*个?\s*(?=小时|钟头|分钟|hour\b|minute\b)", re.IGNORECASE)
_INTERVAL = re.compile(_EVERY + r"\s*(?=[\d半〇零一二两三四五六七八九十])", re.IGNORECASE)

# What a timetable says of days: day of the month, month, weekday.
_DAYS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"每天|每日|天天|every\s*day\b|daily\b", lambda _: "* * *"),
    (r"每个?(?=[早晚]|上午|中午|下午)", lambda _: "* * *"),
    (r"(?:每个?)?工作日(?:每天)?|every\s+week\s?day\b|weekdays\b", lambda _: "* * 1-5"),
    (r"每个?周末|every\s+weekend\b|weekends\b", lambda _: "* * 0,6"),
    (
        r"每个?(?:周|星期|礼拜)([一二三四五六])[到至-](?:周|星期|礼拜)?([一二三四五六日天])",
        lambda at: _range(at[1], at[2]),
    ),
    (r"每个?(?:周|星期|礼拜)([一二三四五六日天](?:[、,，和]?[一二三四五六日天])*)", lambda at: _weekly(list(at[1]))),
    (rf"every\s+({_LIST})\b", lambda at: _weekly(re.findall(ENGLISH_WEEKDAY, at[1], re.IGNORECASE))),
    (rf"每个?月\s*({NUMBER})\s*[号日]", lambda at: _monthly(number(at[1]))),
    (r"every\s+month\s+on\s+the\s+(\d{1,2})(?:st|nd|rd|th)?\b", lambda at: _monthly(number(at[1]))),
    (r"每年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*[号日]?", lambda at: _yearly(int(at[1]), int(at[2]))),
)
_REGULAR = tuple((re.compile(words, re.IGNORECASE), build) for words, build in _DAYS)


def find(line: str, now: datetime) -> Found | None:
    """When, and what; None when no time is named. `Impossible` for a time that cannot be."""
    text = line.translate(_WIDE).strip()
    head = _read(text, now)
    if head is not None and not isinstance(head.when, Vague):
        return head
    starts = [found.end() for found in re.finditer(r"\s+", text)][-MOST_TAIL_WORDS:]
    read = ((text[:start], _read(text[start:], now)) for start in starts)
    tails = [Found(tail.when, tail.spoken, _bare(what)) for what, tail in read if tail is not None and not tail.rest]
    clear = (tail for tail in tails if not isinstance(tail.when, Vague))
    return next(clear, None) or head or next(iter(tails), None)


def _read(text: str, now: datetime) -> Found | None:
    """The time at the beginning of a text."""
    lead = _LEAD.match(text)
    start = lead.end() if lead else 0
    body = text[start:]
    read = _read_cron(body) or _read_regular(body) or _read_interval(body) or _read_after(body) or _read_at(body, now)
    if read is None:
        return None
    when, end = read
    return Found(when, body[:end].strip(), _bare(body[end:]))


def _bare(text: str) -> str:
    """What somebody wants to be reminded of, without `to` and `叫我` before it."""
    filler = _FILLER.match(text)
    return text[filler.end() if filler else 0 :].strip(" ,，")


def _read_after(text: str) -> tuple[After, int] | None:
    found = read_span(text)
    if found is None:
        return None
    if not found[0]:
        raise Impossible("nonsense")
    if found[0] > FARTHEST:
        raise Impossible("far")
    return After(found[0]), found[1]


def _read_at(text: str, now: datetime) -> tuple[At | Vague, int] | None:
    day, clock, end = _day_and_clock(text, now.date())
    if clock is not None:
        return At(_moments(day, clock, now)), end
    return (Vague(), end) if day is not None else None


def _day_and_clock(text: str, today: date) -> tuple[Day | None, Clock | None, int]:
    """In the order of `明天 8点` or of `8pm tomorrow`."""
    day, end = read_day(text, today) or (None, 0)
    clock, end = _clock_after(text, end, day.part if day else "")
    if day is None and clock is not None:
        space = end + _spaces(text[end:])
        if space > end and (late := read_day(text[space:], today)) is not None:
            day, end = late[0], space + late[1]
            if late[0].part and clock.loose:
                clock, _ = _clock_after(text, 0, late[0].part)
    return day, clock, end


def _clock_after(text: str, end: int, part: str) -> tuple[Clock | None, int]:
    """The time of day that follows, with the part of the day before it."""
    place = end + _spaces(text[end:])
    named, further = read_part(text[place:])
    place += further
    place += _spaces(text[place:])
    read = read_clock(text[place:], part or named)
    if read is not None:
        return read[0], place + read[1]
    return None, place if named else end


def _moments(day: Day | None, clock: Clock, now: datetime) -> tuple[datetime, ...]:
    """The first moment to come that fits; both halves of the day where nobody said which and either may be meant."""
    today = now.date()
    dates = day.dates if day is not None else (today, today + timedelta(1))
    fitting = [datetime.combine(each, time()) + clock.offset for each in dates]
    coming = tuple(each for each in fitting if each > now)[:1]
    late = fitting[0] + HALF_A_DAY
    if clock.loose and dates[0] == today and fitting[0] <= now < late:
        sure = day is not None or clock.hour < EARLIEST
        return (late,) if sure else (late, *coming)
    if not coming:
        raise Impossible("past")
    if coming[0] - now > FARTHEST:
        raise Impossible("far")
    return coming


def _read_cron(text: str) -> tuple[Every, int] | None:
    found = _CRON.match(text)
    if found is None:
        return None
    timetable = " ".join((found[1] or found[2] or found[3]).split())
    return Every(timetable, _gap(timetable.partition(" ")[0])), found.end()


def _read_regular(text: str) -> tuple[Every | Vague, int] | None:
    for pattern, build in _REGULAR:
        if found := pattern.match(text):
            days = build(found)
            clock, end = _clock_after(text, found.end(), "")
            if clock is None:
                return Vague(), end
            return Every(f"{clock.minute} {clock.hour % 24} {days}", timedelta(days=1)), end
    return None


def _read_interval(text: str) -> tuple[Every, int] | None:
    if found := _ONE_UNIT.match(text):
        read = read_span(f"1{text[found.end() :]}")
        shift = found.end() - 1
    elif found := _INTERVAL.match(text):
        read, shift = read_span(text[found.end() :]), found.end()
    else:
        return None
    if read is None or not read[0]:
        return None
    if read[0] > timedelta(days=366):
        raise Impossible("far")
    seconds = round(read[0].total_seconds())
    step = f"{seconds}s" if seconds % 60 else f"{seconds // 60}min"
    return Every(f"every {step}", read[0]), shift + read[1]


def _gap(minutes: str) -> timedelta:
    """The least time between two runs, roughly, by a timetable's field of minutes."""
    star, _, step = minutes.partition("/")
    if step.isdecimal():
        return timedelta(minutes=int(step))
    if star == "*" or "-" in minutes:
        return timedelta(minutes=1)
    marks = sorted(int(each) for each in minutes.split(",") if each.isdecimal())
    if len(marks) < 2:  # noqa: PLR2004 - once an hour at most
        return timedelta(hours=1)
    return timedelta(
        minutes=min(after - before for before, after in zip(marks, [*marks[1:], marks[0] + 60], strict=True))
    )


def _weekly(names: list[str]) -> str:
    days = sorted({(weekday(name) + 1) % 7 for name in names if name not in "、,，和"})
    return f"* * {','.join(map(str, days))}"


def _range(first: str, last: str) -> str:
    days = WEEKDAYS[weekday(first) : weekday(last) + 1]
    if not days:
        raise Impossible("nonsense")
    return _weekly(list(days))


def _monthly(day: float) -> str:
    if not 1 <= day <= 31:  # noqa: PLR2004 - days of the longest month
        raise Impossible("nonsense")
    return f"{int(day)} * *"


def _yearly(month: int, day: int) -> str:
    read_day(f"{month}月{day}日", date(2024, 1, 1))  # a leap year: it raises for what no calendar has
    return f"{day} {month} *"


def _spaces(text: str) -> int:
    return len(text) - len(text.lstrip(" ,，"))
