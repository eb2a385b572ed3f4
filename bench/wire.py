"""A WebSocket client that costs next to nothing, so that what is measured is the other side.

Only what a load generator on loopback needs of RFC 6455: whole text and binary frames, ping and close. The mask is
zero, which the wire format allows and which leaves the payload as it is.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable, Mapping
from typing import cast

TEXT, BINARY, CLOSE, PING = 0x1, 0x2, 0x8, 0x9
ZERO_MASK = b"\0\0\0\0"


def pack(payload: bytes, opcode: int = TEXT) -> bytes:
    """One whole masked frame (§5.2)."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, 0x80 | size)) + ZERO_MASK + payload
    if size < 1 << 16:
        return bytes((0x80 | opcode, 0x80 | 126)) + size.to_bytes(2) + ZERO_MASK + payload
    return bytes((0x80 | opcode, 0x80 | 127)) + size.to_bytes(8) + ZERO_MASK + payload


class Client(asyncio.Protocol):
    """Give `hear` every message; write with `send`, which takes frames made by `pack`."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self._hear = hear
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = asyncio.Event()

    async def upgrade(self, host: str, path: str, headers: Mapping[str, str]) -> None:
        """Make it a WebSocket (§4.1); `ConnectionRefusedError` has the server's status line."""
        lines = {
            "Host": host,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in (lines | dict(headers)).items())
        self.send(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        await self.opened

    def send(self, frames: bytes) -> None:
        assert self._transport
        self._transport.write(frames)

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's do not inherit from it

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()
        if not self.opened.done():
            self.opened.set_exception(ConnectionError(f"closed in the handshake: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self.opened.done():
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            self._buffer = rest
            status = head.split(b"\r\n", 1)[0]
            if b" 101 " not in status + b" ":
                self.opened.set_exception(ConnectionRefusedError(status.decode()))
                return
            self.opened.set_result(None)
        self._read_frames()

    def _read_frames(self) -> None:
        buffer, place, end = self._buffer, 0, len(self._buffer)
        while end - place >= 2:
            size, body = buffer[place + 1] & 0x7F, place + 2
            if size >= 126:
                width = 2 if size == 126 else 8
                if end - body < width:
                    break
                size, body = int.from_bytes(buffer[body : body + width]), body + width
            if end - body < size:
                break
            self._take(buffer[place], buffer[body : body + size])
            place = body + size
        self._buffer = buffer[place:]

    def _take(self, first: int, payload: bytes) -> None:
        opcode = first & 0x0F
        if first & 0x80 and opcode in (TEXT, BINARY):
            self._hear(payload)
        elif opcode == PING:
            self.send(pack(payload, 0xA))
        elif opcode == CLOSE:
            self.close()
        elif opcode != 0xA:
            raise ConnectionError(f"unexpected frame {first:#x}")


async def dial(port: int, hear: Callable[[bytes], None]) -> Client:
    """A connection that is not yet upgraded."""
    _, client = await asyncio.get_running_loop().create_connection(lambda: Client(hear), "127.0.0.1", port)
    return client
