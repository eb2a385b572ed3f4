"""The line between a tab and its console, spoken by a client of HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from kagami.errors import Conflict
from kagami.model.principal import Principal
from kagami.ports.consoles import Ended, Seat
from kagami.ports.people import Login, People
from kagami.web.asked import WHO
from kagami.web.auth import ACCESS_COOKIE
from kagami.web.console import ENDED, ConsoleLine

TAB = "0123456789abcdef" * 2
Said = tuple[Any, ...]


class Desk:
    """Knows whose cookie it is."""

    def login_of(self, bearer: str) -> Login:
        return Login(bearer, "ann", 1, 1)


class Room:
    """`ports.Consoles` and the one screen in it: what a tab says is in `said`, what it is given comes from `give`."""

    def __init__(self) -> None:
        self.seats: list[Seat] = []
        self.said: asyncio.Queue[Said] = asyncio.Queue()
        self.give: asyncio.Queue[str] = asyncio.Queue()
        self.ended: Ended = "left"
        self.full = False

    async def open(self, seat: Seat) -> Room:
        if self.full:
            raise Conflict(reason="too many")
        self.seats.append(seat)
        return self

    async def output(self) -> str:
        return await self.give.get()

    def type(self, text: str) -> None:
        self.said.put_nowait(("type", text))

    def resize(self, width: int, height: int) -> None:
        self.said.put_nowait(("resize", width, height))

    def focus(self, *, here: bool) -> None:
        self.said.put_nowait(("focus", here))

    def leave(self, *, closed: bool) -> None:
        self.said.put_nowait(("leave", closed))


class Site:
    def __init__(self, session: aiohttp.ClientSession, address: str, room: Room) -> None:
        self.session, self.address, self.room = session, address, room

    def line(self, path: str = f"/console?tab={TAB}&width=100&height=30", **headers: str) -> Any:
        given = {"Origin": self.address, "Cookie": f"{ACCESS_COOKIE}=key", **headers}
        return self.session.ws_connect(path, headers=given)

    async def heard(self) -> Said:
        async with asyncio.timeout(5):
            return await self.room.said.get()


@asynccontextmanager
async def site(kind: str = "person") -> AsyncIterator[Site]:
    room = Room()

    @web.middleware
    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        if kind:
            request[WHO] = Principal(kind, "ann", frozenset({"*"}), "192.0.2.7")
        return await handler(request)

    line = ConsoleLine(room, cast("People", Desk()))
    app = web.Application(middlewares=[door])
    app.add_routes([web.get("/console", line.serve)])
    app.on_shutdown.append(line.close)
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as session:
        yield Site(session, str(server.make_url("/")).rstrip("/"), room)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9", "", "http://localhost.evil"])
async def test_a_page_of_another_site_gets_nothing(origin: str) -> None:
    async with site() as here:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await here.line(Origin=origin)
        assert refused.value.status == 403
        assert not here.room.seats


@pytest.mark.parametrize("kind", ["", "token"])
async def test_it_is_for_people(kind: str) -> None:
    async with site(kind) as here:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await here.line()
        assert refused.value.status == 401


@pytest.mark.parametrize("tab", ["", "x", TAB.upper(), f"{TAB}0", "../" * 10])
async def test_a_tab_names_itself_properly(tab: str) -> None:
    async with site() as here:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await here.line(f"/console?tab={tab}")
        assert refused.value.status == 401


async def test_a_seat_says_who_where_and_how_large() -> None:
    async with site() as here, here.line(**{"Accept-Language": "zh-CN"}):
        seat = here.room.seats[0]
        assert (seat.who.name, seat.who.address, seat.login.id, seat.tab) == ("ann", "192.0.2.7", "key", TAB)
        assert (seat.language, seat.width, seat.height) == ("zh", 100, 30)


@pytest.mark.parametrize(
    ("query", "size"),
    [
        ("", (80, 24)),
        ("&width=x&height=-1", (80, 24)),
        ("&width=1&height=1", (20, 5)),
        ("&width=9999&height=9999", (400, 200)),
    ],
)
async def test_sizes_have_bounds(query: str, size: tuple[int, int]) -> None:
    async with site() as here, here.line(f"/console?tab={TAB}{query}"):
        assert (here.room.seats[0].width, here.room.seats[0].height) == size


@pytest.mark.parametrize(
    ("message", "heard"),
    [
        ('["stdin","你好"]', ("type", "你好")),
        ('["resize",{"width":120,"height":9999}]', ("resize", 120, 200)),
        ('["focus"]', ("focus", True)),
        ('["blur"]', ("focus", False)),
    ],
)
async def test_what_a_tab_says_reaches_its_console(message: str, heard: Said) -> None:
    async with site() as here, here.line() as line:
        await line.send_str(message)
        assert await here.heard() == heard


async def test_a_ping_is_answered() -> None:
    async with site() as here, here.line() as line:
        await line.send_str('["ping","123"]')
        assert await line.receive_json() == ["pong", "123"]


@pytest.mark.parametrize("message", ["", "no", "{}", "[]", '["stdin"]', '["stdin",1]', '["resize",{}]', '["what","x"]'])
async def test_what_is_not_the_protocol_ends_the_line(message: str) -> None:
    async with site() as here, here.line() as line:
        await line.send_str(message)
        assert (await line.receive()).type is WSMsgType.CLOSE
        assert line.close_code == 1003
        assert await here.heard() == ("leave", False)


async def test_the_terminal_is_given_bytes() -> None:
    async with site() as here, here.line() as line:
        here.room.give.put_nowait("\x1b[1m镜\ud800")
        assert await line.receive_bytes() == b"\x1b[1m\xe9\x95\x9c?"


async def test_the_end_is_told_in_a_word() -> None:
    async with site() as here, here.line() as line:
        here.room.ended = "idle"
        here.room.give.put_nowait("")
        ended = await line.receive()
        assert (ended.type, ended.data, ended.extra) == (WSMsgType.CLOSE, ENDED, "idle")


async def test_a_crowd_is_told_so() -> None:
    async with site() as here:
        here.room.full = True
        async with here.line() as line:
            ended = await line.receive()
            assert (ended.data, ended.extra) == (ENDED, "crowded")


async def test_a_closed_tab_is_told_from_a_broken_line() -> None:
    async with site() as here:
        async with here.line() as line:
            await line.close(code=1001)
        assert await here.heard() == ("leave", True)
        line = await here.line()
        line._response.connection.transport.abort()
        assert await here.heard() == ("leave", False)


async def test_a_tab_that_does_not_read_holds_up_nobody() -> None:
    async with site() as here, here.line() as other:
        slow = await here.line()
        slow._response.connection.transport.pause_reading()
        for _ in range(200):
            here.room.give.put_nowait("x" * 20_000)
        async with asyncio.timeout(5):
            await other.send_str('["ping","1"]')
            while (message := await other.receive()).type is not WSMsgType.TEXT:
                pass
        assert message.json() == ["pong", "1"]
        slow._response.connection.transport.abort()
