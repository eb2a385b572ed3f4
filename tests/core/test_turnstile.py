from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from kagami.core.turnstile import BURST, PER_SECOND, Turnstile

CUT = 50


def test_a_few_go_at_once() -> None:
    turns = Turnstile()
    assert [turns.wait(7.0) for _ in range(BURST + 2)] == [0.0] * BURST + [0.5, 1.0]


def test_fifty_that_were_cut_at_once_come_back_spread_out() -> None:
    turns = Turnstile()
    at = [turns.wait(0.0) for _ in range(CUT)]
    assert max(at) >= 20
    assert max(Counter(int(each) for each in at).values()) <= 0.15 * CUT


def test_who_comes_alone_never_waits() -> None:
    turns = Turnstile()
    assert all(turns.wait(float(second)) == 0 for second in range(100))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200).map(sorted))
def test_no_second_has_more_than_its_share(came: list[float]) -> None:
    turns = Turnstile()
    at = [now + turns.wait(now) for now in came]
    assert at == sorted(at)
    for moment in at:
        assert sum(moment <= each < moment + 1 - 1e-6 for each in at) <= BURST + PER_SECOND
