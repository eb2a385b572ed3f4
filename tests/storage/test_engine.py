from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.storage.engine import encode, storable

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("given_text", "kept"), [("a\x00b", "a\ufffdb"), ("\ud800", "\ufffd"), ("镜 \\u0000", "镜 \\u0000")]
)
def test_only_what_no_database_stores_is_replaced(given_text: str, kept: str) -> None:
    assert json.loads(encode([(given_text, 1, None)])) == [[kept, 1, None]]


@given(st.lists(ANY_TEXT))
def test_every_text_can_be_encoded(texts: list[str]) -> None:
    assert json.loads(encode(texts)) == storable(texts)


@given(ANY_TEXT)
def test_a_storable_text_is_utf8_without_nul(text: str) -> None:
    assert b"\x00" not in storable(text).encode()


def test_values_inside_are_cleaned_too() -> None:
    assert storable({"\x00": ["\ud800", 1, ({"a": "\x00"},)]}) == {"\ufffd": ["\ufffd", 1, [{"a": "\ufffd"}]]}
