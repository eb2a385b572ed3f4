"""One long connection: its heartbeat, its frames, its acknowledgements."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from kagami.adapters.feishu.chunks import Chunks
from kagami.adapters.feishu.frame import CONTROL, DATA, Frame, acknowledgement, decode, encode, ping
from kagami.adapters.feishu.wire import ClientConfig, shaped
from kagami.clock import Clock
from kagami.errors import WireError
from kagami.net.channel import Channel

# Feishu brings an event again that is not acknowledged within 3 s. Later than this it is too late to say so.
ACK_SECONDS = 2.5
PONGS_MISSED = 2
FASTEST_S, SLOWEST_S = 1.0, 3600.0
LOST = 1011

Complain = Callable[[str, bytes], None]


class Line:
    """`take` gets each whole payload, the moment at which it was read, and what is to be called when it is on disk.

    It must not wait; `alive` is called with the milliseconds of each round trip.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        service: int,
        config: ClientConfig,
        clock: Clock,
        take: Callable[[bytes, float, Settle], None],
        alive: Callable[[float], None],
        complain: Complain,
    ) -> None:
        self.config = config
        self._channel = channel
        self._service = service
        self._clock = clock
        self._take = take
        self._alive = alive
        self._complain = complain
        self._chunks = Chunks()
        self._pinged = self._ponged = clock.monotonic()

    @property
    def interval(self) -> float:
        """Seconds between two pings, as the platform wants them."""
        return min(max(self.config.ping_interval, FASTEST_S), SLOWEST_S)

    async def listen(self) -> None:
        """Until the connection ends: `EOFError` says how."""
        await self._channel.listen(self._hear)

    async def beat(self) -> None:
        """Ping until the connection ends; end it when nobody answers any more."""
        with suppress(EOFError, ConnectionError):
            while True:
                self._pinged = self._clock.monotonic()
                await self._channel.send(encode(ping(self._service)), binary=True)
                await self._clock.sleep(self.interval)
                if self._clock.monotonic() - self._ponged > PONGS_MISSED * self.interval:
                    await self._channel.close(LOST, f"no pong for {PONGS_MISSED} intervals of {self.interval:g} s")
                    return

    def _hear(self, raw: bytes) -> None:
        read_at = self._clock.monotonic()
        try:
            frame = decode(raw)
            if frame.method == CONTROL:
                self._hear_control(frame, read_at)
            elif frame.method == DATA:
                self._hear_payload(frame, read_at)
        except WireError as error:
            self._complain(error.text(), raw)

    def _hear_control(self, frame: Frame, read_at: float) -> None:
        if frame.header("type") != "pong":
            return
        self._ponged = read_at
        self._alive(1000 * (read_at - self._pinged))
        if frame.payload:
            self.config = shaped(frame.payload, ClientConfig)

    def _hear_payload(self, frame: Frame, read_at: float) -> None:
        """The frame that makes a payload whole is the one that is acknowledged."""
        total, place = frame.number("sum", 1), frame.number("seq", 0)
        payload = self._chunks.add(frame.header("message_id"), total, place, frame.payload or b"", read_at)
        if payload is not None:
            self._take(payload, read_at, Settle(self._channel, frame, read_at, self._clock))


class Settle:
    """Acknowledges one frame, unless that is too late: then it comes again, and is known."""

    def __init__(self, channel: Channel, frame: Frame, read_at: float, clock: Clock) -> None:
        self._channel = channel
        self._frame = frame
        self._read_at = read_at
        self._clock = clock

    async def __call__(self) -> None:
        took = self._clock.monotonic() - self._read_at
        if took > ACK_SECONDS:
            return
        with suppress(EOFError, ConnectionError):
            await self._channel.send(encode(acknowledgement(self._frame, round(1000 * took))), binary=True)
