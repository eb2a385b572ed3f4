"""The TCP port: anybody may come, so that what one visitor can hold of the machine is bounded."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from logging import Logger
from typing import Any

from aiohttp import web

from kagami import log
from kagami.web.headers import HEADERS
from kagami.web.operations import bare, respond

# Descriptors are shared with the gateway and the store: a crowd here must leave them theirs.
MAX_VISITORS = 256
# For the head of a request to be complete, from the moment when the connection or the answer before it is.
IDLE_SECONDS = 10.0
BACKLOG = 64

_say = log.get("web")


class Visitor(web.RequestHandler):
    """One connection. What is not HTTP is told so in a word; the library would send the bytes back and log a trace."""

    def __init__(self, crowd: dict[Visitor, None], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._crowd = crowd

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._crowd[self] = None
        if len(self._crowd) > MAX_VISITORS:
            oldest = next(iter(self._crowd))
            del self._crowd[oldest]
            if oldest.transport is not None:
                oldest.transport.abort()

    def know(self) -> None:
        """It has shown who it is, and counts among the crowd no more."""
        self._crowd.pop(self, None)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._crowd.pop(self, None)
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return super().handle_error(request, status, exc, message)
        _say.debug("no HTTP", peer=request.remote)
        response = respond(bare(status))
        response.headers.update(HEADERS)
        response.force_close()
        return response


class PortSite(web.BaseSite):
    """Listens on `host:port`; `port` is the true one when any was asked for.

    When there are too many visitors the oldest goes: a probe is done within moments.
    """

    def __init__(self, runner: web.AppRunner, host: str, port: int, logger: Logger) -> None:
        super().__init__(runner)
        self._visited = runner
        self._host = host
        self.port = port
        self._logger = logger
        self._crowd: dict[Visitor, None] = {}

    @property
    def name(self) -> str:
        return f"http://{self._host}:{self.port}"

    def elsewhere(self, host: str, port: int) -> PortSite:
        """Another one for the same handlers, not open yet."""
        return PortSite(self._visited, host, port, self._logger)

    async def start(self) -> None:
        await super().start()
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner is not set up")
        loop = asyncio.get_running_loop()

        def visitor() -> Visitor:
            return Visitor(
                self._crowd,
                server,
                loop=loop,
                access_log=None,
                logger=self._logger,
                keepalive_timeout=IDLE_SECONDS,
            )

        try:
            server_here = await loop.create_server(visitor, self._host, self.port, backlog=BACKLOG)
        except OSError:
            await self.stop()
            raise
        self._server, self.port = server_here, server_here.sockets[0].getsockname()[1]
