"""The line between a browser tab and its console: a WebSocket that speaks as textual-serve's client does.

From the tab come JSON texts: `["stdin", text]`, `["resize", {"width", "height"}]`, `["focus"]`, `["blur"]` and
`["ping", stamp]`, which is answered with `["pong", stamp]`. To it go bytes for xterm.js. When the console is over, or
the tab may not have it, the close code is 4000 and the reason one word for the page.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from weakref import WeakSet

import msgspec
from aiohttp import ClientConnectionResetError, WSCloseCode, WSMsgType, web

from kagami.errors import Conflict, KagamiError, Unauthorized
from kagami.i18n import mark
from kagami.ports.consoles import Consoles, Screen, Seat
from kagami.ports.people import People
from kagami.web.asked import WHO
from kagami.web.auth import ACCESS_COOKIE, told
from kagami.web.pages import language_of

ENDED = 4000
PING_S = 15.0
CLOSE_S = 1.0
# A paste; xterm.js sends it whole.
MESSAGE_BYTES = 1 << 20
# What the system may hold for a tab: more of it would only be older when it arrives.
SEND_BYTES = 1 << 16
WIDTHS, HEIGHTS = (20, 400), (5, 200)

_TAB = re.compile(r"[0-9a-f]{32}", re.ASCII)


class ConsoleLine:
    """Handles `/console` for those whom the door knows."""

    def __init__(self, consoles: Consoles, people: People) -> None:
        self._consoles = consoles
        self._people = people
        self._open: WeakSet[web.WebSocketResponse] = WeakSet()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        # The door refuses foreign origins; here somebody's browser has to be there at all.
        if request.headers.get("Origin", "").partition("://")[2].lower() != request.host.lower():
            return web.Response(status=HTTPStatus.FORBIDDEN)
        try:
            seat = self._seat(request)
        except KagamiError as error:
            return told(error)
        channel = web.WebSocketResponse(
            heartbeat=PING_S, max_msg_size=MESSAGE_BYTES, timeout=CLOSE_S, writer_limit=SEND_BYTES
        )
        await channel.prepare(request)
        self._open.add(channel)
        peer = request.get_extra_info("socket")
        if peer is not None:
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES)
        try:
            screen = await self._consoles.open(seat)
        except KagamiError as error:
            await channel.close(code=ENDED, message=b"crowded" if isinstance(error, Conflict) else b"broken")
            return channel
        await self._show(channel, screen)
        return channel

    def _seat(self, request: web.Request) -> Seat:
        who = request.get(WHO)
        tab = request.query.get("tab", "")
        if who is None or who.kind != "person" or not _TAB.fullmatch(tab):
            raise Unauthorized(reason=mark("the console is for people in browsers"))
        return Seat(
            who=who,
            login=self._people.login_of(request.cookies.get(ACCESS_COOKIE, "")),
            tab=tab,
            language=language_of(request),
            width=_cells(request.query.get("width"), 80, WIDTHS),
            height=_cells(request.query.get("height"), 24, HEIGHTS),
        )

    async def _show(self, channel: web.WebSocketResponse, screen: Screen) -> None:
        closed = False
        try:
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(self._send(channel, screen))
                async for message in channel:
                    if message.type is not WSMsgType.TEXT or not await hear(screen, message.data, channel.send_str):
                        await channel.close(code=WSCloseCode.UNSUPPORTED_DATA)
                closed = channel.close_code == WSCloseCode.GOING_AWAY
                sending.cancel()
        finally:
            screen.leave(closed=closed)

    async def _send(self, channel: web.WebSocketResponse, screen: Screen) -> None:
        try:
            while text := await screen.output():
                await channel.send_bytes(text.encode("utf-8", "replace"))
            await channel.close(code=ENDED, message=screen.ended.encode())
        except ClientConnectionResetError:
            return

    async def close(self, _: web.Application) -> None:
        """Tell the tabs that this engine stops; they try again until there is one."""
        for channel in list(self._open):
            await channel.close(code=WSCloseCode.GOING_AWAY)


async def hear(screen: Screen, text: str, answer: Callable[[str], Any]) -> bool:
    """Do what a tab says; False for what is not the protocol."""
    try:
        said = msgspec.json.decode(text, type=list[Any])
    except msgspec.MsgspecError:
        return False
    match said:
        case ["stdin", str(typed)]:
            screen.type(typed)
        case ["resize", {"width": int(width), "height": int(height)}]:
            screen.resize(_within(width, WIDTHS), _within(height, HEIGHTS))
        case ["focus"] | ["blur"]:
            screen.focus(here=said == ["focus"])
        case ["ping", str(stamp)]:
            await answer(msgspec.json.encode(["pong", stamp]).decode())
        case _:
            return False
    return True


def _cells(text: str | None, otherwise: int, limits: tuple[int, int]) -> int:
    return _within(int(text), limits) if text and text.isascii() and text.isdecimal() and len(text) < 5 else otherwise  # noqa: PLR2004


def _within(cells: int, limits: tuple[int, int]) -> int:
    return max(limits[0], min(cells, limits[1]))
