from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.secrets import HIDDEN, WELL_KNOWN, Secret, bits, weakness

VALUE = "correct-horse-battery-staple"
HEX = st.binary(min_size=16, max_size=32).map(bytes.hex)


@pytest.mark.parametrize("shown", [str(Secret(VALUE)), repr(Secret(VALUE)), f"{Secret(VALUE)}", f"{[Secret(VALUE)]}"])
def test_a_secret_does_not_show_itself(shown: str) -> None:
    assert HIDDEN in shown
    assert VALUE not in shown


def test_a_secret_hides_in_json() -> None:
    assert msgspec.json.encode({"token": Secret(VALUE)}, enc_hook=str) == msgspec.json.encode({"token": HIDDEN})


def test_json_without_a_hook_refuses_a_secret() -> None:
    with pytest.raises(TypeError):
        msgspec.json.encode(Secret(VALUE))


def test_reveal_gives_the_value() -> None:
    assert Secret(VALUE).reveal() == VALUE


def test_an_empty_secret_is_false() -> None:
    assert not Secret()
    assert Secret(VALUE)


def test_secrets_are_equal_by_value() -> None:
    assert Secret(VALUE) == Secret(VALUE)
    assert Secret(VALUE) != Secret("other")
    assert len({Secret(VALUE), Secret(VALUE)}) == 1


@pytest.mark.parametrize(
    ("secret", "reason"),
    [
        ("", "empty"),
        ("napcat", "everybody"),
        ("ChangeMe", "everybody"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "repeats"),
        ("abcdefghijabcdefghijabcdefghijabcdefghij", "repeats"),
        ("hunter2-hunter3", "short"),
        ("aaaa", "short: it needs 32"),
        ("abab", "short: it needs 32"),
        ("1234", "of digits alone it needs 39"),
        ("0123456789" * 3 + "01234567", "of digits alone it needs 39"),
        ("0123456789abcdef" + "f0e1d2c3b4a5968", "short"),
    ],
)
def test_weak_secrets_are_named(secret: str, reason: str) -> None:
    assert reason in weakness(secret)


@pytest.mark.parametrize("word", sorted(WELL_KNOWN))
def test_what_everybody_knows_is_weak_at_any_length(word: str) -> None:
    assert weakness(word)


@given(HEX.filter(lambda text: len(set(text)) >= 8))
def test_random_bits_are_strong_enough(secret: str) -> None:
    assert weakness(secret) == ""


@pytest.mark.parametrize(
    ("secret", "expected"), [("0123456789abcdef" * 2, 128), ("ABCDEF0123456789", 64), ("abcz", 18.8), ("aB3!", 26.2)]
)
def test_strength_counts_the_alphabet_in_use(secret: str, expected: float) -> None:
    assert bits(secret) == pytest.approx(expected, abs=0.05)
