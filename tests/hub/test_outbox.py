from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from kagami.core.pace import Pace
from kagami.errors import StoreClosed
from kagami.hub.outbox import LONGEST_WAIT_S, PacedOutbox, chat_of, describe
from kagami.hub.registry import BotRegistry
from kagami.meters import Meters
from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId, ExecutionId
from kagami.model.message import text
from kagami.ports import Fence, SendRow
from tests.hub.doubles import QQ, Account, Book, StillClock

X = ExecutionId("x")
HELLO = Send(QQ, ChatId("group:7"), text("hi"))
FAST = Pace(account_per_second=0, chat_per_second=0)


class Office:
    def __init__(self, *, pace: Pace = FAST, receipt: Receipt | None = None, here: bool = True) -> None:
        self.book, self.clock, self.bots = Book(), StillClock(), BotRegistry()
        self.bot = Account(receipt=receipt)
        if here:
            self.bots.attach(self.bot)
        self.outbox = PacedOutbox(self.book, self.bots, pace=pace, clock=self.clock, meters=Meters())


async def test_sending_is_on_disk_before_the_call_and_the_receipt_after() -> None:
    office = Office()
    assert await office.outbox.send(X, 0, HELLO) == Sent("900")
    assert [(row.execution, row.ordinal, row.text) for row in office.book.begun] == [(X, 0, "hi")]
    assert office.book.ended == [(X, 0, Sent("900"))]


async def test_a_bot_that_is_not_here_fails_for_certain() -> None:
    office = Office(here=False)
    receipt = await office.outbox.send(X, 0, HELLO)
    assert receipt == Failed("the bot is not connected", "offline")
    assert office.book.ended == [(X, 0, receipt)]


async def test_without_a_store_nothing_is_sent() -> None:
    office = Office()
    office.book.refuses = StoreClosed(reason="disk full")
    receipt = await office.outbox.send(X, 0, HELLO)
    assert isinstance(receipt, Failed)
    assert office.bot.performed == []


async def test_a_call_that_is_interrupted_is_unknown() -> None:
    office = Office()
    office.bot.hold = asyncio.Event()
    sending = asyncio.ensure_future(office.outbox.send(X, 0, HELLO))
    while not office.bot.performed:
        await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert office.book.ended == [(X, 0, Unknown("interrupted before the answer came"))]


async def test_a_chat_is_spoken_to_no_faster_than_its_pace() -> None:
    office = Office(pace=Pace(account_per_second=0, chat_per_second=1))
    for ordinal in range(3):
        await office.outbox.send(X, ordinal, HELLO)
    assert office.clock.slept == pytest.approx([1.0, 1.0])


async def test_an_account_has_one_pace_for_all_its_chats() -> None:
    office = Office(pace=Pace(account_per_second=1, chat_per_second=0))
    for ordinal in range(2):
        await office.outbox.send(X, ordinal, Send(QQ, ChatId(f"group:{ordinal}"), text("hi")))
    assert office.clock.slept == pytest.approx([1.0])


async def test_a_bots_own_pace_comes_before_the_houses() -> None:
    office = Office(pace=Pace(account_per_second=0, chat_per_second=0))
    office.bot.pace = Pace(chat_per_second=1)
    for ordinal in range(2):
        await office.outbox.send(X, ordinal, HELLO)
    assert office.clock.slept == pytest.approx([1.0])


async def test_who_would_wait_too_long_is_told_so() -> None:
    office = Office(pace=Pace(account_per_second=0, chat_per_second=0.01))
    await office.outbox.send(X, 0, HELLO)
    receipt = await office.outbox.send(X, 1, HELLO)
    assert isinstance(receipt, Failed)
    assert receipt.code == "paced"
    assert LONGEST_WAIT_S < 1 / 0.01
    assert len(office.bot.performed) == 1
    assert office.book.ended[-1] == (X, 1, receipt), "the message log and the trace know of it"


async def test_the_terminals_own_chat_is_not_paced() -> None:
    office = Office(pace=Pace(account_per_second=0.001, chat_per_second=0.001))
    sandbox = BotId("sandbox:local")
    office.bots.attach(Account(sandbox))
    for ordinal in range(3):
        assert await office.outbox.send(X, ordinal, Send(sandbox, ChatId("private:1"), text("hi"))) == Sent("900")


@pytest.mark.parametrize(
    ("receipt", "sent", "failed"), [(Sent("1"), 1, 0), (Failed("no"), 0, 1), (Unknown("maybe"), 0, 1)]
)
async def test_outcomes_are_counted_by_bot(receipt: Receipt, sent: int, failed: int) -> None:
    office = Office(receipt=receipt)
    await office.outbox.send(X, 0, HELLO)
    assert (office.bots.tally[QQ].sent, office.bots.tally[QQ].failed) == (sent, failed)


def test_actions_are_described_for_the_log() -> None:
    chat = ChatId("group:7")
    assert (describe(HELLO), chat_of(HELLO)) == ("hi", chat)
    assert (describe(Delete(QQ, chat, "5")), chat_of(Delete(QQ, chat, "5"))) == ("delete 5", chat)
    assert (describe(Call(QQ, "set_group_kick")), chat_of(Call(QQ, "set_group_kick"))) == ("set_group_kick", "")


