from __future__ import annotations

import string

import pytest

from kagami.plugins.extra.chat.words import WORDS, Words


@pytest.mark.parametrize("name", Words._fields)
def test_both_languages_have_the_same_places(name: str) -> None:
    places = [{place for _, place, *_ in string.Formatter().parse(words._asdict()[name])} for words in WORDS.values()]
    assert places[0] == places[1]


@pytest.mark.parametrize("name", Words._fields)
def test_nothing_is_left_in_the_other_language(name: str) -> None:
    assert WORDS["en"]._asdict()[name] != WORDS["zh"]._asdict()[name]
    assert not any("\u4e00" <= sign <= "\u9fff" for sign in WORDS["en"]._asdict()[name])
