"""The composition root: the parts of an engine, opened in floor order and closed in reverse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from kagami import log
from kagami.clock import SystemClock
from kagami.config import Settings
from kagami.engine.auditing import close_begun
from kagami.engine.centre import follow_settings, follow_web, open_centre
from kagami.engine.connections import Connections
from kagami.engine.conversations import ConversationFolder
from kagami.engine.listening import listen, open_gateway
from kagami.engine.live import Live
from kagami.engine.people import open_people
from kagami.engine.plugins import deliveries_of, keep_plugins, open_plugins, open_trials
from kagami.engine.privacy import follow_privacy, open_privacy
from kagami.engine.tools import Tools, open_logs
from kagami.errors import KagamiError
from kagami.meters import Meters
from kagami.model.principal import CONSOLE, SYSTEM, Principal
from kagami.operations import registry
from kagami.operations.facts import StagedFacts
from kagami.operations.registry import Registry
from kagami.operations.settings import ReloadSettings
from kagami.ports import Connection, Feed, Parts, Presence, Sandbox

if TYPE_CHECKING:
    from kagami.centre.desk import SettingsDesk
    from kagami.gateway.server import Gateway
    from kagami.hub.hub import Hub
    from kagami.people.desk import PeopleDesk
    from kagami.plugins.host import Host
    from kagami.storage.media import MediaFiles
    from kagami.storage.store import SqlStore

__all__ = ["Engine", "open_engine"]

RETENTION_S = 3600.0
# Of the 30 s that a stop may take, handlers have 20, plugins' hooks 4, and our own tasks these.
CLOSING_S = 3.0
_log = log.get("engine")


class Engine:
    """One running engine inside its loop."""

    def __init__(self, parts: Parts, operations: Registry, *, stopping: asyncio.Event, gateway: Gateway) -> None:
        self.parts = parts
        self.operations = operations
        self.stopping = stopping
        self._gateway = gateway
        self.web_port = 0

    @property
    def gateway_port(self) -> int:
        """The port that is listened on now."""
        return self._gateway.port

    async def call(self, request: msgspec.Struct, who: Principal = CONSOLE) -> Any:
        """An operation, for whoever sits at this machine's console when nobody else is named."""
        return await self.operations.call(self.parts, who, request)

    async def read_settings(self) -> None:
        """Read the configuration file again and go by it; what is refused is told in the log."""
        try:
            await self.call(ReloadSettings(), SYSTEM)
        except KagamiError as error:
            _log.error("the settings stay as they were", reason=error.text())

    def attend(self, who: Principal, session: str = "") -> AbstractContextManager[Presence]:
        """Somebody has a console in this process until the context ends: in a browser, when they have a login."""
        return self.parts.attendance.enter(who, "browser" if session else "console", session)

    def feed(self, topics: Sequence[str], who: Principal = CONSOLE) -> AsyncGenerator[Feed, None]:
        """Live items, until the caller has enough."""
        from kagami.web.live import feed  # noqa: PLC0415

        return feed(replace(self.parts, who=who), topics)


