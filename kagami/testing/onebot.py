"""An OneBot 11 implementation for tests: connects to a gateway, or listens as NapCat's WebSocket server does.

    async with connect_implementation(url, token="…") as napcat:
        await napcat.say("/echo hi", group="42")
        call = await napcat.called()

It answers calls by `answers` (action → function of the parameters), and can be as bad as real ones: stop reading, break
off in the middle of a frame, never answer, refuse a token inside an accepted handshake.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Literal

import msgspec
from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.protocol import State

from kagami.net.channel import transport_quirk
from kagami.net.supervise import Nursery

Params = dict[str, Any]
Answers = dict[str, Callable[[Params], Any]]
Refusing = Literal["http", "napcat"]

ACCOUNT = "10001"
USER = "20002"
NAPCAT_REFUSAL = {"status": "failed", "retcode": 1403, "data": None, "message": "token验证失败", "echo": None}


class Silence(Exception):
    """Raised by an answer that never comes."""


def silent(_params: Params) -> Any:
    """An action that the implementation drops without a word."""
    raise Silence


class Peer:
    """One connection, seen from the implementation. `calls` are all frames that came from Kagami, oldest first."""

    def __init__(self, connection: Connection, *, account: str = ACCOUNT, answers: Answers | None = None) -> None:
        self.connection = connection
        self.account = account
        self.calls: list[dict[str, Any]] = []
        self._arrived: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._numbers = count(1)
        self.answers: Answers = {
            "get_login_info": lambda _: {"user_id": number(account), "nickname": f"bot {account}"},
            "send_group_msg": self._sent,
            "send_private_msg": self._sent,
            "send_msg": self._sent,
        } | (answers or {})

    def _sent(self, _params: Params) -> Any:
        return {"message_id": 900_000 + next(self._numbers)}

    async def listen(self) -> None:
        """Answer calls until the connection is closed."""
        try:
            async for frame in self.connection:
                call = msgspec.json.decode(frame)
                self.calls.append(call)
                self._arrived.put_nowait(call)
                await self._answer(call)
        except ConnectionClosed:
            return

    async def _answer(self, call: dict[str, Any]) -> None:
        answer = self.answers.get(call["action"])
        if answer is None:
            response = {"status": "failed", "retcode": 1404, "data": None, "message": "no such action"}
        else:
            try:
                response = {"status": "ok", "retcode": 0, "data": answer(call.get("params", {}))}
            except Silence:
                return
        await self.send(response | {"echo": call.get("echo")})

    async def called(self, action: str = "") -> dict[str, Any]:
        """The next call that was not taken yet; calls of other actions are skipped when `action` is given."""
        while True:
            call = await self._arrived.get()
            if action in ("", call["action"]):
                return call

    async def send(self, frame: Mapping[str, Any] | bytes | str, *, binary: bool = False) -> None:
        """A frame as it is, or an object as JSON."""
        if isinstance(frame, Mapping):
            frame = msgspec.json.encode(frame)
        await self.connection.send(frame, text=not binary)

    async def greet(self) -> None:
        """`lifecycle.connect`, the first frame of a connection."""
        await self.send(self.event("meta_event", meta_event_type="lifecycle", sub_type="connect"))

    async def beat(self, *, interval_ms: int = 30_000, online: bool = True) -> None:
        """A heartbeat."""
        status = {"online": online, "good": True}
        await self.send(self.event("meta_event", meta_event_type="heartbeat", interval=interval_ms, status=status))

    async def say(self, text: str, *, user: str = USER, group: str | None = None, name: str = "Mira") -> int:
        """A person writes, in private or in a group; returns the message's id."""
        frame = self.message(text, user=user, group=group, name=name)
        await self.send(frame)
        message_id: int = frame["message_id"]
        return message_id

    def message(self, text: str, *, user: str = USER, group: str | None = None, name: str = "Mira") -> dict[str, Any]:
        """The frame of a message of one text segment."""
        place: dict[str, Any] = {"message_type": "private", "sub_type": "friend"}
        if group is not None:
            place = {"message_type": "group", "sub_type": "normal", "group_id": number(group)}
        return self.event(
            "message",
            **place,
            message_id=next(self._numbers),
            user_id=number(user),
            message=[{"type": "text", "data": {"text": text}}],
            raw_message=text,
            font=14,
            sender={"user_id": number(user), "nickname": name, "card": "", "role": "member"},
        )

    def event(self, post_type: str, **fields: Any) -> dict[str, Any]:
        """A frame with the fields that all events have."""
        return {"time": int(time.time()), "self_id": number(self.account), "post_type": post_type} | fields

    @property
    def open(self) -> bool:
        """Whether frames can be sent on it."""
        return self.connection.state == State.OPEN

    def stall(self) -> None:
        """Read nothing any more, as a process does that was stopped."""
        self.connection.transport.pause_reading()

    def break_off(self, frame: bytes = b'{"post_type":') -> None:
        """Send half of a frame and drop the connection."""
        head = bytes((0x81, 0x80 | 100)) + b"\0\0\0\0" if self._masks else bytes((0x81, 100))
        self.connection.transport.write(head + frame)
        self.connection.transport.close()

    @property
    def _masks(self) -> bool:
        return not isinstance(self.connection, ServerConnection)

    async def closed(self) -> tuple[int | None, str]:
        """Wait for the end; close code and reason as this side saw them."""
        await self.connection.wait_closed()
        return self.connection.close_code, self.connection.close_reason or ""


