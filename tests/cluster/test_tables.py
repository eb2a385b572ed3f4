"""Configured accounts: each is one gateway's."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from kagami.cluster.membership import Membership
from kagami.cluster.tables import Tables
from kagami.errors import Unavailable
from kagami.testing.clock import FakeClock
from kagami.testing.cluster import Database
from tests.cluster.doubles import SECONDS, member

WANTED = ["telegram:1", "kook:2", "feishu:3", "dingtalk:4"]


class Gateway:
    def __init__(self, database: Database, clock: FakeClock, name: str) -> None:
        self.connected: list[set[str]] = []
        self.fails = False
        self.wanted = list(WANTED)
        self.member: Membership = member(database, clock, name, "gateway")
        self.tables = Tables(self.member, clock, lambda: self.wanted, self.connect)

    async def connect(self, names: Collection[str]) -> None:
        if self.fails:
            raise Unavailable(what="it", reason="away")
        self.connected.append(set(names))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def database(clock: FakeClock) -> Database:
    return Database(clock)


async def test_what_could_not_be_connected_is_tried_again(database: Database, clock: FakeClock) -> None:
    node = Gateway(database, clock, "a")
    await node.member.join()
    node.fails = True
    with pytest.raises(Unavailable):
        await node.tables.balance()
    node.fails = False
    await node.tables.balance()
    assert node.connected == [set(WANTED)]


async def test_a_gateway_alone_connects_all(database: Database, clock: FakeClock) -> None:
    node = Gateway(database, clock, "a")
    await node.member.join()
    await node.tables.balance()
    assert node.connected == [set(WANTED)]


async def test_two_gateways_share_them_and_none_is_connected_twice(database: Database, clock: FakeClock) -> None:
    one, other = Gateway(database, clock, "a"), Gateway(database, clock, "b")
    await one.member.join()
    await one.tables.balance()
    await other.member.join()
    await one.member.renew()
    await other.tables.balance()
    assert other.connected == [set()]
    await one.tables.balance()
    await other.tables.balance()
    assert len(one.connected[-1]) == len(other.connected[-1]) == 2
    assert one.connected[-1] | other.connected[-1] == set(WANTED)


async def test_a_connection_ends_before_its_lease(database: Database, clock: FakeClock) -> None:
    node, held_then = Gateway(database, clock, "a"), list[int]()
    await node.member.join()
    await node.tables.balance()

    async def connect(names: Collection[str]) -> None:
        del names
        held_then.append(len(database.owners("table:")))

    node.wanted = WANTED[:1]
    tables = Tables(node.member, clock, lambda: node.wanted, connect)
    await tables.balance()
    assert held_then == [len(WANTED)]
    assert set(database.owners("table:")) == {"table:telegram:1"}


async def test_those_of_a_dead_gateway_are_connected_by_another(database: Database, clock: FakeClock) -> None:
    one, other = Gateway(database, clock, "a"), Gateway(database, clock, "b")
    await one.member.join()
    await one.tables.balance()
    await clock.advance(SECONDS + 1)
    await other.member.join()
    await other.tables.balance()
    assert other.connected == [set(WANTED)]


async def test_nothing_is_connected_anew_when_nothing_changed(database: Database, clock: FakeClock) -> None:
    node = Gateway(database, clock, "a")
    await node.member.join()
    await node.tables.balance()
    await node.tables.balance()
    assert len(node.connected) == 1


async def test_one_that_rests_gives_all_of_them_to_another_and_takes_them_back(
    database: Database, clock: FakeClock
) -> None:
    one, other = Gateway(database, clock, "a"), Gateway(database, clock, "b")
    await one.member.join()
    await one.tables.balance()
    one.tables.rest(resting=True)
    await one.tables.balance()
    assert one.connected == [set(WANTED), set()]
    await other.member.join()
    await other.tables.balance()
    assert other.connected[-1]
    await other.member.leave()
    one.tables.rest(resting=False)
    await one.member.renew()
    await one.tables.balance()
    assert one.connected[-1] == set(WANTED)
