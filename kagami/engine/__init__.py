"""The composition root: the parts of an engine, opened in floor order and closed in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from kagami import log
from kagami.clock import SystemClock
from kagami.config import Settings
from kagami.edits import FileEdits, file_to_edit
from kagami.engine.listening import gateway_url, listen, open_gateway
from kagami.engine.plugins import deliveries_of, keep_plugins, open_plugins
from kagami.engine.tools import Tools
from kagami.meters import Meters
from kagami.model.principal import CONSOLE, Principal
from kagami.operations import registry
from kagami.operations.facts import StagedFacts
from kagami.operations.registry import Registry
from kagami.ports import Connection, Feed, Parts, Sandbox

if TYPE_CHECKING:
    from kagami.hub.hub import Hub
    from kagami.plugins.host import Host
    from kagami.storage.media import MediaFiles
    from kagami.storage.store import SqlStore

__all__ = ["Engine", "gateway_url", "open_engine"]

RETENTION_S = 3600.0
# Of the 30 s that a stop may take, handlers have 20, plugins' hooks 4, and our own tasks these.
CLOSING_S = 3.0
_log = log.get("engine")


class Engine:
    """One running engine inside its loop."""

    def __init__(self, parts: Parts, operations: Registry, *, stopping: asyncio.Event, gateway_port: int) -> None:
        self.parts = parts
        self.operations = operations
        self.stopping = stopping
        self.gateway_port = gateway_port

    async def call(self, request: msgspec.Struct, who: Principal = CONSOLE) -> Any:
        """An operation, for whoever sits at this machine's console when nobody else is named."""
        return await self.operations.call(self.parts, who, request)

    def feed(self, topics: Sequence[str]) -> AsyncGenerator[Feed, None]:
        """Live items, until the caller has enough."""
        from kagami.web.live import feed  # noqa: PLC0415

        return feed(self.parts, topics)


@asynccontextmanager
async def open_engine(settings: Settings, ring: log.Ring) -> AsyncIterator[Engine]:
    """Everything that runs, ready to serve; closed gracefully at the end."""
    from kagami.adapters.sandbox import SandboxBot  # noqa: PLC0415
    from kagami.hub.hub import Hub  # noqa: PLC0415
    from kagami.net.http import MEGABYTE, HttpReach  # noqa: PLC0415
    from kagami.net.supervise import Nursery  # noqa: PLC0415
    from kagami.storage.media import MediaFiles  # noqa: PLC0415
    from kagami.storage.store import open_store  # noqa: PLC0415
    from kagami.web.server import WebServer  # noqa: PLC0415

    clock, meters, operations = SystemClock(), Meters(), registry()
    async with AsyncExitStack() as stack:
        out = settings.plugins.http
        reach = await stack.enter_async_context(
            HttpReach(proxy=out.proxy, private=out.private, seconds=out.seconds, largest=out.largest_mb * MEGABYTE)
        )
        media = await stack.enter_async_context(MediaFiles(settings.home.media, download=reach.download))
        nursery = await stack.enter_async_context(Nursery(closing=CLOSING_S))
        store = await stack.enter_async_context(
            open_store(settings.database, clock=clock, meters=meters, config=settings.store)
        )
        tools = Tools(settings, clock, meters, nursery, store, operations, ring, reach, media)
        host, hub_parts = await open_plugins(stack, tools)
        hub = await stack.enter_async_context(Hub(hub_parts))
        host.fleet.tell, host.fleet.changed = hub.alarm.tell, hub.retries.hasten
        sandbox = SandboxBot(hub, clock)
        hub.attach(sandbox)
        parts = _parts(tools, host, hub, sandbox)
        hub.desk.parts = parts
        await hub.recover()
        port = await open_gateway(stack, tools, hub)
        await listen(stack, WebServer(settings.web, operations, parts, socket=settings.home.socket), settings, "web")
        nursery.keep("retention", lambda: _retain(store, media, clock))
        deliveries = host.office.deliveries = deliveries_of(stack, tools, host)
        keep_plugins(tools, host, hub, deliveries)
        # The first thing of the end: what is being handled still needs its sockets to answer.
        stack.push_async_callback(hub.drain)
        _log.info("ready", home=settings.home.path)
        yield Engine(parts, operations, stopping=hub.stopping, gateway_port=port)
        _log.info("stopping", reason=hub.stop_reason or "the process was asked to")


def _parts(tools: Tools, host: Host, hub: Hub, sandbox: Sandbox) -> Parts:
    """What operations may use."""
    settings = tools.settings
    host.office.origin = settings.origin
    return Parts(
        clock=tools.clock,
        meters=tools.meters,
        ring=tools.ring,
        store=tools.store,
        bots=hub.bots,
        plugins=host.office,
        outbox=hub.outbox,
        sandbox=sandbox,
        house=hub,
        alerts=hub.alerts,
        files=FileEdits(settings.file or file_to_edit(settings.home.path, None), tools.translate),
        connection=Connection(gateway_url(tools.settings), tools.settings.gateway.token.reveal()),
        facts=StagedFacts(tools.store),
    )


async def _retain(store: SqlStore, media: MediaFiles, clock: SystemClock) -> None:
    """Remove what is older or more than the settings keep, once an hour."""
    while True:
        await store.retain(clock.wall_ms())
        await media.tidy(clock.wall_ms())
        await clock.sleep(RETENTION_S)
