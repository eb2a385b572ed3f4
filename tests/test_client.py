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
from kagami.clock import SystemClock
from kagami.errors import (
    Denied,
    EngineAway,
    HomeBusy,
    KagamiError,
    NotFound,
    SettingError,
    StoreClosed,
    Unauthorized,
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


# --- keys that are renewed ---


class Renewing:
    """Shows one token after the other; how often it was asked for another one."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.token = ""
        self.asked = 0

    async def renew(self, _: Any) -> bool:
        self.asked += 1
        await asyncio.sleep(0)
        if self.tokens:
            self.token = self.tokens.pop(0)
            return True
        return False


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[str]:
    """The address of an engine that knows the tokens `admin` and `viewer`."""
    async with WebServer(
        WebConfig(port=0), OPERATIONS, make_parts(clock=SystemClock()), socket=tmp_path / "k.sock"
    ) as server:
        yield f"http://127.0.0.1:{server.port}"


async def test_a_refused_token_is_renewed_once_for_all_that_wait(port: str) -> None:
    keys = Renewing("admin")
    control = HttpControl(OPERATIONS, port, keys=keys)
    answers = await asyncio.gather(*(control.call(ListBots()) for _ in range(5)))
    await control.close()
    assert (answers, keys.asked) == ([[row()]] * 5, 1)


async def test_a_token_that_stays_refused_is_told(port: str) -> None:
    control = HttpControl(OPERATIONS, port, keys=Renewing("other"))
    with pytest.raises(Unauthorized):
        await control.call(ListBots())
    await control.close()


async def test_the_feed_renews_its_token(port: str) -> None:
    control = HttpControl(OPERATIONS, port, keys=Renewing("viewer"))
    async with aclosing(control.feed(["bots"])) as items:  # type: ignore[type-var]
        assert (await anext(items)).value == [row()]
    await control.close()


async def test_the_feed_of_a_stranger_is_refused(port: str) -> None:
    control = HttpControl(OPERATIONS, port)
    with pytest.raises(KagamiError, match="401"):
        await anext(aiter(control.feed(["pulse"])))
    await control.close()


async def test_what_asks_is_done_because_its_face_has_asked(port: str) -> None:
    control = HttpControl(OPERATIONS, port, token="admin")
    assert await control.call(Stop(reason="asked")) is None
    await control.close()


async def test_the_end_of_the_feed_ends_what_waits_on_the_same_line(odd: str) -> None:
    """A line that is dead to the feed is dead to a call that waits for its answer, and a new one is made."""
    control = HttpControl(OPERATIONS, odd, token="token")
    with pytest.raises(WireError):
        await control.call(ListBots())
    first = control._kept
    with pytest.raises(EngineAway):
        async for _ in control.feed(["weather"]):
            pass
    assert first is not None
    assert first.closed
    with pytest.raises(WireError):
        await control.call(ListBots())
    await control.close()
