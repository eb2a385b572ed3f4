"""Applications and accounts at different engines on one PostgreSQL: who hears what, and who gets the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kagami.engine import Engine
from kagami.testing.valkey import Valkey
from tests.engine.running import FREE, engine, until, visiting
from tests.engine.test_cluster import SECRET
from tests.engine.test_outside import IN_POOL, MIRROR, ONE, POOL, TWO, UNPACED, account, application, row

THREE = "three-token-of-a-worker-for-tests"
Start = Callable[[str], AbstractAsyncContextManager[Engine]]


def begin(tmp_path: Path, postgres_url: str, name: str, **environ: str) -> AbstractAsyncContextManager[Engine]:
    return engine(
        tmp_path / name,
        FREE + MIRROR.replace('"app"', '"mirror"') + POOL.replace(ONE, THREE) + UNPACED,
        KAGAMI_STORE__URL=postgres_url,
        KAGAMI_CLUSTER__NODE=name,
        KAGAMI_CLUSTER__SECRET=SECRET,
        KAGAMI_CLUSTER__LEASE_SECONDS="2",
        **environ,
    )


@pytest.fixture
def start(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Start:
    """A gateway that handles events too, by name."""
    for name in ("FOLLOW_S", "SEEN_S"):
        monkeypatch.setattr(f"kagami.engine.cluster.{name}", 0.05)

    return partial(begin, tmp_path, postgres_url)


@pytest.fixture
async def pair(start: Start) -> AsyncIterator[tuple[Engine, Engine]]:
    async with start("a") as one, start("b") as two:
        for each in (one, two):
            await until(partial(_is_joined, each))
        yield one, two


def _is_joined(opened: Engine) -> bool:
    return len(opened.parts.cluster.rows()) == 2


async def sees(opened: Engine, worker: str) -> None:
    """Until it knows that a worker is connected somewhere."""
    await until(lambda: any(each.name == worker and each.state == "live" for each in opened.parts.routing.workers()))


async def hears_of_the_account(opened: Engine) -> None:
    rows = opened.parts.bots.rows
    await until(lambda: any(each.id == "qq:10001" and each.health.state == "online" for each in rows()))


async def forgets_to_look(opened: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on it knows of others what it knows now."""
    known = opened.parts.routing.posts.elsewhere  # type: ignore[attr-defined]

    def meet(_: object) -> object:
        return known

    monkeypatch.setattr(opened.parts.cluster, "neighbours", SimpleNamespace(meet=meet, opened=lambda: None))


async def is_written(opened: Engine, events: int) -> None:
    await until(lambda: [each.received for each in opened.parts.bots.rows() if each.id == "qq:10001"] == [events])
    await opened.parts.store.ledger.flush()


async def test_an_application_answers_what_was_heard_elsewhere(pair: tuple[Engine, Engine]) -> None:
    one, two = pair
    async with account(one) as peer:
        await hears_of_the_account(two)
        async with application(two, ONE) as app:
            await peer.say("hello", group="42")
            told = await app.told()
            assert (told["raw_message"], "kagami" in told) == ("hello", False)
            assert (await app.says("hi", 42))["status"] == "ok"
            call = await peer.called("send_group_msg")
            assert call["params"]["message"][0]["data"]["text"] == "hi"


