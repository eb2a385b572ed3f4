"""BotMatrix' WxBot for tests: its dialect of OneBot 11 over a WebSocket server, and its panel.

It writes accounts and messages as text, leaves out `time`, sends lines of its log as events, wraps lists, and reads
messages as CQ strings only. `token` is what a proxy in front of it asks for: WxBot itself asks for nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from kagami.testing.onebot import Params, Peer

ACCOUNT = "wxid_mirror"
USER = "@user1"
GROUP = "@@group1"
PNG = b"\x89PNG\r\n\x1a\n"


class WxPeer(Peer):
    """One connection, seen from WxBot."""

    def __init__(self, connection: ServerConnection, account: str) -> None:
        super().__init__(connection, account=account)
        self._local = count(1)
        self.answers = {
            "get_login_info": lambda _: {"user_id": account, "nickname": "镜"},
            "get_friend_list": lambda _: {"friends": [{"user_id": USER, "nickname": "Mira"}]},
            "get_group_list": lambda _: [{"group_id": GROUP, "group_name": "room"}],
            "get_group_member_list": lambda _: {"members": [{"user_id": USER, "nickname": "Mira"}]},
            "send_group_msg": lambda params: self._made(params, "group_id"),
            "send_private_msg": lambda params: self._made(params, "user_id"),
            "delete_msg": lambda _: None,
        }

    def _made(self, params: Params, key: str) -> Any:
        if not isinstance(params["message"], str):
            raise TypeError("WxBot reads CQ strings only")
        return {"message_id": f"{params[key]}:{next(self._local)}:1"}

    def event(self, post_type: str, **fields: Any) -> dict[str, Any]:
        return {"self_id": self.account, "post_type": post_type, "platform": "weixin"} | fields

    def message(self, text: str, *, user: str = USER, group: str | None = None, name: str = "Mira") -> dict[str, Any]:
        place: dict[str, Any] = {"message_type": "private", "sub_type": "friend"}
        if group is not None:
            place = {"message_type": "group", "sub_type": "normal", "group_id": group}
        return self.event(
            "message",
            **place,
            message_id=f"{group or user}:9{next(self._local)}:1",
            user_id=user,
            message=text,
            raw_message=text,
            sender={"user_id": user, "nickname": name},
        )

    async def remark(self, text: str) -> None:
        """A line of its log."""
        await self.send(self.event("log", level="INFO", message=text, time="12:34:56"))


class WxBotHost:
    """`peers` are all connections it ever accepted, `asked` all requests to its panel."""

    def __init__(self, account: str, token: str) -> None:
        self.account = account
        self.token = token
        self.alive = True
        self.url = ""
        self.panel_url = ""
        self.peers: list[WxPeer] = []
        self.asked: list[str] = []
        self.attempts = self.open = self.most_open = 0
        self._accepted: asyncio.Queue[WxPeer] = asyncio.Queue()

    async def accepted(self) -> WxPeer:
        """The next connection that was not taken yet."""
        return await self._accepted.get()

    def judge(self, connection: ServerConnection, request: Request) -> Response | None:
        self.attempts += 1
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return connection.respond(401, "")
        return None if self.alive else connection.respond(503, "")

    async def handle(self, connection: ServerConnection) -> None:
        peer = WxPeer(connection, self.account)
        self.peers.append(peer)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            await peer.remark("a client came")
            await peer.send(peer.event("meta_event", meta_event_type="lifecycle", sub_type="connect", interval=5000))
            self._accepted.put_nowait(peer)
            await peer.listen()
        except ConnectionClosed:
            return
        finally:
            self.open -= 1

    async def panel(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path_qs)
        if request.path == "/api/bots":
            bot = {"self_id": self.account, "nickname": "镜", "is_alive": self.alive, "group_count": 1}
            return web.json_response([bot])
        return web.Response(body=PNG, content_type="image/png")


@asynccontextmanager
async def open_wxbot(*, account: str = ACCOUNT, token: str = "") -> AsyncIterator[WxBotHost]:
    """Its WebSocket server and its panel, on loopback, while the block runs."""
    host = WxBotHost(account, token)
    app = web.Application()
    app.router.add_route("GET", "/{path:.*}", host.panel)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host.panel_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with serve(
            host.handle, "127.0.0.1", 0, process_request=host.judge, compression=None, max_size=None, close_timeout=1
        ) as server:
            host.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            yield host
    finally:
        await runner.cleanup()
