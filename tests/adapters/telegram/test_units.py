from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.telegram import units as units_module
from kagami.adapters.telegram.units import Linked, Piece, place, sound, split, units

TEXTS = st.text(st.sampled_from("ab \n😀é中"), max_size=80)


@pytest.mark.parametrize(("text", "length"), [("", 0), ("😀a", 3), ("中文", 2), ("e\u0301", 2), ("a", 1)])
def test_lengths_are_utf_16_code_units(text: str, length: int) -> None:
    assert units(text) == length


@given(st.text(max_size=50))
def test_lengths_are_those_of_the_encoding(text: str) -> None:
    assert units(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(TEXTS)
def test_every_character_is_found_at_its_offset(text: str) -> None:
    assert [place(text, units(text[:at])) for at in range(len(text) + 1)] == list(range(len(text) + 1))


def test_an_offset_behind_the_end_is_the_end() -> None:
    assert (place("ab", 9), place("😀", 9)) == (2, 1)


@given(TEXTS, st.integers(4, 30))
def test_pieces_are_short_enough_and_lose_only_blanks(text: str, longest: int) -> None:
    pieces = [piece.text for piece in split(Piece(text), longest)]
    assert all(0 < units(piece) <= longest for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_cut_is_made_at_the_end_of_a_line_else_between_words() -> None:
    assert [piece.text for piece in split(Piece("one two\nthree four"), 12)] == ["one two", "three four"]
    assert [piece.text for piece in split(Piece("one two three"), 8)] == ["one two", "three"]


def test_no_character_is_cut_in_two() -> None:
    pieces = [piece.text for piece in split(Piece("a" + "😀" * 3000))]
    assert [units(piece) for piece in pieces] == [4095, 1906]


def test_no_name_is_cut_in_two_and_links_move_with_their_words() -> None:
    whole = Piece("12345678 @Ada L. yes", (Linked(9, 7, 5),))
    assert list(split(whole, 14)) == [Piece("12345678"), Piece("@Ada L. yes", (Linked(0, 7, 5),))]


def test_links_stay_in_the_piece_that_has_their_words() -> None:
    whole = Piece("@Ada one two three", (Linked(0, 4, 5),))
    assert list(split(whole, 9)) == [Piece("@Ada one", (Linked(0, 4, 5),)), Piece("two three")]


def test_what_is_blank_makes_no_piece() -> None:
    assert list(split(Piece(" \n "))) == []


def test_halves_of_characters_are_replaced() -> None:
    assert (sound("a\ud83db"), sound("a😀b")) == ("a?b", "a😀b")


def test_a_long_text_is_not_counted_again_for_each_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []

    def count(text: str) -> int:
        counted.append(len(text))
        return units(text)

    monkeypatch.setattr(units_module, "units", count)
    assert sum(1 for _ in split(Piece("é" * 10_000), 100)) == 100
    assert sum(counted) < 5 * 10_000