async def test_hints_bring_events_at_once(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a Redis the store is asked when there is something, and else too seldom for this test."""
    monkeypatch.setattr("kagami.engine.cluster.SEEN_S", 600.0)
    async with Valkey() as valkey, AsyncExitStack() as stack:
        begun = (begin(tmp_path, postgres_url, name, KAGAMI_REDIS__URL=valkey.url) for name in ("a", "b"))
        one, two = [await stack.enter_async_context(each) for each in begun]
        async with account(one) as peer:
            await hears_of_the_account(two)
            async with application(two, ONE) as app:
                await until(lambda: one.parts.cluster.neighbours.followed)  # type: ignore[attr-defined]
                for number in range(5):
                    await peer.say(str(number), group="42")
                    assert await app.hears() == str(number)


async def test_one_that_comes_back_elsewhere_gets_exactly_what_it_missed(pair: tuple[Engine, Engine]) -> None:
    one, two = pair
    async with account(one) as peer:
        await hears_of_the_account(two)
        async with application(two, ONE) as app:
            await peer.say("heard", group="42")
            assert await app.hears() == "heard"
            app.connection.transport.abort()
        await peer.say("missed", group="42")
        await is_written(one, 2)
        async with application(one, ONE) as app:
            late = await app.told()
            assert (late["raw_message"], late["kagami"]["late_s"] > 0) == ("missed", True)
            await peer.say("live", group="42")
            assert await app.hears() == "live"
        await peer.say("again", group="42")
        await is_written(one, 4)
        async with application(two, ONE) as app:
            late = await app.told()
            assert (late["raw_message"], "kagami" in late) == ("again", True)


async def test_each_event_comes_once_and_in_order_when_an_account_moves(pair: tuple[Engine, Engine]) -> None:
    one, two = pair
    told: list[str] = []
    async with account(one) as peer:
        await hears_of_the_account(two)
        async with application(two, ONE) as app:
            for number in range(20):
                await peer.say(str(number), group="42")
            await peer.connection.close()
            async with visiting(two) as moved:
                for number in range(20, 40):
                    await moved.send(moved.message(str(number), group="42") | {"message_id": 1_000 + number})
                told += [await app.hears() for _ in range(40)]
    assert told == [str(number) for number in range(40)]


async def test_calls_go_to_the_account_wherever_it_is(pair: tuple[Engine, Engine]) -> None:
    one, two = pair
    async with account(one) as peer:
        await hears_of_the_account(two)
        peer.answers["get_group_list"] = lambda _: [{"group_id": 42, "group_name": "trip"}]
        async with application(two, ONE) as app:
            await app.connection.send('{"action": "get_group_list", "params": {}}')
            assert (await app.told("answer"))["data"][0]["group_name"] == "trip"
            await app.connection.send('{"action": "get_status", "params": {}}')
            assert (await app.told("answer"))["data"]["online"] is True


async def test_a_rule_finds_a_pool_wherever_its_members_are(pair: tuple[Engine, Engine]) -> None:
    one, two = pair
    async with account(one) as peer, application(two, TWO) as app:
        await one.call(IN_POOL)
        await sees(one, "ai-2")
        await until(lambda: two.parts.routing.rules.rules)
        for number in range(5):
            await peer.say(str(number), group="42")
        assert [await app.hears() for _ in range(5)] == list("01234")
        assert (await row(one, "ai-2")).node == "b"


def answer(call: dict[str, Any]) -> str:
    return str(call["params"]["message"][0]["data"]["text"])


async def test_what_was_led_to_an_application_that_left_is_decided_anew_there(
    pair: tuple[Engine, Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = pair
    async with account(one) as peer:
        await one.call(IN_POOL)
        async with application(two, TWO):
            await sees(one, "ai-2")
            await forgets_to_look(one, monkeypatch)
        await until(lambda: [each.state for each in two.parts.routing.workers() if each.name == "ai-2"] == ["away"])
        await peer.say("/echo here", group="42")
        assert answer(await peer.called("send_group_msg")) == "here"
        await until(lambda: two.parts.meters.count["events", "handled"])


async def test_what_was_led_to_a_process_that_went_is_decided_anew_by_whoever_takes_it_up(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start("a") as one, account(one) as peer:
        await one.call(IN_POOL)
        async with start("b") as two, application(two, TWO):
            await sees(one, "ai-2")
            await forgets_to_look(one, monkeypatch)
        await peer.say("/echo here", group="42")
        assert answer(await peer.called("send_group_msg")) == "here"


async def test_of_two_connections_of_one_application_the_later_stays(pair: tuple[Engine, Engine]) -> None:
    one, two = pair
    async with account(one), application(one, ONE) as first:
        await hears_of_the_account(two)
        await sees(two, "mirror")
        async with application(two, ONE) as second:
            await first.connection.wait_closed()
            await second.connection.ping()
