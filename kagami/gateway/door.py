"""The connection class of the gateway: holds back everything that follows a request until the request is judged.

The library parses WebSocket frames as soon as they arrive, even those that a peer sends behind a request which is
about to be refused. Here the bytes after the request's head stay bytes, reading is paused, and a refused peer's are
dropped. Those who are not judged yet are counted; when there are too many the oldest goes, because a real client is
through within milliseconds.
"""

from __future__ import annotations

import asyncio
from typing import Any

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidMessage
from websockets.frames import CloseCode
from websockets.http11 import Request, Response
from websockets.protocol import State

from kagami.core.handshake import Visitor, Welcome
from kagami.net.channel import Listening, transport_quirk

HEAD_END = b"\r\n\r\n"
MAX_STRANGERS = 256
BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class Strangers:
    """Connections whose request is not judged yet, oldest first."""

    def __init__(self, limit: int = MAX_STRANGERS) -> None:
        self._limit = limit
        self._doors: dict[Door, None] = {}
        self.turned_away = 0

    def __len__(self) -> int:
        return len(self._doors)

    def add(self, door: Door) -> None:
        self._doors[door] = None
        if len(self._doors) > self._limit:
            oldest = next(iter(self._doors))
            self.discard(oldest)
            self.turned_away += 1
            oldest.transport.abort()

    def discard(self, door: Door) -> None:
        self._doors.pop(door, None)

    def turn_all_away(self) -> None:
        """Nobody is let in any more."""
        for door in list(self._doors):
            door.transport.abort()


class Door(Listening, ServerConnection):
    """A server connection that reads nothing past the head of a request before it was accepted.

    `welcome` is what its peer said of itself; set by whoever believed it, before the connection is handled.
    """

    welcome: Welcome | Visitor

    def __init__(self, strangers: Strangers, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._strangers = strangers
        self._tail = b""
        self._held = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._strangers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._strangers.discard(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._open:
            super().data_received(data)
        else:
            self._read_head(data)

    def _read_head(self, data: bytes) -> None:
        seen = self._tail + data
        end = seen.find(HEAD_END)
        if end < 0:
            self._tail = seen[-len(HEAD_END) + 1 :]
            super().data_received(data)
            return
        split = end + len(HEAD_END) - len(self._tail)
        self._held = data[split:]
        self.transport.pause_reading()
        super().data_received(data[:split])
        if self.protocol.handshake_exc is not None:
            self.turn_away()

    def turn_away(self) -> None:
        """The request was refused: what came behind it is never looked at."""
        self._held = b""
        self._resume()

    def send_data(self) -> None:
        # The library hangs up on what is not HTTP without a word.
        if self.request is None and isinstance(self.protocol.handshake_exc, InvalidMessage) and not self._open:
            self._open = True
            self.transport.write(BAD_REQUEST)
        super().send_data()

    async def close(self, code: CloseCode | int = CloseCode.NORMAL_CLOSURE, reason: str = "") -> None:
        with transport_quirk():
            await super().close(code, reason)

    async def handshake(self, *args: Any, **options: Any) -> None:
        try:
            await super().handshake(*args, **options)
        finally:
            self._strangers.discard(self)
        if self.protocol.state is State.OPEN:
            self._resume()

    def _resume(self) -> None:
        held, self._held, self._open = self._held, b"", True
        if not self.transport.is_closing():
            self.transport.resume_reading()
        if held:
            super().data_received(held)

    @staticmethod
    def after_judgement(door: ServerConnection, _request: Request, response: Response) -> None:
        """To be called as `process_response`: directly before the answer is sent."""
        if isinstance(door, Door) and response.status_code != 101:  # noqa: PLR2004 - Switching Protocols
            door.turn_away()
