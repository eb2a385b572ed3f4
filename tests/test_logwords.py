from __future__ import annotations

import logging

import msgspec
import pytest

from kagami.log import LogLine
from kagami.logwords import matcher, needles

LINE = LogLine(1, 0, logging.INFO, "hub", "Bot Ready now", {"bot": "qq:10001", "peer": "127.0.0.1"})
WORDS = ["ready", "READY", '"ready now"', "-asleep", "bot:10001", "source:hub", "peer:127", "ready 10001"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", True),
        ("ready", True),
        ("READY bot", True),
        ("ready asleep", False),
        ("hub", True),
        ("10001", True),
        ('"ready now"', True),
        ('"now ready"', False),
        ('"ready now', True),
        ("-asleep", True),
        ("-ready", False),
        ('-"ready now"', False),
        ("bot:10001", True),
        ("bot:127", False),
        ("nobody:10001", False),
        ("source:hub", True),
        ("source:ready", False),
        ('bot:"qq:10001"', True),
        ("-bot:10001", False),
        ("-peer:10001", True),
        ("ready:", False),
        (":ready", False),
        ("-", False),
        ('""', True),
    ],
)
def test_words_filter_lines(words: str, found: bool) -> None:
    assert matcher(logging.DEBUG, words)(LINE) is found


def test_a_level_filters_lines() -> None:
    assert not matcher(logging.WARNING, "")(LINE)


@pytest.mark.parametrize("words", WORDS)
def test_what_is_looked_for_first_is_in_every_line_that_is_wanted(words: str) -> None:
    raw = msgspec.json.encode(LINE).lower()
    assert matcher(logging.DEBUG, words)(LINE)
    assert all(each in raw for each in needles(words))


@pytest.mark.parametrize("words", ["-ready", 'source:"a\\b"', "ΑΣ", '"tab\there"'])
def test_what_json_or_lower_case_may_change_is_left_to_the_whole_test(words: str) -> None:
    assert needles(words) == ()
