from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from kagami.web import port
from tests.web.conftest import Serve

PATIENCE = 9.0  # less than those get who say nothing


async def said(port: int, request: bytes) -> bytes:
    """All that is answered until the connection ends."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    async with asyncio.timeout(PATIENCE):
        answer = await reader.read()
    writer.close()
    return answer


async def ended(reader: asyncio.StreamReader) -> bool:
    async with asyncio.timeout(PATIENCE):
        try:
            return await reader.read() == b""
        except ConnectionResetError:
            return True


async def test_of_too_many_visitors_the_oldest_goes(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.web.port.MAX_VISITORS", 3)
    async with serve() as site:
        crowd = []
        for _ in range(3):
            reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
            writer.write(b"GET /livez")
            crowd.append((reader, writer))
        answer = await said(site.server.port, b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")
        assert await ended(crowd[0][0])
        for _, writer in crowd:
            writer.close()


async def test_a_request_that_is_never_complete_ends(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.web.port.IDLE_SECONDS", 0.05)
    async with serve() as site:
        assert await said(site.server.port, b"GET /livez HTTP/1.1\r\nHost: loc") == b""


async def test_what_is_not_http_is_neither_sent_back_nor_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async with serve() as site:
        answer = await said(site.server.port, b"\x16\x03\x01SECRET\r\n\r\n")
        assert answer.startswith(b"HTTP/1.0 400")
        assert answer.endswith(b'{"error":{"code":"BadRequest","message":"Bad Request"}}')
        assert b"SECRET" not in answer
        assert b"aiohttp" not in answer
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_crowd_that_comes_at_once_is_bounded_too(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.web.port.MAX_VISITORS", 3)
    async with serve() as site:
        crowd = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", site.server.port) for _ in range(12)))
        ends = [asyncio.ensure_future(ended(reader)) for reader, _ in crowd]
        async with asyncio.timeout(PATIENCE):
            while sum(end.done() for end in ends) < 9:
                await asyncio.sleep(0.001)
        assert sum(end.done() for end in ends) == 9
        for _, writer in crowd:
            writer.close()
        await asyncio.gather(*ends)


HEAD = b"POST /api/v1/bots/list HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer admin\r\n"
SMUGGLED = b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        HEAD + b"Content-Length: 0\r\nContent-Length: 46\r\n\r\n" + SMUGGLED,
        HEAD + b"Content-Length: +0\r\n\r\n" + SMUGGLED,
        HEAD + b"Content-Length : 0\r\n\r\n" + SMUGGLED,
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + SMUGGLED,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n" + SMUGGLED,
        HEAD + b"X-Odd: a\r\n folded: b\r\n\r\n" + SMUGGLED,
        HEAD + b"X-Odd: a\x00b\r\n\r\n" + SMUGGLED,
        HEAD + b"X-Odd: a\nX-More: b\r\n\r\n" + SMUGGLED,
        HEAD + b"X-Odd: a\rX-More: b\r\n\r\n" + SMUGGLED,
        HEAD + b"X Odd: a\r\n\r\n" + SMUGGLED,
        HEAD + b"X-Odd: " + b"a" * 20_000 + b"\r\n\r\n",
        HEAD + b"X-Odd: a\r\n" * 300 + b"\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET\x00/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
async def test_a_request_with_two_meanings_is_a_bad_one(serve: Serve, request_: bytes) -> None:
    async with serve() as site:
        answer = await said(site.server.port, request_)
        assert answer.split(b" ", 2)[1] == b"400"
        assert answer.count(b"HTTP/1.") == 1
        assert b"kagami_bots" not in answer
        assert b"nosniff" in answer


async def test_who_is_known_is_not_pushed_out_by_a_crowd(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.web.port.MAX_VISITORS", 2)
    async with serve() as site, site.known.ws_connect("/api/v1/live") as channel:
        await channel.send_json({"topics": ["pulse"]})
        await channel.receive_json()
        crowd = [await asyncio.open_connection("127.0.0.1", site.server.port) for _ in range(4)]
        assert await ended(crowd[0][0])
        await channel.send_str("still here")
        assert not channel.closed
        for _, writer in crowd:
            writer.close()


async def test_thousands_of_half_open_connections_do_not_keep_others_waiting(serve: Serve) -> None:
    """One that comes after them, while they hold what they can."""
    async with serve() as site:
        crowd = []
        for number in range(1_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port)
            writer.write((b"", b"GET /", b"GET /livez HTTP/1.1\r\nHost: ")[number % 3])
            crowd.append((reader, writer))
        async with asyncio.timeout(5):
            for _ in range(20):
                answer = await said(site.server.port, HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\n")
                assert answer.startswith(b"HTTP/1.1 200")
        for _, writer in crowd:
            writer.transport.abort()
            with suppress(ConnectionError):
                await writer.wait_closed()


def test_a_head_has_ten_seconds() -> None:
    assert (port.IDLE_SECONDS, port.MAX_VISITORS) == (10.0, 256)


async def test_frames_behind_a_refused_upgrade_are_not_read(serve: Serve) -> None:
    upgrade = (
        b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    frame = b'\x81\x93\0\0\0\0{"topics":["pulse"]}'
    async with serve() as site:
        answer = await said(site.server.port, upgrade + frame)
        assert answer.startswith(b"HTTP/1.1 401")
        assert b"at_ms" not in answer
