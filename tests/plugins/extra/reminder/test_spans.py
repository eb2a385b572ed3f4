from __future__ import annotations

from datetime import timedelta

import pytest

from kagami.plugins.extra.reminder.spans import number, read_span

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("text", "value"), [("20", 20), ("1.5", 1.5), ("十", 10), ("十二", 12), ("二十", 20), ("二十五", 25), ("两", 2)]
)
def test_numbers_are_read_in_digits_and_in_chinese(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("20min", 20 * MINUTE),
        ("20 MIN", 20 * MINUTE),
        ("90s", 90),
        ("1h30m", 90 * MINUTE),
        ("1 hour and 30 minutes", 90 * MINUTE),
        ("1.5h", 90 * MINUTE),
        ("in 2 days", 2 * DAY),
        ("in an hour", HOUR),
        ("half an hour", 30 * MINUTE),
        ("3 weeks later", 21 * DAY),
        ("20分钟", 20 * MINUTE),
        ("20分钟后", 20 * MINUTE),
        ("过10分钟", 10 * MINUTE),
        ("二十分钟之后", 20 * MINUTE),
        ("半小时", 30 * MINUTE),
        ("半个小时后", 30 * MINUTE),
        ("一个半小时", 90 * MINUTE),
        ("1小时半", 90 * MINUTE),
        ("1小时30分钟", 90 * MINUTE),
        ("两个小时以后", 2 * HOUR),
        ("一刻钟", 15 * MINUTE),
        ("3天", 3 * DAY),
        ("2星期", 14 * DAY),
    ],
)
def test_spans_are_read_as_people_write_them(text: str, seconds: int) -> None:
    assert read_span(text) == (timedelta(seconds=seconds), len(text))


@pytest.mark.parametrize("text", ["", "tea", "20 meetings", "a day off", "8点", "min", "20"])
def test_other_words_are_no_span(text: str) -> None:
    assert read_span(text) is None


def test_a_larger_unit_after_a_smaller_one_belongs_to_the_text() -> None:
    assert read_span("5分钟 3天没喝水") == (timedelta(minutes=5), 3)
