"""PostgreSQL goes away, and the gateway that hears messages meanwhile is killed: each is in the log once, in order."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest

from kagami.client import HttpControl
from kagami.errors import StoreClosed
from kagami.operations import registry
from kagami.operations.system import Status, StatusNow
from kagami.ports import MessageRow, Pulse
from kagami.testing.telegram import open_telegram
from tests.cluster.rounds.cluster import Cluster, Node
from tests.cluster.rounds.onebot import OneBotAccount
from tests.cluster.rounds.servers import Servers

CHATS, BEFORE, DURING, AFTER = 7, 50, 1_500, 50
WITHIN_S = 60

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    async with Servers(postgres=True) as opened:
        yield opened


@pytest.fixture
async def cluster(servers: Servers, tmp_path: Path) -> AsyncIterator[Cluster]:
    one = Cluster(tmp_path, ("all",), servers.environment)
    try:
        await one.open(probe=False)
        yield one
    finally:
        await one.close()


async def pulse_of(node: Node) -> Pulse:
    control = HttpControl(registry(), node.home / "kagami.sock")
    try:
        status: StatusNow = await control.call(Status())
        return status.pulse
    finally:
        await control.close()


async def until_kept(node: Node, events: int) -> Pulse:
    async with asyncio.timeout(WITHIN_S):
        while (pulse := await pulse_of(node)).kept_aside < events:
            await asyncio.sleep(0.2)
    return pulse


async def say(account: OneBotAccount, first: int, amount: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not account.ready:
            await asyncio.sleep(0.05)
    for number in range(first, first + amount):
        assert account.give(number % CHATS, f"n {number}")
        if number % 100 == 0:
            await asyncio.sleep(0.01)


async def logged(node: Node, amount: int) -> dict[str, list[int]]:
    """What is in the log, oldest first, by chat, as soon as there is so much."""
    rows: list[MessageRow] = []
    async with asyncio.timeout(WITHIN_S):
        while len(rows) < amount:
            await asyncio.sleep(0.2)
            with suppress(StoreClosed):
                rows = await node.messages()
    found: defaultdict[str, list[int]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.id):
        found[row.chat].append(int(row.text.removeprefix("n ")))
    return found


async def test_a_gateway_killed_in_the_outage_loses_and_doubles_nothing(servers: Servers, cluster: Cluster) -> None:
    (node,) = cluster.nodes
    account = OneBotAccount(10_001, [node.url], cluster.token, lambda _: None, random.Random(1), 0.0)  # noqa: S311
    dialling = asyncio.ensure_future(account.run(0.1, lambda: None))
    await say(account, 0, BEFORE)
    await logged(node, BEFORE)

    await asyncio.to_thread(servers.postgres.stop, "immediate")
    await say(account, BEFORE, DURING)
    pulse = await until_kept(node, DURING)
    assert (pulse.store_away, pulse.kept_aside) == (True, DURING)
    await node.kill()

    await asyncio.to_thread(servers.postgres.start)
    await node.start()
    await say(account, BEFORE + DURING, AFTER)
    total = BEFORE + DURING + AFTER
    found = await logged(node, total)
    assert sorted(found.values()) == [list(range(chat, total, CHATS)) for chat in range(CHATS)]
    assert (await pulse_of(node)).kept_aside == 0
    dialling.cancel()
    assert await node.stop() < 30


async def test_what_its_platform_keeps_is_not_acknowledged_in_the_outage(servers: Servers, tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, ("all",), servers.environment)
    async with open_telegram() as telegram, AsyncExitStack() as stack:
        stack.push_async_callback(cluster.close)
        await cluster.open(telegram=telegram.url, probe=False)
        (node,) = cluster.nodes
        telegram.say("n 0")
        await logged(node, 1)
        async with asyncio.timeout(WITHIN_S):
            while telegram.waiting:
                await asyncio.sleep(0.05)
        acknowledged = telegram.offset

        await asyncio.to_thread(servers.postgres.stop, "immediate")
        for number in range(1, 20):
            telegram.say(f"n {number}")
        async with asyncio.timeout(WITHIN_S):
            while not (pulse := await pulse_of(node)).store_away:
                await asyncio.sleep(0.1)
        assert (telegram.offset, len(telegram.waiting), pulse.kept_aside) == (acknowledged, 19, 0)

        await asyncio.to_thread(servers.postgres.start)
        assert list((await logged(node, 20)).values()) == [list(range(20))]


async def test_a_gateway_that_is_asked_to_stop_in_the_outage_does(servers: Servers, cluster: Cluster) -> None:
    (node,) = cluster.nodes
    account = OneBotAccount(10_001, [node.url], cluster.token, lambda _: None, random.Random(1), 0.0)  # noqa: S311
    dialling = asyncio.ensure_future(account.run(0.1, lambda: None))
    await say(account, 0, BEFORE)
    await logged(node, BEFORE)
    await asyncio.to_thread(servers.postgres.stop, "immediate")
    await say(account, BEFORE, BEFORE)
    await until_kept(node, BEFORE)
    assert await node.stop() < 20
    dialling.cancel()
    assert "rows are lost" not in node.output()

    await asyncio.to_thread(servers.postgres.start)
    await node.start()
    await node.ready()
    found = await logged(node, 2 * BEFORE)
    assert sorted(found.values()) == [list(range(chat, 2 * BEFORE, CHATS)) for chat in range(CHATS)]


async def test_one_that_was_killed_hears_again_before_its_leases_would_have_ended(
    servers: Servers, tmp_path: Path
) -> None:
    patience = {"KAGAMI_CLUSTER__LEASE_SECONDS": "300"}
    cluster = Cluster(tmp_path, ("all",), servers.environment | patience)
    async with open_telegram() as telegram, AsyncExitStack() as stack:
        stack.push_async_callback(cluster.close)
        await cluster.open(telegram=telegram.url, probe=False)
        (node,) = cluster.nodes
        telegram.say("n 0")
        await logged(node, 1)
        await node.kill()
        telegram.say("n 1")
        await node.start()
        await node.ready()
        assert list((await logged(node, 2)).values()) == [[0, 1]]
