"""Sends of all processes, made by the one that has the account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from kagami.cluster.asking import ANSWERED, Told
from kagami.cluster.courier import Courier
from kagami.cluster.membership import Membership
from kagami.core.limits import Buckets
from kagami.errors import StoreClosed
from kagami.model.action import Receipt, Sent
from kagami.model.ids import BotId, ChatId
from kagami.net.supervise import Nursery
from kagami.ports import SendRow
from kagami.state.memory import Hub
from kagami.testing.clock import FakeClock, settle
from kagami.testing.cluster import Database
from tests.cluster.doubles import BOT, member, send_row


class Gateway:
    """One process with an outbox that answers when it is told to."""

    def __init__(self, database: Database, clock: FakeClock, hints: Hub, nursery: Nursery, name: str = "g") -> None:
        self.made: list[SendRow] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.told: list[Told] = []
        self.member: Membership = member(database, clock, name, "gateway")
        self.here = self.begins = True
        self.fails = False
        self.settled = 0
        self.clock = clock
        self.account, self.chats = Buckets(0.0, 1.0), Buckets(0.0, 1.0)
        bus = hints.state().bus
        self.courier = Courier(
            self.member,
            database,
            bus,
            nursery,
            clock,
            self,
            reachable=lambda _: self.here,
            settled=self.settle,
            nap=lambda: 5.0,
            key=b"of the cluster",
        )
        self.courier.answered = self.told.append

    # --- cluster.courier.Carrier ---

    def room(self, bot: BotId) -> int:
        return self.account.room(bot, self.clock.monotonic())

    def rest(self, bot: BotId) -> float:
        return self.account.wait(bot, self.clock.monotonic())

    def reserve(self, bot: BotId, chat: ChatId) -> float:
        now = self.clock.monotonic()
        self.account.reserve(bot, now)
        self.chats.reserve(chat, now)
        return self.chats.wait(chat, now)

    async def settle(self) -> None:
        self.settled += 1

    async def carry(self, row: SendRow) -> Receipt | None:
        if not self.begins:
            return None
        self.made.append(row)
        if self.fails:
            self.fails = False
            raise StoreClosed(reason="it is away")
        await self.gate.wait()
        return Sent(f"sent-{row.execution}")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(clock: FakeClock) -> Database:
    return Database(clock)


@pytest.fixture
def hints(clock: FakeClock) -> Hub:
    return Hub(clock=clock)


async def _first(hints: Hub, topic: str) -> AsyncIterator[str]:
    async with aclosing(hints.state().bus.hear(lambda: [topic])) as heard:
        async for _, texts in heard:
            yield texts[0]
            return


@asynccontextmanager
async def gateway(
    database: Database, clock: FakeClock, hints: Hub, *, name: str = "g", shut: bool = False
) -> AsyncIterator[Gateway]:
    async with Nursery(clock) as nursery:
        made = Gateway(database, clock, hints, nursery, name)
        if shut:
            made.gate.clear()
        await made.member.join()
        made.courier.attach(BOT)
        nursery.start("courier", made.courier.run())
        await settle()
        yield made


async def test_what_waits_for_an_account_is_sent_when_it_comes(
    database: Database, clock: FakeClock, hints: Hub
) -> None:
    database.ready = [(send_row(1), "w")]
    async with gateway(database, clock, hints) as node:
        assert [row.execution for row in node.made] == ["execution-1"]


async def test_what_is_for_another_account_is_left(database: Database, clock: FakeClock, hints: Hub) -> None:
    database.ready = [(send_row(1, bot=BotId("qq:2")), "w")]
    async with gateway(database, clock, hints) as node:
        await clock.advance(10.0)
        assert not node.made


async def test_a_chat_hears_one_after_the_other_and_chats_go_side_by_side(
    database: Database, clock: FakeClock, hints: Hub
) -> None:
    database.ready = [(send_row(1), "w"), (send_row(2), "w"), (send_row(3, "group:9"), "w")]
    async with gateway(database, clock, hints, shut=True) as node:
        assert [row.execution for row in node.made] == ["execution-1", "execution-3"]
        node.gate.set()
        await settle()
        assert [row.execution for row in node.made][2:] == ["execution-2"]


async def test_who_asked_hears_of_the_outcome(database: Database, clock: FakeClock, hints: Hub) -> None:
    database.ready = [(send_row(1), "w"), (send_row(2), "g")]
    async with gateway(database, clock, hints) as node:
        await clock.advance(0.1)
        assert [told.execution for told in node.told] == ["execution-2"]
        posted = [each async for each in _first(hints, f"{ANSWERED}w")]
        assert "execution-1" in posted[0]


async def test_a_hint_makes_it_look_at_once(database: Database, clock: FakeClock, hints: Hub) -> None:
    async with gateway(database, clock, hints) as node:
        database.ready = [(send_row(1), "w")]
        node.courier.asked([BOT])
        await settle()
        assert len(node.made) == 1


async def test_what_no_hint_told_is_found_by_looking(database: Database, clock: FakeClock, hints: Hub) -> None:
    async with gateway(database, clock, hints) as node:
        database.ready = [(send_row(1), "w")]
        await clock.advance(5.1)
        assert len(node.made) == 1


async def test_an_account_that_moves_takes_its_unfinished_sends_for_unknown(
    database: Database, clock: FakeClock, hints: Hub
) -> None:
    database.sending = [send_row(1)]
    async with gateway(database, clock, hints):
        assert database.given_up == [BOT]


async def test_an_account_that_only_reconnects_keeps_what_it_is_sending(
    database: Database, clock: FakeClock, hints: Hub
) -> None:
    async with gateway(database, clock, hints) as node:
        node.courier.attach(BOT)
        await settle()
        assert database.given_up == [BOT]


async def test_the_process_to_which_it_came_last_has_the_account(
    database: Database, clock: FakeClock, hints: Hub
) -> None:
    async with gateway(database, clock, hints) as one, gateway(database, clock, hints, name="h") as other:
        database.ready = [(send_row(1), "w")]
        await clock.advance(5.1)
        assert (len(one.made), len(other.made)) == (0, 1)


async def test_leaving_gives_back_what_has_not_begun_and_lets_the_rest_end(
    database: Database, clock: FakeClock, hints: Hub
) -> None:
    database.ready = [(send_row(1), "w"), (send_row(2), "w")]
    async with gateway(database, clock, hints, shut=True) as node, Nursery(clock) as nursery:
        leaving = nursery.start("leave", node.courier.leave(8.0))
        await settle()
        assert [row.execution for row, _ in database.ready] == ["execution-2"]
        assert not leaving.done()
        node.gate.set()
        await clock.advance(0.1)
        assert leaving.done()
        await clock.advance(10.0)
        assert len(node.made) == 1


async def test_an_outage_of_the_store_delays_what_waits(database: Database, clock: FakeClock, hints: Hub) -> None:
    async with gateway(database, clock, hints) as node:
        database.away, database.ready = True, [(send_row(1), "w")]
        await clock.advance(6.0)
        database.away = False
        await clock.advance(1.0)
        assert len(node.made) == 1


async def test_nothing_is_taken_for_an_account_that_cannot_be_reached(
    database: Database, clock: FakeClock, hints: Hub
) -> None:
    async with gateway(database, clock, hints) as node:
        node.here = False
        database.ready = [(send_row(1), "w")]
        await clock.advance(5.1)
        assert database.ready
        node.here = True
        node.courier.attach(BOT)
        await settle()
        assert len(node.made) == 1


async def test_what_was_taken_while_the_store_went_away_is_taken_again(
    database: Database, clock: FakeClock, hints: Hub
) -> None:
    async with gateway(database, clock, hints) as node:
        database.away = True
        await clock.advance(5.1)
        # It was taken there, and the answer was lost.
        database.sending, database.away = [send_row(1)], False
        await clock.advance(1.0)
        assert [row.execution for row in node.made] == ["execution-1"]
        assert node.settled == 1


async def test_what_is_being_said_is_not_taken_again_after_an_outage(
    database: Database, clock: FakeClock, hints: Hub
) -> None:
    database.ready = [(send_row(1), "w")]
    async with gateway(database, clock, hints, shut=True) as node:
        database.away = True
        await clock.advance(5.1)
        database.away = False
        await clock.advance(1.0)
        assert len(node.made) == 1


async def test_what_could_not_begin_waits_for_another_time(database: Database, clock: FakeClock, hints: Hub) -> None:
    async with gateway(database, clock, hints) as node:
        node.begins = False
        database.ready = [(send_row(1), "w")]
        node.courier.asked([BOT])
        await settle()
        assert node.told == []
        node.begins = True
        await clock.advance(1.0)
        assert [row.execution for row in node.made] == ["execution-1"]


async def test_what_waits_for_its_turn_in_a_chat_is_still_for_anybody_to_take(
    database: Database, clock: FakeClock, hints: Hub
) -> None:
    async with gateway(database, clock, hints) as node:
        node.chats = Buckets(0.5, 1.0)
        database.ready = [(send_row(1), "w"), (send_row(2), "w"), (send_row(3, "group:9"), "w")]
        node.courier.asked([BOT])
        await settle()
        assert [row.execution for row in node.made] == ["execution-1", "execution-3"]
        assert [row.execution for row, _ in database.ready] == ["execution-2"]
        await clock.advance(2.1)
        assert [row.execution for row in node.made][2:] == ["execution-2"]


async def test_what_waits_for_the_turn_of_its_account_is_still_for_anybody_to_take(
    database: Database, clock: FakeClock, hints: Hub
) -> None:
    async with gateway(database, clock, hints) as node:
        node.account = Buckets(0.5, 2.0)
        database.ready = [(send_row(number, f"group:{number}"), "w") for number in range(4)]
        node.courier.asked([BOT])
        await settle()
        assert [row.execution for row in node.made] == ["execution-0", "execution-1"]
        assert [row.execution for row, _ in database.ready] == ["execution-2", "execution-3"]
        await clock.advance(2.1)
        assert [row.execution for row in node.made][2:] == ["execution-2"]
        await clock.advance(2.1)
        assert [row.execution for row in node.made][3:] == ["execution-3"]


async def test_an_account_that_waits_for_its_turn_holds_up_no_other(
    database: Database, clock: FakeClock, hints: Hub
) -> None:
    other = BotId("qq:2")
    async with gateway(database, clock, hints) as node:
        node.courier.attach(other)
        node.account = Buckets(0.1, 1.0)
        database.ready = [(send_row(1), "w"), (send_row(2, "group:9"), "w")]
        node.courier.asked([BOT])
        await settle()
        database.ready.append((send_row(3, bot=other), "w"))
        node.courier.asked([other])
        await settle()
        assert [row.execution for row in node.made] == ["execution-1", "execution-3"]


async def test_an_account_with_whom_all_is_well_waits_for_no_other_ones_doubt(
    database: Database, clock: FakeClock, hints: Hub
) -> None:
    other = BotId("qq:2")
    async with gateway(database, clock, hints) as node:
        node.courier.attach(other)
        await settle()
        # One is being sent there, as far as the store knows, that nobody here has begun: it is this account's alone.
        database.sending = [send_row(8, "group:8", bot=other), send_row(9, "group:9")]
        node.fails = True
        database.ready = [(send_row(1), "w")]
        node.courier.asked([BOT])
        await settle()
        assert {row.execution for row in node.made} == {"execution-1", "execution-9"}
        assert "execution-8" in [row.execution for row in database.sending]