async def test_a_call_that_is_interrupted_is_never_made_again() -> None:
    office, journal = Office(), dict[int, Receipt]()
    office.bot.hold = asyncio.Event()
    sending = asyncio.ensure_future(office.outbox.send(X, 3, HELLO, journal))
    while not office.bot.performed:
        await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert journal == {3: Unknown("interrupted before the answer came")}


async def test_a_bot_that_breaks_leaves_no_send_without_an_outcome() -> None:
    class Broken(Account):
        async def perform(self, action: Action) -> Receipt:
            raise LookupError(action)

    office = Office()
    office.bots.attach(Broken())
    with pytest.raises(LookupError):
        await office.outbox.send(X, 0, HELLO)
    assert office.book.ended == [(X, 0, Unknown("interrupted before the answer came"))]


async def test_what_is_interrupted_before_the_call_has_failed_and_may_be_made_again() -> None:
    office, journal = Office(), dict[int, Receipt]()
    office.book.held = asyncio.get_running_loop().create_future()
    sending = asyncio.ensure_future(office.outbox.send(X, 0, HELLO, journal))
    while not office.book.begun:
        await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert (office.bot.performed, journal) == ([], {})
    assert office.book.ended == [(X, 0, Failed("interrupted before it was sent"))]


@pytest.mark.parametrize(("receipt", "kept"), [(Sent("1"), True), (Unknown("maybe"), True), (Failed("no"), False)])
async def test_whatever_may_have_arrived_is_in_the_journal(receipt: Receipt, kept: bool) -> None:
    journal = dict[int, Receipt]()
    await Office(receipt=receipt).outbox.send(X, 0, HELLO, journal)
    assert journal == ({0: receipt} if kept else {})


class Elsewhere:
    """Implements `ports.Sharing`: every account is another process'."""

    def __init__(self, receipt: Receipt) -> None:
        self.asked: list[tuple[SendRow, Fence | None]] = []
        self.receipt = receipt

    def local(self, bot: BotId) -> bool:
        return bot.startswith("sandbox:")

    async def send(self, row: SendRow, *, fence: Fence | None, written: Callable[[], None]) -> Receipt:
        self.asked.append((row, fence))
        written()
        return self.receipt

    async def move(self, execution: ExecutionId, slot: int, fence: Fence) -> None:
        """No event is led anywhere here."""


async def test_what_another_process_sends_is_asked_for_under_the_lease_of_its_event() -> None:
    office = Office()
    office.outbox.sharing = there = Elsewhere(Sent("77"))
    journal: dict[int, Receipt] = {}
    assert await office.outbox.send(X, 2, HELLO, journal, fence=Fence("part:1", 3)) == Sent("77")
    ((row, fence),) = there.asked
    assert (row.execution, row.ordinal, row.text, fence) == (X, 2, "hi", Fence("part:1", 3))
    assert journal == {2: Sent("77")}
    assert office.bot.performed == []


async def test_a_send_that_another_process_could_not_make_may_be_made_again() -> None:
    office = Office()
    office.outbox.sharing = Elsewhere(Failed("no"))
    journal: dict[int, Receipt] = {}
    await office.outbox.send(X, 0, HELLO, journal)
    assert journal == {}


async def test_a_send_of_another_process_is_made_and_its_outcome_kept() -> None:
    office = Office()
    row = SendRow(X, 1, QQ, HELLO.chat, "hi", HELLO, 0)
    assert await office.outbox.carry(row) == Sent("900")
    assert office.book.begun == []
    assert office.book.ended == [(X, 1, Sent("900"))]


async def test_who_makes_what_others_ask_for_is_told_when_their_turn_is() -> None:
    office = Office(pace=Pace(account_per_second=2, chat_per_second=1))
    outbox, other = office.outbox, ChatId("group:9")
    assert (outbox.room(QQ), outbox.rest(QQ)) == (2, 0.0)
    assert outbox.reserve(QQ, HELLO.chat) == pytest.approx(1.0)
    assert outbox.room(QQ) == 1
    assert outbox.reserve(QQ, other) == pytest.approx(1.0)
    assert outbox.room(QQ) == 0
    assert outbox.rest(QQ) == pytest.approx(0.5)


async def test_without_a_pace_there_is_always_room() -> None:
    outbox = Office(pace=Pace(account_per_second=0, chat_per_second=0)).outbox
    assert outbox.reserve(QQ, HELLO.chat) == 0.0
    assert outbox.room(QQ) > 1_000
    assert outbox.rest(QQ) == 0.0


async def test_a_process_that_ends_begins_no_send_for_a_bot_that_is_not_here() -> None:
    office = Office(here=False)
    office.bots.hurry()
    assert await office.outbox.carry(SendRow(X, 1, QQ, HELLO.chat, "hi", HELLO, 0)) is None
    assert office.book.ended == []


async def test_what_did_not_leave_is_for_whoever_has_the_account_next() -> None:
    office = Office(receipt=Failed("qq:1000 is not connected", "offline"))
    assert await office.outbox.carry(SendRow(X, 1, QQ, HELLO.chat, "hi", HELLO, 0)) is None
    assert office.book.ended == []
