"""One open WebSocket, whichever side opened it: `ports.Socket` with bounds on what waits to be written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from websockets.asyncio.connection import Connection, broadcast
from websockets.exceptions import ConnectionClosed
from websockets.frames import DATA_OPCODES, Frame, Opcode
from websockets.protocol import Event, State

from kagami.meters import Meters
from kagami.net.oswords import os_words
from kagami.net.supervise import Nursery

MAX_FRAME_BYTES = 16 * 1024 * 1024
MAX_WAITING_FRAMES = 1000
MAX_WAITING_BYTES = 8 * 1024 * 1024
WRITE_SECONDS = 10.0
CLOSE_SECONDS = 2.0
PAUSE_SECONDS = 0.005

SLOW_CLIENT = 1013
SLOW_REASON = "slow_client"


class Listening(Connection):
    """A connection that can give its messages to `hear` as they are parsed, instead of keeping them for `recv`.

    Between the two lie a queue, a future and four coroutines: a fifth of what a message costs in the library.
    Messages in fragments are kept all the same, and so are those that come behind one that is kept.
    """

    hear: Callable[[bytes], None] | None = None
    kept = 0

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.fin and event.opcode in DATA_OPCODES:
            if self.hear is not None and not self.kept and event.opcode is not Opcode.CONT:
                self.hear(bytes(event.data))
                return
            self.kept += 1
        super().process_event(event)


class Channel:
    """A peer that does not read is closed with 1013 `slow_client`.

    That is one which has not taken a frame for 10 s, or for which 1,000 frames or 8 MiB wait. A single frame of any
    size may wait alone.
    """

    def __init__(self, connection: Connection, *, nursery: Nursery, meters: Meters) -> None:
        self._connection = connection
        self._nursery = nursery
        self._meters = meters
        self._waiting = 0
        self._closing: asyncio.Task[None] | None = None
        self._pause: asyncio.TimerHandle | None = None

    @property
    def peer(self) -> str:
        return show_address(self._connection.remote_address)

    def be_patient(self, seconds: float) -> None:
        """Wait so long for the answer to a ping before the connection is taken for dead."""
        self._connection.ping_timeout = seconds

    @property
    def waiting_bytes(self) -> int:
        """What the system has not taken yet."""
        return self._connection.transport.get_write_buffer_size()

    async def receive(self) -> bytes:
        """The next whole message, text or binary. `EOFError` says how the connection ended."""
        try:
            message = await self._connection.recv(decode=False)
        except ConnectionClosed as error:
            raise EOFError(_ending(error)) from None
        if isinstance(self._connection, Listening):
            self._connection.kept -= 1
        return message

    async def listen(self, hear: Callable[[bytes], None]) -> None:
        """Give every whole message to `hear`, which must not wait. `EOFError` says how the connection ended."""
        connection = self._connection
        if isinstance(connection, Listening):
            connection.hear = hear
        try:
            while True:
                hear(await self.receive())
        finally:
            if isinstance(connection, Listening):
                connection.hear = None

    async def send(self, frame: bytes, *, binary: bool = False) -> None:
        """Write a message, as text unless told otherwise; waits while the peer is slow."""
        if self._closing is not None or self._connection.state is not State.OPEN:
            raise EOFError("the connection is closed")
        if self._waiting and self._is_full(len(frame)):
            self._drop_slow_peer()
            raise EOFError(SLOW_REASON)
        # The library's own `send` does the same with a context and a check on both sides, at ten times the cost.
        broadcast((self._connection,), frame, text=not binary)
        if self._connection.paused:
            await self._drain()

    def pause_while(self, crowded: Callable[[], bool]) -> None:
        """Read nothing from the network until `crowded` says no; what was read already still comes."""
        if self._pause is None and not self._connection.transport.is_closing():
            self._connection.transport.pause_reading()
            self._wait(crowded)

    def _wait(self, crowded: Callable[[], bool]) -> None:
        self._pause = asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._look, crowded)

    def _look(self, crowded: Callable[[], bool]) -> None:
        self._pause = None
        if self._connection.transport.is_closing():
            return
        if crowded():
            self._wait(crowded)
        else:
            self._connection.transport.resume_reading()

    async def _drain(self) -> None:
        """Wait until the peer has taken most of what was written."""
        self._waiting += 1
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                await self._connection.drain()
        except TimeoutError:
            self._drop_slow_peer()
            raise ConnectionAbortedError(SLOW_REASON) from None
        except OSError as error:
            raise ConnectionResetError(os_words(error)) from None
        finally:
            self._waiting -= 1
        if self._connection.state is State.CLOSED:
            raise ConnectionResetError("the connection broke")

    def _is_full(self, size: int) -> bool:
        return self._waiting >= MAX_WAITING_FRAMES or self.waiting_bytes + size > MAX_WAITING_BYTES

    def _drop_slow_peer(self) -> None:
        if self._closing is None:
            self._meters.count["socket_slow", ""] += 1
            self._closing = self._nursery.start("close a slow peer", self._connection.close(SLOW_CLIENT, SLOW_REASON))

    async def probe(self, limit: float) -> float | None:
        try:
            async with asyncio.timeout(limit):
                return await (await self._connection.ping())
        except (TimeoutError, ConnectionClosed):
            return None

    async def close(self, code: int, reason: str) -> None:
        """Close politely, but not for longer than 2 s."""
        with transport_quirk():
            await self._connection.close(code, reason)


def transport_quirk() -> suppress:
    """Around `Connection.close`, which aborts its transport at the end to be sure.

    asyncio's own transport cannot be aborted any more once it has closed itself after flushing its last bytes: it has
    forgotten its loop. What was to be reached, a closed connection, is reached then.
    """
    return suppress(AttributeError)


def show_address(address: object) -> str:
    """`127.0.0.1:53122` of a socket address; empty when it is not known."""
    match address:
        case (str(host), int(port), *_):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return ""


def _ending(error: ConnectionClosed) -> str:
    ours = error.sent is not None and bool(error.sent.reason) and not error.rcvd_then_sent
    if error.rcvd is not None and not ours:  # else the peer has only answered our own close
        said = f": {error.rcvd.reason}" if error.rcvd.reason else ""
        return f"closed by the peer ({error.rcvd.code}{said})"
    if error.sent is not None:
        return f"closed ({error.sent.code}: {error.sent.reason})"
    return "the connection broke"
