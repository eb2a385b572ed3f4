"""Sends that other processes make: asked for, answered by a hint or by looking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest

from kagami.cluster.asking import ANSWERED, CLEAR_S, Asking, Told, hint, read_hint
from kagami.errors import StoreClosed
from kagami.model.action import Failed, Receipt, Sent, Unknown
from kagami.model.ids import ExecutionId
from kagami.net.supervise import Nursery
from kagami.ports import LONGEST_ASKED_S, Fence, SendRow
from kagami.state.memory import Hub
from kagami.testing.clock import FakeClock, settle
from kagami.testing.cluster import Database
from tests.cluster.doubles import send_row
from tests.hub.doubles import Book

SIGN = b"of the cluster"
KEY = (ExecutionId("execution-1"), 0)
LIMIT_S = 10.0


class Asked(Book):
    """A ledger that remembers what was asked for."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database
        self.fences: list[Fence | None] = []
        self.slow: asyncio.Future[None] | None = None

    def ask_send(self, row: SendRow, node: str, fence: Fence | None = None) -> Awaitable[None]:
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.refuses:
            written.set_exception(self.refuses)
        else:
            self.fences.append(fence)
            self._database.ready.append((row, node))
            if self.slow is not None:
                return self.slow
            written.set_result(None)
        return written


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(clock: FakeClock) -> Database:
    return Database(clock)


@pytest.fixture
def hints(clock: FakeClock) -> Hub:
    return Hub(clock=clock)


@pytest.fixture
def ledger(database: Database) -> Asked:
    return Asked(database)


@pytest.fixture
def asking(ledger: Asked, database: Database, hints: Hub, clock: FakeClock) -> Asking:
    return Asking("a", ledger, database, hints.state().bus, clock, nap=lambda: 1.0, key=SIGN)


@asynccontextmanager
async def asked(asking: Asking, clock: FakeClock, fence: Fence | None = None) -> AsyncIterator[asyncio.Task[Receipt]]:
    async with Nursery(clock) as nursery:
        nursery.start("asking", asking.run())
        task = nursery.start("send", asking.send(send_row(1), fence=fence, written=lambda: None))
        await settle()
        yield task


async def test_the_outcome_comes_by_a_hint(asking: Asking, clock: FakeClock, hints: Hub) -> None:
    async with asked(asking, clock) as task:
        hints.state().bus.post(f"{ANSWERED}a", [hint(Told(*KEY, Sent("77")), SIGN)])
        async with asyncio.timeout(LIMIT_S):
            while not task.done():
                await clock.advance(0.01)
        assert task.result() == Sent("77")


async def test_an_answer_may_be_quicker_than_the_word_that_it_was_asked_for(
    asking: Asking, clock: FakeClock, ledger: Asked
) -> None:
    ledger.slow = asyncio.get_running_loop().create_future()
    row = send_row(1)
    async with asked(asking, clock) as task:
        asking.answered(Told(*KEY, Sent("77"), row.attempt))
        ledger.slow.set_result(None)
        async with asyncio.timeout(LIMIT_S):
            assert await task == Sent("77")


@pytest.mark.parametrize("attempt", [0, 2])
async def test_what_became_of_another_attempt_is_no_answer_to_one_that_is_being_written(
    asking: Asking, clock: FakeClock, ledger: Asked, database: Database, attempt: int
) -> None:
    ledger.slow = asyncio.get_running_loop().create_future()
    async with asked(asking, clock) as task:
        asking.answered(Told(*KEY, Failed("before"), attempt))
        ledger.slow.set_result(None)
        database.known[KEY] = Sent("77")
        await clock.advance(1.1)
        assert await task == Sent("77")


async def test_without_a_hint_the_outcome_is_looked_up(asking: Asking, clock: FakeClock, database: Database) -> None:
    async with asked(asking, clock) as task:
        database.known[KEY] = Sent("77")
        await clock.advance(1.1)
        assert await task == Sent("77")


async def test_looking_goes_on_after_an_outage(asking: Asking, clock: FakeClock, database: Database) -> None:
    async with asked(asking, clock) as task:
        database.away = True
        await clock.advance(3.0)
        database.away, database.known[KEY] = False, Failed("no")
        await clock.advance(1.1)
        assert await task == Failed("no")


async def test_it_is_asked_for_under_the_lease_of_its_event(asking: Asking, clock: FakeClock, ledger: Asked) -> None:
    async with asked(asking, clock, Fence("part:1", 4)):
        assert ledger.fences == [Fence("part:1", 4)]


async def test_what_cannot_be_kept_is_not_asked_for(asking: Asking, ledger: Asked) -> None:
    ledger.refuses = StoreClosed(reason="full")
    receipt = await asking.send(send_row(1), fence=None, written=lambda: None)
    assert isinstance(receipt, Failed)
    assert "full" in receipt.reason


async def test_what_nobody_took_in_time_is_given_up(
    ledger: Asked, database: Database, hints: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kagami.cluster.asking.LONGEST_ASKED_S", 0.0)
    asking = Asking("a", ledger, database, hints.state().bus, FakeClock(), nap=lambda: 1.0, key=SIGN)
    receipt = await asking.send(send_row(1), fence=None, written=lambda: None)
    assert isinstance(receipt, Failed)
    assert receipt.code == "offline"
    assert not database.ready


async def test_what_somebody_had_begun_by_then_is_unknown(
    ledger: Asked, database: Database, hints: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kagami.cluster.asking.LONGEST_ASKED_S", 0.0)
    asking = Asking("a", ledger, database, hints.state().bus, FakeClock(), nap=lambda: 1.0, key=SIGN)

    def begin() -> None:
        database.ready.clear()

    assert isinstance(await asking.send(send_row(1), fence=None, written=begin), Unknown)


def test_an_answer_may_take_longer_than_a_bot_needs_to_come_back() -> None:
    assert LONGEST_ASKED_S > 20


@pytest.mark.parametrize("text", ["", "x", "nothing signed", hint(Told(*KEY, Sent("77")), b"another key")])
def test_what_no_process_of_ours_has_written_is_no_hint(text: str) -> None:
    assert read_hint(text, SIGN) is None


def test_a_hint_says_what_was_signed() -> None:
    told = Told(*KEY, Failed("no", "declined"))
    assert read_hint(hint(told, SIGN), SIGN) == told


async def test_one_gives_up_what_nobody_took_in_time_again_and_again(
    asking: Asking, clock: FakeClock, database: Database
) -> None:
    async with Nursery(clock) as nursery:
        nursery.start("late sends", asking.clear())
        database.late, database.away = 2, True
        await clock.advance(CLEAR_S + 0.1)
        database.away = False
        await clock.advance(CLEAR_S)
        assert database.late == 0
