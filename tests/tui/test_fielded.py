from __future__ import annotations

import pytest

from kagami.tui.fielded import Fielded, fielded

NAMES = ("chat", "user")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", Fielded({}, "")),
        ("天气 上海", Fielded({}, "天气 上海")),
        ("chat:group:7 hello", Fielded({"chat": "group:7"}, "hello")),
        ('user:"a b" "two words"', Fielded({"user": "a b"}, "two words")),
        ("CHAT:1", Fielded({"chat": "1"}, "")),
        ("http://x", Fielded({}, "http://x")),
        ('of:"two words" of:""', Fielded({}, "of:two words of:")),
        (">50ms", Fielded({}, "", 50_000)),
        (">1.5s x", Fielded({}, "x", 1_500_000)),
        (">800", Fielded({}, "", 800_000)),
        (">300us", Fielded({}, "", 300)),
        ("> 50", Fielded({}, "> 50")),
    ],
)
def test_a_line_is_fields_a_time_and_words(line: str, found: Fielded) -> None:
    assert fielded(line, NAMES) == found


def test_no_time_is_longer_than_the_engine_takes() -> None:
    assert fielded(">" + "9" * 40 + "s", NAMES).slower_us <= 1 << 53