@asynccontextmanager
async def open_engine(settings: Settings, ring: log.Ring) -> AsyncIterator[Engine]:
    """Everything that runs, ready to serve; closed gracefully at the end."""
    from kagami.adapters.sandbox import SandboxBot  # noqa: PLC0415
    from kagami.engine.backups import seals_of  # noqa: PLC0415
    from kagami.engine.consoles import Consoles  # noqa: PLC0415
    from kagami.hub.hub import Hub  # noqa: PLC0415
    from kagami.net.http import MEGABYTE, HttpReach  # noqa: PLC0415
    from kagami.net.supervise import Nursery  # noqa: PLC0415
    from kagami.storage.media import MediaFiles  # noqa: PLC0415
    from kagami.storage.store import open_store  # noqa: PLC0415
    from kagami.web.server import WebServer  # noqa: PLC0415

    clock, meters, operations = SystemClock(), Meters(), registry()
    async with AsyncExitStack() as stack:
        privacy = open_privacy(stack, settings)
        logs = await open_logs(stack, settings, ring, clock)
        out = settings.plugins.http
        reach = await stack.enter_async_context(
            HttpReach(proxy=out.proxy, private=out.private, seconds=out.seconds, largest=out.largest_mb * MEGABYTE)
        )
        media = await stack.enter_async_context(MediaFiles(settings.home.media, download=reach.download))
        nursery = await stack.enter_async_context(Nursery(closing=CLOSING_S))
        store = await stack.enter_async_context(
            open_store(
                settings.database, clock=clock, meters=meters, config=settings.store, seals=seals_of(settings.home)
            )
        )
        await close_begun(store, clock)
        tools = Tools(Live(settings), clock, meters, nursery, store, operations, ring, logs, reach, media, privacy)
        follow_privacy(tools)
        host, hub_parts = await open_plugins(stack, tools)
        hub = await stack.enter_async_context(Hub(hub_parts))
        host.fleet.tell, host.fleet.changed = hub.alarm.tell, hub.retries.hasten
        sandbox = SandboxBot(hub, clock, media)
        hub.attach(sandbox)
        connections = Connections(tools, hub)
        parts = _parts(tools, host, hub, sandbox, await open_people(tools), await open_centre(tools), connections)
        hub.desk.parts = parts
        await hub.recover()
        engine = Engine(
            parts, operations, stopping=hub.stopping, gateway=await open_gateway(stack, tools, hub, connections)
        )
        consoles = await stack.enter_async_context(Consoles(settings.web, engine, nursery))
        server = WebServer(settings.web, operations, parts, socket=settings.home.socket, consoles=consoles)
        await listen(stack, server, settings, "web")
        follow_web(tools, engine, server)
        follow_settings(stack, tools, hub)
        engine.web_port = server.port
        nursery.keep("log files", logs.run)
        nursery.keep("retention", lambda: _retain(store, media, clock))
        deliveries = host.office.deliveries = deliveries_of(stack, tools, host)
        keep_plugins(tools, host, hub, deliveries)
        # The first thing of the end: what is being handled still needs its sockets to answer.
        stack.push_async_callback(hub.drain)
        _log.info("ready", home=settings.home.path)
        yield engine
        _log.info("stopping", reason=hub.stop_reason or "the process was asked to")


def _parts(
    tools: Tools,
    host: Host,
    hub: Hub,
    sandbox: Sandbox,
    people: PeopleDesk,
    centre: SettingsDesk,
    connections: Connections,
) -> Parts:
    """What operations may use."""
    from kagami.centre.accounts import AccountsDesk  # noqa: PLC0415
    from kagami.centre.applications import ApplicationsDesk  # noqa: PLC0415
    from kagami.engine.backups import keep_backups  # noqa: PLC0415
    from kagami.people.attendance import Attended  # noqa: PLC0415

    host.office.origin = lambda key: tools.settings.origin(key)  # noqa: PLW0108 - of the settings of that moment
    accounts = AccountsDesk(centre, connections, hub.bots, forget=hub.alerts.forget, translate=tools.translate)
    return Parts(
        clock=tools.clock,
        meters=tools.meters,
        ring=tools.ring,
        logs=tools.logs,
        store=tools.store,
        bots=hub.bots,
        plugins=host.office,
        outbox=hub.outbox,
        sandbox=sandbox,
        privacy=tools.privacy,
        trials=open_trials(tools, host),
        conversations=ConversationFolder(tools.settings.home.path / "sandbox"),
        attendance=Attended(tools.clock),
        house=hub,
        alerts=hub.alerts,
        backups=keep_backups(tools, hub.alarm.tell),
        centre=centre,
        accounts=accounts,
        applications=ApplicationsDesk(centre, tools.translate),
        files=centre,
        connection=lambda: Connection(tools.settings.gateway_url, tools.settings.gateway.token.reveal()),
        facts=StagedFacts(tools.store),
        people=people,
        routing=hub.routes,
        guard=hub.guard,
    )


async def _retain(store: SqlStore, media: MediaFiles, clock: SystemClock) -> None:
    """Remove what is older or more than the settings keep, once an hour."""
    while True:
        await store.retain(clock.wall_ms())
        await media.tidy(clock.wall_ms())
        await clock.sleep(RETENTION_S)
