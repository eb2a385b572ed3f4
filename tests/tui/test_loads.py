from __future__ import annotations

import pytest

from kagami.tui.loads import KEPT, Loads
from tests.tui.plugged import plugin, version


def looks(*counts: int, step: float = 1.0) -> Loads:
    """One plugin, looked at every `step` seconds."""
    loads = Loads()
    for place, count in enumerate(counts):
        row = plugin("dice", handled=count, versions=(version("1.0.0", "active", events=count, p95_ms=count),))
        loads.note([row], 100.0 + place * step)
    return loads


def test_a_rate_is_the_difference_of_two_looks() -> None:
    assert looks(10, 15).per_s("dice") == 5.0
    assert looks(10, 15, step=2.0).per_s("dice", "1.0.0") == 2.5


def test_one_look_makes_no_rate() -> None:
    assert looks(10).per_s("dice") is None
    assert looks(10).rates("dice") == []
    assert Loads().per_s("dice") is None


def test_a_count_that_began_anew_is_no_negative_rate() -> None:
    assert looks(500, 3).rates("dice") == [0.0]
    assert looks(500, 3).per_s("dice") == 0.0


def test_looks_that_are_close_together_are_one() -> None:
    loads = looks(10, 20, step=0.01)
    assert loads.rates("dice") == []
    loads.note([plugin("dice", handled=30)], 101.0)
    assert loads.per_s("dice") == 10.0


def test_now_is_the_last_ten_seconds() -> None:
    loads = looks(*([0] * 60), *range(100, 200, 10))
    assert loads.per_s("dice") == pytest.approx(19.0)


def test_the_past_is_as_long_as_is_kept_and_squeezed_into_slices() -> None:
    loads = looks(*range(0, 2_000, 2))
    assert len(loads.delays("dice", "1.0.0")) == KEPT
    squeezed = loads.rates("dice", "", 30)
    assert len(squeezed) == 30
    assert set(squeezed) == {2.0}


def test_what_is_gone_is_forgotten() -> None:
    loads = looks(1, 2, 3)
    loads.note([], 110.0)
    assert loads.rates("dice") == []
