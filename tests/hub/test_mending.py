"""What a broken connection has left open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, field

import msgspec
import pytest

from kagami.hub.mending import DOUBT_MS, DOUBT_PAUSE_S, LATELY_MS, MOST_CHATS, SLACK_MS, Mending
from kagami.hub.registry import BotRegistry
from kagami.meters import Meters
from kagami.model.action import Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId, ExecutionId
from kagami.model.message import text
from kagami.net.supervise import Nursery
from kagami.ports import Recalls, SendRow
from kagami.storage.store import SqlStore, open_store
from kagami.testing.clock import FakeClock, settle
from tests.hub.doubles import Account, event

QQ = BotId("qq:1000")


class Remembering(Account):
    """Implements `ports.Recalls` too."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[ChatId, int]] = []
        self.doubts: list[tuple[Send, int, set[str]]] = []
        self.missed: int | None = 1
        self.made: Sent | None = Sent("77")
        self.hold: asyncio.Event | None = None
        self.meanwhile: Callable[[], Awaitable[object]] | None = None

    async def catch_up(self, chat: ChatId, since_ms: int) -> int | None:
        self.asked.append((chat, since_ms))
        if self.hold is not None:
            await self.hold.wait()
        return self.missed

    async def settle(self, send: Send, since_ms: int, taken: Collection[str]) -> Sent | None:
        self.doubts.append((send, since_ms, set(taken)))
        if self.meanwhile is not None:
            await self.meanwhile()
        return self.made


@dataclass
class House:
    store: SqlStore
    clock: FakeClock
    nursery: Nursery
    mending: Mending
    bots: BotRegistry
    bot: Remembering = field(default_factory=Remembering)

    async def done(self) -> None:
        async with asyncio.timeout(5):
            while self.nursery.names():
                await asyncio.sleep(0)

    def said(self, chat: str, *, ago_ms: int = 0, number: int = 1) -> None:
        now = self.clock.wall_ms() - ago_ms
        key = f"{chat} {number}"
        heard = msgspec.structs.replace(event(number), chat=ChatId(chat), time_ms=now, execution=ExecutionId(key))
        self.store.ledger.accept(msgspec.structs.replace(heard, dedupe=key), now)

    def sent(self, name: str, receipt: Receipt, *, ago_ms: int = 0) -> None:
        body = Send(QQ, ChatId("group:7"), text("hi"))
        now = self.clock.wall_ms() - ago_ms
        self.store.ledger.begin_send(SendRow(ExecutionId(name), 0, QQ, body.chat, "hi", body, now))
        self.store.ledger.end_send(ExecutionId(name), 0, receipt, now)

    async def outcome(self, name: str) -> tuple[str, str]:
        (row,) = await self.store.sends(ExecutionId(name))
        return row.outcome, row.message_id


@pytest.fixture
async def house() -> AsyncIterator[House]:
    clock, meters = FakeClock(), Meters()
    async with open_store(":memory:", clock=clock, meters=meters) as store, Nursery(clock) as nursery:
        bots = BotRegistry()
        opened = House(store, clock, nursery, Mending(store, bots, nursery, clock, meters), bots)
        bots.attach(opened.bot)
        yield opened


def test_a_bot_that_cannot_be_asked_is_none_of_them() -> None:
    assert isinstance(Remembering(), Recalls)
    assert not isinstance(Account(), Recalls)


async def test_who_is_back_is_asked_for_what_was_missed_where_people_spoke_lately(house: House) -> None:
    house.said("group:7", ago_ms=60_000)
    house.said("group:8", ago_ms=LATELY_MS + 1)
    await house.store.ledger.flush()
    house.mending.back(house.bot)
    await house.done()
    assert house.bot.asked == [(ChatId("group:7"), house.clock.wall_ms() - 60_000 - SLACK_MS)]


async def test_what_comes_live_first_hides_nothing(house: House) -> None:
    house.said("group:7", ago_ms=60_000)
    house.sent("open", Unknown("no answer"), ago_ms=60_000)
    await house.store.ledger.flush()

    async def live() -> None:
        house.said("group:7", number=2)
        await house.store.ledger.flush()

    house.bot.meanwhile = live
    house.mending.back(house.bot)
    await house.done()
    assert house.bot.asked == [(ChatId("group:7"), house.clock.wall_ms() - 60_000 - SLACK_MS)]


async def test_an_answer_that_waits_for_its_bot_hides_nothing(house: House) -> None:
    house.said("group:7", ago_ms=60_000)
    house.sent("waits", Failed("offline", "offline"), ago_ms=20_000)
    await house.store.ledger.flush()
    house.mending.back(house.bot)
    await house.done()
    assert house.bot.asked == [(ChatId("group:7"), house.clock.wall_ms() - 60_000 - SLACK_MS)]


async def test_where_only_the_bot_speaks_it_is_asked_since_its_first_words(house: House) -> None:
    house.sent("one", Sent("5"), ago_ms=60_000)
    house.sent("two", Sent("6"))
    await house.store.ledger.flush()
    house.mending.back(house.bot)
    await house.done()
    assert house.bot.asked == [(ChatId("group:7"), house.clock.wall_ms() - 60_000 - SLACK_MS)]