def number(name: str) -> int | str:
    """An id as implementations write it: a number where it is one."""
    return int(name) if name.isdecimal() else name


def handshake_headers(*, account: str, token: str, role: str, platform: str = "") -> dict[str, str]:
    """What NapCat sends; without a token it sends the word `Bearer` all the same."""
    headers = {"X-Self-ID": account, "X-Client-Role": role, "Authorization": f"Bearer {token}"}
    return headers | ({"X-Platform": platform} if platform else {})


@asynccontextmanager
async def connect_implementation(
    url: str,
    *,
    token: str = "",
    account: str = ACCOUNT,
    role: str = "Universal",
    platform: str = "",
    answers: Answers | None = None,
    greeting: bool = True,
) -> AsyncIterator[Peer]:
    """Connect to a gateway (reverse WebSocket) and answer its calls while the block runs."""
    headers = handshake_headers(account=account, token=token, role=role, platform=platform)
    connection = await connect(
        url,
        additional_headers=headers,
        user_agent_header="OneBot/11",
        compression=None,
        proxy=None,
        max_size=None,
        close_timeout=1,
    )
    try:
        async with Nursery() as nursery:
            peer = Peer(connection, account=account, answers=answers)
            nursery.start("listen", peer.listen())
            if greeting and role.lower() != "api":
                await peer.greet()
            yield peer
    finally:
        with transport_quirk():
            await connection.close()


class Listening:
    """An implementation that listens. `peers` are all connections it ever accepted; `open` are those of now."""

    def __init__(
        self, *, account: str, token: str, refusing: Refusing, greeting: bool, answers: Answers | None
    ) -> None:
        self.account = account
        self.url = ""
        self.peers: list[Peer] = []
        self.open = 0
        self.most_open = 0
        self.attempts = 0
        self._token = token
        self._refusing = refusing
        self._greeting = greeting
        self._answers = answers
        self._accepted: asyncio.Queue[Peer] = asyncio.Queue()

    async def accepted(self) -> Peer:
        """The next connection that was not taken yet."""
        return await self._accepted.get()

    def judge(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse a wrong token in HTTP, unless this one does it NapCat's way."""
        self.attempts += 1
        if self._refusing == "http" and not self._knows(request):
            return connection.respond(403, "wrong token")
        return None

    def _knows(self, request: Request | None) -> bool:
        given = request.headers.get("Authorization", "") if request else ""
        return not self._token or given == f"Bearer {self._token}"

    async def handle(self, connection: ServerConnection) -> None:
        peer = Peer(connection, account=self.account, answers=self._answers)
        if not self._knows(connection.request):
            await peer.send(NAPCAT_REFUSAL)
            return
        self.peers.append(peer)
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        try:
            if self._greeting:
                await peer.greet()
            self._accepted.put_nowait(peer)
            await peer.listen()
        except ConnectionClosed:
            return
        finally:
            self.open -= 1


@asynccontextmanager
async def listen_as_implementation(
    *,
    account: str = ACCOUNT,
    token: str = "",
    refusing: Refusing = "http",
    greeting: bool = True,
    answers: Answers | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Listening]:
    """Listen as an implementation (forward WebSocket) while the block runs."""
    listening = Listening(account=account, token=token, refusing=refusing, greeting=greeting, answers=answers)
    async with serve(
        listening.handle,
        host,
        port,
        process_request=listening.judge,
        compression=None,
        max_size=None,
        close_timeout=1,
    ) as server:
        listening.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        yield listening
