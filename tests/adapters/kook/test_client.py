from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from kagami.adapters.kook.client import Client
from kagami.clock import Clock
from kagami.core.secrets import Secret
from kagami.errors import CredentialsRefused, Declined, NotReached, Unavailable
from kagami.net.api import Api
from kagami.testing.adapters import QuickClock
from kagami.testing.clock import FakeClock
from kagami.testing.kook import CHANNEL, GUILD, TOKEN, Kook

HELLO = {"type": 9, "target_id": CHANNEL, "content": "hi"}


@asynccontextmanager
async def answering(
    answer: Callable[[], web.Response], *, clock: Clock | None = None, token: str = TOKEN
) -> AsyncIterator[Client]:
    """A client of a host that answers everything alike."""

    async def serve(_: web.Request) -> web.Response:
        return answer()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with Api(f"http://127.0.0.1:{runner.addresses[0][1]}") as api:
            yield Client(api, Secret(token), clock or QuickClock())
    finally:
        await runner.cleanup()


async def test_an_answer_is_its_data(client: Client, kook: Kook) -> None:
    assert await client.ask("GET", "/user/me") == kook.rest.me


async def test_a_code_is_told_as_it_is(client: Client) -> None:
    with pytest.raises(Declined) as caught:
        await client.ask("POST", "/message/create", json=HELLO | {"target_id": "1"})
    assert (caught.value.number, caught.value.details["reason"]) == ("40000", "频道不存在")


@pytest.mark.parametrize(
    ("status", "body", "number"),
    [
        (404, "nothing", "404"),
        (400, '{"code":0}', "400"),
        (403, '{"code":1,"message":"x"}', "403"),
        (200, '{"code":5}', "5"),
    ],
)
async def test_what_was_certainly_not_done(status: int, body: str, number: str) -> None:
    async with answering(lambda: web.Response(status=status, text=body)) as client:
        with pytest.raises(Declined) as caught:
            await client.ask("POST", "/x")
    assert caught.value.number == number


@pytest.mark.parametrize(("status", "body"), [(502, "bad gateway"), (500, '{"code":5}'), (200, "<html>")])
async def test_what_may_have_been_done(status: int, body: str) -> None:
    async with answering(lambda: web.Response(status=status, text=body)) as client:
        with pytest.raises(Unavailable):
            await client.ask("POST", "/x")


async def test_nobody_there_is_not_reached(unused_tcp_port: int) -> None:
    async with Api(f"http://127.0.0.1:{unused_tcp_port}") as api:
        with pytest.raises(NotReached):
            await Client(api, Secret(TOKEN), QuickClock()).ask("GET", "/user/me")


async def test_a_refusal_never_shows_the_token() -> None:
    told = {"code": 7, "message": f"no such token: {TOKEN}"}
    async with answering(lambda: web.json_response(told)) as client:
        with pytest.raises(Declined) as caught:
            await client.ask("GET", "/x")
    assert TOKEN not in caught.value.text()


# --- limits ---


async def test_too_many_is_waited_out_and_asked_again(kook: Kook, client: Client) -> None:
    kook.limit(2.0)
    assert (await client.ask("POST", "/message/create", json=HELLO))["msg_id"]
    assert len(kook.asked("POST /message/create")) == 1


async def test_too_many_of_all_holds_up_every_call(kook: Kook) -> None:
    clock = FakeClock()
    async with Api(f"{kook.url}/api/v3") as api:
        client = Client(api, Secret(TOKEN), clock)
        kook.limit(5.0, everything=True)
        async with asyncio.TaskGroup() as group:
            group.create_task(client.ask("POST", "/message/create", json=HELLO))
            await clock.asleep()
            other = group.create_task(client.ask("GET", "/user/me"))
            await clock.asleep(2)
            await clock.advance(4.9)
            assert not kook.asked("GET /user/me")
            await clock.advance(0.2)
            assert (await other)["id"]


async def test_an_empty_bucket_is_waited_for_before_it_is_asked() -> None:
    clock, headers = FakeClock(), {"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": "10"}
    async with answering(lambda: web.json_response({"code": 0}, headers=headers), clock=clock) as client:
        await client.ask("GET", "/x")
        async with asyncio.TaskGroup() as group:
            second = group.create_task(client.ask("GET", "/x"))
            await clock.asleep()
            await clock.advance(9.9)
            assert not second.done()
            await clock.advance(0.2)


@pytest.mark.parametrize("reset", ["61", "7000"])
async def test_nobody_waits_for_more_than_a_minute(reset: str) -> None:
    headers = {"X-Rate-Limit-Reset": reset}
    async with answering(lambda: web.Response(status=429, headers=headers), clock=FakeClock()) as client:
        with pytest.raises(Declined) as caught:
            await client.ask("POST", "/x")
    assert caught.value.number == "rate_limited"


async def test_a_limit_that_never_ends_is_given_up_after_a_minute() -> None:
    clock, headers = FakeClock(), {"X-Rate-Limit-Reset": "9"}
    async with answering(lambda: web.Response(status=429, headers=headers), clock=clock) as client:
        asked, began = asyncio.create_task(client.ask("POST", "/x")), clock.monotonic()
        while not asked.done():
            # Time stands still while KOOK is asked.
            await (clock.advance(1) if clock.sleeping else asyncio.sleep(0.001))
        assert isinstance(asked.exception(), Declined)
        assert 45 < clock.monotonic() - began < 70


# --- lists ---


async def test_all_pages_of_a_list_are_turned(kook: Kook, client: Client) -> None:
    found = [each["id"] async for each in client.pages("/channel/list", {"guild_id": GUILD})]
    assert found == list(kook.rest.channels)
    assert [each["page"] for each in kook.asked("GET /channel/list")] == ["1", "2"]


@pytest.mark.parametrize("page", [None, [], {"items": None}, {"items": [1]}, {"items": [], "meta": []}])
async def test_a_list_that_is_none_is_empty(page: Any) -> None:
    async with answering(lambda: web.json_response({"code": 0, "data": page})) as client:
        assert [each async for each in client.pages("/x", {})] == []


# --- credentials ---


@pytest.mark.parametrize(
    ("status", "code"), [(401, 401), (200, 401), (403, 0), (200, 40101), (200, 40102), (401, 40000)]
)
async def test_a_wrong_token_is_told_with_what_to_do(status: int, code: int) -> None:
    async with answering(lambda: web.json_response({"code": code, "message": "no"}, status=status)) as client:
        with pytest.raises(CredentialsRefused) as caught:
            await client.credentials("/user/me")
    assert caught.value.text() == (
        "KOOK refuses our credentials: no; set bots.token to the one of the developers' page"
    )


async def test_any_other_refusal_is_no_word_about_the_token() -> None:
    async with answering(lambda: web.json_response({"code": 40000, "message": "no"})) as client:
        with pytest.raises(Unavailable):
            await client.credentials("/user/me")
