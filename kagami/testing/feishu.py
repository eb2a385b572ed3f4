"""Feishu on a free loopback port: its calls, its long connection, and what it refuses.

async with fake_feishu() as feishu:
    config = FeishuConfig(app_id=feishu.app_id, app_secret=Secret(feishu.app_secret), api_url=feishu.url)
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from kagami.adapters.feishu.frame import CONTROL, DATA, Frame, acknowledgement, decode, encode
from kagami.errors import WireError
from kagami.net.supervise import Nursery
from kagami.testing.feishu_calls import FeishuCalls

SERVICE = 33554678
REDELIVER_S = 0.5
DELIVERIES = 5

__all__ = ["Delivery", "FakeFeishu", "fake_feishu"]


@dataclass(slots=True)
class Delivery:
    """One event on its way to the application; `acks` are the payloads of its acknowledgements."""

    frames: list[Frame]
    payload: bytes
    sent: int = 0
    acks: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class _Connection:
    socket: web.WebSocketResponse
    request: web.Request


class FakeFeishu(FeishuCalls):
    """`problems` is what a client did that it must not do. Events that nobody acknowledges come again."""

    def __init__(self, nursery: Nursery, *, redeliver_s: float = REDELIVER_S) -> None:
        super().__init__()
        self.url = ""
        self.client_config: dict[str, Any] = {
            "ReconnectCount": -1,
            "ReconnectInterval": 120,
            "ReconnectNonce": 30,
            "PingInterval": 120,
        }
        self.pong: dict[str, Any] | None = {}
        self.endpoint_code = 0
        self.handshake_refusal: dict[str, str] = {}
        self.endpoint_calls = self.connects = self.most_open = self.pings = 0
        self.open: list[_Connection] = []
        self.deliveries: dict[str, Delivery] = {}
        self._tickets: set[str] = set()
        self._waiting: deque[Delivery] = deque()
        self._nursery = nursery
        self._redeliver_s = redeliver_s
        self._sequence = 0

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024 * 1024, middlewares=[self.guard])
        app.router.add_post("/callback/ws/endpoint", self._endpoint)
        app.router.add_get("/ws", self._serve)
        self.add_routes(app.router)
        return app

    # --- the long connection ---

    async def _endpoint(self, request: web.Request) -> web.Response:
        self.endpoint_calls += 1
        given = await request.json()
        if self.endpoint_code:
            return web.json_response({"code": self.endpoint_code, "msg": "scripted"})
        if given.get("AppID") != self.app_id or not self.knows(given.get("AppSecret")):
            return web.json_response({"code": 514, "msg": "auth failed"})
        ticket = secrets.token_hex(8)
        self._tickets.add(ticket)
        url = f"{self.url.replace('http', 'ws', 1)}/ws?device_id=7&service_id={SERVICE}&ticket={ticket}"
        return web.json_response({"code": 0, "msg": "", "data": {"URL": url, "ClientConfig": self.client_config}})

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if self.handshake_refusal or ticket not in self._tickets:
            refusal = self.handshake_refusal or {"handshake-status": "514", "handshake-msg": "ticket is used"}
            return web.Response(status=400, headers=refusal)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(max_msg_size=16 * 1024 * 1024)
        await socket.prepare(request)
        connection = _Connection(socket, request)
        self.open.append(connection)
        self.connects += 1
        self.most_open = max(self.most_open, len(self.open))
        try:
            while self._waiting:
                await self._push(self._waiting.popleft())
            async for message in socket:
                if message.type is not WSMsgType.BINARY:
                    self.problems.append(f"a frame that is not binary: {message.type}")
                    continue
                await self._hear(connection, message.data)
        finally:
            if connection in self.open:
                self.open.remove(connection)
        return socket

    async def _hear(self, connection: _Connection, raw: bytes) -> None:
        try:
            frame = decode(raw)
        except WireError as error:
            self.problems.append(error.text())
            return
        if frame.method == CONTROL and frame.header("type") == "ping":
            self.pings += 1
            if frame.service != SERVICE or frame.payload:
                self.problems.append(f"a wrong ping: {frame}")
            if self.pong is not None:
                payload = json.dumps(self.pong).encode() if self.pong else None
                pong = Frame(service=SERVICE, headers=(("type", "pong"),), payload=payload)
                await connection.socket.send_bytes(encode(pong))
        elif frame.method == DATA:
            self._hear_acknowledgement(frame)
        else:
            self.problems.append(f"an unknown frame: {frame}")

    def _hear_acknowledgement(self, frame: Frame) -> None:
        delivery = self.deliveries.get(frame.header("message_id"))
        last = delivery.frames[-1] if delivery else None
        took = frame.header("biz_rt")
        if delivery is None or last is None or not took.isdecimal():
            self.problems.append(f"an acknowledgement of nothing: {frame}")
            return
        expected = acknowledgement(last, int(took))
        if (frame.seq_id, frame.log_id, frame.headers) != (expected.seq_id, expected.log_id, expected.headers):
            self.problems.append(f"an acknowledgement that is not its frame: {frame}")
        delivery.acks.append(json.loads(frame.payload or b"{}"))

    async def emit(self, kind: str, event: dict[str, Any], *, event_id: str = "", parts: int = 1) -> str:
        """An event happens; returns the id of its delivery. It waits while nobody is connected."""
        header = {
            "event_id": event_id or secrets.token_hex(16),
            "event_type": kind,
            "create_time": str(time.time_ns() // 1_000_000),
            "token": "the-verification-token",
            "app_id": self.app_id,
            "tenant_key": "tenant",
        }
        return await self.emit_raw(json.dumps({"schema": "2.0", "header": header, "event": event}).encode(), parts)

    async def emit_raw(self, payload: bytes, parts: int = 1, kind: str = "event") -> str:
        number = secrets.token_hex(8)
        size = -(-len(payload) // parts)
        pieces = [payload[place * size : (place + 1) * size] for place in range(parts)]
        frames = []
        for place, piece in enumerate(pieces):
            self._sequence += 1
            words = {"type": kind, "message_id": number, "sum": parts, "seq": place, "trace_id": "t"}
            headers = tuple((key, str(value)) for key, value in words.items())
            frames.append(
                Frame(seq_id=self._sequence, log_id=9, service=SERVICE, method=DATA, headers=headers, payload=piece)
            )
        delivery = self.deliveries[number] = Delivery(frames, payload)
        await self._push(delivery)
        return number

    async def again(self, number: str) -> None:
        """The same delivery once more, as after a lost acknowledgement."""
        await self._push(self.deliveries[number])

    async def _push(self, delivery: Delivery) -> None:
        if not self.open:
            self._waiting.append(delivery)
            return
        delivery.sent += 1
        with suppress(ConnectionError):
            for frame in delivery.frames:
                await self.open[-1].socket.send_bytes(encode(frame))
        if delivery.sent < DELIVERIES:
            self._nursery.start("redeliver", self._redeliver(delivery, len(delivery.acks)))

    async def _redeliver(self, delivery: Delivery, acks: int) -> None:
        await asyncio.sleep(self._redeliver_s)
        if len(delivery.acks) == acks:
            await self._push(delivery)

    async def cut(self) -> None:
        """Every open connection breaks."""
        broken, self.open = self.open, []
        for connection in broken:
            if connection.request.transport is not None:
                connection.request.transport.abort()

    # --- what people do ---

    async def say(
        self, kind: str, content: dict[str, Any] | str, *, user: str = "", group: str = "", **more: Any
    ) -> tuple[str, str]:
        """A user writes to the bot, or in a group; returns the message's id and that of its delivery.

        `files` are the media of the message by their keys; all else in `more` are fields of the message.
        """
        user = user or self.user
        number = self.fresh("om")
        message = {
            "message_id": number,
            "create_time": str(time.time_ns() // 1_000_000),
            "chat_id": group or self.private_chats[user],
            "chat_type": "group" if group else "p2p",
            "message_type": kind,
            "content": content if isinstance(content, str) else json.dumps(content, ensure_ascii=False),
        }
        sender = {"sender_id": {"open_id": user, "union_id": f"on_{user}"}, "sender_type": "user", "tenant_key": "t"}
        self.messages[number] = message | {"sender": {"id": user, "sender_type": "user"}}
        for key, file in more.pop("files", {}).items():
            self.resources[number, key] = file
        parts = more.pop("parts", 1)
        delivery = await self.emit("im.message.receive_v1", {"sender": sender, "message": message | more}, parts=parts)
        return number, delivery

    def naming_us(self, key: str = "@_user_1") -> dict[str, Any]:
        """A mention of the bot, as messages carry it."""
        return {"key": key, "id": {"open_id": self.open_id, "union_id": "on_bot"}, "name": self.robot_name}


@asynccontextmanager
async def fake_feishu(*, redeliver_s: float = REDELIVER_S) -> AsyncIterator[FakeFeishu]:
    async with Nursery() as nursery:
        feishu = FakeFeishu(nursery, redeliver_s=redeliver_s)
        runner = web.AppRunner(feishu.app(), shutdown_timeout=0.1)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            feishu.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield feishu
        finally:
            await feishu.cut()
            await runner.cleanup()
