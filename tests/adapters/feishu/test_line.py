"""One long connection: pings, pongs, acknowledgements."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from kagami.adapters.feishu.frame import DATA, Frame, decode, encode, ping
from kagami.adapters.feishu.line import ACK_SECONDS, Line, Settle
from kagami.adapters.feishu.wire import ClientConfig
from kagami.meters import Meters
from kagami.net.channel import Channel
from kagami.net.dialled import ListeningClient
from kagami.net.supervise import Nursery
from kagami.testing.clock import FakeClock, settle


class Far:
    """The other end, and what the line told."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.frames: asyncio.Queue[Frame] = asyncio.Queue()
        self.payloads: list[tuple[bytes, Settle]] = []
        self.rtt: list[float] = []
        self.complaints: list[str] = []
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.socket: ServerConnection | None = None

    async def serve(self, socket: ServerConnection) -> None:
        self.socket = socket
        async for raw in socket:
            assert isinstance(raw, bytes)
            self.frames.put_nowait(decode(raw))

    async def say(self, frame: Frame | bytes) -> None:
        assert self.socket
        await self.socket.send(frame if isinstance(frame, bytes) else encode(frame))

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                await asyncio.sleep(0.001)


@asynccontextmanager
async def playing(clock: FakeClock, config: ClientConfig) -> AsyncIterator[tuple[Far, Line]]:
    far = Far(clock)
    async with Nursery() as nursery, serve(far.serve, "127.0.0.1", 0, ping_interval=None) as server:
        port = server.sockets[0].getsockname()[1]
        connection = await connect(f"ws://127.0.0.1:{port}", create_connection=ListeningClient, proxy=None)
        line = Line(
            Channel(connection, nursery=nursery, meters=Meters()),
            service=7,
            config=config,
            clock=clock,
            take=lambda payload, _read_at, settle: far.payloads.append((payload, settle)),
            alive=far.rtt.append,
            complain=lambda reason, _raw: far.complaints.append(reason),
        )

        async def listen() -> None:
            try:
                await line.listen()
            except EOFError as ending:
                far.ended.set_result(str(ending))

        nursery.start("listen", listen())
        nursery.start("beat", line.beat())
        await far.until(lambda: far.socket)
        yield far, line
        await connection.close()


def data(number: str = "m1", total: int = 1, place: int = 0, payload: bytes = b"{}") -> Frame:
    words = {"type": "event", "message_id": number, "sum": str(total), "seq": str(place), "trace_id": "t"}
    return Frame(seq_id=7, log_id=9, service=7, method=DATA, headers=tuple(words.items()), payload=payload)


def pong(payload: bytes | None = None) -> Frame:
    return Frame(service=7, headers=(("type", "pong"),), payload=payload)


async def test_it_pings_as_often_as_the_platform_wants(clock: FakeClock) -> None:
    async with playing(clock, ClientConfig(ping_interval=90)) as (far, _):
        assert await far.frames.get() == ping(7)
        await far.say(pong())
        await far.until(lambda: far.rtt)
        await clock.asleep()
        await clock.advance(89)
        assert far.frames.empty()
        await clock.advance(2)
        assert await far.frames.get() == ping(7)


async def test_a_pong_brings_new_settings(clock: FakeClock) -> None:
    async with playing(clock, ClientConfig(ping_interval=90)) as (far, line):
        await far.say(pong(b'{"PingInterval":30,"ReconnectInterval":5}'))
        await far.until(lambda: line.interval == 30)
        assert line.config.reconnect_interval == 5


@pytest.mark.parametrize(("asked", "done"), [(0.0, 1.0), (-5.0, 1.0), (1e9, 3600.0)])
async def test_no_setting_makes_it_ping_without_end_or_never(clock: FakeClock, asked: float, done: float) -> None:
    async with playing(clock, ClientConfig(ping_interval=asked)) as (_, line):
        assert line.interval == done


async def test_when_nobody_answers_for_two_intervals_it_ends(clock: FakeClock) -> None:
    async with playing(clock, ClientConfig(ping_interval=10)) as (far, _):
        for _ in range(2):
            await clock.asleep()
            await clock.advance(10)
            assert not far.ended.done()
        await clock.asleep()
        await clock.advance(10)
        assert "no pong for 2 intervals of 10 s" in await far.ended


async def test_an_event_is_acknowledged_when_it_is_settled(clock: FakeClock) -> None:
    async with playing(clock, ClientConfig()) as (far, _):
        await far.frames.get()
        await far.say(data())
        await far.until(lambda: far.payloads)
        assert far.frames.empty()
        await clock.advance(1.5)
        await far.payloads[0][1]()
        frame = await far.frames.get()
        assert (frame.payload, frame.header("biz_rt"), frame.header("message_id")) == (b'{"code":200}', "1500", "m1")


async def test_too_late_it_is_not_acknowledged_any_more(clock: FakeClock) -> None:
    async with playing(clock, ClientConfig()) as (far, _):
        await far.frames.get()
        await far.say(data())
        await far.until(lambda: far.payloads)
        await clock.advance(ACK_SECONDS + 0.1)
        await far.payloads[0][1]()
        await settle()
        assert far.frames.empty()


async def test_parts_make_one_payload_and_the_last_is_acknowledged(clock: FakeClock) -> None:
    async with playing(clock, ClientConfig()) as (far, _):
        await far.frames.get()
        await far.say(data(total=2, place=1, payload=b"there"))
        await far.say(data(total=2, place=0, payload=b"hi "))
        await far.until(lambda: far.payloads)
        assert far.payloads[0][0] == b"hi there"
        await far.payloads[0][1]()
        assert (await far.frames.get()).header("seq") == "0"


@pytest.mark.parametrize("raw", [b"", b"\xff" * 40, b"text"])
async def test_what_is_no_frame_is_complained_of_and_the_line_goes_on(clock: FakeClock, raw: bytes) -> None:
    async with playing(clock, ClientConfig()) as (far, _):
        await far.say(raw)
        await far.say(data())
        await far.until(lambda: far.payloads)
        assert len(far.complaints) == 1


async def test_an_acknowledgement_of_a_connection_that_is_gone_is_no_error(clock: FakeClock) -> None:
    async with playing(clock, ClientConfig()) as (far, _):
        await far.say(data())
        await far.until(lambda: far.payloads)
        assert far.socket
        await far.socket.close()
        await far.ended
        await far.payloads[0][1]()
