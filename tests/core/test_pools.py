from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.pools import FADING_S, FORGOTTEN_S, IDLE_S, SETTLED_S, Member, Pace, Seat, balance, seat

A, B = Member("a", 0.1), Member("b", 0.1)


def test_shares_follow_speed_and_weight() -> None:
    fast, slow = Member("fast", 0.1), Member("slow", 0.3)
    chosen = [balance([fast, slow], number / 1000) for number in range(1000)]
    assert chosen.count(fast) == pytest.approx(750, abs=2)


def test_an_unmeasured_member_gets_the_share_of_the_fastest() -> None:
    members = [Member("known", 0.2), Member("new", 0.0)]
    chosen = [balance(members, number / 100) for number in range(100)]
    assert chosen.count(members[1]) == pytest.approx(50, abs=1)


def test_weight_zero_gets_nothing() -> None:
    members = [Member("off", 0.1, weight=0.0), Member("on", 0.1)]
    assert all(balance(members, number / 100) is members[1] for number in range(100))


def test_nobody_is_chosen_from_an_empty_pool() -> None:
    assert balance([], 0.5) is None
    assert seat(None, [], 0.0, 0.5) is None


def test_the_last_member_takes_what_rounding_leaves() -> None:
    assert balance([A, B], 1.0) is B


def test_a_chat_stays_with_its_member_whatever_chance_says() -> None:
    held = seat(None, [A, B], 0.0, 0.0)
    assert held is not None
    assert held.name == "a"
    assert seat(held, [A, B], 1.0, 0.9) == Seat("a", "a", 1.0, 1.0)


def test_a_chat_whose_member_is_away_goes_to_another_and_remembers_it() -> None:
    assert seat(Seat("a", "a", 0.0, 0.0), [B], 5.0, 0.0) == Seat("b", "a", 5.0, 5.0)


def moved(back_since: float, now: float) -> str:
    """Who serves a chat of `a` that `b` took at 10 s."""
    found = seat(Seat("b", "a", 10.0, now - 1), [Member("a", 0.1, since=back_since), B], now, 0.9)
    assert found is not None
    return found.name


def test_a_chat_returns_when_its_member_has_been_back_for_a_while() -> None:
    assert [moved(20.0, 20.0 + SETTLED_S - 1), moved(20.0, 20.0 + SETTLED_S)] == ["b", "a"]


def test_a_member_that_comes_and_goes_does_not_get_its_chats_back() -> None:
    assert {moved(float(now), now + 5.0) for now in range(20, 300, 10)} == {"b"}


def test_a_chat_does_not_return_to_one_that_was_away_for_long() -> None:
    assert moved(20.0, 10.0 + FORGOTTEN_S + 1) == "b"


def test_a_chat_goes_home_at_once_when_the_other_went_away() -> None:
    found = seat(Seat("b", "a", 10.0, 11.0), [Member("a", 0.1, since=12.0)], 12.0, 0.0)
    assert found is not None
    assert (found.name, found.home) == ("a", "a")


def test_an_idle_chat_is_given_out_anew() -> None:
    found = seat(Seat("a", "a", 0.0, 0.0), [A, B], IDLE_S + 1, 0.9)
    assert found is not None
    assert found.name == "b"


@given(
    st.lists(st.tuples(st.floats(0.1, 700.0), st.sets(st.sampled_from("abc")), st.floats(0, 1)), max_size=30),
)
def test_a_seat_is_always_a_live_members(steps: list[tuple[float, set[str], float]]) -> None:
    now, held = 0.0, None
    for passed, live, chance in steps:
        now += passed
        found = seat(held, [Member(name, 0.1) for name in sorted(live)], now, chance)
        assert (found is None) == (not live)
        assert found is None or found.name in live
        held = found or held


def test_a_mean_follows_what_is_measured_and_fades() -> None:
    pace = Pace()
    assert pace.seconds(0.0) == 0
    for _ in range(50):
        pace.note(0.2, 0.0)
    pace.note(1.2, 0.0)
    assert pace.seconds(0.0) == pytest.approx(0.4)
    assert pace.seconds(FADING_S) == pytest.approx(0.2)
