"""What every implementation of shared state promises: in one process, and in a real Valkey."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing

import pytest

from kagami.net.supervise import Nursery
from kagami.ports import Relay, State
from kagami.state.memory import Hub
from kagami.testing.valkey import Valkey
from tests.state.nodes import SOON_S, hearing, node, until

Join = Callable[[], Awaitable[State]]


@pytest.fixture(params=["memory", "valkey"])
async def join(request: pytest.FixtureRequest) -> AsyncIterator[Join]:
    """Gives one process' view after the other on the same shared state."""
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            hub = Hub()

            async def joined() -> State:
                return hub.state()

        else:
            valkey = await stack.enter_async_context(Valkey(password="a b/c"))

            async def joined() -> State:
                return await stack.enter_async_context(node(valkey.url))

        yield joined


async def test_what_one_process_posts_another_hears_in_order(join: Join) -> None:
    here, there = await join(), await join()
    async with hearing(there.bus, "p1") as heard:
        for number in range(100):
            here.bus.post("p1", [str(number)])
        await until(lambda: len(heard.hints) == 100)
    assert heard.topics == {"p1": [str(number) for number in range(100)]}


async def test_what_was_posted_before_anybody_heard_it_is_given_too(join: Join) -> None:
    here, there = await join(), await join()
    here.bus.post("p1", ["early"])
    async with hearing(there.bus, "p1") as heard:
        await heard.got("early")


async def test_a_reader_hears_only_its_topics(join: Join) -> None:
    state = await join()
    async with hearing(state.bus, "p1", "p3") as heard:
        for topic in ("p1", "p2", "p3"):
            state.bus.post(topic, [f"of {topic}"])
        await heard.got("of p1", "of p3")
    assert heard.topics == {"p1": ["of p1"], "p3": ["of p3"]}


async def test_a_reader_follows_its_topics_as_they_come_and_go(join: Join) -> None:
    state = await join()
    async with hearing(state.bus) as heard:
        state.bus.post("p2", ["new"])
        heard.wanted = ["p2"]
        await heard.got("new")


async def test_what_was_heard_is_not_given_to_the_next_reader(join: Join) -> None:
    state = await join()
    async with hearing(state.bus, "p1") as heard:
        state.bus.post("p1", ["first"])
        await heard.got("first")
    async with hearing(state.bus, "p1") as heard:
        state.bus.post("p1", ["second"])
        await heard.got("second")
    assert heard.hints == ["second"]


async def test_any_text_can_be_a_hint(join: Join) -> None:
    state, hints = await join(), ["", "一\n二", 'a "b" \x00', "x" * 10_000]
    async with hearing(state.bus, "p/1 {a}") as heard:
        state.bus.post("p/1 {a}", hints)
        await until(lambda: len(heard.hints) == len(hints))
    assert heard.hints == hints


async def test_a_working_bus_is_healthy_and_has_no_trouble(join: Join) -> None:
    bus = (await join()).bus
    assert (bus.healthy, bus.trouble) == (True, "")


async def test_processes_draw_from_the_same_bucket(join: Join) -> None:
    here, there = (await join()).buckets, (await join()).buckets
    waits = [await each.take("user", 0.01, 4) for each in (here, there, here, there)]
    waits.append(await there.take("user", 0.01, 4))
    assert waits[:4] == [0.0] * 4
    assert waits[4] == pytest.approx(100, abs=5)


async def test_buckets_of_different_keys_are_different(join: Join) -> None:
    buckets = (await join()).buckets
    assert [await buckets.take(key, 0.01, 1) for key in ("a", "b")] == [0.0, 0.0]


async def test_many_tokens_are_taken_at_once_or_not_at_all(join: Join) -> None:
    buckets = (await join()).buckets
    first, second, third = [await buckets.take("a", 0.1, 10, amount) for amount in (6, 6, 4)]
    assert (first, third) == (0.0, 0.0)
    assert second == pytest.approx(20, abs=2)


async def test_a_bucket_fills_again(join: Join) -> None:
    buckets = (await join()).buckets
    await buckets.take("a", 50, 1)
    async with asyncio.timeout(SOON_S):
        while wait := await buckets.take("a", 50, 1):
            assert wait <= 0.02
            await asyncio.sleep(wait)


async def test_a_rate_of_nothing_sets_no_limit(join: Join) -> None:
    buckets = (await join()).buckets
    assert [await buckets.take("a", 0, 1) for _ in range(3)] == [0.0] * 3


async def test_what_was_spent_is_charged_whatever_is_there(join: Join) -> None:
    here, there = (await join()).buckets, (await join()).buckets
    first = await here.charge({"a": 30, "b": 1}, 10)
    second = await there.charge({"a": 30}, 10)
    assert first == {"a": pytest.approx(3, abs=0.1), "b": pytest.approx(0.1, abs=0.05)}
    assert second == {"a": pytest.approx(6, abs=1)}


async def test_a_session_is_everywhere_until_it_is_dropped(join: Join) -> None:
    here, there = (await join()).sessions, (await join()).sessions
    await here.put("a", b"\x00value", 60)
    found = await there.get("a")
    await there.drop("a")
    assert (found, await here.get("a")) == (b"\x00value", None)


async def test_a_session_ends_at_its_deadline(join: Join) -> None:
    sessions = (await join()).sessions
    await sessions.put("a", b"value", 0.02)
    async with asyncio.timeout(SOON_S):
        while await sessions.get("a") is not None:
            await asyncio.sleep(0.01)


async def test_what_is_there_is_not_added_again(join: Join) -> None:
    here, there = (await join()).sessions, (await join()).sessions
    added = [await here.add("a", b"first", 60), await there.add("a", b"second", 60)]
    assert (added, await there.get("a")) == ([True, False], b"first")


async def test_nothing_is_where_nothing_was_put(join: Join) -> None:
    sessions = (await join()).sessions
    await sessions.drop("a")
    assert await sessions.get("a") is None


async def test_the_feed_reaches_every_node_that_listens(join: Join) -> None:
    here, there = (await join()).relay, (await join()).relay
    got: list[list[tuple[str, bytes]]] = [[], []]

    async def listen(relay: Relay, place: int) -> None:
        async with aclosing(relay.subscribe(["logs"])) as items:
            async for item in items:
                got[place].append(item)

    async with Nursery() as nursery:
        nursery.start("here", listen(here, 0))
        nursery.start("there", listen(there, 1))
        async with asyncio.timeout(SOON_S):
            while not all(got):
                here.publish("pulses", b"not asked for")
                here.publish("logs", b"\xff item")
                await asyncio.sleep(0.01)
    assert {item for items in got for item in items} == {("logs", b"\xff item")}
