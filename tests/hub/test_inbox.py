from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import pytest

from kagami.core.dedupe import Window
from kagami.hub.execution import Execution, Slots, Stop
from kagami.hub.inbox import Inbox
from kagami.hub.lanes import Lanes
from kagami.hub.registry import BotRegistry
from kagami.meters import Meters
from kagami.model.action import Failed, Sent
from kagami.model.event import Event
from kagami.net.supervise import Nursery
from kagami.ports import Answer, Fence, Open
from tests.hub.doubles import QQ, Book, NoQuestions, StillClock, desk, event, settled


class Hall:
    def __init__(self, nursery: Nursery) -> None:
        self.book, self.bots, self.walked = Book(), BotRegistry(), list[Execution]()
        self.questions = NoQuestions()
        self.judged, self.kept_out = list[str](), list[str]()
        self.lanes = Lanes(
            nursery,
            Slots(8),
            length=4,
            total=4,
            begin=lambda _: True,
            handle=self._walk,
            shed=lambda _: None,
            failed=lambda *_: None,
        )
        self.inbox = Inbox(
            self.book, self.lanes, self.questions, self.bots, desk(),
            window=Window(100), clock=StillClock(), meters=Meters(),
            limit=self._limit, keep_out=self.kept_out.append,
        )  # fmt: skip

    def _limit(self, one: Event) -> Stop | None:
        """The second is one too many."""
        self.judged.append(one.dedupe)
        return Stop("limited", "flood of a user") if len(self.judged) > 1 else None

    async def _walk(self, each: Execution) -> None:
        self.walked.append(each)


@asynccontextmanager
async def hall() -> AsyncIterator[Hall]:
    async with Nursery() as nursery:
        yield Hall(nursery)


async def test_a_new_event_is_kept_and_put_in_its_lane() -> None:
    async with hall() as one:
        assert await one.inbox.accept(event(1), 0.0)
        assert one.book.accepted == [event(1)]
        assert one.lanes.waiting + len(one.walked) == 1


async def test_a_known_event_stops_here() -> None:
    async with hall() as one:
        one.inbox.accept(event(1), 0.0)
        assert not await one.inbox.accept(event(1), 0.0)
        assert len(one.book.accepted) == 1


async def test_a_known_event_may_be_acknowledged_when_the_first_is_on_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    async with hall() as one:
        on_disk = asyncio.Event()
        monkeypatch.setattr(one.book, "flush", on_disk.wait)
        one.inbox.accept(event(1), 0.0)

        async def told() -> bool:
            return await one.inbox.accept(event(1), 0.0)

        async with asyncio.TaskGroup() as group:
            again = group.create_task(told())
            await asyncio.sleep(0)
            assert not again.done()
            on_disk.set()
        assert not again.result()


async def test_an_event_of_an_earlier_run_is_known() -> None:
    async with hall() as one:
        one.inbox.known(QQ, "m:1")
        assert not await one.inbox.accept(event(1), 0.0)


async def test_an_answer_goes_to_its_question_and_not_behind_the_handler_that_asked() -> None:
    async with hall() as one:
        taken: list[Answer] = []

        def takes(answer: Answer) -> bool:
            taken.append(answer)
            return True

        one.questions.takes = takes
        one.inbox.accept(event(1), 0.0)
        assert one.lanes.waiting == 0
        assert [answer.event.dedupe for answer in taken] == ["m:1"]
        assert one.book.accepted == [event(1)]


async def test_what_is_one_too_many_is_kept_out_before_anybody_is_told_of_it() -> None:
    async with hall() as one:
        kept_out: list[list[str]] = []
        one.inbox.tell = lambda *_: kept_out.append(list(one.kept_out))
        for number in (1, 2):
            one.inbox.accept(event(number), 0.0)
        while one.lanes.active:
            await asyncio.sleep(0)
        assert kept_out == [[], ["execution-2"]]
        assert [each.stop for each in one.walked] == [None, Stop("limited", "flood of a user")]


async def test_only_what_is_new_and_answers_no_question_is_counted() -> None:
    async with hall() as one:
        one.inbox.accept(event(1), 0.0)
        one.inbox.accept(event(1), 0.0)
        one.inbox.resume(Open(event(2), 5, 0))
        one.questions.takes = lambda _: True
        one.inbox.accept(event(3), 0.0)
        assert (one.judged, one.kept_out) == (["m:1"], [])


async def test_while_draining_events_are_kept_for_the_next_start() -> None:
    async with hall() as one:
        one.inbox.draining = True
        assert await one.inbox.accept(event(1), 0.0)
        assert one.lanes.active == 0


async def test_received_events_are_counted_by_bot() -> None:
    async with hall() as one:
        one.inbox.accept(event(1), 0.0)
        one.inbox.accept(event(1), 0.0)
        assert one.bots.tally[QQ].received == 1


async def test_what_an_earlier_run_left_open_goes_on_with_its_receipts() -> None:
    async with hall() as one:
        one.inbox.resume(Open(event(1), 5, 2, {0: Sent("9")}))
        while one.lanes.active:
            await asyncio.sleep(0)
        assert (one.walked[0].attempts, one.walked[0].journal) == (2, {0: Sent("9")})
        assert not await one.inbox.accept(event(1), 0.0)


