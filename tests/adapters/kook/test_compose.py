from __future__ import annotations

import json
from typing import Any

import pytest

from kagami.adapters.kook.compose import LONGEST_TEXT, Attached, Saying, compose, join, media, quoted
from kagami.model.message import Message
from kagami.model.segment import AnySegment, Face, File, Image, Mention, Native, Reply, Text, Video, Voice

CARD = {"type": "card", "theme": "info", "modules": [{"type": "divider"}]}


def composed(*parts: AnySegment) -> list[Saying]:
    message: Message = parts
    return compose(
        message, {id(part): Attached(f"https://k/{part.file}", f"{part.file}.bin") for part in media(message)}
    )


def cards(*parts: AnySegment) -> list[Any]:
    (saying,) = composed(*parts)
    assert saying.type == 10
    return list(json.loads(saying.content))


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "kmarkdown", "content": text}}


def images(*names: str) -> dict[str, Any]:
    return {"type": "container", "elements": [{"type": "image", "src": f"https://k/{name}"} for name in names]}


@pytest.mark.parametrize(
    ("parts", "content"),
    [
        ([Text("a *b*")], r"a \*b\*"),
        ([Reply("m1"), Text("yes")], "yes"),
        ([Mention("12"), Text(" hi")], "(met)12(met) hi"),
        ([Mention("all"), Mention("all", {"here": True})], "(met)all(met)(met)here(met)"),
        ([Text("x"), Face("1/2", {"name": "cat"})], "x(emj)cat(emj)[1/2]"),
        ([Native("kmarkdown", {"content": "**bold**"}), Text("*")], r"**bold**\*"),
        ([Native("role", {"id": "7"}), Native("channel", {"id": "8"})], "(rol)7(rol)(chn)8(chn)"),
        ([Native("role", {"id": ")("})], r"\[role\]"),
        ([Native("dice", {})], r"\[dice\]"),
        ([Native("kmarkdown", {})], r"\[kmarkdown\]"),
        ([Native("card", {"content": "broken"})], r"\[card\]"),
    ],
)
def test_what_is_text_is_one_message(parts: list[AnySegment], content: str) -> None:
    assert composed(*parts) == [Saying(9, content)]


def test_a_long_text_is_several_messages_that_lose_nothing() -> None:
    sayings = composed(Text("a*" * 5000))
    assert [saying.type for saying in sayings] == [9, 9]
    assert all(len(saying.content) <= LONGEST_TEXT for saying in sayings)
    assert "".join(saying.content for saying in sayings) == r"a\*" * 5000


@pytest.mark.parametrize("parts", [(), (Text(""),), (Text(" \n"),), (Reply("m"),)])
def test_nothing_is_no_message(parts: tuple[AnySegment, ...]) -> None:
    assert composed(*parts) == []


@pytest.mark.parametrize(("part", "kind"), [(Image("a"), 2), (Video("a"), 3)])
def test_a_picture_or_a_video_alone_is_of_its_own_type(part: AnySegment, kind: int) -> None:
    assert composed(Reply("m1"), part) == [Saying(kind, "https://k/a")]


@pytest.mark.parametrize(("part", "kind"), [(File("a"), "file"), (Voice("a"), "audio")])
def test_a_file_or_a_sound_is_a_card(part: AnySegment, kind: str) -> None:
    assert cards(part) == [
        {"type": "card", "theme": "invisible", "modules": [{"type": kind, "src": "https://k/a", "title": "a.bin"}]}
    ]


def test_a_mixed_message_is_one_card_in_its_order() -> None:
    (card,) = cards(Text("see "), Mention("1"), Image("a"), Image("b"), Text("and"), Video("c"))
    assert card["modules"] == [
        section("see (met)1(met)"),
        images("a", "b"),
        section("and"),
        {"type": "video", "src": "https://k/c", "title": "c.bin"},
    ]


def test_more_than_nine_pictures_are_several_modules() -> None:
    (card,) = cards(*(Image(str(number)) for number in range(11)))
    assert [len(module["elements"]) for module in card["modules"]] == [9, 2]


def test_cards_that_were_given_keep_their_place() -> None:
    found = cards(Text("before"), Native("card", {"content": CARD}), Text("behind"))
    assert [each["theme"] for each in found] == ["invisible", "info", "invisible"]
    assert found[1] == CARD


def test_more_modules_than_a_message_holds_are_several_messages() -> None:
    sayings = composed(*(File(str(number)) for number in range(51)))
    assert [len(json.loads(each.content)[0]["modules"]) for each in sayings] == [50, 1]


def test_a_long_text_beside_a_picture_is_several_sections() -> None:
    (card,) = cards(Text("a" * 12_000), Image("a"))
    assert [len(module["text"]["content"]) for module in card["modules"][:-1]] == [5000, 5000, 2000]


def test_the_first_quote_counts() -> None:
    assert (quoted((Text("x"), Reply("1"), Reply("2"))), quoted((Text("x"),))) == ("1", "")


def test_pieces_are_joined_up_to_the_limit() -> None:
    assert join(["aaa", "bb", "c", "dddddd"], 5) == ["aaabb", "c", "ddddd", "d"]
