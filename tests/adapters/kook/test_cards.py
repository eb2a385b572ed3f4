from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.kook.cards import MOST_CARDS, MOST_MODULES, pack, plain, read, section
from kagami.adapters.kook.cards import given as of_native
from kagami.model.segment import AnySegment, File, Image, Mention, Native, Text, Video, Voice

U = "https://img.kookapp.cn/a"


def card(*modules: Any) -> str:
    return json.dumps([{"type": "card", "theme": "none", "modules": list(modules)}])


def kmd(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "kmarkdown", "content": text}}


@pytest.mark.parametrize(
    ("modules", "parts"),
    [
        ([kmd("(met)1(met) hi")], [Mention("1"), Text(" hi")]),
        ([{"type": "header", "text": {"type": "plain-text", "content": "*t*"}}], [Text("*t*")]),
        ([{"type": "section", "text": "short"}, {"type": "divider"}], [Text("short")]),
        (
            [kmd("look"), {"type": "container", "elements": [{"type": "image", "src": U}, {"type": "image"}]}],
            [Text("look"), Image(U, U)],
        ),
        ([{"type": "image-group", "elements": [{"type": "image", "src": U}] * 2}], [Image(U, U)] * 2),
        ([{"type": "file", "src": U, "title": "a.txt"}], [File(U, U, {"name": "a.txt"})]),
        ([{"type": "audio", "src": U, "title": ""}], [Voice(U, U)]),
        ([{"type": "video", "src": U}], [Video(U, U)]),
    ],
)
def test_a_card_with_nothing_but_words_and_media_is_a_message(modules: list[Any], parts: list[AnySegment]) -> None:
    assert read(card(*modules)) == parts


@pytest.mark.parametrize(
    "module",
    [
        {"type": "action-group", "elements": [{"type": "button", "value": "1"}]},
        {"type": "countdown", "endTime": 1},
        kmd("x") | {"accessory": {"type": "button"}},
        {"type": "section", "text": {"type": "paragraph", "fields": []}},
        {"type": "section"},
        {"type": "file"},
        {"type": 7},
        "text",
        None,
    ],
)
def test_a_card_with_more_in_it_stays_one(module: Any) -> None:
    content = card(kmd("x"), module)
    assert read(content) == [Native("card", {"content": json.loads(content)})]


@pytest.mark.parametrize("content", ["no JSON", "{}", "[1]", 7, None])
def test_what_is_no_card_is_kept(content: Any) -> None:
    assert read(content) == [Native("card", {"content": content})]


def test_an_empty_card_is_kept() -> None:
    assert read(card()) == [Native("card", {"content": json.loads(card())})]


ONE: dict[str, Any] = {"type": "card", "modules": []}


@pytest.mark.parametrize("fields", [{"content": ONE}, {"content": [ONE]}, {"content": json.dumps([ONE])}, ONE])
def test_cards_may_be_given_in_several_ways(fields: dict[str, Any]) -> None:
    assert of_native(fields) == [ONE]


def test_what_is_given_and_no_card_is_none() -> None:
    assert of_native({"content": "no JSON"}) == []


@given(st.lists(st.integers(0, MOST_MODULES), max_size=20))
def test_messages_keep_to_the_limits_and_lose_nothing(sizes: list[int]) -> None:
    cards = [plain([section(f"{number}.{place}") for place in range(size)]) for number, size in enumerate(sizes)]
    messages = [json.loads(content) for content in pack(cards)]
    assert [each for message in messages for each in message] == cards
    assert all(len(message) <= MOST_CARDS for message in messages)
    assert all(sum(len(each["modules"]) for each in message) <= MOST_MODULES for message in messages)


def test_a_card_without_end_is_kept_as_the_text_it_is() -> None:
    content = "[" * 5_000 + "]" * 5_000
    assert read(content) == [Native("card", {"content": content})]
