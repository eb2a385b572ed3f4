from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.breaker import FIRST_PAUSE_S, LONGEST_PAUSE_S, TRIAL_S, Breaker


def opened(now: float = 0.0) -> Breaker:
    breaker = Breaker()
    for _ in range(5):
        breaker.failed(now)
    return breaker


def fed(results: Sequence[bool], gap: float = 1.0) -> Breaker:
    """`True` fails."""
    breaker = Breaker()
    for number, failed in enumerate(results):
        (breaker.failed if failed else breaker.succeeded)(number * gap)
    return breaker


class TestClosed:
    def test_it_lets_everybody_through(self) -> None:
        assert Breaker().allow(0.0) == 0.0

    def test_four_failures_in_a_row_are_borne(self) -> None:
        assert fed([True] * 4).state == "closed"

    def test_five_failures_in_a_row_open_it(self) -> None:
        breaker = fed([True] * 5)
        assert (breaker.state, breaker.reason) == ("open", "It failed five times in a row.")

    def test_a_success_ends_the_row(self) -> None:
        assert fed([True] * 4 + [False] + [True] * 4).state == "closed"

    def test_half_of_ten_open_it(self) -> None:
        breaker = fed([False, True] * 5)
        assert (breaker.state, breaker.reason) == ("open", "It failed for half of its last events.")

    def test_half_of_nine_are_too_few(self) -> None:
        assert fed([True, False] * 4 + [True]).state == "closed"

    def test_less_than_half_is_borne(self) -> None:
        assert fed([False, False, True] * 20).state == "closed"

    def test_what_is_older_than_a_minute_does_not_count(self) -> None:
        assert fed([False, True] * 20, gap=7.0).state == "closed"

    def test_only_the_last_twenty_count(self) -> None:
        assert fed([False] * 100 + [True, False] * 9, gap=0.1).state == "closed"
        assert fed([False] * 100 + [True, False] * 9 + [True], gap=0.1).state == "open"

    @given(st.lists(st.booleans(), max_size=4))
    def test_fewer_than_five_results_never_open_it(self, results: list[bool]) -> None:
        assert fed(results).state == "closed"


class TestOpen:
    def test_it_tells_how_long_to_wait(self) -> None:
        breaker = opened(now=100.0)
        assert breaker.allow(100.0) == FIRST_PAUSE_S
        assert breaker.allow(120.0) == 10.0

    def test_late_results_of_what_began_before_change_nothing(self) -> None:
        breaker = opened()
        breaker.failed(20.0)
        breaker.succeeded(20.0)
        assert (breaker.state, breaker.allow(20.0)) == ("open", 10.0)

    def test_an_operator_closes_it(self) -> None:
        breaker = opened()
        breaker.close()
        assert (breaker.allow(0.0), breaker.reason) == (0.0, "")


class TestHalfOpen:
    def test_one_is_let_through(self) -> None:
        breaker = opened()
        assert [breaker.allow(30.0), breaker.allow(30.0), breaker.state] == [0.0, TRIAL_S, "half-open"]

    def test_success_closes_it(self) -> None:
        breaker = opened()
        breaker.allow(30.0)
        breaker.succeeded(31.0)
        assert (breaker.state, breaker.allow(31.0)) == ("closed", 0.0)

    def test_failure_opens_it_for_twice_as_long(self) -> None:
        breaker = opened()
        breaker.allow(30.0)
        breaker.failed(31.0)
        assert (breaker.state, breaker.allow(31.0)) == ("open", 60.0)

    def test_a_trial_that_never_ends_is_followed_by_another(self) -> None:
        breaker = opened()
        breaker.allow(30.0)
        assert breaker.allow(59.0) == 1.0
        assert breaker.allow(60.0) == 0.0
        assert breaker.allow(60.0) > 0.0

    def test_pauses_double_up_to_ten_minutes(self) -> None:
        breaker, now, pauses = opened(), 0.0, []
        for _ in range(7):
            pauses.append(breaker.allow(now))
            now += pauses[-1]
            breaker.allow(now)
            breaker.failed(now)
        assert pauses == [30.0, 60.0, 120.0, 240.0, 480.0, 600.0, 600.0]

    def test_after_a_recovery_the_first_pause_is_short_again(self) -> None:
        breaker = opened()
        for step in (breaker.allow, breaker.failed, lambda _: breaker.allow(90.0), breaker.succeeded):
            step(30.0)
        for _ in range(5):
            breaker.failed(100.0)
        assert breaker.allow(100.0) == FIRST_PAUSE_S


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from(["allow", "failed", "succeeded"])), max_size=200))
def test_nobody_is_shut_out_for_ever(steps: list[tuple[float, str]]) -> None:
    breaker, now = Breaker(), 0.0
    for gap, step in steps:
        now += gap
        {"allow": breaker.allow, "failed": breaker.failed, "succeeded": breaker.succeeded}[step](now)
        assert (breaker.state == "closed") is (breaker.reason == "")
    wait = breaker.allow(now)
    assert 0.0 <= wait <= LONGEST_PAUSE_S
    assert wait == 0.0 or breaker.allow(now + LONGEST_PAUSE_S) == pytest.approx(0.0)
