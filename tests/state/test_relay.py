"""The live feed through a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from kagami.meters import Meters
from kagami.net.supervise import Nursery
from kagami.state import relay
from kagami.testing.faultproxy import FaultProxy
from kagami.testing.valkey import Valkey
from tests.state.nodes import first, node, until

pytestmark = pytest.mark.service


@pytest.fixture
async def valkey() -> AsyncIterator[Valkey]:
    async with Valkey() as opened:
        yield opened


async def _subscribed(valkey: Valkey, topic: str) -> None:
    async with asyncio.timeout(20):
        while (await valkey.ask("PUBSUB", "NUMSUB", f"kg:{{f:{topic}}}"))[1] == 0:
            await asyncio.sleep(0.005)


async def test_a_slow_reader_misses_the_oldest_which_is_counted(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "QUEUE", 10)
    meters = Meters()
    async with (
        node(valkey.url, meters) as state,
        aclosing(state.relay.subscribe(["logs"])) as items,
        Nursery() as nursery,
    ):
        reading = nursery.start("first", first(items))
        await _subscribed(valkey, "logs")
        state.relay.publish("logs", b"first")
        assert await reading == ("logs", b"first")
        for number in range(30):
            await valkey.ask("PUBLISH", "kg:{f:logs}", str(number))
        await until(lambda: meters.count["state_lost", "slow feed"] == 20)
        assert await first(items) == ("logs", b"20")


async def test_it_is_subscribed_again_after_an_outage(valkey: Valkey) -> None:
    async with (
        FaultProxy("127.0.0.1", valkey.port) as proxy,
        node(f"redis://{proxy.address}") as state,
        aclosing(state.relay.subscribe(["logs"])) as items,
        Nursery() as nursery,
    ):
        reading = nursery.start("first", first(items))
        await _subscribed(valkey, "logs")
        proxy.reset()
        async with asyncio.timeout(20):
            while not reading.done():
                state.relay.publish("logs", b"again")
                await asyncio.sleep(0.01)
        assert reading.result() == ("logs", b"again")


async def test_who_listens_no_more_is_no_subscriber(valkey: Valkey) -> None:
    async with node(valkey.url) as state, Nursery() as nursery:
        items = state.relay.subscribe(["logs"])
        reading = nursery.start("first", first(items))
        await _subscribed(valkey, "logs")
        reading.cancel()
        await asyncio.wait([reading])
        await items.aclose()
        async with asyncio.timeout(20):
            while (await valkey.ask("PUBSUB", "NUMSUB", "kg:{f:logs}"))[1]:
                await asyncio.sleep(0.005)
