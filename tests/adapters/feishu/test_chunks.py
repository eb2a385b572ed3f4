"""Parts of a payload, and parts that mean harm."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.feishu import chunks as module
from kagami.adapters.feishu.chunks import LONGEST_SECONDS, MOST_PARTS, MOST_SETS, Chunks
from kagami.errors import WireError


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_parts_are_joined_in_their_order_whatever_order_they_come_in(parts: list[bytes], dice: random.Random) -> None:
    chunks = Chunks()
    places = list(range(len(parts)))
    dice.shuffle(places)
    whole = [chunks.add("m", len(parts), place, parts[place], 0.0) for place in places]
    assert (whole[:-1], whole[-1], len(chunks)) == ([None] * (len(parts) - 1), b"".join(parts), 0)


def test_a_single_part_is_whole() -> None:
    assert Chunks().add("m", 1, 0, b"x", 0.0) == b"x"


def test_a_part_that_comes_again_is_the_same_part() -> None:
    chunks = Chunks()
    assert [chunks.add("m", 2, 0, b"a", 0.0), chunks.add("m", 2, 0, b"a", 1.0)] == [None, None]
    assert chunks.add("m", 2, 1, b"b", 2.0) == b"ab"


def test_a_set_that_is_not_whole_in_time_is_forgotten() -> None:
    chunks = Chunks()
    chunks.add("m", 2, 0, b"a", 0.0)
    assert chunks.add("m", 2, 1, b"b", LONGEST_SECONDS + 1) is None


@pytest.mark.parametrize(("total", "place"), [(2, 2), (MOST_PARTS + 1, 0)])
def test_a_part_that_fits_nowhere_is_refused(total: int, place: int) -> None:
    with pytest.raises(WireError):
        Chunks().add("m", total, place, b"x", 0.0)


def test_a_set_that_changes_its_size_is_refused_and_forgotten() -> None:
    chunks = Chunks()
    chunks.add("m", 2, 0, b"a", 0.0)
    with pytest.raises(WireError):
        chunks.add("m", 3, 1, b"b", 0.0)
    assert len(chunks) == 0


def test_sets_without_end_do_not_pile_up() -> None:
    chunks = Chunks()
    for number in range(MOST_SETS + 10):
        chunks.add(str(number), 2, 0, b"a", 0.0)
    assert len(chunks) == MOST_SETS
    assert chunks.add(str(MOST_SETS + 9), 2, 1, b"b", 0.0) == b"ab"


def test_bytes_without_end_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100)
    chunks = Chunks()
    chunks.add("old", 2, 0, bytes(60), 0.0)
    chunks.add("new", 2, 0, bytes(60), 0.0)
    assert (len(chunks), chunks.add("new", 2, 1, b"", 0.0)) == (1, bytes(60))
    with pytest.raises(WireError):
        chunks.add("large", 2, 0, bytes(101), 0.0)


def test_a_key_without_end_is_refused() -> None:
    with pytest.raises(WireError):
        Chunks().add("k" * 1000, 2, 0, b"", 0.0)
