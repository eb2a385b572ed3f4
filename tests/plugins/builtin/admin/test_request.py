from __future__ import annotations

import pytest

from kagami.errors import UsageError
from kagami.operations import registry
from kagami.operations.bots import Disconnect
from kagami.operations.logs import Window
from kagami.operations.messages import Search
from kagami.plugins.builtin.admin.request import find_operation, read_request, usage

REGISTRY = registry()


@pytest.mark.parametrize(
    ("name", "words", "request_"),
    [
        ("bots.disconnect", "bot=qq:1", Disconnect(bot="qq:1")),
        ("bots.disconnect", "qq:1", Disconnect(bot="qq:1")),
        ("logs.window", "level=error limit=5", Window(level="error", limit=5)),
        ("logs.window", 'filter="two words" limit=5', Window(filter="two words", limit=5)),
        ("messages.search", "你好 limit=3", Search(text="你好", limit=3)),
        ("messages.search", '"two words"', Search(text="two words")),
        ("messages.search", "a=b", Search(text="a=b")),
        ("bots.disconnect", "several bare words", Disconnect(bot="several bare words")),
        ("logs.window", "", Window()),
    ],
)
def test_words_become_a_request(name: str, words: str, request_: object) -> None:
    assert read_request(REGISTRY.find(name), words, str) == request_


@pytest.mark.parametrize(
    ("name", "words", "says"),
    [
        ("bots.disconnect", "", "bot is missing."),
        ("logs.window", "limit=many", "limit: a whole number"),
        ("logs.window", "level=loud", "level: one of debug"),
        ("bots.list", "all of them", "“all” is too much."),
    ],
)
def test_words_that_do_not_fit_are_refused_with_the_usage(name: str, words: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_request(REGISTRY.find(name), words, str)
    assert says in str(caught.value)
    assert f"Usage: #{name.replace('.', ' ')}" in str(caught.value)


def test_an_operation_is_found_by_topic_and_verb() -> None:
    operation, rest = find_operation(REGISTRY, "bots", " disconnect qq:1 ", str)
    assert (operation.name, rest) == ("bots.disconnect", "qq:1")


def test_without_a_verb_the_topic_shows_what_it_has() -> None:
    with pytest.raises(UsageError, match=r"#bots disconnect <bot>  Close an account's connection"):
        find_operation(REGISTRY, "bots", "", str)


def test_usage_shows_defaults() -> None:
    assert usage(REGISTRY.find("messages.search"), str).startswith("#messages search <text> [bot=…]")
    assert "[limit=50]" in usage(REGISTRY.find("messages.search"), str)
