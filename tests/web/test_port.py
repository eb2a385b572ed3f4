from __future__ import annotations

import asyncio

import pytest

from tests.web.conftest import Serve

PATIENCE = 5.0


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
