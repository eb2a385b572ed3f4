"""What waits for one of several processes, in a real PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from urllib.parse import urlsplit

import asyncpg
import pytest
from msgspec.structs import replace

from kagami.core.partition import part_of
from kagami.meters import Meters
from kagami.model.action import Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId, ExecutionId
from kagami.model.message import text
from kagami.ports import LONGEST_ASKED_S, Backlog, Fence, Leases, SendRow
from kagami.storage.postgres_between import PLANNED
from kagami.storage.postgres_sql import question
from kagami.storage.store import SqlStore, open_store
from kagami.testing.clock import FakeClock
from kagami.testing.postgres import PostgresServer
from tests.storage.locks import waits_for_the_first
from tests.storage.make import event

BOT, CHAT = BotId("qq:10001000"), ChatId("group:7")
EXECUTION = ExecutionId("0193-send")
ALL = range(64)
PassTime = Callable[[float], None]


@pytest.fixture
def url(postgres: PostgresServer, migrated: str) -> Iterator[str]:
    made = postgres.create(template=migrated)
    yield made
    postgres.drop(made)


@pytest.fixture
async def store(url: str, clock: FakeClock, meters: Meters) -> AsyncIterator[SqlStore]:
    async with open_store(url, clock=clock, meters=meters, alone=False) as opened:
        yield opened


@pytest.fixture
def pass_time(postgres: PostgresServer, url: str) -> PassTime:
    """Let so many seconds pass for what was asked for."""

    def pass_seconds(seconds: float) -> None:
        older = f"UPDATE sends SET created_ms = created_ms - {seconds * 1000:.0f}"  # noqa: S608 - our own text
        postgres.run(older, urlsplit(url).path.strip("/"))

    return pass_seconds


@pytest.fixture
def backlog(store: SqlStore) -> Backlog:
    assert store.cluster is not None
    return store.cluster[2]


@pytest.fixture
async def fence(store: SqlStore) -> Fence:
    assert store.cluster is not None
    leases: Leases = store.cluster[0]
    return await leases.seize(f"bot:{BOT}", "g", 15.0)


def row(ordinal: int = 0, words: str = "hi", chat: str = CHAT, bot: BotId = BOT) -> SendRow:
    return SendRow(EXECUTION, ordinal, bot, ChatId(chat), words, Send(bot, ChatId(chat), text(words)), 1_000)


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
    ((taken, node),) = await backlog.take_sends({fence: 10}, [], 10)
    assert (replace(taken, created_ms=1_000), node) == (row(), "w")
    assert not await backlog.take_sends({fence: 10}, [], 10)


async def test_a_lease_that_is_over_takes_nothing(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    assert not await backlog.take_sends({Fence(fence.name, fence.epoch - 1): 10}, [], 10)


async def test_of_a_chat_the_oldest_is_taken_and_then_the_next(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    for ordinal in range(3):
        await store.ledger.ask_send(row(ordinal), "w")
    for ordinal in range(3):
        ((taken, _),) = await backlog.take_sends({fence: 10}, [], 10)
        assert taken.ordinal == ordinal


async def test_a_chat_that_is_busy_waits(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    assert not await backlog.take_sends({fence: 10}, [f"{BOT}|{CHAT}"], 10)


@pytest.mark.parametrize("receipt", [Sent("77", {"a": 1}), Failed("no", "declined"), Unknown("who knows")])
async def test_outcomes_are_told(store: SqlStore, backlog: Backlog, fence: Fence, receipt: Receipt) -> None:
    await store.ledger.ask_send(row(), "w")
    assert not await backlog.outcomes([EXECUTION])
    await backlog.take_sends({fence: 10}, [], 10)
    assert not await backlog.outcomes([EXECUTION])
    await end(store, receipt)
    assert await backlog.outcomes([EXECUTION]) == [(EXECUTION, 0, receipt)]


async def test_asking_again_makes_no_second_send(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    await backlog.take_sends({fence: 10}, [], 10)
    await store.ledger.ask_send(row(), "v")
    assert not await backlog.take_sends({fence: 10}, [], 10)
    await end(store, Sent("77"))
    await store.ledger.ask_send(row(), "v")
    assert not await backlog.take_sends({fence: 10}, [], 10)


async def test_one_that_certainly_failed_is_made_again(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    await backlog.take_sends({fence: 10}, [], 10)
    await end(store, Failed("no"))
    await store.ledger.ask_send(row(), "w")
    assert len(await backlog.take_sends({fence: 10}, [], 10)) == 1


async def test_what_nobody_has_begun_can_be_abandoned(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    assert await backlog.abandon(EXECUTION, 0, "too late")
    assert not await backlog.take_sends({fence: 10}, [], 10)
    ((_, _, receipt),) = await backlog.outcomes([EXECUTION])
    assert receipt == Failed("too late", "offline")


async def test_what_somebody_has_begun_cannot(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    await backlog.take_sends({fence: 10}, [], 10)
    assert not await backlog.abandon(EXECUTION, 0, "too late")


async def test_of_an_account_as_many_are_taken_as_may_begin(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    for ordinal in range(3):
        await store.ledger.ask_send(row(ordinal, chat=f"group:{ordinal}"), "w")
    assert [taken.ordinal for taken, _ in await backlog.take_sends({fence: 2}, [], 10)] == [0, 1]
    assert [taken.ordinal for taken, _ in await backlog.take_sends({fence: 2}, [], 10)] == [2]


async def test_a_page_holds_the_oldest_of_all_accounts(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    assert store.cluster is not None
    other = await store.cluster[0].seize("bot:qq:1", "g", 15.0)
    for ordinal, bot in enumerate([BOT, BotId("qq:1"), BOT]):
        await store.ledger.ask_send(row(ordinal, chat=f"group:{ordinal}", bot=bot), "w")
    found = await backlog.take_sends({other: 10, fence: 10}, [], 2)
    assert [taken.ordinal for taken, _ in found] == [0, 1]


async def test_what_was_asked_for_too_long_ago_is_never_begun(
    store: SqlStore, backlog: Backlog, fence: Fence, pass_time: PassTime
) -> None:
    await store.ledger.ask_send(row(0), "w")
    pass_time(LONGEST_ASKED_S)
    await store.ledger.ask_send(row(1), "w")
    # It does not stand in the way of the next in its chat either.
    assert [taken.ordinal for taken, _ in await backlog.take_sends({fence: 10}, [], 10)] == [1]


async def test_what_nobody_took_in_time_has_failed(
    store: SqlStore, backlog: Backlog, fence: Fence, pass_time: PassTime
) -> None:
    await store.ledger.ask_send(row(0), "w")
    await backlog.take_sends({fence: 10}, [], 10)  # it is under way, however long
    await store.ledger.ask_send(row(1), "w")
    pass_time(LONGEST_ASKED_S)
    await store.ledger.ask_send(row(2), "w")
    assert await backlog.expire("too late") == 1
    assert await backlog.outcomes([EXECUTION]) == [(EXECUTION, 1, Failed("too late", "offline"))]


@pytest.mark.parametrize("given_up", [False, True])
async def test_what_is_asked_for_again_is_not_late(
    store: SqlStore, backlog: Backlog, fence: Fence, pass_time: PassTime, given_up: bool
) -> None:
    await store.ledger.ask_send(row(), "w")
    pass_time(LONGEST_ASKED_S)
    if given_up:
        await backlog.expire("too late")
    await store.ledger.ask_send(row(), "v")
    ((_, node),) = await backlog.take_sends({fence: 10}, [], 10)
    assert node == "v"
    assert not await backlog.take_sends({fence: 10}, [], 10)


async def test_what_is_given_back_waits_for_the_next_holder(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(0), "w")
    await store.ledger.ask_send(row(1), "w")
    await backlog.take_sends({fence: 10}, [], 10)
    await backlog.give_back(fence, [(EXECUTION, 0)])
    assert [taken.ordinal for taken, _ in await backlog.take_sends({fence: 10}, [], 10)] == [0]


async def test_who_has_lost_an_account_gives_nothing_of_it_back(
    store: SqlStore, backlog: Backlog, fence: Fence
) -> None:
    assert store.cluster is not None
    await store.ledger.ask_send(row(), "w")
    await backlog.take_sends({fence: 10}, [], 10)
    now = await store.cluster[0].seize(fence.name, "h", 15.0)
    await backlog.give_back(fence, [(EXECUTION, 0)])
    assert not await backlog.take_sends({now: 10}, [], 10)
    await backlog.give_back(now, [(EXECUTION, 0)])
    assert len(await backlog.take_sends({now: 10}, [], 10)) == 1


async def test_a_lease_gives_back_nothing_of_another_account(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    assert store.cluster is not None
    other = await store.cluster[0].seize("bot:qq:1", "g", 15.0)
    await store.ledger.ask_send(row(), "w")
    await backlog.take_sends({fence: 10}, [], 10)
    await backlog.give_back(other, [(EXECUTION, 0)])
    assert not await backlog.take_sends({fence: 10}, [], 10)


@pytest.mark.parametrize("how", ["give up", "reclaim", "give back", "expire", "end"])
async def test_sends_are_locked_in_the_order_of_what_they_are_of(
    store: SqlStore, backlog: Backlog, fence: Fence, url: str, pass_time: PassTime, how: str
) -> None:
    """Else two processes that lock the same ones could wait in a circle."""
    for ordinal in (1, 0):
        await store.ledger.ask_send(row(ordinal, chat=f"group:{ordinal}"), "w")
    if how == "expire":
        pass_time(LONGEST_ASKED_S)
    else:
        await backlog.take_sends({fence: 10}, [], 10)

    async def end_both() -> None:
        for ordinal in (1, 0):
            store.ledger.end_send(EXECUTION, ordinal, Sent("77"), 2_000)
        await store.ledger.flush()

    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "give up": lambda: backlog.give_up(BOT, "moved"),
        "reclaim": lambda: backlog.reclaim([fence], []),
        "give back": lambda: backlog.give_back(fence, [(EXECUTION, 1), (EXECUTION, 0)]),
        "expire": lambda: backlog.expire("too late"),
        "end": end_both,
    }
    await waits_for_the_first(url, "sends", "ordinal = 0", "ordinal = 1", ways[how])


@pytest.mark.parametrize("how", ["take", "reclaim"])
async def test_leases_of_accounts_are_locked_in_the_order_of_their_names(
    store: SqlStore, backlog: Backlog, url: str, how: str
) -> None:
    assert store.cluster is not None
    bots = [BotId("qq:2"), BotId("qq:1")]
    held = [await store.cluster[0].seize(f"bot:{bot}", "g", 15.0) for bot in bots]
    for ordinal, bot in enumerate(bots):
        await store.ledger.ask_send(row(ordinal, bot=bot), "w")
    if how == "reclaim":
        await backlog.take_sends(dict.fromkeys(held, 1), [], 2)
    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "take": lambda: backlog.take_sends(dict.fromkeys(held, 1), [], 2),
        "reclaim": lambda: backlog.reclaim(held, []),
    }
    await waits_for_the_first(url, "leases", "name = 'bot:qq:1'", "name = 'bot:qq:2'", ways[how])


async def test_sends_of_a_lost_holder_become_unknown(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(0), "w")
    await backlog.take_sends({fence: 10}, [], 10)
    await store.ledger.ask_send(row(1), "w")
    assert await backlog.give_up(BOT, "moved") == 1
    ((_, ordinal, receipt),) = await backlog.outcomes([EXECUTION])
    assert (ordinal, receipt) == (0, Unknown("moved"))
    assert len(await backlog.take_sends({fence: 10}, [], 10)) == 1


async def test_what_was_taken_and_never_begun_waits_again(store: SqlStore, backlog: Backlog, fence: Fence) -> None:
    await store.ledger.ask_send(row(), "w")
    await backlog.take_sends({fence: 10}, [], 10)
    await backlog.reclaim([fence], [f"{BOT}|{CHAT}"])
    assert not await backlog.take_sends({fence: 10}, [], 10)
    await backlog.reclaim([fence], [])
    assert len(await backlog.take_sends({fence: 10}, [], 10)) == 1


async def test_an_event_moves_to_another_partition_by_who_holds_its_own(store: SqlStore, backlog: Backlog) -> None:
    assert store.cluster is not None
    said = event()
    store.ledger.part = lambda _: 5
    await store.ledger.accept(said, 7)
    own = await store.cluster[0].seize("part:5", "w", 60.0)
    lost = Fence(own.name, own.epoch - 1)
    assert not await backlog.move(said.execution, 66, lost)
    assert [(due.part, due.found.led) for due in await backlog.open_events([5, 66], [], 9)] == [(5, False)]
    assert await backlog.move(said.execution, 66, own)
    assert [(due.part, due.found.led) for due in await backlog.open_events([5, 66], [], 9)] == [(66, True)]


async def test_what_has_failed_for_good_is_passed_by_unread(store: SqlStore, url: str) -> None:
    """It stays, and may be much."""
    await store.ledger.accept(event(), 1_000)
    parts = f"'{{{','.join(map(str, ALL))}}}'"
    connection = await asyncpg.connect(url, server_settings=PLANNED)
    try:
        await connection.execute(
            "INSERT INTO pending (execution, event, part, state, attempts, retry_at_ms, error)"
            " SELECT 'dead-' || n, n, n % 64, 'dead', 5, 0, '' FROM generate_series(1, 500) AS s (n)"
        )
        await connection.execute(f"PREPARE looked AS {question('open_events').sql}")
        found = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE looked ({parts}, '{{}}', 5)")
    finally:
        await connection.close()
    assert "pending_open" in found
    assert all(not removed for removed in map(int, re.findall(r'"Rows Removed by Filter": (\d+)', found)))
