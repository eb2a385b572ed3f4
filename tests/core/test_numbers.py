from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.numbers import LEAST, MOST, candidate, given_in, is_given, number_of, own_number, wanting


@pytest.mark.parametrize("number", [0, 1, -1, 10_001, -1_001_234_567_890, LEAST - 1])
def test_a_decimal_id_is_its_own_number(number: int) -> None:
    assert own_number(str(number)) == number


@pytest.mark.parametrize(
    "text", ["", "-0", "007", "+1", "1.0", "1e3", "٣", "ou_1", "42@chatroom", str(LEAST), "9" * 30]
)
def test_everything_else_has_to_be_given_one(text: str) -> None:
    assert own_number(text) is None


@given(st.text(), st.integers(0, 9))
def test_a_given_number_fits_where_a_double_does_and_is_no_decimal_ids_own(text: str, attempt: int) -> None:
    number = candidate(text, attempt)
    assert is_given(number)
    assert int(float(number)) == number <= MOST
    assert own_number(str(number)) is None


@pytest.mark.parametrize(("account", "number"), [("10001", 10_001), ("0", 0), ("ou_1", candidate("ou_1"))])
def test_an_account_has_its_number_before_it_was_given_one(account: str, number: int) -> None:
    assert number_of(account) == number


def test_it_is_the_same_for_ever() -> None:
    assert (candidate("ou_1"), candidate("ou_1", 1)) == (6_190_756_260_316_478, 8_299_914_973_955_974)


@given(st.text(), st.integers(LEAST, MOST))
def test_a_number_is_found_in_a_frame_wherever_it_stands(text: str, number: int) -> None:
    frame = msgspec.json.encode({"a": [number, text], "b": f"[CQ:at,qq={number}]", "c": str(number)})
    assert number in given_in(frame)


def test_what_is_longer_or_shorter_is_none() -> None:
    assert given_in(b'{"a":50000000000000001,"b":500000000000000,"c":9999999999999999}') == set()


def test_those_that_want_a_number_are_named_once() -> None:
    assert wanting(["a", "1", "", "a", "b"]) == ["a", "b"]
