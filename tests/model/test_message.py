from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.model.message import Message, in_words, plain_text, preview, text
from kagami.model.segment import AnySegment, Face, File, Image, Mention, Native, Reply, Text, Video, Voice


def test_a_text_is_one_part() -> None:
    assert text("[CQ:at,qq=all]") == (Text("[CQ:at,qq=all]"),)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (Native("share", {"title": "News", "url": "https://a.b/1"}), "News https://a.b/1"),
        (Native("share", {"url": "https://a.b/1", "title": None}), "https://a.b/1"),
        (Native("share", {}), "[share]"),
        (Native("music", {"title": "x"}), "[music]"),
    ],
)
def test_a_part_without_a_form_of_its_own_is_told_in_words(part: Native, told: str) -> None:
    assert in_words(part) == told


def test_an_empty_text_is_an_empty_message() -> None:
    assert text("") == ()


@pytest.mark.parametrize(
    ("message", "typed"),
    [
        ((), ""),
        ((Text("/book"),), "/book"),
        ((Mention("1"), Text(" /book "), Image("a.png"), Text("x")), " /book x"),
        ((Image("a.png"),), ""),
    ],
)
def test_plain_text_is_what_was_typed(message: Message, typed: str) -> None:
    assert plain_text(message) == typed


@given(st.lists(st.text()))
def test_plain_text_joins_all_texts(texts: list[str]) -> None:
    assert plain_text(tuple(Text(each) for each in texts)) == "".join(texts)


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        (Text("hi"), "hi"),
        (Mention("10001"), "@10001 "),
        (Image("a"), "[image]"),
        (Voice("a"), "[voice]"),
        (Video("a"), "[video]"),
        (File("a"), "[file]"),
        (Face("1"), "[face]"),
        (Reply("5"), "[reply]"),
        (Native("dice"), "[dice]"),
    ],
)
def test_a_preview_marks_what_is_not_text(part: AnySegment, shown: str) -> None:
    assert preview((part,)) == shown


def test_a_preview_is_one_text() -> None:
    assert preview((Reply("5"), Mention("1"), Text("look "), Image("a"))) == "[reply]@1 look [image]"
