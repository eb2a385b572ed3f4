from __future__ import annotations

from datetime import date, timedelta

import pytest

from kagami.plugins.extra.reminder.days import Clock, Day, Impossible, read_clock, read_day, read_part, weekday

THURSDAY = date(2025, 10, 9)


@pytest.mark.parametrize(
    ("text", "ahead"),
    [
        ("今天", 0),
        ("today", 0),
        ("明天", 1),
        ("Tomorrow", 1),
        ("后天", 2),
        ("the day after tomorrow", 2),
        ("大后天", 3),
        ("周四", 0),
        ("周五", 1),
        ("星期天", 3),
        ("下周一", 4),
        ("下下周一", 11),
        ("这周一", -3),
        ("friday", 1),
        ("on Fri", 1),
        ("next monday", 4),
        ("2025-10-20", 11),
        ("2025年10月20日", 11),
        ("10月20号", 11),
        ("20号", 11),
        ("oct 20th", 11),
        ("the 20th of October", 11),
    ],
)
def test_a_day_is_the_next_that_fits(text: str, ahead: int) -> None:
    read = read_day(text, THURSDAY)
    assert read is not None
    assert (read[0].dates[0], read[1]) == (THURSDAY + timedelta(ahead), len(text))


@pytest.mark.parametrize(("text", "part"), [("今晚", "night"), ("明早", "morning"), ("tonight", "night"), ("明天", "")])
def test_a_day_may_name_its_part(text: str, part: str) -> None:
    read = read_day(text, THURSDAY)
    assert read is not None
    assert read[0].part == part


def test_a_day_of_the_year_that_is_over_is_next_years() -> None:
    read = read_day("3月1日", THURSDAY)
    assert read is not None
    assert next(each for each in read[0].dates if each > THURSDAY) == date(2026, 3, 1)


def test_the_leap_day_is_found_in_a_leap_year() -> None:
    assert read_day("2月29日", THURSDAY) == (Day((date(2028, 2, 29), date(2032, 2, 29))), 5)


def test_a_day_of_the_month_skips_months_that_do_not_have_it() -> None:
    read = read_day("31号", date(2025, 11, 2))
    assert read is not None
    assert read[0].dates[0] == date(2025, 12, 31)


@pytest.mark.parametrize("text", ["2月30日", "13月1日", "2025-02-30", "32号", "feb 30"])
def test_a_day_that_no_calendar_has_is_impossible(text: str) -> None:
    with pytest.raises(Impossible, match="nonsense"):
        read_day(text, THURSDAY)


@pytest.mark.parametrize("text", ["tea", "周末愉快", "sun cream", "20min", "todays"])
def test_other_words_are_no_day(text: str) -> None:
    assert read_day(text, THURSDAY) is None


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("18:30", Clock(18, 30)),
        ("at 6:30 pm", Clock(18, 30)),
        ("8am", Clock(8)),
        ("12am", Clock(0)),
        ("12pm", Clock(12)),
        ("8点", Clock(8, 0, loose=True)),
        ("8点钟", Clock(8, 0, loose=True)),
        ("八点半", Clock(8, 30, loose=True)),
        ("8点一刻", Clock(8, 15, loose=True)),
        ("8点三刻", Clock(8, 45, loose=True)),
        ("八点十分", Clock(8, 10, loose=True)),
        ("八点零五", Clock(8, 5, loose=True)),
        ("8点20", Clock(8, 20, loose=True)),
        ("20点", Clock(20)),
        ("at 8 o'clock", Clock(8, 0, loose=True)),
        ("at 8 in the morning", Clock(8)),
        ("noon", Clock(12)),
        ("midnight", Clock(24)),
    ],
)
def test_times_of_day_are_read(text: str, clock: Clock) -> None:
    assert read_clock(text) == (clock, len(text))


@pytest.mark.parametrize(
    ("text", "part", "hour"),
    [
        ("8点", "morning", 8),
        ("8点", "night", 20),
        ("3点", "afternoon", 15),
        ("12点", "night", 24),
        ("1点", "night", 25),
        ("12点", "noon", 12),
        ("1点", "noon", 13),
        ("12点", "dawn", 0),
        ("20点", "night", 20),
    ],
)
def test_the_part_of_the_day_says_which_half_is_meant(text: str, part: str, hour: int) -> None:
    assert read_clock(text, part) == (Clock(hour), len(text))


@pytest.mark.parametrize("text", ["25:00", "8:75", "13pm", "25点", "8点70分"])
def test_a_time_that_no_clock_shows_is_impossible(text: str) -> None:
    with pytest.raises(Impossible, match="nonsense"):
        read_clock(text)


@pytest.mark.parametrize("text", ["tea", "8", "8小时", "8:5", "点"])
def test_other_words_are_no_time(text: str) -> None:
    assert read_clock(text) is None


@pytest.mark.parametrize(
    ("text", "name"), [("早上", "morning"), ("下午", "afternoon"), ("晚 10点", "night"), ("早点睡", ""), ("x", "")]
)
def test_parts_of_the_day_are_read(text: str, name: str) -> None:
    assert read_part(text)[0] == name


@pytest.mark.parametrize(("name", "day"), [("一", 0), ("日", 6), ("天", 6), ("Mon", 0), ("thursday", 3)])
def test_weekdays_are_counted_from_monday(name: str, day: int) -> None:
    assert weekday(name) == day