async def test_another_try_never_answers_a_question() -> None:
    async with hall() as one:
        one.questions.takes = lambda _: True
        one.inbox.resume(Open(event(1), 5, 1))
        assert one.lanes.active == 1


async def test_a_send_that_failed_in_an_earlier_run_is_made_again() -> None:
    async with hall() as one:
        one.inbox.resume(Open(event(1), 5, 1, {0: Sent("9"), 1: Failed("muted")}))
        while one.lanes.active:
            await asyncio.sleep(0)
        assert one.walked[0].journal == {0: Sent("9")}


async def test_a_question_asked_before_finds_the_answer_that_waits_behind_its_handler() -> None:
    async with hall() as one:
        for number in (1, 2, 3):
            one.inbox.resume(Open(event(number), 5, 0))
        one.questions.takes = lambda answer: answer.event.dedupe == "m:2"
        one.inbox.reoffer(event(1).session)
        assert one.lanes.waiting == 2
        while one.lanes.active:
            await asyncio.sleep(0)
        assert [each.event.dedupe for each in one.walked] == ["m:1", "m:3"]


async def test_what_cannot_be_kept_is_neither_begun_nor_known() -> None:
    async with hall() as one:
        one.book.takes = False
        one.inbox.accept(event(1), 0.0)
        assert one.lanes.active == 0
        one.book.takes = True
        one.inbox.accept(event(1), 0.0)
        assert one.lanes.active == 1


async def test_what_is_shared_is_kept_for_whoever_has_its_partition() -> None:
    async with hall() as one:
        one.inbox.shared = True
        await one.inbox.accept(event(1), 0.0)
        assert one.book.accepted == [event(1)]
        assert not one.lanes.waiting
        assert not one.lanes.active


async def test_an_event_of_a_partition_is_judged_as_any_other_and_carries_its_lease() -> None:
    async with hall() as one:
        one.inbox.take(Open(event(1), 5, 0, fence=Fence("part:1", 3)))
        async with asyncio.timeout(5):
            while not one.walked:
                await asyncio.sleep(0)
        assert one.judged == ["m:1"]
        assert (one.walked[0].fence, one.walked[0].accepted_ms) == (Fence("part:1", 3), 5)


async def test_what_another_process_has_led_here_counts_for_no_second_event() -> None:
    async with hall() as one:
        one.inbox.take(Open(event(1), 5, 0, fence=Fence("part:66", 3), led=True))
        async with asyncio.timeout(5):
            while not one.walked:
                await asyncio.sleep(0)
        assert (one.judged, one.walked[0].stop) == ([], None)


class Shelf:
    """Implements `ports.Aside`."""

    def __init__(self) -> None:
        self.takes = True
        self.kept: list[Event] = []

    def accept(self, event: Event, accepted_ms: int) -> Awaitable[bool]:
        del accepted_ms
        self.kept.append(event)
        return settled(True)


class TestAside:
    """While the store is away."""

    async def test_what_comes_once_is_kept_aside_and_not_begun(self) -> None:
        async with hall() as one:
            one.book.aside = shelf = Shelf()
            await one.inbox.accept(event(1), 0.0, once=True)
            assert ([each.dedupe for each in shelf.kept], one.book.accepted, one.judged) == ([event(1).dedupe], [], [])

    async def test_what_comes_again_waits_for_the_store(self) -> None:
        async with hall() as one:
            one.book.aside = shelf = Shelf()
            await one.inbox.accept(event(1), 0.0)
            assert (shelf.kept, len(one.book.accepted)) == ([], 1)

    async def test_a_known_one_is_not_kept_twice(self) -> None:
        async with hall() as one:
            one.book.aside = shelf = Shelf()
            for _ in range(2):
                await one.inbox.accept(event(1), 0.0, once=True)
            assert len(shelf.kept) == 1

    async def test_there_is_room_though_the_ledger_is_full(self) -> None:
        async with hall() as one:
            one.book.aside, one.book.takes = (shelf := Shelf()), False
            await one.inbox.accept(event(1), 0.0, once=True)
            assert len(shelf.kept) == 1

    async def test_what_was_kept_is_accepted_and_told_of_then(self) -> None:
        async with hall() as one:
            told: list[tuple[int, int]] = []
            one.inbox.tell = lambda number, _, accepted_ms: told.append((number, accepted_ms))
            one.book.aside = Shelf()
            await one.inbox.accept(event(1), 0.0, once=True)
            one.inbox.admit(event(1), 77, left=False)
            assert (len(one.book.accepted), told) == (1, [(1, 77)])

    async def test_what_an_earlier_run_has_left_may_be_known(self) -> None:
        async with hall() as one:
            one.inbox.known(event(1).bot, event(1).dedupe)
            one.inbox.admit(event(1), 77, left=True)
            one.inbox.admit(event(2), 77, left=True)
            assert [each.dedupe for each in one.book.accepted] == [event(2).dedupe]
