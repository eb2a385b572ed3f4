"""A TCP proxy that misbehaves on order, for what stands between a process and its database."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from typing import Self

CHUNK = 65_536
_RESET = struct.pack("ii", 1, 0)  # linger for no time: closing sends a reset, not an end


class FaultProxy:
    """Stands on `address` in front of `host:port`: `async with FaultProxy("127.0.0.1", 6379) as proxy`.

    `delay` holds every chunk for so many seconds, each way. Faults stay until `heal`, but for `reset`.
    """

    def __init__(self, host: str, port: int, *, delay: float = 0.0) -> None:
        self._to = (host, port)
        self.delay = delay
        self.port = 0
        self._server: asyncio.Server | None = None
        self._asks, self._answers = asyncio.Event(), asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._happened = asyncio.Event()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many clients it serves at the moment."""
        return len(self._serving)

    async def served(self, connections: int) -> None:
        """Wait until it serves exactly so many clients."""
        while len(self._serving) != connections:
            self._happened.clear()
            await self._happened.wait()

    def black_hole(self, *, answers_only: bool = False) -> None:
        """Nothing arrives any more, and no end either; new connections are taken. What was under way comes after the
        healing, as TCP sends it again. With `answers_only` what is asked still gets there.
        """
        self._answers.clear()
        if not answers_only:
            self._asks.clear()

    def reset(self) -> None:
        """Every connection there is ends at once with a reset; new ones are served."""
        for writer in self._writers:
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            writer.transport.abort()

    def refuse(self) -> None:
        """Nobody listens any more, and every connection is reset."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.reset()

    async def heal(self) -> None:
        """As in the beginning, on the same port."""
        self.delay = 0.0
        self._asks.set()
        self._answers.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def __aenter__(self) -> Self:
        delay = self.delay
        await self.heal()
        self.delay = delay
        return self

    async def __aexit__(self, *_: object) -> None:
        self.refuse()
        for task in tuple(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - streams call this in a task
        self._serving.add(task)
        self._writers.add(writer)
        self._happened.set()
        try:
            await self._join(reader, writer)
        except asyncio.CancelledError:
            pass  # by the end of the proxy: streams would call it an error
        finally:
            writer.transport.abort()
            self._writers.discard(writer)
            self._serving.discard(task)
            self._happened.set()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, to = await asyncio.open_connection(*self._to)
        except OSError:
            return
        self._writers.add(to)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, to, self._asks))
                group.create_task(self._pump(there, writer, self._answers))
        except* OSError:
            pass  # one side has gone: so does the other
        finally:
            to.transport.abort()
            self._writers.discard(to)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, open_way: asyncio.Event) -> None:
        ended = False
        while not ended:
            chunk = await reader.read(CHUNK)
            if self.delay:
                await asyncio.sleep(self.delay)
            await open_way.wait()
            if ended := not chunk:
                writer.write_eof()
            else:
                writer.write(chunk)
                await writer.drain()
