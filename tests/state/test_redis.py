"""The bus on a real server, where more can go wrong than in one process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing

import pytest

from kagami.meters import Meters
from kagami.net.supervise import Nursery
from kagami.state import redis
from kagami.testing.faultproxy import FaultProxy
from kagami.testing.valkey import Valkey
from tests.state.nodes import away, hearing, node, until

pytestmark = pytest.mark.service


@pytest.fixture
async def valkey() -> AsyncIterator[Valkey]:
    async with Valkey() as opened:
        yield opened


async def test_what_was_heard_leaves_nothing_behind(valkey: Valkey) -> None:
    topics = [f"p{number}" for number in range(64)]
    async with node(valkey.url) as state, hearing(state.bus, *topics) as heard:
        for number in range(1_000):
            state.bus.post(topics[number % 64], [str(number)])
        await until(lambda: len(heard.hints) == 1_000)
    assert [await valkey.ask("XLEN", f"kg:{{{topic}}}") for topic in topics] == [0] * 64


async def test_keys_of_a_topic_are_in_one_slot_and_carry_the_prefix(valkey: Valkey) -> None:
    async with node(valkey.url, prefix="other") as state:
        state.bus.post("p1", ["a"])
        await state.sessions.put("s", b"", 60)
        await state.buckets.take("b", 1, 2)
        async with asyncio.timeout(20):
            while len(keys := await valkey.ask("KEYS", "*")) < 3:
                await asyncio.sleep(0.01)
    assert all(re.fullmatch(rb"other:\{[^{}]+\}", key) for key in keys)


async def test_prefixes_keep_two_apart(valkey: Valkey) -> None:
    async with node(valkey.url, prefix="a") as one, node(valkey.url, prefix="b") as other:
        one.bus.post("p1", ["of a"])
        async with hearing(other.bus, "p1") as heard:
            other.bus.post("p1", ["of b"])
            await heard.got("of b")
    assert heard.hints == ["of b"]


async def test_a_stream_that_nobody_reads_is_filled_no_further(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "STREAM_ENTRIES", 50)
    monkeypatch.setattr(redis, "LOOK_EVERY", 10)
    meters = Meters()
    async with node(valkey.url, meters) as state:
        for number in range(4_000):
            state.bus.post("p1", [str(number)])
            if not number % 50:
                await asyncio.sleep(0.002)
        lost = await until(lambda: meters.count["state_lost", "unheard hints"])
        entries = await valkey.ask("XLEN", "kg:{p1}")
        assert (lost > 0, entries >= 40, entries <= 50 + 10 + redis.BATCH // redis.ENTRY_HINTS) == (True, True, True)


async def test_a_stream_that_is_read_again_is_filled_again(valkey: Valkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "STREAM_ENTRIES", 5)
    monkeypatch.setattr(redis, "LOOK_AGAIN_S", 0.01)
    meters = Meters()
    async with node(valkey.url, meters) as state:
        while not meters.count["state_lost", "unheard hints"]:
            state.bus.post("p1", ["early"])
            await asyncio.sleep(0.002)
        async with hearing(state.bus, "p1") as heard, asyncio.timeout(20):
            while "late" not in heard.hints:
                state.bus.post("p1", ["late"])
                await asyncio.sleep(0.005)


async def test_a_wipe_under_load_loses_hints_and_nothing_else(valkey: Valkey) -> None:
    async with node(valkey.url) as state, hearing(state.bus, "p1") as heard, Nursery() as nursery:

        async def post() -> None:
            for number in range(100_000):
                state.bus.post("p1", [str(number)])
                await asyncio.sleep(0.001)

        nursery.start("post", post())
        for _ in range(5):
            seen = len(heard.hints)
            await valkey.wipe()
            await until(lambda seen=seen: len(heard.hints) > seen + 20)  # type: ignore[misc]
            assert state.bus.healthy
    numbers = [int(each) for each in heard.hints]
    assert numbers == sorted(set(numbers))


async def test_something_else_in_a_stream_is_passed_over(valkey: Valkey) -> None:
    async with node(valkey.url) as state, hearing(state.bus, "p1") as heard:
        for entry in (("h", "no list"), ("other", "[1]"), ("h", '["fine"]')):
            await valkey.ask("XADD", "kg:{p1}", "*", *entry)
        await heard.got("fine")
    assert heard.hints == ["fine"]


async def test_a_reader_that_is_cut_between_two_questions_hears_the_right_answers(valkey: Valkey) -> None:
    """Its connection is made anew while it holds what it heard: old answers are not taken for new ones."""
    async with FaultProxy("127.0.0.1", valkey.port) as proxy, AsyncExitStack() as stack:
        url = f"redis://{proxy.address}"
        state, poster = [await stack.enter_async_context(node(each)) for each in (url, valkey.url)]
        heard = await stack.enter_async_context(aclosing(state.bus.hear(lambda: ["p1", "p2"])))
        poster.bus.post("p1", ["first"])
        assert await anext(heard) == ("p1", ["first"])
        proxy.refuse()
        await away(state.bus)
        await proxy.heal()
        await until(lambda: state.bus.healthy)
        poster.bus.post("p2", ["second"])
        async with asyncio.timeout(20):
            topic, hints = await anext(heard)
        assert (topic, hints[-1]) == ("p2", ["second"][0])


async def test_a_post_costs_little_and_what_waits_is_bounded(valkey: Valkey) -> None:
    meters = Meters()
    async with node(valkey.url, meters) as state:
        valkey.kill()
        await until(lambda: not state.bus.healthy)
        for number in range(redis.QUEUE + 500):
            state.bus.post("p1", [str(number)])
        await valkey.start()
        async with hearing(state.bus, "p1") as heard:
            await heard.got(str(redis.QUEUE + 499))
    assert meters.count["state_lost", "hints"] >= 500
    assert heard.hints == [str(number) for number in range(500, redis.QUEUE + 500)]
