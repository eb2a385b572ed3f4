"""When to try again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.backoff import HOUR, Backoff, Budget, Restarts


def highest() -> float:
    return 1.0


def test_ceilings_double_up_to_the_cap() -> None:
    backoff = Backoff(highest)
    assert [backoff.delay() for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


def test_a_connection_that_hung_up_soon_does_not_reset_the_delays() -> None:
    backoff = Backoff(highest)
    backoff.delay()
    backoff.lived(59.9)
    assert backoff.delay() == 2


def test_a_healthy_minute_resets_the_delays() -> None:
    backoff = Backoff(highest)
    backoff.delay()
    backoff.lived(60.0)
    assert backoff.delay() == 1


@given(st.integers(0, 2000), st.floats(0, 1), st.floats(0.1, 600))
def test_a_delay_lies_between_nothing_and_the_cap(tries: int, chance: float, cap: float) -> None:
    backoff = Backoff(lambda: chance, cap=cap)
    for _ in range(tries % 100):
        backoff.delay()
    assert 0 <= backoff.delay() <= cap


def test_fifty_links_cut_together_do_not_come_back_together() -> None:
    chance = random.Random(7)  # noqa: S311 - a repeatable test
    seconds = [0] * 61
    for _ in range(50):
        backoff = Backoff(chance.random)
        for _ in range(5):
            backoff.delay()
        seconds[int(backoff.delay())] += 1
    assert max(seconds) <= 0.15 * 50


def dial_for(seconds: float, budget: Budget) -> int:
    """Attempts within so many seconds when every connection ends at once."""
    now, attempts = 0.0, 0
    while True:
        now += budget.wait(now)
        if now >= seconds:
            return attempts
        budget.spend(now)
        attempts += 1
        now += 0.01


def test_an_hour_of_hanging_up_costs_thirty_attempts_and_the_free_ones() -> None:
    assert 10 + 29 <= dial_for(HOUR, Budget(daily=10_000)) <= 10 + 30


def test_a_day_of_hanging_up_stays_below_the_daily_budget() -> None:
    assert 509 <= dial_for(24 * HOUR, Budget(daily=500)) <= 510


def test_the_first_attempts_are_free() -> None:
    budget = Budget(free=2, hourly=1)
    budget.spend(0.0)
    assert budget.wait(0.0) == 0.0


def test_there_is_no_hole_behind_the_free_attempts() -> None:
    """Whoever comes back is dialled within minutes, however long they were away."""
    budget, now, longest = Budget(), 0.0, 0.0
    while now < 24 * HOUR:
        longest = max(longest, pause := budget.wait(now))
        now += pause
        budget.spend(now)
        now += 1.0
    assert longest < 180


def test_a_healthy_connection_gives_the_free_attempts_back() -> None:
    budget = Budget(free=1, hourly=1, daily=24)
    for now in (0.0, 1.0):
        budget.spend(now)
    budget.lived(HOUR - 1.0)
    assert budget.wait(2.0) == HOUR - 1.0
    budget.lived(HOUR)
    assert budget.wait(2.0) == 0.0


@pytest.mark.parametrize("life", [61.0, 180.0, 600.0])
def test_connections_that_end_again_and_again_stay_below_the_daily_budget(life: float) -> None:
    budget, now, attempts = Budget(daily=500), 0.0, 0
    while True:
        now += budget.wait(now)
        if now >= 24 * HOUR:
            break
        budget.spend(now)
        attempts += 1
        now += life
        budget.lived(life)
    assert attempts <= 510


def test_a_spent_budget_opens_evenly() -> None:
    budget = Budget(free=0, hourly=1, daily=24)
    budget.spend(100.0)
    assert budget.wait(200.0) == HOUR - 100.0


def pauses(crashes: list[float]) -> list[tuple[float, bool]]:
    restarts = Restarts(lambda: 0.5)
    return [(round(pause.seconds, 6), pause.looping) for pause in map(restarts.crashed, crashes)]


def test_pauses_of_a_crashing_part_double() -> None:
    assert pauses([0, 10, 20, 30]) == [(1, False), (2, False), (4, False), (8, False)]


def test_the_fifth_crash_in_ten_minutes_is_a_crash_loop_with_the_longest_pause() -> None:
    assert pauses([0, 10, 20, 30, 40])[-1] == (300, True)


def test_five_crashes_in_more_than_ten_minutes_are_no_crash_loop() -> None:
    assert pauses([0, 200, 400, 600, 800])[-1] == (16, False)


def test_ten_quiet_minutes_begin_the_pauses_anew() -> None:
    assert pauses([0, 10, 700])[-1] == (1, False)


@pytest.mark.parametrize(("chance", "seconds"), [(0.0, 0.8), (1.0, 1.2)])
def test_pauses_vary_by_a_fifth(chance: float, seconds: float) -> None:
    assert Restarts(lambda: chance).crashed(0.0).seconds == pytest.approx(seconds)
