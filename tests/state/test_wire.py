"""One connection: nobody gets an answer that was another's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.exceptions import ResponseError

from kagami.net.supervise import Nursery
from kagami.state.wire import Wire, named
from kagami.testing.faultproxy import FaultProxy
from kagami.testing.valkey import Valkey

SOON_S = 20.0


@pytest.fixture
async def valkey() -> AsyncIterator[Valkey]:
    async with Valkey() as opened:
        yield opened


@pytest.fixture
async def wire(valkey: Valkey) -> AsyncIterator[Wire]:
    wire = Wire(valkey.url)
    yield wire
    await wire.close()


async def test_answers_come_in_order_and_a_refusal_is_one(wire: Wire) -> None:
    first, second, third = await wire.ask([("SET", "a", b"\x00"), ("LPUSH", "a", "1"), ("GET", "a")])
    assert (first, third, type(second)) == (b"OK", b"\x00", ResponseError)


async def test_the_next_one_does_not_get_the_answer_of_a_cancelled_one(valkey: Valkey) -> None:
    async with FaultProxy("127.0.0.1", valkey.port) as proxy, Nursery() as nursery, asyncio.timeout(SOON_S):
        wire = Wire(f"redis://{proxy.address}", answer_s=SOON_S)
        await wire.ask([("SET", "mine", "secret")])
        proxy.black_hole(answers_only=True)
        asking = nursery.start("asking", wire.ask([("GET", "mine")]))
        await asyncio.sleep(0.02)
        asking.cancel()
        await asyncio.wait([asking])
        await proxy.heal()
        assert await wire.ask([("ECHO", "yours")]) == [b"yours"]
        await wire.close()


async def test_nothing_is_sent_twice_when_the_answer_does_not_come(valkey: Valkey) -> None:
    async with FaultProxy("127.0.0.1", valkey.port) as proxy:
        wire = Wire(f"redis://{proxy.address}", answer_s=0.1)
        await wire.ask([("PING",)])
        proxy.black_hole(answers_only=True)
        with pytest.raises(TimeoutError):
            await wire.ask([("INCR", "sent")])
        await proxy.heal()
        await wire.close()
    assert await valkey.ask("GET", "sent") == b"1"


async def test_it_connects_anew_when_the_generation_is_another(valkey: Valkey) -> None:
    generations = [0]
    wire = Wire(valkey.url, generation=lambda: generations[-1])
    (first,) = await wire.ask([("CLIENT", "ID")])
    (second,) = await wire.ask([("CLIENT", "ID")])
    generations.append(1)
    (third,) = await wire.ask([("CLIENT", "ID")])
    await wire.close()
    assert (second, third > first) == (first, True)


async def test_an_answer_that_nobody_asked_for_is_an_error(wire: Wire) -> None:
    with pytest.raises(ConnectionResetError):
        await wire.answer()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("redis://user:secret@h:1/2", "h:1"),
        ("rediss://:secret@h", "h:6379"),
        ("unix:///run/r.sock?db=1", "/run/r.sock"),
    ],
)
def test_an_address_is_told_without_secrets(url: str, name: str) -> None:
    assert named(url) == name
