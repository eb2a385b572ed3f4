"""What one process does for all."""

from __future__ import annotations

import asyncio

import pytest

from kagami.cluster.duty import Duty
from kagami.net.supervise import Nursery
from kagami.testing.clock import FakeClock, settle
from kagami.testing.cluster import Database
from tests.cluster.doubles import SECONDS, member


class Node:
    def __init__(self, database: Database, clock: FakeClock, nursery: Nursery, name: str) -> None:
        self.running = 0
        self.member = member(database, clock, name)
        self.duty = Duty(self.member, nursery, clock)
        self.duty.keep("work", self.work)

    async def work(self) -> None:
        self.running += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.running -= 1


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(clock: FakeClock) -> Database:
    return Database(clock)


async def test_one_of_two_does_it(database: Database, clock: FakeClock) -> None:
    async with Nursery(clock) as nursery:
        nodes = [Node(database, clock, nursery, name) for name in "ab"]
        for node in nodes:
            await node.member.join()
            nursery.start("duty", node.duty.run())
        await clock.advance(2.5)
        assert sorted(node.running for node in nodes) == [0, 1]


async def test_another_does_it_when_that_one_leaves(database: Database, clock: FakeClock) -> None:
    async with Nursery(clock) as nursery:
        one, other = Node(database, clock, nursery, "a"), Node(database, clock, nursery, "b")
        await one.member.join()
        await other.member.join()
        running = nursery.start("duty", one.duty.run())
        await settle()
        running.cancel()
        await one.duty.leave()
        assert one.running == 0
        nursery.start("duty", other.duty.run())
        await clock.advance(1.5)
        assert other.running == 1


async def test_it_ends_where_the_lease_is_not_certain_any_more(database: Database, clock: FakeClock) -> None:
    async with Nursery(clock) as nursery:
        node = Node(database, clock, nursery, "a")
        await node.member.join()
        nursery.start("duty", node.duty.run())
        await settle()
        assert node.running == 1
        database.away = True
        await clock.advance(SECONDS)
        assert node.running == 0
        database.away = False
        await node.member.renew()
        await clock.advance(1.5)
        assert node.running == 1
