from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.words import (
    QUOTES,
    Kind,
    Word,
    images_of,
    kind_of,
    numbered,
    out_of_limits,
    split,
    words_of,
)
from kagami.model.ids import ChatId, UserId
from kagami.model.segment import Image, Mention, Text


class Colour(Enum):
    RED = "红"
    BLUE = 2


def read(annotation: Any, text: str) -> Any:
    return kind_of(annotation).read(Word(text, 0))


def texts(text: str, start: int = 0) -> list[str]:
    return [word.text for word in split(text, start)]


def test_words_are_split_at_any_space() -> None:
    assert texts(" a\u3000b\n c\t") == ["a", "b", "c"]


@pytest.mark.parametrize("opening", QUOTES)
def test_a_quote_holds_words_together(opening: str) -> None:
    assert texts(f"x {opening}a b{QUOTES[opening]} y") == ["x", "a b", "y"]


def test_a_quote_that_is_not_closed_is_a_sign_like_any_other() -> None:
    assert texts('say "a b') == ["say", '"a', "b"]


def test_a_quote_inside_a_word_is_a_sign_like_any_other() -> None:
    assert texts('5"x6" z') == ['5"x6"', "z"]


def test_an_empty_quote_is_an_empty_word() -> None:
    assert texts('a "" b') == ["a", "", "b"]


def test_what_follows_a_quote_is_the_next_word() -> None:
    assert texts('"a b"c') == ["a b", "c"]


def test_words_know_their_place() -> None:
    assert [word.start for word in split('ab "c d" e')] == [0, 3, 9]


def test_many_quotes_that_are_never_closed_cost_linear_time() -> None:
    assert len(texts("“a " * 100_000)) == 100_000


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1)))
def test_plain_words_come_back(words: list[str]) -> None:
    assert texts(" ".join(words)) == words


@given(st.text(), st.integers(0, 20))
def test_any_text_can_be_split(text: str, start: int) -> None:
    for word in split(text, start):
        assert word.start >= start
        assert word.text in text[word.start :]


def test_a_mention_is_a_word_at_its_place() -> None:
    bob = Mention("42")
    words = words_of((Text("/kick"), bob, Text(" 10m")), 5)
    assert [(word.text, word.mention) for word in words] == [("@42", bob), ("10m", None)]


def test_what_stands_before_the_skipped_text_is_no_word() -> None:
    assert words_of((Mention("1"), Text("/a b")), 2) == [Word("b", 3)]


def test_a_text_part_that_is_skipped_whole_gives_no_words() -> None:
    assert words_of((Text("/a"), Text("b c")), 2) == [Word("b", 2), Word("c", 4)]


def test_other_parts_are_no_words() -> None:
    assert words_of((Text("/a "), Image("f"), Text("b")), 3) == [Word("b", 3)]


def test_pictures_are_found_in_order() -> None:
    assert images_of((Image("1"), Text("x"), Image("2"))) == [Image("1"), Image("2")]


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (str, "x", "x"),
        (int, "-12", -12),
        (int, "１２", 12),
        (float, "1.5", 1.5),
        (float, "+3", 3.0),
        (bool, "好的。", True),
        (bool, "NO", False),
        (Literal["day", "night"], "Night", "night"),
        (Literal[1, 2], "2", 2),
        (Colour, "红", Colour.RED),
        (Colour, "blue", Colour.BLUE),
        (Colour, "2", Colour.BLUE),
        (timedelta, "2h30m", timedelta(hours=2, minutes=30)),
        (timedelta, "1.5d", timedelta(days=1.5)),
        (timedelta, "3天", timedelta(days=3)),
        (timedelta, "1周", timedelta(weeks=1)),
        (UserId, "@42", "42"),
        (UserId, "ou_1.a-b:c", "ou_1.a-b:c"),
        (ChatId, "123", "group:123"),
        (ChatId, "private:7", "private:7"),
    ],
)
def test_a_word_becomes_a_value(annotation: Any, text: str, value: Any) -> None:
    assert read(annotation, text) == value


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "1.5"),
        (int, "1_000"),
        (int, "1" * 19),
        (int, ""),
        (float, "nan"),
        (float, "inf"),
        (float, "1e5"),
        (bool, "maybe"),
        (Literal["a"], "b"),
        (Colour, "green"),
        (timedelta, "10"),
        (timedelta, "10x"),
        (timedelta, "h"),
        (timedelta, "1h,2m"),
        (timedelta, ""),
        (timedelta, "999999w" * 200),
        (UserId, "all"),
        (UserId, "a b"),
        (UserId, "@"),
        (ChatId, "room:1"),
        (ChatId, "abc"),
        (ChatId, "group:"),
        (Image, "cat.png"),
    ],
)
def test_a_word_that_does_not_fit_is_refused(annotation: Any, text: str) -> None:
    with pytest.raises(ValueError):
        read(annotation, text)


def test_a_mention_is_a_user() -> None:
    assert kind_of(UserId).read(Word("@42", 0, Mention("42"))) == "42"


def test_a_mention_of_all_is_no_user() -> None:
    with pytest.raises(ValueError, match="@all"):
        kind_of(UserId).read(Word("@all", 0, Mention("all")))


@pytest.mark.parametrize("annotation", [bytes, dict, list[int], int | str, object])
def test_a_type_that_people_cannot_write_is_refused(annotation: Any) -> None:
    with pytest.raises(TypeError, match="not a type that people can write"):
        kind_of(annotation)


@pytest.mark.parametrize("annotation", [str, int, float, bool, timedelta, UserId, ChatId, Image, Colour, Literal["a"]])
def test_every_type_says_what_it_expects(annotation: Any) -> None:
    assert kind_of(annotation).expected(str)


def test_what_is_expected_is_translated() -> None:
    assert kind_of(int).expected({"a whole number": "整数"}.__getitem__) == "整数"


def test_a_choice_names_its_values() -> None:
    kind = kind_of(Literal["a", "b"])
    assert (kind.label, kind.expected(str)) == ("a|b", "one of: a, b")


def test_options_are_chosen_by_number_or_by_text() -> None:
    kind: Kind = numbered(["red", "blue"])
    assert [kind.read(Word(text, 0)) for text in ("2", "RED")] == ["blue", "red"]


def test_an_option_that_is_a_number_goes_before_a_place() -> None:
    assert numbered([3, 1]).read(Word("1", 0)) == 1


@given(st.integers(-(10**18) + 1, 10**18 - 1))
def test_whole_numbers_come_back(number: int) -> None:
    assert read(int, str(number)) == number


@given(st.text())
def test_no_text_breaks_a_reader(text: str) -> None:
    for annotation in (int, float, bool, timedelta, UserId, ChatId, Colour):
        try:
            read(annotation, text)
        except ValueError:
            continue


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (2, None),
        (0, ("It must be at least {limit}.", 1)),
        (4, ("It must be at most {limit}.", 3)),
        (timedelta(seconds=9), ("It must be at most {limit}.", 3)),
        ("a text", None),
    ],
)
def test_limits_bound_numbers_and_durations(value: Any, problem: tuple[str, float] | None) -> None:
    assert out_of_limits(value, ge=1, le=3) == problem


def test_no_limits_bound_nothing() -> None:
    assert out_of_limits(10**9, ge=None, le=None) is None
