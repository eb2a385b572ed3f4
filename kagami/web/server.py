"""Two doors to the same handlers: the port, where only health and metrics are told, and the home's socket with all."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web
from aiohttp.typedefs import Middleware

from kagami import log
from kagami.core.handshake import rules
from kagami.operations.registry import Registry
from kagami.ports import Parts
from kagami.web.config import WebConfig
from kagami.web.doors import add_headers, known_host, same_user, tell_errors
from kagami.web.handlers import Handlers
from kagami.web.port import PortSite

BODY_BYTES = 1 << 20
BACKLOG = 64
STOP_SECONDS = 2.0

_logger = logging.getLogger("kagami.web")
_say = log.get("web")


class WebServer:
    """`async with WebServer(...)` listens on the port of `config` and on the local socket at `path`."""

    def __init__(self, config: WebConfig, operations: Registry, parts: Parts, *, socket: Path) -> None:
        self._config = config
        self._handlers = Handlers(operations, parts)
        self._path = socket
        self._stack = AsyncExitStack()
        self._port = config.port

    @property
    def port(self) -> int:
        """The port that is listened on, also when the configuration asked for any."""
        return self._port

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            outside = await self._open(stack, [known_host(rules(self._config.host, "", hosts=self._config.hosts))])
            await PortSite(outside, self._config.host, self._config.port, _logger).start()
            self._port = outside.addresses[0][1]
            inside = await self._open(stack, [same_user], operator=True)
            await LocalSite(inside, self._path).start()
            self._stack = stack.pop_all()
        _say.info("listening", host=self._config.host, port=self._port, socket=self._path)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _open(self, stack: AsyncExitStack, checks: list[Middleware], *, operator: bool = False) -> web.AppRunner:
        app = web.Application(middlewares=[*checks, tell_errors], client_max_size=BODY_BYTES)
        app.add_routes(self._handlers.health_routes())
        if operator:
            app.add_routes(self._handlers.operator_routes())
        app.on_response_prepare.append(add_headers)
        app.on_shutdown.append(self._handlers.close)
        runner = web.AppRunner(app, access_log=None, logger=_logger, shutdown_timeout=STOP_SECONDS)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        return runner


class LocalSite(web.BaseSite):
    """A socket file that only its owner may open. The file of an engine that was killed is replaced."""

    def __init__(self, runner: web.AppRunner, path: Path) -> None:
        super().__init__(runner)
        self._path = path

    @property
    def name(self) -> str:
        return f"unix:{self._path}"

    async def start(self) -> None:
        await super().start()
        listener = bind_local(self._path)
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner is not set up")
        self._server = await asyncio.get_running_loop().create_unix_server(server, sock=listener, backlog=BACKLOG)

    async def stop(self) -> None:
        await super().stop()
        self._path.unlink(missing_ok=True)


def bind_local(path: Path) -> socket.socket:
    """A bound socket at `path`, 0600 before anybody can connect; `OSError` when something live listens there."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(FileNotFoundError):
            _remove_stale(path)
        listener.bind(os.fspath(path))
        path.chmod(0o600)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _remove_stale(path: Path) -> None:
    if not path.is_socket():
        path.lstat()  # FileNotFoundError: nothing is in the way
        raise OSError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE), str(path))
