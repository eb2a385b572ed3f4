"""The composition root: the parts of an engine, opened in floor order and closed in reverse."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from kagami import log
from kagami.clock import SystemClock
from kagami.config import Settings
from kagami.errors import SettingError
from kagami.i18n import choose, translator
from kagami.meters import Meters
from kagami.model.principal import CONSOLE
from kagami.operations import registry
from kagami.operations.registry import Registry
from kagami.ports import Connection, Feed, Parts

if TYPE_CHECKING:
    from kagami.storage.store import SqlStore

RETENTION_S = 3600.0
_log = log.get("engine")


class Engine:
    """One running engine inside its loop."""

    def __init__(self, parts: Parts, operations: Registry, *, stopping: asyncio.Event, gateway_port: int) -> None:
        self.parts = parts
        self.operations = operations
        self.stopping = stopping
        self.gateway_port = gateway_port

    async def call(self, request: msgspec.Struct) -> Any:
        """An operation, for whoever sits at this machine's console."""
        return await self.operations.call(self.parts, CONSOLE, request)

    def feed(self, topics: Sequence[str]) -> AsyncGenerator[Feed, None]:
        """Live items, until the caller has enough."""
        from kagami.web.live import feed  # noqa: PLC0415

        return feed(self.parts, topics)


@asynccontextmanager
async def open_engine(settings: Settings, ring: log.Ring) -> AsyncIterator[Engine]:
    """Everything that runs, ready to serve; closed gracefully at the end."""
    from kagami.adapters.onebot11 import ForwardBot, OneBotReception  # noqa: PLC0415
    from kagami.adapters.sandbox import SandboxBot  # noqa: PLC0415
    from kagami.gateway.server import Gateway  # noqa: PLC0415
    from kagami.hub.hub import Hub, HubParts  # noqa: PLC0415
    from kagami.net.supervise import Nursery  # noqa: PLC0415
    from kagami.plugins.dialogs import Desk as Dialogs  # noqa: PLC0415
    from kagami.plugins.host import Host  # noqa: PLC0415
    from kagami.storage.store import open_store  # noqa: PLC0415
    from kagami.web.server import WebServer  # noqa: PLC0415

    clock, meters, operations = SystemClock(), Meters(), registry()
    async with AsyncExitStack() as stack:
        nursery = await stack.enter_async_context(Nursery())
        store = await stack.enter_async_context(
            open_store(settings.database, clock=clock, meters=meters, config=settings.store)
        )
        dialogs = Dialogs(clock)
        host = await stack.enter_async_context(
            Host(
                settings.plugins,
                store=store,
                clock=clock,
                meters=meters,
                dialogs=dialogs,
                folder=settings.plugins_dir,
                translate=translator(choose(settings.language or None, os.environ)),
                prefix=settings.prefix,
            )
        )
        hub = await stack.enter_async_context(
            Hub(
                HubParts(
                    store=store,
                    runtime=host,
                    plugins=host,
                    dialogs=dialogs,
                    operations=operations,
                    nursery=nursery,
                    clock=clock,
                    meters=meters,
                    log_seq=lambda: ring.newest,
                    config=settings.hub,
                    limits=settings.limits,
                    pace=settings.pace,
                    admins=settings.admins,
                    prefix=settings.prefix,
                )
            )
        )
        sandbox = SandboxBot(hub, clock)
        parts = Parts(
            clock=clock,
            meters=meters,
            ring=ring,
            store=store,
            bots=hub.bots,
            plugins=host,
            outbox=hub.outbox,
            sandbox=sandbox,
            house=hub,
            connection=Connection(gateway_url(settings), settings.gateway.token.reveal()),
        )
        hub.desk.parts = parts
        hub.attach(sandbox)
        await hub.recover()
        reception = OneBotReception(hub, clock=clock, nursery=nursery, meters=meters, config=settings.onebot11)
        gateway = Gateway(
            settings.gateway,
            token=settings.gateway.token.reveal(),
            reception=reception,
            nursery=nursery,
            meters=meters,
        )
        await _listen(stack, gateway, settings, "gateway")
        for bot in settings.bots:
            if bot.enabled:
                forward = ForwardBot(bot, clock=clock, nursery=nursery, meters=meters)
                nursery.start(f"bot {bot.name}", forward.run(hub))
        web = WebServer(settings.web, operations, parts, socket=settings.home.socket)
        await _listen(stack, web, settings, "web")
        nursery.keep("retention", lambda: _retain(store, clock))
        _log.info("ready", home=settings.home.path)
        yield Engine(parts, operations, stopping=hub.stopping, gateway_port=gateway.port)
        _log.info("stopping", reason=hub.stop_reason or "the process was asked to")


async def _retain(store: SqlStore, clock: SystemClock) -> None:
    """Remove what is older or more than the settings keep, once an hour."""
    while True:
        await store.retain(clock.wall_ms())
        await clock.sleep(RETENTION_S)


async def _listen(stack: AsyncExitStack, part: Any, settings: Settings, section: str) -> None:
    """Open a part that listens; a port that is taken is the user's to mend."""
    try:
        await stack.enter_async_context(part)
    except OSError as error:
        key = f"{section}.port"
        port = settings.gateway.port if section == "gateway" else settings.web.port
        raise SettingError(
            key=key,
            value=port,
            origin=settings.origin(key),
            reason=error.strerror or str(error),
            fix=f"Stop what uses the port, or set another {'WS_PORT' if section == 'gateway' else 'WEBUI_PORT'}.",
        ) from error


def gateway_url(settings: Settings) -> str:
    """What an implementation on this machine dials."""
    host = settings.gateway.host
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host  # noqa: S104
    return f"ws://{f'[{shown}]' if ':' in shown else shown}:{settings.gateway.port}/onebot/v11/ws"
