"""The database in memory does what the real one does (tests/storage/test_leases.py, test_backlog.py)."""

from __future__ import annotations

import pytest

from kagami.core.partition import SLOTS
from kagami.errors import ClusterFull, StoreClosed
from kagami.model.action import Send
from kagami.model.ids import BotId, ChatId, ExecutionId
from kagami.model.message import text
from kagami.ports import Fence, NodeState, SendRow
from kagami.testing.clock import FakeClock
from kagami.testing.cluster import Database

BOT = BotId("qq:1")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(clock: FakeClock) -> Database:
    return Database(clock)


def row() -> SendRow:
    return SendRow(ExecutionId("x"), 0, BOT, ChatId("group:7"), "hi", Send(BOT, ChatId("group:7"), text("hi")), 0)


async def test_a_held_lease_is_not_taken_and_an_ended_one_is(database: Database, clock: FakeClock) -> None:
    assert await database.take(["part:1"], "a", 15.0) == [Fence("part:1", 1)]
    assert await database.take(["part:1"], "b", 15.0) == []
    await clock.advance(16.0)
    assert await database.take(["part:1"], "b", 15.0) == [Fence("part:1", 2)]


async def test_only_a_holder_renews_and_a_released_lease_goes_on_counting(database: Database) -> None:
    held = await database.take(["part:1"], "a", 15.0)
    assert await database.renew(held, "b", 15.0) == []
    await database.release(held)
    assert await database.seize("part:1", "b", 15.0) == Fence("part:1", 2)
    assert await database.renew(held, "a", 15.0) == []


async def test_sends_are_taken_under_a_lease_that_stands(database: Database) -> None:
    database.ready = [(row(), "w")]
    fence = await database.seize(f"bot:{BOT}", "a", 15.0)
    assert await database.take_sends({Fence(fence.name, 0): 10}, [], 5) == []
    assert await database.take_sends({fence: 10}, [], 5) == [(row(), "w")]
    assert await database.give_up(BOT, "moved") == 1


async def test_what_is_given_back_is_ready_again_and_can_be_abandoned(database: Database) -> None:
    database.sending = [row()]
    fence = await database.seize(f"bot:{BOT}", "a", 15.0)
    await database.give_back(Fence(fence.name, 0), [(ExecutionId("x"), 0)])
    assert database.sending
    await database.give_back(fence, [(ExecutionId("x"), 0)])
    assert await database.abandon(ExecutionId("x"), 0, "late")
    assert not await database.abandon(ExecutionId("x"), 0, "late")


async def test_there_are_as_many_slots_as_in_the_real_one(database: Database) -> None:
    for number in range(SLOTS):
        assert await database.nodes.join(f"n{number}", "all", 15.0) == number
    with pytest.raises(ClusterFull):
        await database.nodes.join("more", "all", 15.0)


async def test_a_process_that_is_not_there_cannot_beat(database: Database) -> None:
    assert not await database.nodes.beat("a", 0, NodeState())


async def test_nothing_can_be_asked_while_it_is_away(database: Database) -> None:
    database.away = True
    with pytest.raises(StoreClosed):
        await database.rows()
