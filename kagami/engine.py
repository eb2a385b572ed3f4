"""The composition root: the parts of an engine, opened in floor order and closed in reverse."""

from __future__ import annotations

import asyncio
import errno
import os
import random
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from kagami import log
from kagami.clock import SystemClock
from kagami.config import Settings
from kagami.edits import FileEdits, file_to_edit
from kagami.errors import SettingError
from kagami.i18n import Translate, choose, mark, translator
from kagami.meters import Meters
from kagami.model.ids import RANDOM_BITS, ExecutionId, execution_id
from kagami.model.principal import CONSOLE
from kagami.operations import registry
from kagami.operations.registry import Registry
from kagami.ports import Connection, Feed, Parts, Sandbox

if TYPE_CHECKING:
    from kagami.hub.hub import Hub, HubParts
    from kagami.net.http import HttpReach
    from kagami.net.supervise import Nursery
    from kagami.plugins.deliveries import Deliveries
    from kagami.plugins.host import Host
    from kagami.storage.media import MediaFiles
    from kagami.storage.store import SqlStore

RETENTION_S = 3600.0
# Of how many chats a canary's share is made even.
KNOWN_CHATS = 5_000
# Of the 30 s that a stop may take, handlers have 20, plugins' hooks 4, and our own tasks these.
CLOSING_S = 3.0
_log = log.get("engine")


@dataclass(frozen=True, slots=True)
class Tools:
    """What every part is given."""

    settings: Settings
    clock: SystemClock
    meters: Meters
    nursery: Nursery
    store: SqlStore
    operations: Registry
    ring: log.Ring
    reach: HttpReach
    media: MediaFiles

    @property
    def translate(self) -> Translate:
        return _translator(self.settings)

    def new_execution(self) -> ExecutionId:
        """A fresh id for now."""
        return execution_id(self.clock.wall_ms(), random.getrandbits(RANDOM_BITS))


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
        host, hub_parts = await _open_plugins(stack, tools)
        hub = await stack.enter_async_context(Hub(hub_parts))
        host.fleet.tell, host.fleet.changed = hub.alarm.tell, hub.retries.hasten
        sandbox = SandboxBot(hub, clock)
        hub.attach(sandbox)
        parts = _parts(tools, host, hub, sandbox)
        hub.desk.parts = parts
        await hub.recover()
        port = await _open_gateway(stack, tools, hub)
        await _listen(stack, WebServer(settings.web, operations, parts, socket=settings.home.socket), settings, "web")
        nursery.keep("retention", lambda: _retain(store, media, clock))
        deliveries = host.office.deliveries = _deliveries(stack, tools, host)
        _keep_plugins(tools, host, hub, deliveries)
        # The first thing of the end: what is being handled still needs its sockets to answer.
        stack.push_async_callback(hub.drain)
        _log.info("ready", home=settings.home.path)
        yield Engine(parts, operations, stopping=hub.stopping, gateway_port=port)
        _log.info("stopping", reason=hub.stop_reason or "the process was asked to")


async def _open_plugins(stack: AsyncExitStack, tools: Tools) -> tuple[Host, HubParts]:
    """The plugin host, and what the hub is made of with it."""
    from kagami.hub.hub import HubParts  # noqa: PLC0415
    from kagami.plugins.dialogs import Desk as Dialogs  # noqa: PLC0415
    from kagami.plugins.host import Host  # noqa: PLC0415
    from kagami.plugins.schedule import Scheduler  # noqa: PLC0415

    settings, dialogs = tools.settings, Dialogs(tools.clock)
    scheduler = Scheduler(tools.store, tools.clock, new_execution=tools.new_execution)
    await scheduler.open()
    host = Host(
        settings.plugins,
        store=tools.store,
        clock=tools.clock,
        meters=tools.meters,
        dialogs=dialogs,
        folder=settings.plugins_dir,
        work=settings.home.work,
        translate=tools.translate,
        language=choose(settings.language or None, os.environ),
        prefix=settings.prefix,
        admins=settings.admins,
        scheduler=scheduler,
        http=tools.reach,
        media=tools.media,
    )
    host.fleet.chats = lambda: _known_chats(tools.store)
    await stack.enter_async_context(host)
    made = HubParts(
        store=tools.store,
        runtime=host,
        suspects=host,
        dialogs=dialogs,
        operations=tools.operations,
        nursery=tools.nursery,
        clock=tools.clock,
        meters=tools.meters,
        log_seq=lambda: tools.ring.newest,
        config=settings.hub,
        limits=settings.limits,
        pace=settings.pace,
        admins=settings.admins,
        prefix=settings.prefix,
        translate=tools.translate,
    )
    return host, made


