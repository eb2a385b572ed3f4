"""One open WebSocket with bounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.connection import Connection
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError

from kagami.meters import Meters
from kagami.net import channel as channel_module
from kagami.net.channel import Channel, Listening, show_address, transport_quirk
from kagami.net.supervise import Nursery
from kagami.testing.clock import settle

Pair = tuple[Channel, Connection]
MIB = 1024 * 1024


class ListeningServer(Listening, ServerConnection):
    """As the gateway's own connections are."""


@asynccontextmanager
async def pair(
    meters: Meters | None = None, kind: type[ServerConnection] = ServerConnection, ping_s: float = 20.0
) -> AsyncIterator[Pair]:
    """A channel on the server's side, and the client's plain connection at its other end."""
    accepted: asyncio.Future[ServerConnection] = asyncio.get_running_loop().create_future()

    async def handle(connection: ServerConnection) -> None:
        accepted.set_result(connection)
        await connection.wait_closed()

    async with (
        Nursery() as nursery,
        serve(
            handle,
            "127.0.0.1",
            0,
            compression=None,
            close_timeout=0.05,
            create_connection=kind,
            ping_interval=ping_s,
            ping_timeout=ping_s,
        ) as server,
    ):
        port = server.sockets[0].getsockname()[1]
        client = await connect(f"ws://127.0.0.1:{port}", compression=None, proxy=None, max_size=None)
        try:
            yield Channel(await accepted, nursery=nursery, meters=meters or Meters()), client
        finally:
            client.transport.abort()


async def stalled(run: Callable[[Channel, Connection], Awaitable[None]], meters: Meters | None = None) -> None:
    """Run something with a peer that reads nothing, and that goes away at the end."""
    async with asyncio.timeout(5), pair(meters) as (channel, client):
        client.transport.pause_reading()
        await run(channel, client)


async def test_who_is_waited_for_patiently_keeps_the_connection() -> None:
    async with asyncio.timeout(5), pair(ping_s=0.02) as (hasty, one), pair(ping_s=0.02) as (patient, other):
        patient.be_patient(60)
        for client in (one, other):
            client.transport.pause_reading()
        with pytest.raises(EOFError):
            await hasty.receive()
        other.transport.resume_reading()
        assert await patient.probe(1.0) is not None


async def test_a_text_message_arrives_as_bytes() -> None:
    async with pair() as (channel, client):
        await client.send("镜")
        assert await channel.receive() == "镜".encode()


async def test_a_binary_message_arrives_as_it_is() -> None:
    async with pair() as (channel, client):
        await client.send(b"{}")
        assert await channel.receive() == b"{}"


async def test_a_message_in_fragments_arrives_whole() -> None:
    async with pair() as (channel, client):
        await client.send(['{"a"', ":", "1}"])
        assert await channel.receive() == b'{"a":1}'


async def test_what_is_sent_is_text() -> None:
    async with pair() as (channel, client):
        await channel.send(b"{}")
        assert await client.recv() == "{}"


async def test_the_end_tells_who_ended_it_and_why() -> None:
    async with pair() as (channel, client):
        await client.close(4000, "enough")
        with pytest.raises(EOFError, match=r"closed by the peer \(4000: enough\)"):
            await channel.receive()


async def test_our_own_end_tells_our_own_reason() -> None:
    async with pair() as (channel, client):
        client.transport.pause_reading()
        await channel.close(1012, "restart")
        with pytest.raises(EOFError, match=r"closed \(1012: restart\)"):
            await channel.receive()


async def test_our_own_end_tells_our_own_reason_when_the_peer_confirms_it() -> None:
    async with pair() as (channel, client):
        await channel.close(1012, "restart")
        await client.wait_closed()
        with pytest.raises(EOFError, match=r"closed \(1012: restart\)"):
            await channel.receive()


async def test_a_connection_that_breaks_is_told_as_such() -> None:
    async with pair() as (channel, client):
        client.transport.abort()
        with pytest.raises(EOFError, match="the connection broke"):
            await channel.receive()


async def test_sending_on_a_closed_connection_writes_nothing() -> None:
    async with pair() as (channel, client):
        await client.close()
        with pytest.raises(EOFError):
            await channel.receive()
        with pytest.raises(EOFError):
            await channel.send(b"{}")


