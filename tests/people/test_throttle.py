"""SA11: guessing is slow, whatever is guessed and from wherever."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from kagami.errors import Throttled
from kagami.people.throttle import THROTTLE, Count, Throttle, place_of
from kagami.storage.store import SqlStore
from kagami.testing.clock import FakeClock


@pytest.fixture
def throttle(store: SqlStore, clock: FakeClock) -> Throttle:
    return Throttle(store, clock)


async def fail(throttle: Throttle, times: int, account: str = "alice", address: str = "192.0.2.1") -> None:
    for _ in range(times):
        await throttle.take(account, address)


async def test_five_tries_are_free(throttle: Throttle) -> None:
    await fail(throttle, 5)
    with pytest.raises(Throttled) as caught:
        await fail(throttle, 1)
    assert caught.value.details["seconds"] == 1


async def test_the_wait_doubles_up_to_five_minutes(throttle: Throttle, clock: FakeClock) -> None:
    await fail(throttle, 5)
    waits = []
    for _ in range(11):
        with pytest.raises(Throttled) as caught:
            await fail(throttle, 1)
        waits.append(int(str(caught.value.details["seconds"])))
        await clock.advance(waits[-1])
        await fail(throttle, 1)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


async def test_of_a_thousand_tries_in_ten_minutes_hardly_any_is_looked_at(throttle: Throttle, clock: FakeClock) -> None:
    seen = 0
    for turn in range(1_000):
        try:
            await throttle.take("alice", "192.0.2.1")
            seen += 1
        except Throttled:
            pass
        if turn % 10 == 9:
            await clock.advance(6)
    assert 5 < seen <= 20


async def test_a_thousand_at_once_are_no_more_than_five(throttle: Throttle) -> None:
    results = await asyncio.gather(*(throttle.take("alice", "192.0.2.1") for _ in range(100)), return_exceptions=True)
    assert sum(not isinstance(each, Throttled) for each in results) == 5


async def test_an_account_is_guarded_from_all_addresses_together(throttle: Throttle) -> None:
    for place in range(5):
        await throttle.take("alice", f"192.0.2.{place}")
    with pytest.raises(Throttled):
        await throttle.take("alice", "198.51.100.1")


async def test_an_address_is_slow_for_all_accounts_together(throttle: Throttle) -> None:
    for place in range(5):
        await throttle.take(f"person{place}", "192.0.2.1")
    with pytest.raises(Throttled):
        await throttle.take("another", "192.0.2.1")


async def test_others_are_not_held_up(throttle: Throttle) -> None:
    await fail(throttle, 5)
    await throttle.take("bob", "198.51.100.1")


async def test_no_more_than_fifty_a_minute_are_looked_at(throttle: Throttle, clock: FakeClock) -> None:
    for place in range(50):
        await throttle.take(f"person{place}", f"192.0.2.{place}")
    with pytest.raises(Throttled) as caught:
        await throttle.take("another", "198.51.100.1")
    assert caught.value.details["seconds"] == 60
    await clock.advance(60)
    await throttle.take("another", "198.51.100.1")


async def test_the_counts_outlive_the_process(store: SqlStore, clock: FakeClock) -> None:
    await fail(Throttle(store, clock), 5)
    with pytest.raises(Throttled):
        await fail(Throttle(store, clock), 1)


async def test_what_was_right_frees_the_account(throttle: Throttle, store: SqlStore) -> None:
    await fail(throttle, 4)
    right = await throttle.take("alice", "192.0.2.1")
    await throttle.forgive(right)
    await fail(throttle, 5)


async def test_an_own_account_does_not_free_the_address(throttle: Throttle, store: SqlStore) -> None:
    await fail(throttle, 4, account="victim")
    right = await throttle.take("mallory", "192.0.2.1")
    await throttle.forgive(right)
    await fail(throttle, 1, account="victim")
    with pytest.raises(Throttled):
        await throttle.take("another", "192.0.2.1")


async def test_a_try_that_comes_while_another_is_forgiven_counts(throttle: Throttle, store: SqlStore) -> None:
    await fail(throttle, 2, account="victim")
    right = await throttle.take("mallory", "192.0.2.1")
    async with asyncio.TaskGroup() as group:
        group.create_task(throttle.forgive(right))
        for _ in range(2):
            group.create_task(throttle.take("victim", "192.0.2.1"))
    kept = [msgspec.json.decode(text, type=Count).tries for text in (await store.items(THROTTLE)).values()]
    assert kept == [4, 4]


async def test_a_clock_that_goes_back_makes_no_wait_longer(store: SqlStore, clock: FakeClock) -> None:
    await fail(Throttle(store, clock), 5)
    with pytest.raises(Throttled) as caught:
        await fail(Throttle(store, FakeClock(wall_ms=clock.wall_ms() - 3_600_000)), 1)
    assert caught.value.details["seconds"] == 1


async def test_what_was_typed_is_not_kept(throttle: Throttle, store: SqlStore) -> None:
    await throttle.take("hunter2 in the wrong field", "192.0.2.1")
    assert "hunter2" not in str(await store.items(THROTTLE))


async def test_counts_of_yesterday_are_removed(throttle: Throttle, store: SqlStore, clock: FakeClock) -> None:
    await fail(throttle, 3)
    await clock.advance(24 * 3_600)
    await fail(Throttle(store, clock), 1, account="bob", address="198.51.100.1")
    assert len(await store.items(THROTTLE)) == 2


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_visitor_is_known_by_what_they_cannot_change(address: str, place: str) -> None:
    assert place_of(address) == place
