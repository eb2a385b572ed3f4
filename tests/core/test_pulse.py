"""Is somebody there, and does the account hear anything?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.pulse import GAPS_TO_LEARN, QUIET_FLOOR, Pulse


def busy(gap: float = 1.0, events: int = GAPS_TO_LEARN) -> tuple[Pulse, float]:
    """A pulse that has heard events at this gap, and the time of the last one."""
    pulse, now = Pulse(0.0), 0.0
    for _ in range(events):
        now += gap
        pulse.event(now)
    return pulse, now


def test_a_peer_that_announced_no_heartbeat_is_never_lost() -> None:
    assert Pulse(0.0).verdict(1e6).state == "alive"


def test_three_missed_heartbeats_are_a_lost_connection() -> None:
    pulse = Pulse(0.0)
    pulse.heartbeat(0.0, interval=5.0, online=True)
    assert [pulse.verdict(now).state for now in (15.0, 15.1)] == ["alive", "lost"]


@pytest.mark.parametrize("kind", ["frame", "event"])
def test_any_frame_is_a_sign_of_life(kind: str) -> None:
    pulse = Pulse(0.0)
    pulse.heartbeat(0.0, interval=5.0, online=None)
    {"frame": pulse.frame, "event": pulse.event}[kind](14.0)
    assert pulse.verdict(20.0).state == "alive"


def test_a_heartbeat_without_interval_keeps_the_learnt_one() -> None:
    pulse = Pulse(0.0)
    pulse.heartbeat(0.0, interval=5.0, online=True)
    pulse.heartbeat(1.0, interval=0.0, online=True)
    assert pulse.interval == 5.0


def test_an_account_that_is_offline_behind_a_beating_heart_is_silent() -> None:
    pulse = Pulse(0.0)
    pulse.heartbeat(0.0, interval=5.0, online=False)
    assert pulse.verdict(1.0).state == "silent"


def test_an_account_that_is_online_again_is_alive() -> None:
    pulse = Pulse(0.0)
    pulse.heartbeat(0.0, interval=5.0, online=False)
    pulse.heartbeat(5.0, interval=5.0, online=True)
    assert pulse.verdict(6.0).state == "alive"


def test_the_usual_gap_is_unknown_until_enough_events_came() -> None:
    gaps = [busy(events=events)[0].usual_gap for events in (GAPS_TO_LEARN - 1, GAPS_TO_LEARN)]
    assert gaps == pytest.approx([0.0, 1.0])


def test_quiet_for_far_longer_than_usual_is_silent() -> None:
    pulse, now = busy()
    assert [pulse.verdict(now + quiet).state for quiet in (QUIET_FLOOR, QUIET_FLOOR + 1)] == ["alive", "silent"]


def test_quiet_is_measured_against_the_usual_gap() -> None:
    pulse, now = busy(gap=300.0)
    assert [pulse.verdict(now + quiet).state for quiet in (5900.0, 6100.0)] == ["alive", "silent"]


def test_an_account_that_is_rarely_spoken_to_is_never_silent() -> None:
    pulse, now = busy(events=3)
    assert pulse.verdict(now + 1e6).state == "alive"


def test_a_silence_says_how_long_and_what_is_usual() -> None:
    pulse, now = busy()
    assert pulse.verdict(now + 700).reason == "no event for 700 s, usually one every 1.0 s"


def test_an_event_ends_the_silence() -> None:
    pulse, now = busy()
    pulse.event(now + 1000)
    assert pulse.verdict(now + 1001).state == "alive"


def test_a_new_connection_is_not_judged_by_the_old_ones_heartbeat() -> None:
    pulse = Pulse(0.0)
    pulse.heartbeat(0.0, interval=5.0, online=False)
    pulse.reconnected(100.0)
    assert pulse.verdict(200.0).state == "alive"


def test_the_usual_gap_outlives_a_connection() -> None:
    pulse, now = busy()
    pulse.reconnected(now + 5)
    assert pulse.usual_gap == pytest.approx(1.0)


@given(st.floats(0.05, 120.0))
def test_the_next_look_comes_before_the_connection_can_be_lost(interval: float) -> None:
    pulse = Pulse(0.0)
    pulse.heartbeat(0.0, interval=interval, online=True)
    assert 0 < pulse.verdict(0.0).recheck <= interval
