from __future__ import annotations

import pytest

from kagami.adapters.kinds import BotConfig
from kagami.centre.shown import bot_kinds
from kagami.i18n import translator
from kagami.ports import BotKind
from kagami.tui.kind_words import SHARED, WORDS, key_text, may_log_in, ordered, rank, words_of

KINDS = {each.kind: each for each in bot_kinds(tuple[BotConfig, ...])}


def test_every_kind_has_words() -> None:
    assert set(WORDS) == set(KINDS)


@pytest.mark.parametrize("kind", WORDS)
def test_every_key_with_words_is_one_of_the_kind(kind: str) -> None:
    keys = {row.key for row in KINDS[kind].keys}
    assert {name for name, _ in WORDS[kind].keys} <= keys
    assert WORDS[kind].login in {"", "*", *keys}


@pytest.mark.parametrize("kind", WORDS)
def test_every_needed_key_says_where_it_is_got(kind: str) -> None:
    assert set(KINDS[kind].required) <= {name for name, _ in WORDS[kind].keys}


@pytest.mark.parametrize("kind", WORDS)
def test_all_of_it_is_said_in_chinese(kind: str) -> None:
    chinese, words = translator("zh"), WORDS[kind]
    texts = [words.needs, *(text for _, text in words.keys)]
    assert [text for text in texts if chinese(text) == text] == []


def test_an_unknown_kind_goes_by_its_own_name() -> None:
    assert words_of("matrix").name == "matrix"
    assert [each.kind for each in ordered([BotKind("matrix", [], ()), BotKind("weixin", [], ())])] == [
        "weixin",
        "matrix",
    ]
    assert key_text("matrix", "token", "The token.") == "The token."


def test_it_logs_in_where_there_is_something_to_log_in_at() -> None:
    assert words_of("weixin").logs_in({})
    assert not words_of("napcat").logs_in({"url": "ws://a"})
    assert words_of("napcat").logs_in({"webui_url": "http://a"})
    assert not words_of("telegram").logs_in({"token": "1:a"})
    assert [may_log_in(kind) for kind in ("telegram", "napcat", "matrix")] == [False, True, True]


def test_what_has_to_be_given_stands_first_and_what_all_kinds_have_last() -> None:
    keys = [row.key for row in KINDS["wxbot"].keys]
    assert sorted(keys, key=lambda key: rank(KINDS["wxbot"], key))[:3] == ["url", "token", "panel_url"]
    last = max([row.key for row in KINDS["napcat"].keys], key=lambda key: rank(KINDS["napcat"], key))
    assert last.partition(".")[0] in SHARED
