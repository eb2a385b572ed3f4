"""An application as the house sees it: whether it is there, what rules lead to it, how soon it answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from kagami.core.handshake import Role
from kagami.errors import Unavailable
from kagami.gateway import worker as module
from kagami.gateway.line import LATE_S
from kagami.gateway.table import WorkerTable
from kagami.gateway.worker import ANSWER_S, OutsideWorker
from kagami.model.event import Event
from kagami.net.supervise import Nursery
from kagami.ports import Handled, Worker
from kagami.testing.clock import FakeClock, settle
from tests.gateway.house import FEISHU, QQ, House, Wire, feishu_event, qq_event

MEMBER = WorkerTable(name="ai-1", pool="ai", weight=2.0)
MIRROR = WorkerTable(name="app")


class Given:
    """The part of an execution that a worker uses."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.marks: list[str] = []

    def mark(self, stage: str, detail: str = "") -> None:
        self.marks.append(f"{stage} {detail}")


class Case:
    def __init__(self, nursery: Nursery) -> None:
        self.clock = FakeClock()
        self.house = House(nursery, self.clock)

    def worker(self, table: WorkerTable) -> OutsideWorker:
        return OutsideWorker(table, self.house.means)

    @asynccontextmanager
    async def connected(
        self, worker: OutsideWorker, *, role: Role = "universal", only: str = ""
    ) -> AsyncIterator[Wire]:
        wire = Wire()

        async def serve() -> None:
            with suppress(EOFError):
                await worker.serve(wire, role, only)

        task = self.house.nursery.start("connection", serve())
        await settle()
        try:
            yield wire
        finally:
            wire.end()
            await asyncio.wait([task])

    async def give(self, worker: OutsideWorker, event: Event) -> Handled:
        execution: Any = Given(event)
        return await worker.handle(execution)

    def now(self, number: int = 1) -> Event:
        return qq_event(number, f"n{number}", at_ms=self.clock.wall_ms())


@pytest.fixture
async def case() -> AsyncIterator[Case]:
    async with Nursery() as nursery:
        yield Case(nursery)


async def test_it_is_a_worker(case: Case) -> None:
    port: Worker = case.worker(MEMBER)
    assert (port.name, port.pool, port.weight, port.tells_pace) == ("ai-1", "ai", 2.0, True)


async def test_it_lives_while_somebody_takes_events(case: Case) -> None:
    worker, seen = case.worker(MEMBER), []
    seen.append(worker.live)
    async with case.connected(worker, role="api"):
        seen.append(worker.live)
        async with case.connected(worker):
            seen.append(worker.live)
    seen.append(worker.live)
    assert seen == [False, False, True, False]


async def test_a_member_gets_what_a_rule_leads_to_it(case: Case) -> None:
    worker = case.worker(MEMBER)
    async with case.connected(worker) as wire:
        assert await case.give(worker, case.now()) == Handled("ai-1", "handled")
        assert wire.texts == ["n1"]


async def test_by_the_connection_that_is_for_its_account(case: Case) -> None:
    worker = case.worker(MEMBER)
    async with case.connected(worker, only=QQ) as qq, case.connected(worker, only=FEISHU) as feishu:
        await case.give(worker, case.now())
        await case.give(worker, feishu_event(1, "f1", at_ms=case.clock.wall_ms()))
        assert (qq.texts, feishu.texts) == (["n1"], ["f1"])


async def test_without_a_connection_for_it_it_is_tried_again(case: Case) -> None:
    worker = case.worker(MEMBER)
    async with case.connected(worker, only=FEISHU):
        with pytest.raises(Unavailable, match="for this bot"):
            await case.give(worker, case.now())


async def test_a_mirror_gets_its_events_in_their_turn_whoever_leads_them_there(case: Case) -> None:
    worker = case.worker(MIRROR)
    async with case.connected(worker) as wire:
        assert await case.give(worker, case.now()) == Handled("app", "handled")
        assert wire.texts == []


async def test_a_rule_leads_to_a_mirror_also_what_its_filter_leaves_out(case: Case) -> None:
    worker = case.worker(msgspec.structs.replace(MIRROR, events=("notice",)))
    async with case.connected(worker) as wire:
        await case.give(worker, case.now())
        assert wire.texts == ["n1"]


async def test_what_comes_to_it_after_long_is_late(case: Case) -> None:
    worker, event = case.worker(MEMBER), case.now()
    await case.clock.advance(LATE_S)
    async with case.connected(worker) as wire:
        await case.give(worker, event)
        assert wire.told[-1]["kagami"] == {"late_s": LATE_S}


class TestPace:
    async def test_it_is_from_an_event_to_the_first_word_in_its_chat(self, case: Case) -> None:
        worker = case.worker(MEMBER)
        async with case.connected(worker) as wire:
            await case.give(worker, case.now())
            await case.clock.advance(0.5)
            await case.give(worker, case.now(2))
            await case.clock.advance(0.5)
            for _ in range(2):
                wire.says("send_group_msg", group_id=42, message="hi", self_id=10001)
                await wire.until(lambda: "retcode" in wire.told[-1])
            await settle()
        assert case.house.watch.notes == [("ai-1", 1.0)]

    async def test_who_says_nothing_for_long_is_not_counted(self, case: Case) -> None:
        worker = case.worker(MEMBER)
        async with case.connected(worker) as wire:
            await case.give(worker, case.now())
            await case.clock.advance(ANSWER_S + 1)
            wire.says("send_group_msg", group_id=42, message="hi", self_id=10001)
            await wire.until(lambda: "retcode" in wire.told[-1])
        assert case.house.watch.notes == []

    async def test_nor_is_who_speaks_unasked(self, case: Case) -> None:
        worker = case.worker(MEMBER)
        async with case.connected(worker) as wire:
            wire.says("send_group_msg", group_id=42, message="hi", self_id=10001)
            await wire.until(lambda: "retcode" in wire.told[-1])
        assert case.house.watch.notes == []


