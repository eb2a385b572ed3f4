"""A web server on real sockets, over an engine of values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from kagami.operations import registry
from kagami.web.config import WebConfig
from kagami.web.server import WebServer
from tests.web.doubles import make_parts


@dataclass(frozen=True)
class Site:
    """A server with a client for each of its doors; `known` comes to the port with every right, `outside` with none."""

    server: WebServer
    socket: Path
    outside: aiohttp.ClientSession
    inside: aiohttp.ClientSession
    known: aiohttp.ClientSession


Serve = Callable[..., AbstractAsyncContextManager[Site]]


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    @asynccontextmanager
    async def serve(config: WebConfig | None = None, **parts: Any) -> AsyncIterator[Site]:
        socket = tmp_path / "k.sock"
        async with WebServer(config or WebConfig(port=0), registry(), make_parts(**parts), socket=socket) as server:
            address = f"http://127.0.0.1:{server.port}"
            async with (
                aiohttp.ClientSession(address) as outside,
                aiohttp.ClientSession("http://localhost", connector=aiohttp.UnixConnector(str(socket))) as inside,
                aiohttp.ClientSession(address, headers={"Authorization": "Bearer admin"}) as known,
            ):
                yield Site(server, socket, outside, inside, known)

    return serve
