"""What is shared moves to another address while it is used."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from kagami.core.secrets import Secret
from kagami.errors import Unusable
from kagami.meters import Meters
from kagami.net.supervise import Nursery
from kagami.state.config import RedisConfig
from kagami.state.rooms import open_state
from kagami.testing.valkey import Valkey, free_port
from tests.state.nodes import first, hearing, node

pytestmark = pytest.mark.service


@pytest.fixture
async def valkey() -> AsyncIterator[Valkey]:
    async with Valkey() as opened:
        yield opened


def _at(url: str) -> RedisConfig:
    return RedisConfig(url=Secret(url))


async def test_a_reader_follows_to_another_server_and_back(valkey: Valkey) -> None:
    async with Valkey() as second, open_state(_at(valkey.url), Meters()) as state, hearing(state.bus, "p1") as heard:
        for place, config in enumerate((_at(second.url), RedisConfig(), _at(valkey.url))):
            await state.configure(config)
            state.bus.post("p1", [f"at {place}"])
            await heard.got(f"at {place}")
        assert state.named() == f"127.0.0.1:{valkey.port}"


async def test_a_subscriber_follows_too(valkey: Valkey) -> None:
    async with open_state(RedisConfig(), Meters()) as state, node(valkey.url) as other, Nursery() as nursery:
        reading = nursery.start("reading", first(state.relay.subscribe(["logs"])))
        await asyncio.sleep(0)
        await state.configure(_at(valkey.url))
        async with asyncio.timeout(20):
            while not reading.done():
                other.relay.publish("logs", b"there")
                await asyncio.sleep(0.01)
        assert reading.result() == ("logs", b"there")


async def test_an_address_that_does_not_work_changes_nothing(valkey: Valkey) -> None:
    async with open_state(_at(valkey.url), Meters()) as state:
        await state.sessions.put("a", b"1", 60)
        with pytest.raises(Unusable, match="nobody listens there"):
            await state.configure(_at(f"redis://127.0.0.1:{free_port()}"))
        assert await state.sessions.get("a") == b"1"


async def test_going_back_to_what_is_in_force_asks_nobody(valkey: Valkey) -> None:
    async with open_state(_at(valkey.url), Meters()) as state:
        valkey.kill()
        await state.configure(_at(valkey.url))


async def test_it_opens_although_the_server_is_away() -> None:
    meters = Meters()
    async with open_state(_at(f"redis://127.0.0.1:{free_port()}"), meters) as state:
        state.bus.post("p1", ["lost"])
        assert (state.bus.healthy, state.bus.trouble) == (False, "nobody listens there")
        assert meters.gauge["redis_healthy"] == 0.0


async def test_what_it_works_in_spite_of_is_told(valkey: Valkey) -> None:
    await valkey.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    async with open_state(_at(valkey.url), Meters()) as state:
        assert [each.found for each in state.flaws()] == ["allkeys-lru"]


async def test_without_a_redis_its_driver_is_not_loaded() -> None:
    program = "import kagami.config, kagami.state.rooms, sys; sys.exit('redis' in sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await process.wait() == 0
