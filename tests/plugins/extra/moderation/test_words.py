from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.plugins.extra.moderation.words import WordList, plain


@pytest.mark.parametrize(
    "text",
    ["广告", "这是广告吗", "广.告", "广 告", "广\u200b告", "广——告", "廣告广告", "广😀告", "(广)(告)"],
)
def test_a_chinese_word_is_found_anywhere_and_through_separators(text: str) -> None:
    assert WordList(["广告"]).find(text) == "广告"


@pytest.mark.parametrize(
    "text", ["spam", "SPAM!", "ｓｐａｍ", "s.p.a.m", "s p a m", "spám", "no spam, please", "来点spam吧"]
)
def test_a_latin_word_is_found_whatever_its_dress(text: str) -> None:
    assert WordList(["Spam"]).find(text) == "Spam"


@pytest.mark.parametrize(
    ("word", "text"), [("ass", "class"), ("ass", "pass it"), ("shit", "this hit"), ("spam", "spams")]
)
def test_a_latin_word_is_not_found_inside_another(word: str, text: str) -> None:
    assert WordList([word]).find(text) is None


def test_the_word_is_told_as_it_was_given() -> None:
    assert WordList(["加V信", "广告"]).find("快来加v 信") == "加V信"


@pytest.mark.parametrize("words", [[], ["", "…", "😀"]])
def test_words_without_letters_forbid_nothing(words: list[str]) -> None:
    assert WordList(words).find("… 😀") is None


def test_japanese_accents_make_another_word() -> None:
    assert plain("が") != plain("か")


def test_the_end_of_an_endless_text_is_not_searched() -> None:
    assert WordList(["广告"]).find("哈" * 5_000 + "广告") is None


@given(st.text(min_size=1, max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_a_word_is_found_where_it_stands_alone(word: str, before: str, after: str) -> None:
    words = WordList([word])
    assert (words.find(f"{before} {word} {after}") is not None) == bool(len(words))
