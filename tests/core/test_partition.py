"""Partitions, shares, and numbers that never meet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.partition import FIRST_MS, PARTITIONS, SLOTS, fair_share, following, horizon, part_of, surplus
from kagami.model.ids import BotId, ChatId

NOW = FIRST_MS + 86_400_000 * 365 * 30
slots = st.integers(0, SLOTS - 1)
moments = st.integers(FIRST_MS, NOW)


def test_a_chat_stays_in_its_partition_for_ever() -> None:
    assert part_of(BotId("qq:10001000"), ChatId("group:7")) == 57


@given(st.text(), st.text())
def test_every_chat_has_a_partition(bot: str, chat: str) -> None:
    assert 0 <= part_of(BotId(bot), ChatId(chat)) < PARTITIONS


def test_chats_are_spread_evenly() -> None:
    counts = [0] * PARTITIONS
    for number in range(64_000):
        counts[part_of(BotId("qq:1"), ChatId(f"group:{number}"))] += 1
    assert max(counts) < 1_200


@pytest.mark.parametrize("holders", [1, 2, 3, 12, 24, 32, 63, 64, 100])
def test_fair_shares_are_everything_and_differ_by_one_at_most(holders: int) -> None:
    shares = [fair_share(PARTITIONS, holders, rank) for rank in range(holders)]
    assert sum(shares) == PARTITIONS
    assert max(shares) - min(shares) <= 1


def test_the_highest_are_given_back_first() -> None:
    assert surplus({5, 1, 9, 3}, 2) == [5, 9]


@given(st.integers(0, 1 << 52), moments, slots)
def test_a_number_is_above_the_one_before(newest: int, now: int, slot: int) -> None:
    assert following(newest, now, slot) > newest


@pytest.mark.parametrize("jump_ms", [-86_400_000, 7_200_000, -1_000, 1_000])
def test_numbers_rise_whatever_the_clock_does(jump_ms: int) -> None:
    start_ms, newest = FIRST_MS + 200_000_000_000, 0
    walls = [*range(start_ms, start_ms + 500), *range(start_ms + jump_ms, start_ms + jump_ms + 2_000, 2)]
    given_out = [newest := following(newest, wall_ms, 3) for wall_ms in walls]
    assert given_out == sorted(set(given_out))


@given(st.lists(st.tuples(moments, slots), min_size=1, max_size=50))
def test_slots_never_give_the_same_number(asked: list[tuple[int, int]]) -> None:
    newest = dict.fromkeys(range(SLOTS), 0)
    given_out: list[int] = []
    for now, slot in asked:
        newest[slot] = following(newest[slot], now, slot)
        given_out.append(newest[slot])
    assert len(set(given_out)) == len(given_out)


@given(moments, slots)
def test_a_slot_that_gives_many_in_a_moment_stays_in_its_space(now: int, slot: int) -> None:
    numbers, newest = set(), 0
    for _ in range(1_000):
        newest = following(newest, now, slot)
        numbers.add(newest // 256 % SLOTS)
    assert numbers == {slot}


def test_numbers_are_exact_in_json_for_thirty_years() -> None:
    assert following(0, NOW, SLOTS - 1) < 1 << 53


def test_a_later_number_of_any_slot_is_above_an_earlier_one() -> None:
    assert following(0, NOW + 1, 0) > following(0, NOW, SLOTS - 1)


@given(moments, slots)
def test_nothing_is_numbered_below_the_horizon(now: int, slot: int) -> None:
    assert following(0, now, slot) >= horizon(now, 60.0)
