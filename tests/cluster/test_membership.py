"""One process among others: its row, its leases, and how long it may trust them."""

from __future__ import annotations

import asyncio

import pytest

from kagami.net.supervise import Nursery
from kagami.testing.clock import FakeClock, settle
from kagami.testing.cluster import Database
from tests.cluster.doubles import SECONDS, member


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(clock: FakeClock) -> Database:
    return Database(clock)


async def test_processes_get_slots_of_their_own(database: Database, clock: FakeClock) -> None:
    one, other = member(database, clock, "a"), member(database, clock, "b")
    await one.join()
    await other.join()
    assert {one.slot, other.slot} == {0, 1}


async def test_what_is_taken_is_held_until_it_is_released(database: Database, clock: FakeClock) -> None:
    one, other = member(database, clock, "a"), member(database, clock, "b")
    await one.join()
    await other.join()
    (fence,) = await one.take(["part:1"])
    assert not await other.take(["part:1"])
    await one.release(["part:1"])
    (later,) = await other.take(["part:1"])
    assert later.epoch == fence.epoch + 1


async def test_renewing_keeps_a_lease_for_longer_than_it_was_taken(database: Database, clock: FakeClock) -> None:
    one = member(database, clock)
    await one.join()
    await one.take(["part:1"])
    for _ in range(4):
        await clock.advance(SECONDS * 0.6)
        await one.renew()
    assert one.fence("part:1") is not None
    assert database.owners("part:") == {"part:1": "a"}


async def test_a_process_that_could_not_renew_stops_using_its_leases_before_they_end(
    database: Database, clock: FakeClock
) -> None:
    one = member(database, clock)
    await one.join()
    await one.take(["part:1"])
    database.away = True
    await clock.advance(SECONDS * 0.7)
    await one.renew()
    assert one.fence("part:1") is None
    assert database.owners("part:") == {"part:1": "a"}
    assert "away" in one.trouble


@pytest.mark.parametrize("seconds", [-86_400.0, 7_200.0])
async def test_a_wall_clock_that_is_set_ends_no_lease(database: Database, clock: FakeClock, seconds: float) -> None:
    one, other = member(database, clock, "a"), member(database, clock, "b")
    await one.join()
    await other.join()
    await one.take(["part:1"])
    clock.set_wall(seconds)
    assert not await other.take(["part:1"])
    await one.renew()
    await other.look()
    assert one.fence("part:1") is not None
    assert {row.node for row in other.living("all")} == {"a", "b"}


async def test_it_goes_on_with_what_nobody_took_meanwhile(database: Database, clock: FakeClock) -> None:
    one = member(database, clock)
    await one.join()
    await one.take(["part:1"])
    database.away = True
    await clock.advance(SECONDS * 0.9)
    await one.renew()
    database.away = False
    await one.renew()
    assert one.fence("part:1") is not None
    assert not one.trouble


async def test_leases_that_others_took_are_told_as_lost(database: Database, clock: FakeClock) -> None:
    one, other, lost = member(database, clock, "a"), member(database, clock, "b"), list[str]()
    one.lost.append(lost.extend)
    await one.join()
    await other.join()
    await one.take(["part:1", "part:2"])
    await clock.advance(SECONDS + 1)
    await other.renew()
    await other.take(["part:2"])
    await one.renew()
    assert lost == ["part:2"]
    assert set(one.held("part:")) == {"part:1"}


async def test_a_process_that_was_forgotten_joins_again(database: Database, clock: FakeClock) -> None:
    one, other = member(database, clock, "a"), member(database, clock, "b")
    await one.join()
    await clock.advance(SECONDS * 5)
    await other.join()
    await one.renew()
    assert {row.node for row in await database.nodes.rows()} == {"a", "b"}
    assert one.slot != other.slot


async def test_one_that_was_silent_for_long_numbers_nothing_until_its_slot_is_its_own(
    database: Database, clock: FakeClock
) -> None:
    one, other = member(database, clock, "a"), member(database, clock, "b")
    await one.join()
    await clock.advance(SECONDS * 2)
    numbered = [one.numbers]  # the others do not forget it so soon
    await clock.advance(SECONDS * 3)
    numbered.append(one.numbers)
    await other.join()
    slots = [one.slot, other.slot]
    await one.renew()
    assert [*numbered, one.numbers] == [True, False, True]
    assert [*slots, one.slot] == [0, 0, 1]


