"""One connection to a Redis: opened when it is used, closed by whatever goes wrong.

The library's own client retries what it sends, and so doubles it: here nothing is sent twice. Whoever is cancelled
while an answer is under way closes the connection: the next one must not get that answer (CVE-2023-28858).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from redis.asyncio.connection import AbstractConnection, Connection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

CONNECT_S, ANSWER_S = 1.5, 1.5
Command = tuple[str | bytes | int | float, ...]


def options(url: str) -> dict[str, Any]:
    """What the library is told; `connection_class` is one of it. Whoever uses it limits the time.

    The library's own limit on sending is `asyncio.wait_for`, which on Python 3.11 swallows a cancellation that comes at
    the moment at which it is done.
    """
    return {
        "connection_class": Connection,
        **parse_url(url),
        "socket_connect_timeout": CONNECT_S,
        "socket_timeout": None,
        "socket_keepalive": True,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,
        "driver_info": None,
    }


def named(url: str) -> str:
    """Host and port, or the socket's path: what may be told of an address."""
    given = parse_url(url)
    return str(given.get("path") or f"{given.get('host', 'localhost')}:{given.get('port', 6379)}")


def pack(commands: Sequence[Command]) -> bytes:
    """Arrays of bulk strings, as RESP 2 has them."""
    parts = []
    for command in commands:
        parts.append(b"*%d\r\n" % len(command))
        for each in command:
            word = each if isinstance(each, bytes) else str(each).encode()
            parts.append(b"$%d\r\n%b\r\n" % (len(word), word))
    return b"".join(parts)


class Wire:
    """`answer_s` is how long one answer may take. When `generation` gives another number, it connects anew."""

    def __init__(self, url: str, answer_s: float = ANSWER_S, generation: Callable[[], int] = lambda: 0) -> None:
        given = options(url)
        self._answer_s = answer_s
        self._kind: type[AbstractConnection] = given.pop("connection_class")
        self._options = given
        self._connection: AbstractConnection | None = None
        self._generation = generation
        self._made = 0

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        """Their answers, in order; a refused one's is its `ResponseError`."""
        await self.send(commands)
        return [await self.answer() for _ in commands]

    async def send(self, commands: Sequence[Command] | bytes) -> None:
        """Each has to be followed by one `answer`. They may be packed already."""
        packed = commands if isinstance(commands, bytes) else pack(commands)
        if self._made != self._generation():
            await self.close()
        async with self._whole():
            if self._connection is None:
                self._connection, self._made = self._kind(**self._options), self._generation()
                async with asyncio.timeout(CONNECT_S):
                    await self._connection.connect()  # type: ignore[no-untyped-call]
            async with asyncio.timeout(self._answer_s):
                await self._connection.send_packed_command(packed)

    async def answer(self) -> Any:
        if self._connection is None:
            raise ConnectionResetError
        async with self._whole():
            try:
                async with asyncio.timeout(self._answer_s):
                    return await self._connection.read_response()
            except ResponseError as error:
                return error

    @asynccontextmanager
    async def _whole(self) -> AsyncIterator[None]:
        """Whatever ends this early, a cancellation too, closes the connection."""
        done = False
        try:
            yield
            done = True
        finally:
            if not done:
                await self.close()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)
