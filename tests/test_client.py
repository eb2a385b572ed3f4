from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

from kagami.client import HttpControl, rebuild
from kagami.errors import (
    Denied,
    EngineAway,
    HomeBusy,
    KagamiError,
    NotFound,
    SettingError,
    StoreClosed,
    UsageError,
    WireError,
)
from kagami.operations import registry
from kagami.operations.bots import Disconnect, ListBots
from kagami.operations.messages import ListChats, Search
from kagami.operations.system import Stop
from kagami.ports import Pulse
from kagami.web.config import WebConfig
from kagami.web.operations import refusal
from kagami.web.server import WebServer
from tests.web.doubles import Rows, SmallStore, StillHouse, make_parts, row

OPERATIONS = registry()
Reach = Callable[..., AbstractAsyncContextManager[HttpControl]]


@pytest.fixture
def reach(tmp_path: Path) -> Reach:
    """A control on an engine of doubles, over its local socket."""

    @asynccontextmanager
    async def reach(**parts: Any) -> AsyncIterator[HttpControl]:
        socket = tmp_path / "k.sock"
        async with WebServer(WebConfig(port=0), OPERATIONS, make_parts(**parts), socket=socket):
            control = HttpControl(OPERATIONS, socket)
            try:
                yield control
            finally:
                await control.close()

    return reach


async def test_answers_are_typed(reach: Reach) -> None:
    async with reach(bots=Rows(row("shiori", "backoff", received=3))) as control:
        assert await control.call(ListBots()) == [row("shiori", "backoff", received=3)]


async def test_an_operation_without_an_answer_gives_none(reach: Reach) -> None:
    house = StillHouse()
    async with reach(house=house) as control:
        assert await control.call(Stop(reason="test")) is None
    assert house.stopped == "test"


async def test_an_error_is_of_its_own_class(reach: Reach) -> None:
    async with reach() as control:
        with pytest.raises(NotFound) as caught:
            await control.call(Disconnect(bot="qq:nobody"))
        assert caught.value.details == {"what": "bot", "name": "qq:nobody"}


async def test_a_refusal_of_the_request_arrives(reach: Reach) -> None:
    async with reach() as control:
        with pytest.raises(UsageError, match="Give a text"):
            await control.call(Search(text=" "))


async def test_an_error_of_the_store_arrives(reach: Reach) -> None:
    store = SmallStore()
    store.broken = StoreClosed(reason="full")
    async with reach(store=store) as control:
        with pytest.raises(StoreClosed, match="full"):
            await control.call(ListChats())


async def test_no_engine_is_away(tmp_path: Path) -> None:
    control = HttpControl(OPERATIONS, tmp_path / "none.sock")
    with pytest.raises(EngineAway, match=r"none\.sock"):
        await control.call(ListBots())
    await control.close()


async def test_no_server_is_away(unused_tcp_port: int) -> None:
    control = HttpControl(OPERATIONS, f"http://127.0.0.1:{unused_tcp_port}/")
    with pytest.raises(EngineAway):
        await control.call(ListBots())
    await control.close()


async def test_the_feed_is_typed(reach: Reach) -> None:
    house, bots = StillHouse(), Rows(row())
    async with reach(house=house, bots=bots) as control, aclosing(control.feed(["pulse", "bots"])) as items:  # type: ignore[type-var]
        found = {item.topic: item.value for item in [await anext(items), await anext(items)]}
        assert found == {"pulse": house.now, "bots": [row()]}
        assert isinstance(found["pulse"], Pulse)


async def test_no_engine_has_no_feed(tmp_path: Path) -> None:
    control = HttpControl(OPERATIONS, tmp_path / "none.sock")
    with pytest.raises(EngineAway):
        await anext(aiter(control.feed(["pulse"])))
    await control.close()


async def test_the_feed_ends_with_the_engine(tmp_path: Path) -> None:
    server = WebServer(WebConfig(port=0), OPERATIONS, make_parts(), socket=tmp_path / "k.sock")
    control = HttpControl(OPERATIONS, tmp_path / "k.sock")
    async with server:
        items = aiter(control.feed(["pulse"]))
        await anext(items)

        async def listen() -> None:
            async for _ in items:
                pass

        ended, _ = await asyncio.gather(listen(), server.__aexit__(None, None, None), return_exceptions=True)
        assert isinstance(ended, EngineAway)
    await control.close()


async def test_an_unused_control_closes() -> None:
    await HttpControl(OPERATIONS, "http://localhost").close()


# --- an engine of another kind, over HTTP ---


@pytest.fixture
async def odd() -> AsyncIterator[str]:
    """A server that answers operations and the feed with things that no engine of this version says."""

    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer token":
            return web.json_response(
                {"error": {"code": "Denied", "message": "m", "details": {"scope": "*"}}}, status=403
            )
        return web.json_response({"rows": 5})

    async def live(request: web.Request) -> web.WebSocketResponse:
        channel = web.WebSocketResponse()
        await channel.prepare(request)
        await channel.send_str('{"topic": "weather", "value": {"rain": true}}')
        await channel.send_bytes(b"?")
        await channel.close()
        return channel

    app = web.Application()
    app.add_routes([web.post("/api/v1/{topic}/{verb}", answer), web.get("/api/v1/live", live)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_token_is_shown(odd: str) -> None:
    stranger, known = HttpControl(OPERATIONS, odd), HttpControl(OPERATIONS, odd, token="token")
    with pytest.raises(Denied):
        await stranger.call(ListBots())
    with pytest.raises(WireError, match="another version"):
        await known.call(ListBots())
    await stranger.close()
    await known.close()


async def test_an_unknown_topic_is_left_as_it_is(odd: str) -> None:
    control = HttpControl(OPERATIONS, odd)
    items = aiter(control.feed(["weather"]))
    assert (await anext(items)).value == {"rain": True}
    with pytest.raises(EngineAway):
        await anext(items)
    await control.close()


# --- errors ---


@pytest.mark.parametrize(
    "error",
    [
        Denied(scope="bots:write"),
        HomeBusy(pid=5, home="/h"),
        SettingError(key="k", value="v", origin="o", reason="r", fix="f"),
        KagamiError(reason="r"),
    ],
)
def test_an_error_survives_the_journey(error: KagamiError) -> None:
    told = refusal(error)
    again = rebuild(told.status, told.body)
    assert (type(again), str(again)) == (type(error), str(error))


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"error": 5}'])
def test_what_no_engine_says_keeps_its_status(body: bytes) -> None:
    assert "502" in str(rebuild(502, body))


@pytest.mark.parametrize("code", ["Newer", "Denied"])
def test_an_error_of_another_version_keeps_its_message(code: str) -> None:
    body = msgspec.json.encode({"error": {"code": code, "message": "words", "details": {"odd": "x"}}})
    assert str(rebuild(400, body)) == "Something went wrong: words"