async def test_it_renews_soon_after_an_outage(database: Database, clock: FakeClock) -> None:
    one = member(database, clock)
    await one.join()
    async with Nursery(clock) as nursery:
        nursery.start("membership", one.run())
        await settle()
        database.away = True
        await clock.advance(SECONDS)
        database.away = False
        await clock.advance(1.1)
        assert one.sure


async def test_numbers_go_by_the_clock_of_the_database(database: Database, clock: FakeClock) -> None:
    one = member(database, clock)
    database.ahead_ms = -90_000
    await one.join()
    assert one.wall_ms() == clock.wall_ms() - 90_000
    database.ahead_ms = 7_000
    await one.renew()
    assert one.wall_ms() == clock.wall_ms() + 7_000


@pytest.mark.parametrize(("ahead_ms", "told"), [(0, 0.0), (4_000, 0.0), (6_000, -6.0), (-6_000, 6.0)])
async def test_a_clock_is_told_of_that_is_far_from_the_databases(
    database: Database, clock: FakeClock, ahead_ms: int, told: float
) -> None:
    one = member(database, clock)
    database.ahead_ms = ahead_ms
    await one.join()
    assert one.apart_s == told


async def test_an_answer_that_takes_long_makes_no_clock_wrong(
    database: Database, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def slow() -> int:
        clock.set_wall(20.0)
        return clock.wall_ms() - 10_000

    monkeypatch.setattr(database.nodes, "wall_ms", slow)
    one = member(database, clock)
    await one.join()
    assert one.apart_s == 0.0


async def test_the_silent_and_those_that_leave_do_not_count_as_living(database: Database, clock: FakeClock) -> None:
    one, other = member(database, clock, "a"), member(database, clock, "b", "gateway")
    await one.join()
    await other.join()
    await one.renew()
    assert [each.node for each in one.living("all", "gateway")] == ["a", "b"]
    assert [each.node for each in one.living("all", "worker")] == ["a"]
    await clock.advance(SECONDS + 1)
    await one.renew()
    assert [each.node for each in one.living("all", "gateway")] == ["a"]


async def test_what_it_tells_of_itself_is_what_others_read(database: Database, clock: FakeClock) -> None:
    one, other = member(database, clock, "a"), member(database, clock, "b")
    await one.join()
    await other.join()
    await one.renew()
    await other.look()
    assert {row.node: row.state.waiting for row in other.rows} == {"a": 3, "b": 0}


async def test_leaving_gives_everything_back_at_once(database: Database, clock: FakeClock) -> None:
    one = member(database, clock)
    await one.join()
    await one.take(["part:1"])
    await one.seize("bot:qq:1")
    await one.leave()
    assert not database.owners("")
    assert not await database.nodes.rows()


async def test_hints_are_not_for_the_dead(database: Database, clock: FakeClock) -> None:
    one, killed = member(database, clock, "a"), member(database, clock, "x", parts=lambda: (7,))
    await killed.join()
    await killed.renew()
    await one.join()
    assert one.holder(7) == "x"
    await clock.advance(SECONDS + 1)
    await one.renew()
    assert one.holder(7) is None


async def test_who_was_forgotten_has_its_slot_and_is_known_again_at_once(database: Database, clock: FakeClock) -> None:
    one, other = member(database, clock, "a"), member(database, clock, "b", parts=lambda: (3,))
    await one.join()
    await other.join()
    slot = other.slot
    await database.nodes.leave("a")
    await database.nodes.leave("b")
    await asyncio.gather(other.renew(), other.renew())
    await one.look()
    assert (other.slot, one.holder(3)) == (slot, "b")


async def test_an_heir_waits_for_no_lease_of_its_own_name(database: Database, clock: FakeClock) -> None:
    killed, other, heir = member(database, clock), member(database, clock, "b"), member(database, clock)
    for each, lease in ((killed, "part:1"), (other, "part:2")):
        await each.join()
        await each.take([lease])
    await heir.join(heir=True)
    assert [fence.name for fence in await heir.take(["part:1", "part:2"])] == ["part:1"]
    await killed.renew()
    assert killed.fence("part:1") is None


async def test_two_with_one_name_are_told_so(
    database: Database, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    one, twin = member(database, clock, "a"), member(database, clock, "a")
    await one.join()
    await twin.join()
    await one.renew()
    assert "another process has this name, too" in caplog.text