async def test_a_probe_gives_the_round_trip() -> None:
    async with pair() as (channel, _):
        trip = await channel.probe(1)
        assert trip is not None
        assert 0 < trip < 1


async def test_a_probe_of_a_peer_that_does_not_read_gives_nothing() -> None:
    async def run(channel: Channel, _client: Connection) -> None:
        assert await channel.probe(0.01) is None

    await stalled(run)


async def test_a_probe_of_a_closed_connection_gives_nothing() -> None:
    async with pair() as (channel, client):
        await client.close()
        assert await channel.probe(1) is None


async def fill(channel: Channel, frames: int, size: int) -> list[BaseException | None]:
    return await asyncio.gather(*(channel.send(b"x" * size) for _ in range(frames)), return_exceptions=True)


async def test_bytes_that_wait_are_bounded() -> None:
    meters = Meters()

    async def run(channel: Channel, client: Connection) -> None:
        asyncio.get_running_loop().call_later(0.02, client.transport.abort)
        outcomes = await fill(channel, 20, MIB)
        assert [type(outcome) for outcome in outcomes].count(EOFError) >= 20 - 12
        assert meters.count["socket_slow", ""] == 1

    await stalled(run, meters)


async def test_what_is_buffered_stays_within_the_bound() -> None:
    async def run(channel: Channel, client: Connection) -> None:
        asyncio.get_running_loop().call_later(0.02, client.transport.abort)
        filling = asyncio.gather(*(channel.send(b"x" * MIB) for _ in range(100)), return_exceptions=True)
        await asyncio.sleep(0)
        assert channel.waiting_bytes <= channel_module.MAX_WAITING_BYTES + MIB
        await filling

    await stalled(run)


async def test_frames_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "MAX_WAITING_FRAMES", 10)

    async def run(channel: Channel, client: Connection) -> None:
        asyncio.get_running_loop().call_later(0.05, client.transport.abort)
        # The first frame fills what the system takes, the others are small.
        outcomes = await asyncio.gather(
            channel.send(b"x" * 7 * MIB), *(channel.send(b"{}") for _ in range(20)), return_exceptions=True
        )
        assert sum(isinstance(outcome, EOFError) for outcome in outcomes) == 11

    await stalled(run)


async def test_a_frame_that_is_not_taken_in_time_may_have_been_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "WRITE_SECONDS", 0.02)

    meters = Meters()

    async def run(channel: Channel, client: Connection) -> None:
        frames = (b"x" * 7 * MIB, b"{}")
        outcomes = await asyncio.gather(*map(channel.send, frames), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [ConnectionAbortedError] * 2
        assert meters.count["socket_slow", ""] == 1

    await stalled(run, meters)


async def test_a_peer_that_was_dropped_is_written_to_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "WRITE_SECONDS", 0.02)

    async def run(channel: Channel, client: Connection) -> None:
        with pytest.raises(ConnectionAbortedError, match="slow_client"):
            await channel.send(b"x" * 15 * MIB)
        with pytest.raises(EOFError, match="closed"):
            await channel.send(b"{}")

    await stalled(run)


async def test_a_peer_that_breaks_while_it_is_written_to_may_have_got_it() -> None:
    async def run(channel: Channel, client: Connection) -> None:
        asyncio.get_running_loop().call_later(0.01, client.transport.abort)
        with pytest.raises(ConnectionResetError):
            await channel.send(b"x" * 15 * MIB)

    await stalled(run)


async def test_a_connection_that_is_given_up_while_it_is_written_to_is_broken() -> None:
    async def run(channel: Channel, client: Connection) -> None:
        asyncio.get_running_loop().call_later(0.01, channel._connection.transport.abort)
        with pytest.raises(ConnectionResetError, match="the connection broke"):
            await channel.send(b"x" * 15 * MIB)

    await stalled(run)


async def test_one_large_frame_may_wait_alone() -> None:
    async with pair() as (channel, client):
        received, _ = await asyncio.gather(client.recv(), channel.send(b"x" * 12 * MIB))
        assert len(received) == 12 * MIB


