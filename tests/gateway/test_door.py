"""Nothing behind a request is looked at before the request was judged."""

from __future__ import annotations

import asyncio
import base64
import os

import pytest
from websockets.frames import Frame, Opcode

from kagami.core.handshake import Welcome
from kagami.errors import HandshakeRefused
from kagami.testing.clock import settle
from kagami.testing.gateway import PATH, TOKEN, OpenGateway
from kagami.testing.onebot import connect_implementation

EVENT = (
    b'{"post_type":"message","message_type":"private","self_id":10001,"user_id":20002,"message_id":7,'
    b'"message":"hi","time":1760000000}'
)


def request(token: str = TOKEN, *, extra: str = "") -> bytes:
    """An upgrade request, byte by byte."""
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nX-Self-ID: 10001\r\n"
        f"Authorization: Bearer {token}\r\n{extra}\r\n"
    ).encode()


def frame(payload: bytes = EVENT) -> bytes:
    return Frame(Opcode.TEXT, payload).serialize(mask=True)


async def exchange(port: OpenGateway, *packets: bytes) -> bytes:
    """Write packets one by one, and read until the server hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
    for packet in packets:
        writer.write(packet)
        await writer.drain()
        await asyncio.sleep(0)
    answer = await reader.read()
    writer.close()
    return answer


async def test_a_frame_in_the_packet_of_a_refused_request_is_never_looked_at(port: OpenGateway) -> None:
    answer = await exchange(port, request("wrong") + frame())
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert not port.intake.events
    assert not port.intake.complaints


async def test_what_follows_a_refused_request_is_not_even_parsed(port: OpenGateway) -> None:
    # An unmasked frame with reserved bits: whoever parses it sends a close frame, 1002, behind the refusal.
    answer = await exchange(port, request("wrong") + b"\xf7\x05hello" * 1000, b"\xf7\x05hello")
    assert answer.endswith(b"wrong token\n")


async def test_a_frame_in_the_packet_of_a_good_request_is_an_event(port: OpenGateway) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
    writer.write(request() + frame())
    assert (await reader.readline()).startswith(b"HTTP/1.1 101 ")
    assert (await port.intake.event()).message_id == "7"
    writer.close()


@pytest.mark.parametrize("size", [1, 3, 7, 64])
async def test_a_request_may_come_in_pieces(port: OpenGateway, size: int) -> None:
    whole = request() + frame()
    reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
    for start in range(0, len(whole), size):
        writer.write(whole[start : start + size])
        await asyncio.sleep(0)
    assert (await reader.readline()).startswith(b"HTTP/1.1 101 ")
    assert (await port.intake.event()).message_id == "7"
    writer.close()


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\nX: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello",
        b"GET /\xe9 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /\r\n\r\n",
        b"\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_a_bad_request(port: OpenGateway, head: bytes) -> None:
    assert (await exchange(port, head)).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    ("extra", "status"), [("X: " + "y" * 9000 + "\r\n", b"431"), ("X: y\r\n" * 200, b"431"), ("Host: x\r\n", b"400")]
)
async def test_a_head_that_is_too_much_is_refused(port: OpenGateway, extra: str, status: bytes) -> None:
    assert (await exchange(port, request(extra=extra)))[9:12] == status


async def test_an_endless_first_line_is_refused(port: OpenGateway) -> None:
    assert (await exchange(port, b"GET /" + b"a" * 10_000))[9:12] == b"414"


async def test_those_who_say_nothing_do_not_keep_a_real_client_out(port: OpenGateway) -> None:
    idle = [await asyncio.open_connection("127.0.0.1", port.port) for _ in range(300)]
    async with asyncio.timeout(5), connect_implementation(port.url, token=TOKEN):
        assert port.gateway.strangers <= 256
    for _, writer in idle:
        writer.transport.abort()


async def test_a_peer_that_was_let_in_is_no_stranger(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN):
        await port.intake.bot("10001")
        assert port.gateway.strangers == 0


async def test_a_stranger_who_leaves_is_forgotten(port: OpenGateway) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port.port)
    while not port.gateway.strangers:
        await asyncio.sleep(0)
    writer.transport.abort()
    async with asyncio.timeout(5):
        while port.gateway.strangers:
            await asyncio.sleep(0)


async def test_what_comes_while_a_request_is_judged_waits(port: OpenGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    judging, judged = asyncio.Event(), asyncio.Event()

    async def admit(_welcome: Welcome) -> None:
        judging.set()
        await judged.wait()

    monkeypatch.setattr(port.gateway._reception, "admit", admit)
    reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
    writer.write(request())
    await judging.wait()
    writer.write(frame())
    await settle()
    assert not port.intake.events
    judged.set()
    assert (await reader.readline()).startswith(b"HTTP/1.1 101 ")
    assert (await port.intake.event()).message_id == "7"
    writer.close()


async def test_a_stranger_who_is_turned_away_while_it_is_judged_leaves_nothing(
    port: OpenGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging, judged = asyncio.Event(), asyncio.Event()

    async def admit(_welcome: Welcome) -> None:
        judging.set()
        await judged.wait()
        raise HandshakeRefused(status=409, reason="taken")

    monkeypatch.setattr(port.gateway._reception, "admit", admit)
    reader, writer = await asyncio.open_connection("127.0.0.1", port.port)
    writer.write(request())
    await judging.wait()
    port.gateway._strangers.turn_all_away()
    judged.set()
    async with asyncio.timeout(5):
        assert await reader.read() == b""
        while port.gateway.strangers:
            await asyncio.sleep(0)
    writer.close()
