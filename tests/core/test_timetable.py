from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, tzinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.timetable import Timetable, read_timetable
from tests.zones import BERLIN, SHANGHAI

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
NEW_YEAR = 1_767_225_600_000  # 2026-01-01 00:00 UTC


def ms(text: str) -> int:
    """Milliseconds of an ISO time with its offset."""
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def shown(times: list[int], zone: tzinfo) -> list[str]:
    return [datetime.fromtimestamp(each / 1000, zone).strftime("%m-%d %H:%M%z") for each in times]


def following(text: str, start: str, zone: tzinfo, count: int) -> list[str]:
    due, found = ms(start), list[int]()
    for _ in range(count):
        due = read_timetable(text).next_after(due, zone)
        found.append(due)
    return shown(found, zone)


def test_a_cron_expression_goes_by_local_time() -> None:
    assert following("0 8 * * 1-5", "2026-01-02T09:00+08:00", SHANGHAI, 2) == ["01-05 08:00+0800", "01-06 08:00+0800"]


@pytest.mark.parametrize(
    ("name", "due"),
    [
        ("@hourly", "2026-01-01T01:00+00:00"),
        ("@daily", "2026-01-02T00:00+00:00"),
        ("@weekly", "2026-01-04T00:00+00:00"),
        ("@monthly", "2026-02-01T00:00+00:00"),
        ("@yearly", "2027-01-01T00:00+00:00"),
    ],
)
def test_frequent_timetables_have_names(name: str, due: str) -> None:
    assert read_timetable(name).next_after(NEW_YEAR, UTC) == ms(due)


@pytest.mark.parametrize(
    ("text", "length"),
    [("every 90s", 90_000), ("every 10min", 10 * MINUTE), ("every 2 h", 2 * HOUR), ("every 1d", DAY)],
)
def test_an_interval_counts_from_the_last_time(text: str, length: int) -> None:
    assert read_timetable(text).next_after(NEW_YEAR + 7, BERLIN) == NEW_YEAR + 7 + length


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("61 * * * *", "bad minute"),
        ("0 24 * * *", "bad hour"),
        ("0 8 * * MOO", "bad day-of-week"),
        ("0 0 30 2 *", "bad day-of-month"),
        ("0 0 31 2,4 1", ""),
        ("* * *", "it has 3 fields, not 5"),
        ("0 0 8 * * *", "it has 6 fields, not 5"),
        ("@reboot", "it has 1 fields"),
        ("", "it has 0 fields"),
        ("every now", "it has 2 fields"),
        ("every 0min", "366 days"),
        ("every 999999d", "366 days"),
    ],
)
def test_what_is_no_timetable_says_what_to_write(text: str, problem: str) -> None:
    if not problem:  # a day or a weekday: the weekday is there
        assert read_timetable(text).text == text
        return
    with pytest.raises(ValueError, match=r"write (minute|one)") as caught:
        read_timetable(text)
    assert problem in str(caught.value)


def test_a_time_that_is_skipped_in_spring_is_due_when_time_goes_on() -> None:
    assert following("30 2 * * *", "2026-03-28T12:00+01:00", BERLIN, 2) == ["03-29 03:00+0200", "03-30 02:30+0200"]


def test_a_time_that_comes_twice_in_autumn_is_due_once() -> None:
    assert following("30 2 * * *", "2026-10-24T12:00+02:00", BERLIN, 2) == ["10-25 02:30+0200", "10-26 02:30+0100"]


def test_in_the_second_hour_the_first_is_over() -> None:
    assert following("30 2 * * *", "2026-10-25T02:10+01:00", BERLIN, 1) == ["10-26 02:30+0100"]


def test_a_wildcard_goes_by_elapsed_time() -> None:
    assert following("*/30 * * * *", "2026-10-25T02:00+02:00", BERLIN, 4) == [
        "10-25 02:30+0200",
        "10-25 02:00+0100",
        "10-25 02:30+0100",
        "10-25 03:00+0100",
    ]


@given(
    text=st.sampled_from(["* * * * *", "*/7 * * * *", "30 2 * * *", "0 */3 * * *", "15,45 1-3 * 3,10 0", "every 7min"]),
    start=st.integers(ms("2026-03-28T00:00+01:00"), ms("2026-11-01T00:00+01:00")),
)
def test_what_is_due_is_later_and_nothing_lies_between(text: str, start: int) -> None:
    timetable = read_timetable(text)
    due = timetable.next_after(start, BERLIN)
    assert due > start
    between = (start + due) // 2
    if not timetable.seconds and between > start:
        assert timetable.next_after(between, BERLIN) == due


def test_what_was_missed_is_told_oldest_first() -> None:
    missed = read_timetable("0 8 * * *").missed(ms("2026-01-01T08:00+08:00"), ms("2026-01-03T08:00+08:00"), SHANGHAI)
    assert shown(missed, SHANGHAI) == ["01-02 08:00+0800", "01-03 08:00+0800"]


def test_nothing_is_missed_before_it_is_due() -> None:
    daily = read_timetable("@daily")
    assert daily.missed(NEW_YEAR, NEW_YEAR + DAY - 1, UTC) == []
    assert read_timetable("every 1h").missed(NEW_YEAR, NEW_YEAR - DAY, UTC) == []


@pytest.mark.parametrize("text", ["* * * * *", "every 1min", "* 0 * * *", "0 0 29 2 *"])
def test_of_many_the_newest_are_told_without_walking_through_all(text: str) -> None:
    years = NEW_YEAR - 20 * 365 * DAY
    timetable = read_timetable(text)
    one = timetable.missed(years, NEW_YEAR, UTC, most=1)
    several = timetable.missed(years, NEW_YEAR, UTC, most=3)
    assert several[-1:] == one
    assert len(several) == 3
    assert timetable.next_after(several[-1], UTC) > NEW_YEAR
    assert [timetable.next_after(each, UTC) for each in several[:-1]] == several[1:]


def test_a_timetable_is_a_value() -> None:
    assert read_timetable(" 0  8 * * * ") == Timetable("0 8 * * *")
    assert read_timetable("every 10min") == Timetable("every 10min", 600)


def test_authors_do_not_load_the_library_until_they_need_it() -> None:
    statement = "import sys, kagami.core.timetable; sys.exit('cronsim' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", statement], check=False).returncode == 0
