"""Partitions: shared fairly, read in order, given back without losing anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kagami.cluster.membership import Membership
from kagami.cluster.partitions import LOOK_S, MOST_WAITING, UNKNOWN_S, Partitions
from kagami.core.partition import PARTITIONS, own_part, part_of
from kagami.model.ids import ChatId, ExecutionId
from kagami.net.supervise import Nursery
from kagami.ports import Due
from kagami.state.memory import Hub
from kagami.testing.clock import FakeClock, settle
from kagami.testing.cluster import Database
from tests.cluster.doubles import BOT, SECONDS, Shop, due, member

LIMIT_S = 10.0


class Node:
    """One process with everything that partitions need."""

    def __init__(self, database: Database, clock: FakeClock, hints: Hub, name: str, *, serves: bool = True) -> None:
        self.shop = Shop()
        self.member: Membership = member(database, clock, name, parts=lambda: self.partitions.held)
        self.partitions = Partitions(
            self.member,
            database,
            self.shop,
            hints.state().bus,
            clock,
            nap=lambda: 5.0,
            changed=self.member.renew,
            serves=serves,
        )

    async def join(self) -> None:
        await self.member.join()
        await self.partitions.balance()


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
def node(database: Database, clock: FakeClock, hints: Hub) -> Node:
    return Node(database, clock, hints, "a")


@asynccontextmanager
async def serving(node: Node, clock: FakeClock) -> AsyncIterator[None]:
    async with Nursery(clock) as nursery:
        nursery.start("partitions", node.partitions.run())
        await settle()
        yield


async def test_a_process_alone_serves_all(node: Node) -> None:
    await node.join()
    assert len(node.partitions.held) == PARTITIONS


async def test_one_that_comes_gets_its_share(node: Node, database: Database, clock: FakeClock, hints: Hub) -> None:
    other = Node(database, clock, hints, "b")
    await node.join()
    await other.join()
    assert not other.partitions.held
    await node.member.renew()
    await node.partitions.balance()
    await other.partitions.balance()
    assert len(node.partitions.held) == len(other.partitions.held) == PARTITIONS // 2
    assert not {*node.partitions.held} & {*other.partitions.held}


async def test_what_a_dead_process_served_is_taken_over(
    node: Node, database: Database, clock: FakeClock, hints: Hub
) -> None:
    other = Node(database, clock, hints, "b")
    await node.join()
    await clock.advance(SECONDS + 1)
    await other.join()
    assert len(other.partitions.held) == PARTITIONS


async def test_open_events_are_handed_over_oldest_first(node: Node, database: Database, clock: FakeClock) -> None:
    database.due = [due(3), due(1, "group:9"), due(2)]
    await node.join()
    async with serving(node, clock):
        assert node.shop.numbers == ["1", "2", "3"]


async def test_what_the_last_owner_may_have_begun_is_told_so(node: Node, database: Database, clock: FakeClock) -> None:
    database.due = [due(1)]
    await node.join()
    async with serving(node, clock):
        database.due.append(due(2))
        node.partitions.opened([(2, part_of(BOT, ChatId("group:7")))])
        await settle()
        assert [each.restarted for each in node.shop.taken] == [True, False]


async def test_an_event_is_handed_over_once_while_it_is_open(node: Node, database: Database, clock: FakeClock) -> None:
    database.due = [due(1)]
    await node.join()
    async with serving(node, clock):
        await clock.advance(30.0)
        assert node.shop.numbers == ["1"]


async def test_one_that_was_closed_and_opened_again_comes_again(
    node: Node, database: Database, clock: FakeClock
) -> None:
    database.due = [due(1)]
    await node.join()
    async with serving(node, clock):
        node.partitions.closed([ExecutionId("execution-1")])
        await clock.advance(5.0)
        assert node.shop.numbers == ["1", "1"]


async def test_it_carries_the_lease_under_which_it_is_handled(node: Node, database: Database, clock: FakeClock) -> None:
    database.due = [due(1)]
    await node.join()
    async with serving(node, clock):
        (taken,) = node.shop.taken
        assert taken.fence == (f"part:{database.due[0].part}", 1)


async def test_a_hint_brings_what_another_process_has_accepted(
    node: Node, database: Database, clock: FakeClock, hints: Hub
) -> None:
    gateway = Node(database, clock, hints, "g", serves=False)
    await node.join()
    async with serving(node, clock):
        await clock.advance(UNKNOWN_S + LOOK_S)
        await gateway.member.join()  # it hears who has which
        database.due = [due(1)]
        began = clock.monotonic()
        gateway.partitions.opened([(1, database.due[0].part)])
        async with asyncio.timeout(LIMIT_S):
            while not node.shop.taken:
                await clock.advance(0.01)
        assert clock.monotonic() - began < LOOK_S


async def test_who_has_just_taken_one_looks_often_as_others_may_not_know(
    node: Node, database: Database, clock: FakeClock
) -> None:
    await node.join()
    async with serving(node, clock):
        database.due = [due(1)]
        await clock.advance(LOOK_S)
        assert node.shop.numbers == ["1"]


async def test_others_hear_at_once_who_has_taken_one(
    node: Node, database: Database, clock: FakeClock, hints: Hub
) -> None:
    gateway = Node(database, clock, hints, "g", serves=False)
    await node.join()
    await gateway.member.join()
    assert {gateway.member.holder(part) for part in range(PARTITIONS)} == {"a"}
    assert gateway.member.holder(own_part(node.member.slot)) == "a"
    assert node.member.holder(0) is None  # its own


async def test_what_no_hint_told_is_found_by_looking(node: Node, database: Database, clock: FakeClock) -> None:
    await node.join()
    async with serving(node, clock):
        await clock.advance(UNKNOWN_S + LOOK_S)
        database.due = [due(1)]
        await clock.advance(4.7)
        assert not node.shop.taken
        await clock.advance(0.3)
        assert node.shop.numbers == ["1"]


async def test_no_more_is_read_than_there_is_room_for(node: Node, database: Database, clock: FakeClock) -> None:
    database.due = [due(1), due(2)]
    node.shop.waiting = MOST_WAITING - 1
    await node.join()
    async with serving(node, clock):
        assert node.shop.numbers == ["1"]
        await clock.advance(5.0)
        assert node.shop.numbers == ["1"]
        node.shop.waiting = 0
        await node.member.renew()
        await clock.advance(5.0)
        assert node.shop.numbers == ["1", "2"]


async def test_nothing_new_is_begun_by_one_that_is_not_sure_of_its_leases(
    node: Node, database: Database, clock: FakeClock
) -> None:
    await node.join()
    async with serving(node, clock):
        await clock.advance(SECONDS * 0.7)
        database.due = [due(1)]
        await clock.advance(5.0)
        assert not node.shop.taken


async def test_an_outage_of_the_store_ends_with_everything_handed_over(
    node: Node, database: Database, clock: FakeClock
) -> None:
    await node.join()
    async with serving(node, clock):
        database.due, database.away = [due(1)], True
        node.partitions.opened([(1, database.due[0].part)])
        await clock.advance(2.0)
        database.away = False
        await clock.advance(1.0)
        assert node.shop.numbers == ["1"]


async def test_lost_partitions_are_dropped_and_read_anew_by_their_next_owner(
    node: Node, database: Database, clock: FakeClock, hints: Hub
) -> None:
    database.due = [due(1)]
    part = database.due[0].part
    await node.join()
    async with serving(node, clock):
        node.member.forget([f"part:{part}"])
        assert node.shop.dropped == [f"part:{part}"]
        assert part not in node.partitions.held
    await clock.advance(SECONDS + 1)
    other = Node(database, clock, hints, "b")
    await other.join()
    async with serving(other, clock):
        assert other.shop.numbers == ["1"]


async def test_leaving_lets_what_runs_end_before_others_may_take_it(node: Node, database: Database) -> None:
    await node.join()
    await node.partitions.leave()
    ((names, seconds),) = node.shop.finished
    assert len(names) == PARTITIONS + 1
    assert seconds > 0
    assert not database.owners("part:")


@pytest.mark.parametrize(("serves", "told"), [(True, f"given={PARTITIONS}"), (False, "")])
async def test_what_the_log_says_was_given_back_is_of_chats_alone(
    database: Database, clock: FakeClock, hints: Hub, caplog: pytest.LogCaptureFixture, serves: bool, told: str
) -> None:
    caplog.set_level("INFO")
    node = Node(database, clock, hints, "n", serves=serves)
    await node.join()
    await node.partitions.leave()
    lines = [str(each.__dict__) for each in caplog.records if "gave partitions back" in each.getMessage()]
    assert len(lines) == bool(told)
    assert not told or f"'given': {PARTITIONS}" in lines[0] or told in lines[0]


async def test_a_process_that_rests_gives_all_back_and_takes_them_again(node: Node) -> None:
    await node.join()
    node.partitions.rest(resting=True)
    await node.partitions.balance()
    assert not node.partitions.held
    node.partitions.rest(resting=False)
    await node.partitions.balance()
    assert len(node.partitions.held) == PARTITIONS


async def test_every_process_has_a_partition_of_its_own_beside_its_share(
    node: Node, database: Database, clock: FakeClock, hints: Hub
) -> None:
    other = Node(database, clock, hints, "b")
    await node.join()
    await other.join()
    owners = database.owners("part:")
    assert (owners[f"part:{own_part(0)}"], owners[f"part:{own_part(1)}"]) == ("a", "b")
    assert len(node.partitions.held) == PARTITIONS


async def test_what_only_a_process_that_is_gone_could_handle_is_adopted(
    node: Node, database: Database, clock: FakeClock, hints: Hub
) -> None:
    other = Node(database, clock, hints, "b")
    await other.member.join()
    await node.join()
    mine = own_part(node.member.slot)
    await clock.advance(SECONDS + 1)
    database.due = [Due(1, mine, due(1).found)]
    await other.member.renew()
    await other.partitions.balance()
    async with serving(other, clock):
        assert other.shop.numbers == ["1"]


async def test_one_that_serves_no_chats_still_handles_its_own(database: Database, clock: FakeClock, hints: Hub) -> None:
    gateway = Node(database, clock, hints, "g", serves=False)
    await gateway.join()
    database.due = [Due(1, own_part(0), due(1).found)]
    async with serving(gateway, clock):
        assert gateway.shop.numbers == ["1"]
        assert not gateway.partitions.held


async def test_its_own_is_among_those_it_has(database: Database, clock: FakeClock, hints: Hub) -> None:
    node = Node(database, clock, hints, "a")
    await node.join()
    assert set(node.partitions.parts) == {*range(PARTITIONS), own_part(node.member.slot)}
