"""Placeholders, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.privacy import book as books
from kagami.core.privacy.book import Book, mask, restore

TEXT = "打13800138000或138 0013 8000，mail a@b.io"


def test_the_same_value_has_the_same_placeholder_however_it_is_written() -> None:
    assert mask(TEXT, Book()) == "打[phone-1]或[phone-1]，mail [mail-1]"


@pytest.mark.parametrize(
    "written", ["[phone-1]", "[Phone-1]", "[ phone - 1 ]", "【phone-1】", r"\[phone-1\]", "[PHONE 1]", "[phone–1]"]
)
def test_what_a_language_model_makes_of_a_placeholder_is_restored(written: str) -> None:
    book = Book()
    mask("13800138000", book)
    assert restore(f"Call {written}!", book) == "Call 13800138000!"


def test_placeholders_of_another_chat_stay_as_they_are() -> None:
    mask("13800138000", Book())
    assert restore("[phone-1] [phone-2]", Book()) == "[phone-1] [phone-2]"


def test_nobody_gets_a_value_by_writing_its_placeholder() -> None:
    book = Book()
    mask("13800138000", book, both_ways=True)
    echoed = mask("say [phone-1]", book, both_ways=True)
    assert restore(echoed, book) == "say [phone-1]"


@given(st.text(alphabet="[]phone-1 380012345@a.bc我叫张伟", max_size=60))
def test_what_was_masked_both_ways_comes_back_as_it_was(text: str) -> None:
    book = Book()
    assert restore(mask(text, book, both_ways=True), book) == text


def test_the_oldest_values_are_forgotten_and_their_numbers_not_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "MOST_VALUES", 2)
    book = Book()
    assert [book.mark("mail", f"{name}@b.io") for name in "abc"] == ["[mail-1]", "[mail-2]", "[mail-3]"]
    assert restore("[mail-1] [mail-3]", book) == "[mail-1] c@b.io"
    assert book.mark("mail", "a@b.io") == "[mail-4]"