class TestFeed:
    async def test_it_says_who_connects_and_how_far_it_is(self, case: Case) -> None:
        worker = case.worker(MIRROR)
        async with case.connected(worker) as wire:
            case.house.flow.happens(case.now())
            await wire.until(lambda: wire.texts == ["n1"])
            await settle()
            feed = worker.feed()
            assert (feed.side, feed.peers, feed.reason, feed.cursor, feed.late) == ("in", ("127.0.0.1:1",), "", 2, 0)
        feed = worker.feed()
        assert (feed.peers, feed.reason, feed.cursor) == ((), "it has left", 2)

    async def test_what_came_late_is_counted_over_its_connections(self, case: Case) -> None:
        worker = case.worker(MIRROR)
        for number in range(3):
            async with case.connected(worker) as wire:
                await wire.until(lambda: bool(wire.frames))
                await settle()
            case.house.flow.happens(case.now(number))
        assert worker.feed().late == 2

    async def test_one_that_was_never_here_or_is_paused_says_so(self, case: Case) -> None:
        paused = msgspec.structs.replace(MIRROR, enabled=False, url="ws://127.0.0.1:1")
        assert case.worker(MIRROR).feed().reason == "waiting for it to connect"
        feed = case.worker(paused).feed()
        assert (feed.side, feed.reason) == ("out", "paused by an operator")


async def test_other_settings_hold_from_the_next_event_on(case: Case) -> None:
    worker = case.worker(MIRROR)
    async with case.connected(worker) as wire:
        worker.configure(msgspec.structs.replace(MIRROR, chats=("group:1",), weight=5.0))
        case.house.flow.happens(case.now())
        case.house.flow.happens(qq_event(2, "here", group=1, at_ms=case.clock.wall_ms()))
        await wire.until(lambda: wire.texts == ["here"])
        assert worker.weight == 5.0


async def test_closing_it_ends_every_connection(case: Case) -> None:
    worker = case.worker(MIRROR)
    async with case.connected(worker) as one, case.connected(worker, role="api") as two:
        await worker.close("its settings were changed")
        assert (one.closed, two.closed) == ((1012, "its settings were changed"),) * 2


async def test_a_connection_holds_the_events_that_another_would_take(case: Case) -> None:
    worker, member = case.worker(MIRROR), case.worker(MEMBER)
    async with case.connected(worker), case.connected(member):
        found = [worker.holder("universal", ""), worker.holder("api", ""), worker.holder("event", QQ)]
        assert [each is not None for each in found] == [True, False, False]
        assert member.holder("universal", "") is None


@pytest.mark.parametrize(
    ("bots", "chats", "only", "takes"),
    [((), (), "", True), ((), ("group:1",), "", False), (("feishu:*",), (), "", False), ((), (), FEISHU, False)],
)
async def test_a_member_takes_what_its_table_and_its_connections_are_for(
    case: Case, bots: tuple[str, ...], chats: tuple[str, ...], only: str, *, takes: bool
) -> None:
    worker = case.worker(msgspec.structs.replace(MEMBER, bots=bots, chats=chats))
    async with case.connected(worker, only=only):
        assert worker.takes(case.now()) is takes
    assert not worker.takes(case.now())


async def test_of_two_that_come_at_once_the_later_one_stays(case: Case) -> None:
    worker = case.worker(MIRROR)
    async with case.connected(worker) as first, case.connected(worker) as second:
        await settle()
        assert (first.closed, second.closed) == ((1008, "another connection took over"), None)


async def test_only_so_many_connections_are_open(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINES", 1)
    worker = case.worker(MIRROR)
    async with case.connected(worker, role="api") as first, case.connected(worker, role="api") as second:
        assert (first.closed, second.closed) == (None, (1013, "1 connections are open already"))


async def test_it_tells_when_it_comes_and_goes(case: Case) -> None:
    told: list[bool] = []
    means = replace(case.house.means, changed=lambda: told.append(worker.live))
    worker = OutsideWorker(MIRROR, means)
    async with case.connected(worker):
        assert told == [True]
    assert told == [True, False]


async def test_what_is_connected_elsewhere_later_takes_its_place(case: Case) -> None:
    worker = case.worker(MIRROR)
    async with case.connected(worker) as all_bots, case.connected(worker, only=QQ) as one_bot:
        assert [only for only, _ in worker.feed().since] == ["", QQ]
        ((_, since_ms), _) = worker.feed().since
        worker.give_way("", since_ms)
        assert [wire.closed for wire in (all_bots, one_bot)] == [None, None]
        worker.give_way("", since_ms + 1)
        await settle()
        closed = [wire.closed for wire in (all_bots, one_bot)]
        assert closed == [(1008, "another connection took over"), None]


@pytest.mark.parametrize(
    ("changes", "admitted"), [({}, True), ({"bots": ("feishu:*",)}, False), ({"enabled": False}, False)]
)
async def test_what_it_may_see_it_may_see_wherever_it_is(case: Case, changes: dict[str, Any], admitted: bool) -> None:
    assert case.worker(msgspec.structs.replace(MEMBER, **changes)).admits(qq_event()) is admitted
