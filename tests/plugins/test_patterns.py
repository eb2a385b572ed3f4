from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.plugins.patterns import Pattern, Patterns


def test_a_keyword_is_found_whatever_its_case() -> None:
    assert Pattern(["Weather", "天气"], "").groups("how is the WEATHER?") == {0: "WEATHER"}


def test_a_keyword_is_no_pattern() -> None:
    assert Pattern(["a.c"], "").groups("abc") is None


def test_groups_are_known_by_number_and_by_name() -> None:
    found = Pattern([], r"weather in (?P<city>\w+)( today)?").groups("weather in Oslo")
    assert found == {0: "weather in Oslo", 1: "Oslo", 2: "", "city": "Oslo"}


def test_keywords_and_a_regex_may_stand_together() -> None:
    pattern = Pattern(["hello"], r"h\d")
    assert [pattern.groups(text) is not None for text in ("Hello", "h1", "H1")] == [True, True, False]


def test_the_first_of_several_patterns_counts() -> None:
    patterns = Patterns([Pattern(["x"], ""), Pattern(["b"], ""), Pattern(["a"], "")])
    assert [patterns.first(text) for text in ("a b", "a", "x b a", "none")] == [1, 2, 0, None]


def test_no_patterns_find_nothing() -> None:
    assert Patterns([]).first("anything") is None


@pytest.mark.parametrize("keywords", [[], [""]])
def test_an_intent_needs_something_to_look_for(keywords: list[str]) -> None:
    with pytest.raises(ValueError, match="keywords or a regex"):
        Pattern(keywords, "")


@pytest.mark.parametrize("regex", ["(", r"(a)\1", "(?=x)"])
def test_a_pattern_that_re2_does_not_take_is_refused(regex: str) -> None:
    with pytest.raises(ValueError, match="is not one of RE2"):
        Pattern([], regex)


def test_a_pattern_that_would_stall_others_costs_linear_time() -> None:
    pattern = Pattern([], "(a+)+$")
    started = time.thread_time()
    assert pattern.groups("a" * 50_000 + "!") is None
    assert time.thread_time() - started < 1


@given(st.text(min_size=1), st.text(), st.text())
def test_a_keyword_is_found_in_any_text(word: str, before: str, after: str) -> None:
    assert Pattern([word], "").groups(before + word + after) is not None
