"""What waits for one of several processes, in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kagami.core.partition import part_of
from kagami.meters import Meters
from kagami.model.action import Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId, ExecutionId
from kagami.model.message import text
from kagami.ports import Backlog, Fence, Leases, SendRow
from kagami.storage.store import SqlStore, open_store
from kagami.testing.clock import FakeClock
from kagami.testing.postgres import PostgresServer
from tests.storage.make import event

BOT, CHAT = BotId("qq:10001000"), ChatId("group:7")
EXECUTION = ExecutionId("0193-send")
ALL = range(64)


@pytest.fixture
async def store(postgres: PostgresServer, migrated: str, clock: FakeClock, meters: Meters) -> AsyncIterator[SqlStore]:
    url = postgres.create(template=migrated)
    async with open_store(url, clock=clock, meters=meters, alone=False) as opened:
        yield opened
    postgres.drop(url)


@pytest.fixture
def backlog(store: SqlStore) -> Backlog:
    assert store.cluster is not None
    return store.cluster[2]


@pytest.fixture
async def fence(store: SqlStore) -> Fence:
    assert store.cluster is not None
    leases: Leases = store.cluster[0]
    return await leases.seize(f"bot:{BOT}", "g", 15.0)


def row(ordinal: int = 0, words: str = "hi") -> SendRow:
    return SendRow(EXECUTION, ordinal, BOT, CHAT, words, Send(BOT, CHAT, text(words)), 1_000)


async def end(store: SqlStore, receipt: Receipt, ordinal: int = 0) -> None:
    store.ledger.end_send(EXECUTION, ordinal, receipt, 2_000)
    await store.ledger.flush()


async def test_open_events_come_in_order_with_their_partitions(store: SqlStore, backlog: Backlog) -> None:
    events = [event() for _ in range(3)]
    for each in events:
        await store.ledger.accept(each, 1_000)
    found = await backlog.open_events(ALL, [], 10)
    assert [due.found.event for due in found] == events
    assert [due.part for due in found] == [part_of(each.bot, each.chat) for each in events]
    assert [due.number for due in found] == sorted(due.number for due in found)


async def test_only_those_of_the_wanted_partitions_that_are_not_held(store: SqlStore, backlog: Backlog) -> None:
    for _ in range(3):
        await store.ledger.accept(event(), 1_000)
    first, *_ = await backlog.open_events(ALL, [], 10)
    part = first.part
    assert len(await backlog.open_events([part], [first.number], 10)) == 2
    assert not await backlog.open_events([(part + 1) % 64], [], 10)
    assert len(await backlog.open_events(ALL, [], 1)) == 1


async def test_what_waits_for_an_account_becomes_its_holders(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    ((taken, node),) = await backlog.take_sends([fence], [], 10)
    assert (taken, node) == (row(), "w")
    assert not await backlog.take_sends([fence], [], 10)


async def test_a_lease_that_is_over_takes_nothing(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    assert not await backlog.take_sends([Fence(fence.name, fence.epoch - 1)], [], 10)


async def test_of_a_chat_the_oldest_is_taken_and_then_the_next(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    for ordinal in range(3):
        await store.ledger.ask_send(row(ordinal), "w")
    for ordinal in range(3):
        ((taken, _),) = await backlog.take_sends([fence], [], 10)
        assert taken.ordinal == ordinal


async def test_a_chat_that_is_busy_waits(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    assert not await backlog.take_sends([fence], [f"{BOT}|{CHAT}"], 10)


@pytest.mark.parametrize("receipt", [Sent("77", {"a": 1}), Failed("no", "declined"), Unknown("who knows")])
async def test_outcomes_are_told(store: SqlStore, backlog: Backlog, fence: Fence, receipt: Receipt) -> None:
    await store.ledger.ask_send(row(), "w")
    assert not await backlog.outcomes([EXECUTION])
    await backlog.take_sends([fence], [], 10)
    assert not await backlog.outcomes([EXECUTION])
    await end(store, receipt)
    assert await backlog.outcomes([EXECUTION]) == [(EXECUTION, 0, receipt)]


async def test_asking_again_makes_no_second_send(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    await backlog.take_sends([fence], [], 10)
    await store.ledger.ask_send(row(), "v")
    assert not await backlog.take_sends([fence], [], 10)
    await end(store, Sent("77"))
    await store.ledger.ask_send(row(), "v")
    assert not await backlog.take_sends([fence], [], 10)


async def test_one_that_certainly_failed_is_made_again(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    await backlog.take_sends([fence], [], 10)
    await end(store, Failed("no"))
    await store.ledger.ask_send(row(), "w")
    assert len(await backlog.take_sends([fence], [], 10)) == 1


async def test_what_nobody_has_begun_can_be_abandoned(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    assert await backlog.abandon(EXECUTION, 0, "too late")
    assert not await backlog.take_sends([fence], [], 10)
    ((_, _, receipt),) = await backlog.outcomes([EXECUTION])
    assert receipt == Failed("too late", "offline")


async def test_what_somebody_has_begun_cannot(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    await backlog.take_sends([fence], [], 10)
    assert not await backlog.abandon(EXECUTION, 0, "too late")


async def test_what_is_given_back_waits_for_the_next_holder(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(0), "w")
    await store.ledger.ask_send(row(1), "w")
    await backlog.take_sends([fence], [], 10)
    await backlog.give_back([(EXECUTION, 0)])
    assert [taken.ordinal for taken, _ in await backlog.take_sends([fence], [], 10)] == [0]


async def test_sends_of_a_lost_holder_become_unknown(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(0), "w")
    await backlog.take_sends([fence], [], 10)
    await store.ledger.ask_send(row(1), "w")
    assert await backlog.give_up(BOT, "moved") == 1
    ((_, ordinal, receipt),) = await backlog.outcomes([EXECUTION])
    assert (ordinal, receipt) == (0, Unknown("moved"))
    assert len(await backlog.take_sends([fence], [], 10)) == 1


async def test_what_was_taken_and_never_begun_waits_again(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    await backlog.take_sends([fence], [], 10)
    await backlog.reclaim([fence], [f"{BOT}|{CHAT}"])
    assert not await backlog.take_sends([fence], [], 10)
    await backlog.reclaim([fence], [])
    assert len(await backlog.take_sends([fence], [], 10)) == 1
