"""KOOK on loopback: its HTTP interface and its gateway, as strict as the real ones.

Written from https://developer.kookapp.cn/doc (reference, websocket, rate-limit, http/*). One bot, one server with a
text channel, users that may be made to speak. A session outlives its connection until a fresh one is begun.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, NamedTuple

from aiohttp import WSMsgType, web

from kagami.testing.kook_rest import Nope, Rest

TOKEN = "1/MTAwMDE=/the-token-of-this-bot=="  # noqa: S105 - of a server that lives for one test
GATE = "a-token-of-the-gateway"
BOT = "2400000001"
USER = "2400000042"
CHANNEL = "6000000000000001"
GUILD = "7000000000000001"
START_MS = 1_760_000_000_000
SPECIAL = "!()*-.:>[\\]`~"

Json = dict[str, Any]


class Call(NamedTuple):
    """One request: `GET /user/me` with its parameters or body."""

    path: str
    fields: Json


class Session:
    """What the gateway knows of one session; `acked` is the number that the last ping has told."""

    def __init__(self, name: str) -> None:
        self.id = name
        self.last = 0
        self.acked = 0
        self.frames: dict[int, Json] = {}
        self.socket: web.WebSocketResponse | None = None

    def add(self, d: Json) -> Json:
        self.last += 1
        frame = self.frames[self.last] = {"s": 0, "d": d, "sn": self.last}
        return frame

    def knows(self, sn: int) -> bool:
        return self.acked <= sn <= self.last

    def acknowledge(self, sn: int) -> None:
        self.acked = sn
        self.frames = {number: frame for number, frame in self.frames.items() if number > sn}


class Kook:
    """`hello` is the code of the next greetings, None for none at all; `pongs` whether pings are answered."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []  # but those that were too many
        self.rest = Rest(self)
        self.token, self.gate = TOKEN, GATE
        self.hello: int | None = 0
        self.pongs = True
        self.session: Session | None = None
        self.pings: list[int] = []
        self.urls: list[str] = []
        self.attempts = self.refused = self.most_open = 0
        self._limits: list[tuple[float, bool]] = []
        self._sockets: dict[web.WebSocketResponse, web.Request] = {}
        self._numbers = count(1)

    @property
    def gateway_url(self) -> str:
        return f"{self.url.replace('http', 'ws')}/gateway?compress=1&token={self.gate}"

    @property
    def open(self) -> int:
        return len(self._sockets)

    def asked(self, path: str) -> list[Json]:
        """The fields of the calls of one path."""
        return [call.fields for call in self.calls if call.path == path]

    def limit(self, seconds: float, *, everything: bool = False) -> None:
        """The next message is one too many."""
        self._limits.append((seconds, everything))

    # --- what happens there ---

    def number(self, prefix: str = "m") -> str:
        return f"{prefix}{next(self._numbers):08d}-0000"

    async def says(self, content: str, *, private: bool = False, kind: int = 9, user: str = USER, **extra: Any) -> str:
        """A user says something; the message's id."""
        author = {
            "id": user,
            "username": "tz-un",
            "nickname": "铁子",
            "identify_num": "5618",
            "bot": False,
            "roles": [],
        }
        d = {
            "channel_type": "PERSON" if private else "GROUP",
            "type": kind,
            "target_id": BOT if private else CHANNEL,
            "author_id": user,
            "content": content,
            "msg_id": self.number(),
            "msg_timestamp": START_MS,
            "nonce": "",
            "extra": {
                "type": kind,
                "author": author,
                "mention": [],
                "mention_all": False,
                "mention_roles": [],
                "mention_here": False,
                "kmarkdown": {"raw_content": content, "mention_part": [], "mention_role_part": []},
            },
        }
        d["extra"] |= {"code": "c0ffee"} if private else {"guild_id": GUILD, "channel_name": "闲聊"}  # type: ignore[operator]
        d["extra"] |= extra  # type: ignore[operator]
        self.rest.messages[str(d["msg_id"])] = CHANNEL if not private else user
        await self.happens(d)
        return str(d["msg_id"])

    async def tells(self, kind: str, body: Json, *, target: str = GUILD, channel_type: str = "GROUP") -> str:
        """A system event; its own id."""
        d = {
            "channel_type": channel_type,
            "type": 255,
            "target_id": target,
            "author_id": "1",
            "content": "[系统消息]",
            "msg_id": self.number("s"),
            "msg_timestamp": START_MS,
            "extra": {"type": kind, "body": body},
        }
        await self.happens(d)
        return str(d["msg_id"])

    async def happens(self, d: Json) -> Json:
        """Any event; the frame of it, which waits for the next resume when nobody is connected."""
        if self.session is None:
            raise AssertionError("nobody ever connected")
        frame = self.session.add(d)
        await self.send(frame)
        return frame

    async def send(self, frame: Json) -> None:
        """One frame to whoever is connected."""
        if self.session is not None and self.session.socket is not None:
            await self.pour(zlib.compress(json.dumps(frame).encode()))

    async def pour(self, content: bytes) -> None:
        """Bytes, whatever they are."""
        if self.session is not None and self.session.socket is not None:
            await self.session.socket.send_bytes(content)

    def cut(self) -> None:
        """Every connection breaks; what happens from now on waits."""
        if self.session is not None:
            self.session.socket = None
        for request in self._sockets.values():
            if request.transport is not None:
                request.transport.abort()

    # --- HTTP ---

    async def serve(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/api/v3")
        fields = await self._fields(request)
        call = Call(f"{request.method} {path}", fields)
        self.calls.append(call)
        try:
            self._check(request, call, path)
            data = self.rest.answer(request.method, path, fields)
        except Nope as nope:
            return web.json_response(
                {"code": nope.code, "message": nope.message, "data": {}}, status=nope.status, headers=nope.headers(path)
            )
        headers = {"X-Rate-Limit-Limit": "120", "X-Rate-Limit-Remaining": "119", "X-Rate-Limit-Reset": "2"}
        headers["X-Rate-Limit-Bucket"] = path.strip("/")
        return web.json_response({"code": 0, "message": "操作成功", "data": data}, headers=headers)

    def _check(self, request: web.Request, call: Call, path: str) -> None:
        if request.headers.get("Authorization") != f"Bot {self.token}":
            self.refused += 1
            raise Nope(401, "认证失败", status=401)
        if path.endswith("message/create") and self._limits:
            seconds, everything = self._limits.pop(0)
            self.calls.remove(call)
            raise Nope(429, "请求过于频繁", status=429, reset=seconds, everything=everything)

    async def _fields(self, request: web.Request) -> Json:
        if request.method == "GET":
            return dict(request.query)
        if request.content_type == "multipart/form-data":
            form = await request.post()
            file = form.get("file")
            if not isinstance(file, web.FileField):
                return {}
            return {"file": file.file.read(), "name": file.filename}
        if request.content_type != "application/json":
            return {}
        told = await request.json()
        return told if isinstance(told, dict) else {}

    async def asset(self, request: web.Request) -> web.StreamResponse:
        found = self.rest.assets.get(f"{self.url}{request.path}")
        return web.Response(body=found, status=200 if found is not None else 404)

    # --- the gateway ---

    async def gateway(self, request: web.Request) -> web.StreamResponse:
        self.attempts += 1
        self.urls.append(str(request.rel_url))
        socket = web.WebSocketResponse(autoping=True, compress=False)
        await socket.prepare(request)
        self._sockets[socket] = request
        self.most_open = max(self.most_open, self.open)
        try:
            if await self._greet(socket, request.query.get):
                await self._listen(socket)
        except ConnectionError:
            pass
        finally:
            del self._sockets[socket]
            if self.session is not None and self.session.socket is socket:
                self.session.socket = None
        return socket

    async def _greet(self, socket: web.WebSocketResponse, asked: Callable[..., str | None]) -> bool:
        if self.hello is None:
            return True
        code = 40101 if asked("token") != self.gate else self.hello
        if code:
            await _say(socket, {"s": 1, "d": {"code": code}})
            return False
        if asked("resume") == "1":
            return await self._resume(socket, asked("session_id"), asked("sn"))
        self.session = Session(self.number("session"))
        self.session.socket = socket
        await _say(socket, {"s": 1, "d": {"code": 0, "session_id": self.session.id}})
        return True

    async def _resume(self, socket: web.WebSocketResponse, name: str | None, sn: str | None) -> bool:
        if not name or sn is None or not sn.isdecimal():
            return await _forget(socket, 40106)
        session = self.session
        if session is None or session.id != name:
            return await _forget(socket, 40107)
        if not session.knows(int(sn)):
            return await _forget(socket, 40108)
        session.socket = socket
        session.acknowledge(int(sn))
        await _say(socket, {"s": 1, "d": {"code": 0, "session_id": session.id}})
        await self._again(session, int(sn))
        await _say(socket, {"s": 6, "d": {"session_id": session.id}})
        return True

    async def _again(self, session: Session, after: int) -> None:
        for number, frame in sorted(session.frames.items()):
            if number > after and session.socket is not None:
                await _say(session.socket, frame)

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                raise AssertionError("a client speaks text")
            frame = json.loads(message.data)
            if frame["s"] not in (2, 4) or type(frame["sn"]) is not int:
                raise AssertionError(f"no signal of a client: {frame}")
            if not await self._pinged(socket, frame["sn"]):
                return

    async def _pinged(self, socket: web.WebSocketResponse, sn: int) -> bool:
        self.pings.append(sn)
        session = self.session
        if not self.pongs or session is None:
            return True
        if not session.knows(sn):
            return await _forget(socket, 40108)
        await _say(socket, {"s": 3})
        await self._again(session, sn)
        session.acknowledge(sn)
        return True


async def _say(socket: web.WebSocketResponse, frame: Json) -> None:
    await socket.send_bytes(zlib.compress(json.dumps(frame).encode()))


async def _forget(socket: web.WebSocketResponse, code: int) -> bool:
    await _say(socket, {"s": 5, "d": {"code": code, "err": "resume failed"}})
    return False


@asynccontextmanager
async def open_kook() -> AsyncIterator[Kook]:
    """Listen on loopback while the block runs."""
    kook = Kook()
    app = web.Application(client_max_size=2**26)
    app.router.add_get("/gateway", kook.gateway)
    app.router.add_get("/assets/{name}", kook.asset)
    app.router.add_route("*", "/api/v3/{path:.+}", kook.serve)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        kook.url = f"http://{host}:{port}"
        yield kook
    finally:
        kook.cut()
        await runner.cleanup()