@pytest.mark.parametrize("cut", [True, False])
async def test_what_a_round_left_open_is_asked_for_by_the_next(house: House, cut: bool) -> None:
    house.said("group:7", ago_ms=60_000)
    await house.store.ledger.flush()
    house.bot.missed = None if cut else 0
    house.mending.back(house.bot)
    await house.done()
    house.said("group:7", number=2)
    await house.store.ledger.flush()
    house.mending.back(house.bot)
    await house.done()
    ago_ms = 60_000 if cut else 0
    assert house.bot.asked[1] == (ChatId("group:7"), house.clock.wall_ms() - ago_ms - SLACK_MS)


async def test_chats_that_are_left_out_are_told(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="kagami")
    for number in range(MOST_CHATS + 5):
        house.said(f"group:{number}")
    await house.store.ledger.flush()
    house.mending.back(house.bot)
    await house.done()
    (told,) = caplog.records
    assert told.__dict__["fields"] == {"bot": QQ, "left_out": 5}


async def test_not_more_chats_than_are_worth_it(house: House) -> None:
    for number in range(MOST_CHATS + 5):
        house.said(f"group:{number}")
    await house.store.ledger.flush()
    house.mending.back(house.bot)
    await house.done()
    assert len(house.bot.asked) == MOST_CHATS


async def test_a_platform_that_does_not_tell_is_asked_once(house: House) -> None:
    house.bot.missed = None
    for number in range(5):
        house.said(f"group:{number}")
    await house.store.ledger.flush()
    house.mending.back(house.bot)
    await house.done()
    assert len(house.bot.asked) == 1


async def test_a_newer_round_takes_the_place_of_the_one_before(house: House) -> None:
    house.said("group:7")
    await house.store.ledger.flush()
    house.bot.hold = asyncio.Event()
    house.mending.back(house.bot)
    async with asyncio.timeout(5):
        while not house.bot.asked:
            await asyncio.sleep(0)
        house.mending.back(house.bot)
        while len(house.bot.asked) < 2:
            await asyncio.sleep(0)
    assert house.nursery.names() == ["recall qq:1000"]
    house.bot.hold.set()
    await house.done()


async def test_a_send_in_doubt_is_settled_when_its_bot_is_back(house: House) -> None:
    house.sent("known", Sent("5"))
    house.sent("open", Unknown("no answer"))
    house.sent("old", Unknown("no answer"), ago_ms=DOUBT_MS + 1)
    house.mending.back(house.bot)
    await house.done()
    assert [(send.message, taken) for send, _, taken in house.bot.doubts] == [(text("hi"), {"5"})]
    assert (await house.outcome("open"), await house.outcome("old")) == (("sent", "77"), ("unknown", ""))


async def test_of_two_alike_only_one_is_settled_by_one_message(house: House) -> None:
    house.sent("one", Unknown("no answer"))
    house.sent("two", Unknown("no answer"))
    house.mending.back(house.bot)
    await house.done()
    assert [taken for _, _, taken in house.bot.doubts] == [set(), {"77"}]


async def test_one_that_is_nowhere_stays_unknown(house: House) -> None:
    house.bot.made = None
    house.sent("open", Unknown("no answer"))
    house.mending.back(house.bot)
    await house.done()
    assert await house.outcome("open") == ("unknown", "")


async def test_a_doubt_is_looked_into_a_moment_later(house: House) -> None:
    house.sent("open", Unknown("no answer"))
    house.mending.doubt(QQ)
    await settle()
    assert not house.bot.doubts
    await house.clock.advance(DOUBT_PAUSE_S)
    await house.done()
    assert await house.outcome("open") == ("sent", "77")
    house.mending.doubt(BotId("qq:unknown"))
    assert house.nursery.names() == []


class Numbered(Account):
    """Implements `ports.Keyed` too."""

    keyed_s = 60.0

    def __init__(self) -> None:
        super().__init__()
        self.made: list[tuple[Send, str]] = []
        self.receipt: Receipt = Sent("88")

    async def perform_once(self, send: Send, key: str) -> Receipt:
        self.made.append((send, key))
        return self.receipt


async def test_what_the_platform_makes_once_is_said_again(house: House) -> None:
    numbered = Numbered()
    house.bots.attach(numbered)
    house.sent("open", Unknown("no answer"))
    house.sent("old", Unknown("no answer"), ago_ms=61_000)
    house.mending.back(numbered)
    await house.done()
    assert [(send.message, key) for send, key in numbered.made] == [(text("hi"), "open:0")]
    assert await house.outcome("open") == ("sent", "88")
    assert (await house.outcome("old"))[0] == "unknown"


async def test_one_of_which_nothing_is_known_still_stays_unknown(house: House) -> None:
    numbered = Numbered()
    numbered.receipt = Unknown("no answer again")
    house.bots.attach(numbered)
    house.sent("open", Unknown("no answer"))
    house.mending.doubt(QQ)
    await settle()
    await house.clock.advance(DOUBT_PAUSE_S)
    await house.done()
    assert [key for _, key in numbered.made] == ["open:0"]
    assert (await house.outcome("open"))[0] == "unknown"
