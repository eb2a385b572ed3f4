"""An outgoing connection that is kept up."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import InvalidMessage, ProxyError

from kagami.errors import CredentialsRefused, Refused
from kagami.meters import Meters
from kagami.net.link import OPEN_SECONDS, Link, is_nobody
from kagami.net.supervise import Nursery
from kagami.ports import BotState, Socket
from kagami.testing.clock import FakeClock
from kagami.testing.onebot import Listening, Peer, listen_as_implementation


@dataclass
class Running:
    """A link with a fake clock, and what was seen of it."""

    clock: FakeClock
    links: list[Link] = field(default_factory=list)
    states: list[tuple[BotState, str]] = field(default_factory=list)
    listeners: int = 0
    most_listeners: int = 0
    frames: list[bytes] = field(default_factory=list)
    refusing: list[bool] = field(default_factory=list)

    def tell(self, state: BotState, reason: str) -> None:
        self.states.append((state, reason))

    async def serve(self, socket: Socket) -> None:
        self.listeners += 1
        self.most_listeners = max(self.listeners, self.most_listeners)
        try:
            if self.refusing and self.refusing.pop(0):
                raise CredentialsRefused(peer="napcat", reason="1403")
            while True:
                self.frames.append(await socket.receive())
        finally:
            self.listeners -= 1

    async def wait_for(self, state: BotState) -> None:
        while not self.states or self.states[-1][0] != state:
            await asyncio.sleep(0.001)


@asynccontextmanager
async def running(
    url: str, token: str = "", *, opens_s: float = OPEN_SECONDS, metered: bool = True
) -> AsyncIterator[tuple[Running, Nursery]]:
    clock = FakeClock()
    run = Running(clock)
    async with Nursery(clock) as nursery:
        link = Link(
            url,
            token=token,
            clock=clock,
            nursery=nursery,
            meters=Meters(),
            tell=run.tell,
            opens_s=opens_s,
            metered=metered,
            randomness=lambda: 1.0,
        )
        run.links.append(link)
        nursery.start("link", link.run(run.serve))
        yield run, nursery


async def hang_up(peer: Peer) -> None:
    await peer.connection.close(1001, "going")


async def test_frames_reach_whoever_serves() -> None:
    async with listen_as_implementation() as napcat, running(napcat.url) as (run, _):
        await (await napcat.accepted()).send("hello")
        while len(run.frames) < 2:
            await asyncio.sleep(0)
        assert run.frames[1] == b"hello"


async def test_the_token_is_shown() -> None:
    async with listen_as_implementation(token="s3cret") as napcat, running(napcat.url, "s3cret"):
        await napcat.accepted()


async def test_it_dials_again_after_the_pause() -> None:
    async with listen_as_implementation() as napcat, running(napcat.url) as (run, _):
        await hang_up(await napcat.accepted())
        await run.wait_for("backoff")
        assert run.states[-1] == ("backoff", "closed by the peer (1001: going); next try in 1 s")
        await run.clock.advance(1)
        await napcat.accepted()
        assert run.links[0].generation == 2


async def test_a_pause_can_be_cut_short() -> None:
    async with listen_as_implementation() as napcat, running(napcat.url) as (run, _):
        await hang_up(await napcat.accepted())
        await run.wait_for("backoff")
        async with asyncio.timeout(10):
            while run.links[0].generation < 2:
                run.links[0].hurry()
                await asyncio.sleep(0)


async def test_pauses_grow_while_the_peer_is_away() -> None:
    async with listen_as_implementation() as gone:
        url = gone.url
    async with running(url) as (run, _):
        for pause in (1, 2, 4, 8, 16, 30, 30):
            await run.wait_for("backoff")
            assert run.states[-1][1].endswith(f"next try in {pause} s")
            await run.clock.advance(pause)
            await asyncio.sleep(0)


async def test_whoever_was_away_for_long_is_dialled_all_the_time() -> None:
    async with listen_as_implementation() as gone:
        url = gone.url
    async with running(url) as (run, _), asyncio.timeout(20):
        while [state for state, _ in run.states].count("connecting") < 40:
            await run.clock.advance(30)
            await asyncio.sleep(0)
        assert not [reason for _, reason in run.states if "too often" in reason]


async def hung_up(napcat: Listening, run: Running, times: int) -> None:
    for _ in range(times):
        await hang_up(await napcat.accepted())
        await run.wait_for("backoff")
        await run.clock.advance(60)


@pytest.mark.parametrize(
    ("error", "nobody"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, ""), True),
        (socket.gaierror(socket.EAI_NONAME, ""), True),
        (OSError(errno.EHOSTUNREACH, ""), True),
        (ProxyError("HTTP 502"), True),
        (ConnectionResetError(errno.ECONNRESET, ""), False),
        (ssl.SSLCertVerificationError(), False),
        (InvalidMessage("no HTTP"), False),
    ],
)
def test_an_attempt_counts_when_somebody_was_there(error: Exception, nobody: bool) -> None:
    assert is_nobody(error) is nobody


async def test_a_peer_that_never_answers_is_dialled_all_the_time() -> None:
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, running(url, opens_s=0.02) as (run, _):
        for _ in range(12):
            await run.wait_for("backoff")
            assert run.states[-1][1].startswith("no answer within 0.02 s;")
            run.states.clear()
            await run.clock.asleep()
            await run.clock.advance(30)
        for writer in held:
            writer.close()


async def test_who_hangs_up_at_once_is_dialled_within_a_budget() -> None:
    async with listen_as_implementation() as napcat, running(napcat.url) as (run, _), asyncio.timeout(20):
        await hung_up(napcat, run, 10)
        while not run.states[-1][1].startswith("dialled too often"):
            await asyncio.sleep(0)


async def test_the_budget_counts_from_the_beginning_of_a_connection() -> None:
    async with listen_as_implementation() as napcat, running(napcat.url) as (run, _), asyncio.timeout(20):
        await hung_up(napcat, run, 10)
        while not run.states[-1][1].startswith("dialled too often"):
            await asyncio.sleep(0)
        await run.clock.advance(83)
        peer = await napcat.accepted()
        while not run.listeners:
            await asyncio.sleep(0)
        await run.clock.advance(100)
        await hang_up(peer)
        await run.wait_for("backoff")
        await run.clock.advance(1)
        while not run.states[-1][1].startswith("dialled too often"):
            await asyncio.sleep(0)
        assert int(run.states[-1][1].split()[-2]) <= 73


async def test_who_is_no_platforms_is_dialled_whenever_it_hangs_up() -> None:
    async with (
        listen_as_implementation() as napcat,
        running(napcat.url, metered=False) as (run, _),
        asyncio.timeout(20),
    ):
        await hung_up(napcat, run, 15)
        await napcat.accepted()


async def test_a_healthy_minute_makes_the_next_pause_short() -> None:
    async with listen_as_implementation() as napcat, running(napcat.url) as (run, _):
        for lived, pause in ((0, 1), (0, 2), (60, 1)):
            peer = await napcat.accepted()
            await run.clock.advance(lived)
            await hang_up(peer)
            await run.wait_for("backoff")
            assert run.states[-1][1].endswith(f"next try in {pause} s")
            await run.clock.advance(pause)


async def test_a_peer_that_accepts_and_hangs_up_for_an_hour_is_dialled_forty_times() -> None:
    async with listen_as_implementation() as napcat, running(napcat.url) as (run, nursery):

        async def refuse_all() -> None:
            while True:
                await hang_up(await napcat.accepted())

        nursery.start("refuse", refuse_all())
        while run.clock.monotonic() < 3600:
            await run.wait_for("backoff")
            await run.clock.asleep()
            await run.clock.advance(30)
            await asyncio.sleep(0.001)
        assert napcat.attempts <= 40


async def test_credentials_refused_by_http_are_tried_three_times() -> None:
    async with listen_as_implementation(token="right") as napcat, running(napcat.url, "wrong") as (run, _):
        for pause in (1, 2):
            await run.wait_for("backoff")
            await run.clock.advance(pause)
        await run.wait_for("auth_failed")
        await run.clock.advance(7200)
        assert (napcat.attempts, run.states[-1][0]) == (3, "auth_failed")


async def test_credentials_refused_by_who_serves_are_tried_three_times() -> None:
    async with listen_as_implementation() as napcat, running(napcat.url) as (run, _):
        run.refusing = [True, True, True]
        for pause in (1, 2):
            await run.wait_for("backoff")
            await run.clock.advance(pause)
        await run.wait_for("auth_failed")
        assert (napcat.attempts, run.states[-1][1]) == (3, "napcat refuses our credentials: 1403")


async def test_a_good_connection_forgets_earlier_refusals() -> None:
    async with listen_as_implementation() as napcat, running(napcat.url) as (run, _):
        run.refusing = [True, True, False, True, True]
        for pause in (1, 2, 4, 8, 16):
            await hang_up(await napcat.accepted())
            await run.wait_for("backoff")
            await run.clock.advance(pause)
        assert "auth_failed" not in [state for state, _ in run.states]


async def test_a_peer_that_is_no_websocket_server_is_told_by_its_status() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server, running(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}") as (run, _):
        await run.wait_for("backoff")
        assert run.states[-1][1].startswith("refused with HTTP 502;")


async def test_a_peer_that_never_answers_is_given_up() -> None:
    held: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: held.append(writer), "127.0.0.1", 0)
    url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, running(url, opens_s=0.02) as (run, _):
        await run.wait_for("backoff")
        assert run.states[-1][1].startswith("no answer within 0.02 s;")
        held[0].close()


async def test_whoever_returns_has_ended_the_connection() -> None:
    async with listen_as_implementation() as napcat:

        async def leave(_socket: Socket) -> None:
            return

        clock, told = FakeClock(), list[str]()
        async with Nursery(clock) as nursery:
            link = Link(
                napcat.url,
                token="",
                clock=clock,
                nursery=nursery,
                meters=Meters(),
                tell=lambda _, reason: told.append(reason),
                randomness=lambda: 1.0,
            )
            nursery.start("link", link.run(leave))
            assert (await (await napcat.accepted()).closed())[0] == 1001
            await clock.asleep()
        assert told == ["", "closed; next try in 1 s"]


async def test_an_address_that_is_none_is_told() -> None:
    async with running("http://127.0.0.1:1/") as (run, _):
        await run.wait_for("backoff")
        assert run.states[-1][1].startswith("127.0.0.1:1 cannot be dialled: scheme isn't ws or wss")


async def test_cancelling_hangs_up() -> None:
    async with listen_as_implementation() as napcat:
        async with running(napcat.url) as (run, _):
            peer = await napcat.accepted()
            while not run.listeners:
                await asyncio.sleep(0)
        assert (await peer.closed())[0] == 1001


async def reconnect(napcat: Listening, run: Running, lives: list[float]) -> None:
    """Let connections live for so long, one after the other, each ended by the peer."""
    for seconds in lives:
        peer = await napcat.accepted()
        await run.clock.advance(seconds)
        await hang_up(peer)
        await run.wait_for("backoff")
        while run.states[-1][0] == "backoff":
            await run.clock.asleep()
            await run.clock.advance(120)
            await asyncio.sleep(0)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from([0.0, 5.0, 61.0, 4000.0]), min_size=1, max_size=12))
def test_after_any_number_of_reconnects_exactly_one_listens(lives: list[float]) -> None:
    async def run_once() -> None:
        async with listen_as_implementation() as napcat, running(napcat.url) as (run, _):
            await reconnect(napcat, run, lives)
            await napcat.accepted()
            while run.listeners != 1:
                await asyncio.sleep(0)
            assert (run.most_listeners, napcat.most_open, run.links[0].generation) == (1, 1, len(lives) + 1)

    asyncio.run(run_once())


@pytest.mark.parametrize("url", ["ftp://x/?token=s3cret", "ws://a..b/?token=s3cret", "ws://h/?token=s3cret#x"])
async def test_an_address_that_cannot_be_dialled_is_not_quoted(url: str) -> None:
    async with running(url) as (run, _):
        await run.wait_for("backoff")
        assert "s3cret" not in run.states[-1][1]


async def test_an_address_that_may_not_be_asked_for_is_asked_for_again() -> None:
    async def refused() -> str:
        raise Refused(reason="it leads into a private network")

    run, clock = Running(FakeClock()), FakeClock()
    async with Nursery(clock) as nursery:
        link = Link("ws://x", token="", clock=clock, nursery=nursery, meters=Meters(), tell=run.tell, where=refused)
        nursery.start("link", link.run(run.serve))
        await run.wait_for("backoff")
    assert run.states[-1][1].startswith("it leads into a private network")