def _keep_plugins(tools: Tools, host: Host, hub: Hub, deliveries: Callable[[], Deliveries]) -> None:
    """What runs beside events: jobs that are due, sentences of the quarantine, files that change."""
    from kagami.plugins.watching import watch  # noqa: PLC0415

    if (scheduler := host.scheduler) is not None:
        tools.nursery.keep("schedule", lambda: scheduler.run(hub.accept))
    tools.nursery.keep("quarantine", host.guard)
    if tools.settings.plugins.market.url:
        tools.nursery.keep("recalls", lambda: deliveries().follow_recalls(lambda plugin: _recalled(host, plugin)))
    if tools.settings.plugins.watch:
        tools.nursery.keep("watch plugins", lambda: watch(host.fleet, tools.settings.plugins_dir))


async def _recalled(host: Host, plugin: str) -> None:
    """The market recalls what serves: something else does from now on, or nothing."""
    (row,) = await host.office.reload(plugin)
    what = mark("The market recalls {plugin} {version}: now {serves} serves.")
    host.fleet.tell("error", "recall", what, plugin=plugin, version=row.old, serves=row.new or mark("nothing"))


def _deliveries(stack: AsyncExitStack, tools: Tools, host: Host) -> Callable[[], Deliveries]:
    """What brings packages onto the disk, made when it is first needed.

    Its way out leads to a market in a private network too; plugins' does not.
    """

    @cache
    def made() -> Deliveries:
        from kagami.net.http import HttpReach  # noqa: PLC0415
        from kagami.plugins.deliveries import Deliveries, hosts  # noqa: PLC0415

        out, own = tools.settings.plugins.http, hosts(tools.settings.plugins)
        reach = HttpReach(proxy=out.proxy, private=(*out.private, *own))
        stack.push_async_exit(reach)
        return Deliveries(
            tools.settings.plugins_dir,
            tools.settings.plugins,
            reach,
            pinned=lambda: host.decided.choices.pinned,
            clock=tools.clock,
            translate=tools.translate,
        )

    return made


async def _known_chats(store: SqlStore) -> list[tuple[str, str]]:
    return [(row.bot, row.chat) for row in await store.chats(limit=KNOWN_CHATS) if row.chat]


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
        files=FileEdits(settings.file or file_to_edit(settings.home.path, None), tools.translate),
        connection=Connection(gateway_url(tools.settings), tools.settings.gateway.token.reveal()),
    )


async def _open_gateway(stack: AsyncExitStack, tools: Tools, hub: Hub) -> int:
    """Both ways to implementations: they come to the port that is returned, and we go to those that listen."""
    from kagami.adapters.onebot11.link import ForwardBot, OneBotReception  # noqa: PLC0415
    from kagami.gateway.server import Gateway  # noqa: PLC0415

    settings, nursery, clock, meters = tools.settings, tools.nursery, tools.clock, tools.meters
    reception = OneBotReception(
        hub, clock=clock, nursery=nursery, meters=meters, config=settings.onebot11, media=tools.media
    )
    token = settings.gateway.token.reveal()
    gateway = Gateway(settings.gateway, token=token, reception=reception, nursery=nursery, meters=meters)
    await _listen(stack, gateway, settings, "gateway")
    for bot in settings.bots:
        if bot.enabled:
            forward = ForwardBot(bot, clock=clock, nursery=nursery, meters=meters, media=tools.media)
            nursery.start(f"bot {bot.name}", forward.run(hub))
    return gateway.port


async def _retain(store: SqlStore, media: MediaFiles, clock: SystemClock) -> None:
    """Remove what is older or more than the settings keep, once an hour."""
    while True:
        await store.retain(clock.wall_ms())
        await media.tidy(clock.wall_ms())
        await clock.sleep(RETENTION_S)


async def _listen(stack: AsyncExitStack, part: Any, settings: Settings, section: str) -> None:
    """Open a part that listens; a port that is taken is the user's to mend."""
    try:
        await stack.enter_async_context(part)
    except OSError as error:
        t = _translator(settings)
        place, short = (settings.gateway, "WS_PORT") if section == "gateway" else (settings.web, "WEBUI_PORT")
        if isinstance(error, socket.gaierror):
            key, reason, fix = f"{section}.host", error.strerror or str(error), t("Give an address of this machine.")
            raise SettingError(
                key=key, value=place.host, origin=settings.origin(key), reason=reason, fix=fix
            ) from error
        key, port = f"{section}.port", place.port
        taken = error.errno == errno.EADDRINUSE
        reason = t("another program listens there") if taken else error.strerror or str(error)
        fix = t("Stop what uses the port, or set another {name}.").format(name=short)
        raise SettingError(key=key, value=port, origin=settings.origin(key), reason=reason, fix=fix) from error


def _translator(settings: Settings) -> Translate:
    return translator(choose(settings.language or None, os.environ))


def gateway_url(settings: Settings) -> str:
    """What an implementation on this machine dials."""
    host = settings.gateway.host
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host  # noqa: S104
    return f"ws://{f'[{shown}]' if ':' in shown else shown}:{settings.gateway.port}/onebot/v11/ws"