async def test_a_slow_peer_that_reads_again_finds_1013(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "MAX_WAITING_BYTES", 3 * MIB)
    async with pair() as (channel, client):
        client.transport.pause_reading()
        sending = asyncio.gather(*(channel.send(b"x" * MIB) for _ in range(10)), return_exceptions=True)
        await settle()
        client.transport.resume_reading()
        with suppress(ConnectionClosedError):
            async for _ in client:
                pass
        await sending
        assert (client.close_code, client.close_reason) == (1013, "slow_client")


async def test_a_peer_has_an_address() -> None:
    async with pair() as (channel, client):
        assert channel.peer == show_address(client.local_address)


@pytest.mark.parametrize(
    ("address", "shown"),
    [(("127.0.0.1", 80), "127.0.0.1:80"), (("::1", 80, 0, 0), "[::1]:80"), (None, ""), ("/run/kagami.sock", "")],
)
def test_addresses_are_shown_as_people_write_them(address: object, shown: str) -> None:
    assert show_address(address) == shown


def test_the_quirk_hides_nothing_else() -> None:
    with pytest.raises(ValueError, match="other"), transport_quirk():
        raise ValueError("other")


class Ear:
    """Writes down what a channel gives it."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._told = asyncio.Event()

    def __call__(self, message: bytes) -> None:
        self.heard.append(message)
        self._told.set()

    async def until(self, last: bytes) -> list[bytes]:
        async with asyncio.timeout(5):
            while last not in self.heard:
                self._told.clear()
                await self._told.wait()
        return self.heard


KINDS = pytest.mark.parametrize("kind", [ServerConnection, ListeningServer])


@KINDS
async def test_who_listens_hears_everything_in_its_order(kind: type[ServerConnection]) -> None:
    async with Nursery() as nursery, pair(kind=kind) as (channel, client):
        ear = Ear()
        await client.send("before")
        await client.send(["in ", "parts"])
        await settle()
        nursery.start("listen", swallow(channel.listen(ear)))
        for message in ("one", ["t", "w", "o"], b"three", ["fo", "ur"], "five", "last"):
            await client.send(message)
        assert await ear.until(b"last") == [
            b"before", b"in parts", b"one", b"two", b"three", b"four", b"five", b"last",
        ]  # fmt: skip


async def swallow(listening: Awaitable[None]) -> None:
    with suppress(EOFError):
        await listening


@KINDS
async def test_what_comes_in_one_packet_keeps_its_order(kind: type[ServerConnection]) -> None:
    async with Nursery() as nursery, pair(kind=kind) as (channel, client):
        ear = Ear()
        nursery.start("listen", swallow(channel.listen(ear)))
        await settle()
        client.protocol.send_text(b"a", fin=False)
        client.protocol.send_continuation(b"b", fin=True)
        client.protocol.send_text(b"c")
        client.protocol.send_text(b"last")
        client.send_data()
        assert await ear.until(b"last") == [b"ab", b"c", b"last"]


@KINDS
async def test_who_listens_is_told_how_it_ended(kind: type[ServerConnection]) -> None:
    async with pair(kind=kind) as (channel, client):
        await client.close(4000, "enough")
        with pytest.raises(EOFError, match=r"closed by the peer \(4000: enough\)"):
            await channel.listen(Ear())


async def test_who_listens_no_more_leaves_the_rest_to_who_receives() -> None:
    async with pair(kind=ListeningServer) as (channel, client):
        listening = asyncio.ensure_future(channel.listen(ear := Ear()))
        await client.send("heard")
        await ear.until(b"heard")
        listening.cancel()
        await asyncio.wait({listening})
        await client.send("received")
        assert await channel.receive() == b"received"
        assert ear.heard == [b"heard"]


async def test_a_pause_reads_nothing_until_it_is_over() -> None:
    async with pair() as (channel, client):
        answers = iter((True, True, False))
        channel.pause_while(lambda: next(answers))
        channel.pause_while(lambda: True)  # one pause at a time
        await client.send("late")
        assert await channel.receive() == b"late"
        assert list(answers) == []


async def test_a_pause_that_ends_after_the_connection_does_no_harm() -> None:
    async with pair() as (channel, client):
        channel.pause_while(looked := iter((True, False)).__next__)
        client.transport.abort()
        channel._connection.transport.abort()
        with pytest.raises(EOFError):
            await channel.receive()
        channel.pause_while(looked)
        await asyncio.sleep(2 * channel_module.PAUSE_SECONDS)
        assert looked()
