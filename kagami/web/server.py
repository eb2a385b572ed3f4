"""Two doors to the same handlers: the port for who shows a token, the home's socket for its owner."""

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
from kagami.core.handshake import Rules, rules
from kagami.model.principal import CONSOLE, Principal
from kagami.operations.registry import Registry
from kagami.ports import Parts
from kagami.ports.consoles import Consoles
from kagami.web.auth import Door, known_person
from kagami.web.config import WebConfig
from kagami.web.console import ConsoleLine
from kagami.web.doors import add_headers, known_host, known_origin, same_user, tell_errors, whole_body
from kagami.web.handlers import Handlers
from kagami.web.listening import Ask, Listening
from kagami.web.pages import Pages
from kagami.web.port import PortSite

BODY_BYTES = 1 << 20
BACKLOG = 64
STOP_SECONDS = 2.0

_logger = logging.getLogger("kagami.web")
_say = log.get("web")


class WebServer:
    """`async with WebServer(...)` listens on the port of `config` and on the local socket at `path`."""

    def __init__(
        self, config: WebConfig, operations: Registry, parts: Parts, *, socket: Path, consoles: Consoles | None = None
    ) -> None:
        self._config = config
        self._parts = parts
        self._handlers = Handlers(config, operations, parts)
        self._path = socket
        self._line = ConsoleLine(consoles, parts.people) if consoles is not None and config.sessions else None
        self._stack = AsyncExitStack()
        self._port = config.port
        self._demands = _demands(config)
        self._site: PortSite | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, also when the configuration asked for any."""
        return self._port

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            outside = await self._open(stack, *self._port_door())
            self._site = PortSite(outside, self._config.host, self._config.port, _logger)
            await self._site.start()
            self._port = self._site.port
            inside = await self._open(stack, [same_user], [], _console)
            await LocalSite(inside, self._path).start()
            self._stack = stack.pop_all()
        _say.info("listening", host=self._config.host, port=self._port, socket=self._path)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def configure(self, config: WebConfig) -> None:
        """Listen elsewhere: there first, then not here any more. An `OSError` when that cannot be, and everything is as
        it was. Who is connected stays so, and the local socket has nothing to do with it.
        """
        site, before = self._site, self._config
        if site is not None and (before.host, before.port) != (config.host, config.port):
            self._site = await self._move(site, config)
            self._port = self._site.port
            _say.info("listening", host=config.host, port=self._port)
        self._config, self._demands = config, _demands(config)

    async def _move(self, site: PortSite, config: WebConfig) -> PortSite:
        other = site.elsewhere(config.host, config.port)
        if config.port != self._port:
            await other.start()
            await site.stop()
            return other
        await site.stop()  # of two on one port only one can listen
        try:
            await other.start()
        except OSError:
            self._site = site.elsewhere(self._config.host, self._port)
            await self._site.start()
            raise
        return other

    def _port_door(self) -> tuple[list[Middleware], list[web.RouteDef], Ask]:
        """Checks in the order of their questions: is it for us, does a foreign page ask, and who."""
        config, people = self._config, self._parts.people
        door = Door(people, config.trusted_proxies, lambda: self._parts.cluster.calling)
        checks = [
            known_host(lambda: self._demands),
            known_origin(config.origins),
            known_person(door),
        ]
        routes = door.routes()
        if self._line is not None:
            routes += [*Pages(people).routes(), web.get("/console", self._line.serve)]
        return checks, routes, door.principal

    async def _open(
        self, stack: AsyncExitStack, checks: list[Middleware], routes: list[web.RouteDef], ask: Ask
    ) -> web.AppRunner:
        app = web.Application(middlewares=[*checks, tell_errors, whole_body], client_max_size=BODY_BYTES)
        listening = Listening(self._parts, ask)
        app.add_routes([*self._handlers.health_routes(), *routes, web.get("/api/v1/live", listening.live)])
        app.add_routes(self._handlers.operator_routes())
        app.on_response_prepare.append(add_headers)
        app.on_shutdown.append(listening.close)
        if self._line is not None:
            app.on_shutdown.append(self._line.close)
        runner = web.AppRunner(app, access_log=None, logger=_logger, shutdown_timeout=STOP_SECONDS)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        return runner


def _demands(config: WebConfig) -> Rules:
    return rules(config.host, "", hosts=config.hosts)


async def _console(_: web.Request) -> Principal:
    return CONSOLE


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
