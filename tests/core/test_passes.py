from __future__ import annotations

import pytest
from msgspec.structs import replace

from kagami.core import passes
from kagami.core.passes import LIFE_MS, Gate, Pass, digest_of, seal
from kagami.model.principal import Principal

NOW_MS, KEY = 1_764_000_000_000, b"k" * 32
WHO = Principal("person", "ann", frozenset({"bots:write"}), "203.0.113.9")
SHOWN = Pass(to="b", operation="bots.login", body=digest_of(b"{}"), who=WHO, at_ms=NOW_MS, nonce="n1")


def admit(text: str, *, operation: str = "bots.login", now_ms: int = NOW_MS, gate: Gate | None = None) -> Pass | None:
    return (gate or Gate("b", KEY)).admit(text, operation, now_ms)


def test_who_asks_is_known_with_what_they_may() -> None:
    assert admit(seal(SHOWN, KEY)) == SHOWN


@pytest.mark.parametrize("apart_ms", [-LIFE_MS, LIFE_MS])
def test_clocks_may_be_a_little_apart(apart_ms: int) -> None:
    assert admit(seal(SHOWN, KEY), now_ms=NOW_MS + apart_ms)


@pytest.mark.parametrize("apart_ms", [-LIFE_MS - 1, LIFE_MS + 1])
def test_it_does_not_count_for_long(apart_ms: int) -> None:
    assert admit(seal(SHOWN, KEY), now_ms=NOW_MS + apart_ms) is None


def test_it_counts_once() -> None:
    gate, text = Gate("b", KEY), seal(SHOWN, KEY)
    assert admit(text, gate=gate)
    assert admit(text, gate=gate, now_ms=NOW_MS + 2) is None
    assert admit(seal(replace(SHOWN, nonce="n2"), KEY), gate=gate)


def test_it_is_for_one_process_and_one_operation() -> None:
    assert admit(seal(replace(SHOWN, to="c"), KEY)) is None
    assert admit(seal(SHOWN, KEY), operation="bots.remove") is None


@pytest.mark.parametrize(
    "text",
    [
        seal(SHOWN, b"other"),
        seal(SHOWN, KEY)[:-1],
        "A" + seal(SHOWN, KEY)[1:],
        seal(SHOWN, KEY).partition(".")[0],
        "",
        ".",
        "ä.ö",
    ],
)
def test_what_was_not_signed_by_one_of_ours_is_nothing(text: str) -> None:
    assert admit(text) is None


def test_signed_nonsense_is_nothing() -> None:
    said = "bm90IGpzb24="
    assert admit(f"{said}.{passes._mac(said.encode(), KEY)}") is None


def test_what_was_used_is_forgotten_when_it_counts_no_more() -> None:
    gate = Gate("b", KEY)
    for number in range(3):
        now = NOW_MS + number * (2 * LIFE_MS + 1)
        assert admit(seal(replace(SHOWN, nonce=str(number), at_ms=now), KEY), gate=gate, now_ms=now)
    assert len(gate._used) == 1
