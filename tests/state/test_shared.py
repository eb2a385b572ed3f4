"""Buckets and sessions in a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kagami.net.supervise import Nursery
from kagami.testing.faultproxy import FaultProxy
from kagami.testing.valkey import Valkey
from tests.state.nodes import away, node

pytestmark = pytest.mark.service


@pytest.fixture
async def valkey() -> AsyncIterator[Valkey]:
    async with Valkey() as opened:
        yield opened


async def test_a_full_bucket_is_forgotten(valkey: Valkey) -> None:
    async with node(valkey.url) as state:
        await state.buckets.take("a", 1, 10)
        left = await valkey.ask("PTTL", "kg:{b:a}")
    assert 0 < left <= 1_002


async def test_many_who_draw_at_once_get_no_more_than_there_is(valkey: Valkey) -> None:
    async with node(valkey.url) as one, node(valkey.url) as other:
        waits = await asyncio.gather(*(each.buckets.take("a", 0.001, 20) for each in (one, other) * 20))
    assert waits.count(0.0) == 20


async def test_each_process_has_its_own_bucket_while_the_server_is_away(valkey: Valkey) -> None:
    async with node(valkey.url) as one, node(valkey.url) as other:
        valkey.kill()
        await away(one.bus, other.bus)
        waits = [await each.buckets.take("a", 0.001, 1) for each in (one, other, one)]
    assert (waits[:2], waits[2] > 900) == ([0.0, 0.0], True)


async def test_a_server_that_lost_its_scripts_learns_them_again(valkey: Valkey) -> None:
    async with node(valkey.url) as state:
        first = await state.buckets.take("a", 0.001, 1)
        await valkey.ask("SCRIPT", "FLUSH")
        assert (first, await state.buckets.take("a", 0.001, 1) > 900) == (0.0, True)


async def test_the_next_one_does_not_get_what_a_cancelled_one_asked_for(valkey: Valkey) -> None:
    async with (
        FaultProxy("127.0.0.1", valkey.port) as proxy,
        node(f"redis://{proxy.address}") as state,
        Nursery() as nursery,
        asyncio.timeout(20),
    ):
        await state.sessions.put("mine", b"secret", 60)
        await state.sessions.put("yours", b"open", 60)
        proxy.black_hole(answers_only=True)
        asking = nursery.start("asking", state.sessions.get("mine"))
        await asyncio.sleep(0.02)
        asking.cancel()
        await asyncio.wait([asking])
        await proxy.heal()
        found = [await state.sessions.get("yours") for _ in range(5)]
    assert found == [b"open"] * 5
