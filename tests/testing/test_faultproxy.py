"""A proxy that misbehaves as it is told, and behaves when it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from kagami.testing.faultproxy import FaultProxy

SOON_S, NEVER_S = 10.0, 0.05
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(1000):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.transport.abort()


@asynccontextmanager
async def _proxied(delay: float = 0.0) -> AsyncIterator[FaultProxy]:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    try:
        async with FaultProxy("127.0.0.1", server.sockets[0].getsockname()[1], delay=delay) as proxy:
            yield proxy
    finally:
        server.close()


@asynccontextmanager
async def _line(proxy: FaultProxy) -> AsyncIterator[Line]:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _said(line: Line, text: bytes) -> bytes:
    line[1].write(text)
    async with asyncio.timeout(SOON_S):
        return await line[0].readexactly(len(text))


async def test_it_passes_on_what_is_said_each_way() -> None:
    async with _proxied() as proxy, _line(proxy) as line:
        assert await _said(line, b"hello") == b"hello"


async def test_the_end_of_a_side_reaches_the_other() -> None:
    async with _proxied() as proxy, _line(proxy) as line:
        line[1].write_eof()
        async with asyncio.timeout(SOON_S):
            assert await line[0].read() == b""


async def test_a_delay_holds_each_way() -> None:
    loop = asyncio.get_running_loop()
    async with _proxied(delay=0.03) as proxy, _line(proxy) as line:
        began = loop.time()
        await _said(line, b"hello")
        assert loop.time() - began >= 0.06


async def test_from_a_black_hole_comes_nothing_until_it_is_healed() -> None:
    async with _proxied() as proxy, _line(proxy) as line:
        await _said(line, b"before")
        proxy.black_hole()
        line[1].write(b"hello")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(NEVER_S):
                await line[0].read(1)
        await proxy.heal()
        async with asyncio.timeout(SOON_S):
            assert await line[0].readexactly(5) == b"hello"


async def test_a_black_hole_for_answers_lets_questions_through() -> None:
    heard = asyncio.Event()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        heard.set()
        writer.transport.abort()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    async with FaultProxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy, _line(proxy) as line:
        proxy.black_hole(answers_only=True)
        line[1].write(b"?")
        async with asyncio.timeout(SOON_S):
            await heard.wait()
    server.close()


async def test_a_reset_ends_what_is_there_and_serves_what_comes() -> None:
    async with _proxied() as proxy:
        async with _line(proxy) as line:
            await _said(line, b"hello")
            proxy.reset()
            with pytest.raises(ConnectionResetError):
                await line[0].read(1)
        async with _line(proxy) as line:
            assert await _said(line, b"again") == b"again"


async def test_a_refusing_one_listens_again_on_the_same_port_when_it_is_healed() -> None:
    async with _proxied() as proxy:
        port = proxy.port
        proxy.refuse()
        with pytest.raises(OSError, match="onnect"):
            await asyncio.open_connection("127.0.0.1", port)
        await proxy.heal()
        async with _line(proxy) as line:
            assert (await _said(line, b"again"), proxy.port) == (b"again", port)


async def test_it_tells_how_many_it_serves() -> None:
    async with _proxied() as proxy:
        async with _line(proxy) as line:
            await _said(line, b"hello")
            assert proxy.connections == 1
        async with asyncio.timeout(SOON_S):
            await proxy.served(0)


async def test_a_client_of_a_dead_server_is_hung_up_on() -> None:
    server = await asyncio.start_server(_echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    async with FaultProxy("127.0.0.1", port) as proxy, _line(proxy) as line, asyncio.timeout(SOON_S):
        assert await line[0].read(1) == b""
