from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.onebot.cq import escape, parse, render, unescape
from kagami.onebot.wire import Segment


def test_plain_text_escapes_three_characters() -> None:
    assert escape("- [x] a&b, c") == "- &#91;x&#93; a&amp;b, c"


def test_a_value_also_escapes_the_comma() -> None:
    share = Segment("share", {"title": "a,b&c"})
    assert render([share]) == "[CQ:share,title=a&#44;b&amp;c]"


def test_the_ampersand_is_unescaped_last() -> None:
    assert unescape("&amp;#91;") == "&#91;"


def test_codes_and_text_alternate() -> None:
    assert parse("a[CQ:at,qq=1] b[CQ:shake]") == [
        Segment("text", {"text": "a"}),
        Segment("at", {"qq": "1"}),
        Segment("text", {"text": " b"}),
        Segment("shake", {}),
    ]


def test_a_value_may_hold_an_equals_sign() -> None:
    assert parse("[CQ:share,url=http://x/?a=1&amp;b=2]") == [Segment("share", {"url": "http://x/?a=1&b=2"})]


def test_a_parameter_without_value_is_empty() -> None:
    assert parse("[CQ:image,cache,,file=x]") == [Segment("image", {"cache": "", "file": "x"})]


@pytest.mark.parametrize("text", ["[CQ:at,qq=1", "[CQ:]", "[CQ:,a=b]", "[cq:at]", "CQ:at]", "[CQ", "]["])
def test_what_is_no_code_is_text(text: str) -> None:
    assert parse(text) == [Segment("text", {"text": text})]


def test_an_unfinished_code_does_not_hide_the_next() -> None:
    assert parse("[CQ:at[CQ:shake]") == [Segment("text", {"text": "[CQ:at"}), Segment("shake", {})]


def test_nothing_is_no_segments() -> None:
    assert parse("") == []


def test_values_of_all_kinds_become_text() -> None:
    data = {"a": 1, "b": True, "c": None, "d": {"e": [1]}, "f": 1.5}
    assert render([Segment("x", data)]) == '[CQ:x,a=1,b=true,d={"e":&#91;1&#93;},f=1.5]'


def test_a_segment_without_fields_is_a_bare_code() -> None:
    assert render([Segment("shake", None), Segment("text", None)]) == "[CQ:shake]"


def test_text_cannot_become_a_code() -> None:
    text = "[CQ:at,qq=all]"
    assert parse(render([Segment("text", {"text": text})])) == [Segment("text", {"text": text})]


@pytest.mark.parametrize("piece", ["[CQ:a,", "[CQ:", "[", "[CQ:a,b=&amp;"])
def test_time_grows_with_length_only(piece: str) -> None:
    started = time.process_time()
    parse(piece * 20_000)
    assert time.process_time() - started < 1


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12) | st.text(
    "[],&=#;CQ:amp9134", min_size=1
)
names = st.text("abc_[],&#91;", min_size=1, max_size=6)
codes = st.builds(Segment, names.filter(lambda name: name != "text"), st.dictionaries(names, texts | st.just("")))


@given(st.lists(codes | st.builds(lambda text: Segment("text", {"text": text}), texts), max_size=4))
def test_rendered_segments_are_parsed_back(segments: list[Segment]) -> None:
    merged: list[Segment] = []
    for each in segments:
        if each.type == "text" and merged and merged[-1].type == "text" and each.data and merged[-1].data:
            merged[-1] = Segment("text", {"text": merged[-1].data["text"] + each.data["text"]})
        else:
            merged.append(each)
    assert parse(render(segments)) == merged


@given(texts)
def test_any_text_is_parsed_and_rendered(text: str) -> None:
    assert parse(render(parse(text))) == parse(text)


@given(texts, st.booleans())
def test_escaping_is_undone(text: str, inside: bool) -> None:
    assert unescape(escape(text, inside=inside)) == text
