from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.limits import Buckets


def test_a_burst_passes_and_the_next_is_refused() -> None:
    buckets = Buckets(rate=1.0, burst=3)
    assert [buckets.take("a", 0.0) for _ in range(4)] == [True, True, True, False]


def test_a_token_returns_after_its_interval() -> None:
    buckets = Buckets(rate=2.0, burst=1)
    buckets.take("a", 0.0)
    assert not buckets.take("a", 0.49)
    assert buckets.take("a", 0.5)


def test_keys_have_buckets_of_their_own() -> None:
    buckets = Buckets(rate=1.0, burst=1)
    buckets.take("a", 0.0)
    assert buckets.take("b", 0.0)


def test_a_refused_take_costs_nothing() -> None:
    buckets = Buckets(rate=1.0, burst=1)
    buckets.take("a", 0.0)
    for _ in range(100):
        buckets.take("a", 0.5)
    assert buckets.take("a", 1.0)


def test_reservations_queue_behind_one_another() -> None:
    buckets = Buckets(rate=2.0, burst=2)
    waits = [buckets.reserve("a", 0.0) for _ in range(4)]
    assert waits == pytest.approx([0.0, 0.0, 0.5, 1.0])


def test_looking_at_the_wait_takes_nothing() -> None:
    buckets = Buckets(rate=1.0, burst=1)
    buckets.reserve("a", 0.0)
    assert buckets.wait("a", 0.0) == buckets.wait("a", 0.0) == pytest.approx(1.0)


def test_rate_zero_sets_no_limit() -> None:
    buckets = Buckets(rate=0.0, burst=0)
    assert all(buckets.take("a", 0.0) for _ in range(1_000))
    assert buckets.reserve("a", 0.0) == buckets.wait("a", 0.0) == 0.0


def test_full_buckets_are_forgotten_beyond_the_capacity() -> None:
    buckets = Buckets(rate=1.0, burst=1, capacity=10)
    for number in range(10):
        buckets.take(number, 0.0)
    buckets.take("late", 100.0)
    assert buckets.take(3, 100.0)
    assert len(buckets._full_at) <= 3


@given(st.floats(0.1, 50), st.integers(1, 20), st.lists(st.floats(0, 0.5), max_size=100))
def test_no_window_passes_more_than_burst_and_rate_allow(rate: float, burst: int, gaps: list[float]) -> None:
    buckets = Buckets(rate, burst)
    now, passed = 0.0, 0
    for gap in gaps:
        now += gap
        passed += buckets.take("a", now)
    assert passed <= burst + now * rate + 1e-6


def test_many_keys_in_use_are_not_looked_through_each_time() -> None:
    class Counted(dict[Hashable, float]):
        walks = 0

        def items(self) -> Any:
            Counted.walks += 1
            return super().items()

    buckets = Buckets(rate=0.001, burst=1, capacity=10)
    for number in range(1_000):
        buckets._full_at = Counted(buckets._full_at)
        buckets.take(number, 0.0)
    assert Counted.walks <= 10


def test_many_tokens_are_drawn_at_once_or_none() -> None:
    buckets = Buckets(rate=1, burst=10)
    assert [buckets.draw("a", 0.0, amount) for amount in (6, 6, 4)] == [0.0, 2.0, 0.0]


def test_a_charge_is_taken_whatever_is_there() -> None:
    buckets = Buckets(rate=2, burst=4)
    assert (buckets.charge("a", 0.0, 10), buckets.take("a", 0.0), buckets.take("a", 3.5)) == (5.0, False, True)


def test_what_others_drew_lowers_a_bucket_and_never_fills_it() -> None:
    buckets = Buckets(rate=1, burst=10)
    buckets.lower("a", 0.0, 8.0)
    buckets.lower("a", 0.0, 1.0)
    assert [buckets.take("a", 0.0) for _ in range(3)] == [True, True, False]


def test_a_bucket_is_full_when_nothing_is_missing() -> None:
    buckets = Buckets(rate=1, burst=10)
    assert buckets.is_full("a", 0.0)
    buckets.take("a", 0.0)
    assert (buckets.is_full("a", 0.5), buckets.is_full("a", 1.0)) == (False, True)


@pytest.mark.parametrize(("taken", "moment", "room"), [(0, 0.0, 4), (3, 0.0, 1), (4, 0.0, 0), (6, 0.0, 0), (6, 1.5, 1)])
def test_room_is_how_many_tokens_there_are(taken: int, moment: float, room: int) -> None:
    buckets = Buckets(rate=2, burst=4)
    for _ in range(taken):
        buckets.reserve("a", 0.0)
    assert buckets.room("a", moment) == room
