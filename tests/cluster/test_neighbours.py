"""Applications at other processes: where events are led to, who is told of new ones, who makes way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager

import pytest

from kagami.clock import STEP_S
from kagami.cluster.neighbours import SETTLES_S, Neighbours
from kagami.errors import StoreClosed
from kagami.model.ids import BotId
from kagami.net.supervise import Nursery
from kagami.ports import Elsewhere, FeedRow, NodeRow, NodeState, WorkerRow
from kagami.state.memory import Hub
from kagami.testing.clock import FakeClock, settle
from tests.cluster.doubles import BOT

NAP_S = 5.0


class Tail:
    """The events of all: how often they were fetched, and whether new ones are held."""

    def __init__(self) -> None:
        self.followers = 1
        self.fetched: list[bool] = []
        self.held = False
        self.away = 0
        self.recalled: list[BotId] = []

    async def recall(self, bot: BotId) -> None:
        assert self.held
        self.recalled.append(bot)
        await self.fetch()

    async def fetch(self) -> None:
        self.fetched.append(self.held)
        if self.away:
            self.away -= 1
            raise StoreClosed(reason="away")

    @contextmanager
    def hold(self) -> Iterator[None]:
        self.held = True
        try:
            yield
        finally:
            self.held = False


class Case:
    def __init__(self, nursery: Nursery, clock: FakeClock) -> None:
        self.clock, self.tail, self.nap_s = clock, Tail(), NAP_S
        hub = Hub(clock=clock)
        self.relay = hub.state().relay
        self.neighbours = Neighbours(self.relay, clock, nap=lambda: self.nap_s)
        self.seen: list[WorkerRow] = []
        self.neighbours.serve(self.tail, self._give_way)
        nursery.start("neighbours", self.neighbours.run())

    def _give_way(self, apps: Sequence[WorkerRow]) -> None:
        self.seen = list(apps)


@pytest.fixture
async def case() -> AsyncIterator[Case]:
    clock = FakeClock()
    async with Nursery(clock) as nursery:
        found = Case(nursery, clock)
        await settle()
        yield found


def app(name: str, *, pool: str = "", side: str = "in") -> WorkerRow:
    return WorkerRow(name, "live", pool, feed=FeedRow(side))


def node(name: str, slot: int, *apps: WorkerRow) -> NodeRow:
    return NodeRow(name, "gateway", slot, 0.1, NodeState(apps=apps))


async def test_what_others_have_accepted_is_fetched_when_they_tell(case: Case) -> None:
    case.relay.publish("events", b"")
    await settle()
    assert len(case.tail.fetched) == 1


async def test_and_now_and_then_whatever_they_tell(case: Case) -> None:
    await case.clock.advance(NAP_S)
    assert len(case.tail.fetched) == 1


async def test_nothing_is_fetched_for_nobody(case: Case) -> None:
    case.tail.followers = 0
    await case.clock.advance(NAP_S)
    assert case.tail.fetched == []


async def test_a_store_that_was_away_is_asked_again(case: Case) -> None:
    case.tail.away = 1
    await case.clock.advance(NAP_S)
    await case.clock.advance(1.0)
    assert len(case.tail.fetched) == 2


async def test_others_are_told_only_while_somebody_follows_there(case: Case) -> None:
    heard = case.relay.subscribe(("events",))
    waiting = asyncio.ensure_future(anext(heard))
    await settle()
    case.neighbours.opened()
    case.neighbours.meet([node("b", 4, app("member", pool="ai"))])
    case.neighbours.opened()
    await settle()
    assert not waiting.done()
    case.neighbours.meet([node("b", 4, app("mirror"))])
    case.neighbours.opened()
    assert await waiting == ("events", b"")
    await heard.aclose()


async def test_rules_find_applications_by_the_slot_of_their_process(case: Case) -> None:
    found = case.neighbours.meet([node("b", 4, app("mirror")), node("c", 5, app("m", pool="ai"))])
    assert [(each.slot, each.row.name, each.row.node) for each in found] == [(4, "mirror", "b"), (5, "m", "c")]
    assert isinstance(found[0], Elsewhere)
    assert [each.name for each in case.seen] == ["mirror", "m"]


async def test_nothing_is_led_to_one_that_is_dialled(case: Case) -> None:
    assert case.neighbours.meet([node("b", 4, app("dialled", side="out"))]) == ()


async def test_what_an_account_brought_elsewhere_comes_before_what_it_brings_here(case: Case) -> None:
    moving = asyncio.ensure_future(case.neighbours.let_settle(BOT, moved=True))
    await settle()
    assert case.tail.held
    await case.clock.advance(SETTLES_S)
    await moving
    assert (case.tail.fetched, case.tail.held) == ([True], False)


async def test_a_move_that_cannot_be_looked_up_holds_up_nothing(case: Case) -> None:
    case.tail.away = 1
    moving = asyncio.ensure_future(case.neighbours.let_settle(BOT, moved=True))
    await settle()
    await case.clock.advance(SETTLES_S)
    await moving
    assert not case.tail.held


async def test_what_others_have_of_an_account_is_known_where_nobody_follows_yet(case: Case) -> None:
    case.tail.followers = 0
    await case.neighbours.let_settle(BOT, moved=True)
    assert (case.tail.recalled, case.tail.held) == ([BOT], False)


async def test_an_account_that_nobody_has_is_waited_for_by_nobody(case: Case) -> None:
    await case.neighbours.let_settle(BOT, moved=False)
    assert (case.tail.recalled, case.tail.fetched) == ([BOT], [True])


async def test_a_nap_ends_when_hints_do_not_come_any_more(case: Case) -> None:
    await case.clock.advance(NAP_S / 5)
    before = len(case.tail.fetched)
    case.nap_s = NAP_S / 25
    await case.clock.advance(STEP_S)
    await settle()
    assert len(case.tail.fetched) == before + 1
