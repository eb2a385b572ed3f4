from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.errors import WireError
from kagami.onebot.halves import forgiving, without_halves
from kagami.onebot.wire import Frame, decode


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (rb'"\ud83d"', rb'"\ufffd"'),
        (rb'"\uDE00 x"', rb'"\ufffd x"'),
        (rb'"\ud83d\u0041"', rb'"\ufffd\u0041"'),
        (rb'"\ud83d\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\ude00\ud83d"', rb'"\ufffd\ufffd"'),
        (rb'"\\\ud83d"', rb'"\\\ufffd"'),
    ],
)
def test_a_half_becomes_the_mark_for_what_cannot_be_shown(text: bytes, mended: bytes) -> None:
    assert without_halves(text) == mended


@pytest.mark.parametrize("text", [rb'"\ud83d\ude00"', rb'"\\ud83d"', rb'"\\\\ud83d"', rb'"\u00e9\n\""', "😀".encode()])
def test_everything_else_stays(text: bytes) -> None:
    assert without_halves(text) == text


@given(st.text(st.characters(categories=["Cs", "L", "Po"])))
def test_any_text_can_be_read_and_is_the_same_but_for_its_halves(text: str) -> None:
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert len(forgiving(json.dumps(text).encode(), msgspec.json.Decoder(str).decode)) == len(whole)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_whole_text_is_never_touched(text: str) -> None:
    assert json.loads(without_halves(json.dumps(text).encode())) == text


def test_a_frame_is_read_in_spite_of_a_half() -> None:
    assert forgiving(rb'{"message":"a\ud83d","user_id":5}', decode) == Frame(message="a\ufffd", user_id=5)


@pytest.mark.parametrize(
    "frame", [b"{", rb'{"message":"\ud83d"', rb'{"message":5,"x":"\ud83d"}', b'{"message":"\xff"}']
)
def test_no_other_fault_is_forgiven(frame: bytes) -> None:
    with pytest.raises(WireError):
        forgiving(frame, decode)
