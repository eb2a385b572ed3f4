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
from kagami.engine.alone import Alone
from kagami.engine.auditing import close_begun
from kagami.engine.centre import follow_settings, follow_web, open_centre
from kagami.engine.connections import Connections
from kagami.engine.conversations import ConversationFolder
from kagami.engine.listening import connect_bots, listen, open_gateway
from kagami.engine.live import Live
from kagami.engine.people import open_people
from kagami.engine.plugins import LateTrials, deliveries_of, keep_plugins, open_plugins
from kagami.engine.privacy import follow_privacy, open_privacy
from kagami.engine.sameness import check_key
from kagami.engine.tools import Tools, open_logs
from kagami.errors import KagamiError, Refused, StoreClosed
from kagami.i18n import mark
from kagami.meters import Meters
from kagami.model.principal import CONSOLE, SYSTEM, Principal
from kagami.operations import registry
from kagami.operations.facts import StagedFacts
from kagami.operations.registry import Registry
from kagami.operations.settings import ReloadSettings
from kagami.ports import Connection, Feed, Parts, Presence, Processes, Sandbox

if TYPE_CHECKING:
    from kagami.centre.desk import SettingsDesk
    from kagami.engine.backups import HomeBackups
    from kagami.engine.cluster import Cluster
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

    def __init__(self, parts: Parts, operations: Registry, *, stopping: asyncio.Event, gateway: Gateway | None) -> None:
        self.parts = parts
        self.operations = operations
        self.stopping = stopping
        self._gateway = gateway
        self.web_port = 0

    @property
    def gateway_port(self) -> int:
        """The port that is listened on now; 0 where there is no gateway."""
        return self._gateway.port if self._gateway else 0

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
    from kagami.engine.backups import keep_backups  # noqa: PLC0415
    from kagami.engine.consoles import Consoles  # noqa: PLC0415
    from kagami.hub.hub import Hub  # noqa: PLC0415

    async with AsyncExitStack() as stack:
        tools = await _open_tools(stack, settings, ring)
        await check_key(settings, tools.store, settings.cluster.node, tools.translate)
        follow_privacy(tools)
        host, hub_parts = await open_plugins(stack, tools)
        hub = await stack.enter_async_context(Hub(hub_parts))
        host.fleet.tell, host.fleet.changed = hub.alarm.tell, hub.retries.hasten
        sandbox = SandboxBot(hub, tools.clock, tools.media)
        hub.attach(sandbox)
        connections = Connections(tools, hub)
        centre, backups = await open_centre(tools), keep_backups(tools, hub.alarm.tell)
        cluster = await _open_cluster(stack, tools, hub)
        people, processes = await open_people(tools), cluster or Alone(hub, tools)
        parts = _parts(tools, host, hub, sandbox, people, centre, connections, backups, processes)
        hub.desk.parts = parts
        if cluster is None:
            await close_begun(tools.store, tools.clock)
            await hub.recover()
        gateway = None
        if settings.cluster.role != "worker":
            gateway = await open_gateway(stack, tools, hub, cluster)
        await connect_bots(tools, hub, connections, cluster)
        engine = Engine(parts, tools.operations, stopping=hub.stopping, gateway=gateway)
        consoles = await stack.enter_async_context(Consoles(settings.web, engine, tools.nursery))
        # Only now: bots are heard already, and its library takes a fifth of a start to import.
        from kagami.web.server import WebServer  # noqa: PLC0415

        server = WebServer(settings.web, tools.operations, parts, socket=settings.home.socket, consoles=consoles)
        await listen(stack, server, settings, "web")
        follow_web(tools, engine, server)
        follow_settings(stack, tools, hub)
        engine.web_port = server.port
        _keep(stack, tools, host, hub, backups, cluster)
        # The first thing of the end: what is being handled still needs its sockets to answer.
        stack.push_async_callback(hub.drain)
        if cluster is not None:
            from kagami.engine.calling import follow_reach  # noqa: PLC0415

            await follow_reach(tools, server, cluster.calling)
            cluster.start()
            stack.push_async_callback(cluster.leave)
        _log.info("ready", home=settings.home.path)
        yield engine
        _log.info("stopping", reason=hub.stop_reason or "the process was asked to")


async def _open_tools(stack: AsyncExitStack, settings: Settings, ring: log.Ring) -> Tools:
    """What every part is given."""
    from kagami.engine.upgrading import open_home_store  # noqa: PLC0415
    from kagami.net.http import HttpReach  # noqa: PLC0415
    from kagami.net.supervise import Nursery  # noqa: PLC0415
    from kagami.net.trip import MEGABYTE  # noqa: PLC0415
    from kagami.state.rooms import open_state  # noqa: PLC0415
    from kagami.storage.media import MediaFiles  # noqa: PLC0415

    clock, meters = SystemClock(), Meters()
    privacy = open_privacy(stack, settings)
    logs = await open_logs(stack, settings, ring, clock)
    out = settings.plugins.http
    reach = await stack.enter_async_context(
        HttpReach(proxy=out.proxy, private=out.private, seconds=out.seconds, largest=out.largest_mb * MEGABYTE)
    )
    media = await stack.enter_async_context(MediaFiles(settings.home.media, download=reach.download))
    nursery = await stack.enter_async_context(Nursery(closing=CLOSING_S))
    store = await stack.enter_async_context(open_home_store(settings, clock, meters))
    state = await stack.enter_async_context(open_state(settings.redis, meters))
    live = Live(settings)
    return Tools(live, clock, meters, nursery, store, registry(), ring, logs, reach, media, privacy, state)


def _keep(
    stack: AsyncExitStack, tools: Tools, host: Host, hub: Hub, backups: HomeBackups, cluster: Cluster | None
) -> None:
    """What runs beside events; some of it is done by one process for all."""
    once = tools.nursery.keep if cluster is None else cluster.duty.keep
    tools.nursery.keep("log files", tools.logs.run)
    once("retention", lambda: retain(tools.store, tools.media, tools.clock))
    deliveries = host.office.deliveries = deliveries_of(stack, tools, host)
    keep_plugins(tools, host, hub, deliveries, once)
    once("backups", backups.run)
    if cluster is not None:
        from kagami.engine.cluster import follow_others  # noqa: PLC0415

        follow_others(tools, cluster, host, hub)


async def _open_cluster(stack: AsyncExitStack, tools: Tools, hub: Hub) -> Cluster | None:
    """None where one process has everything."""
    if tools.store.cluster is None:
        return None
    from kagami.engine.cluster import open_cluster  # noqa: PLC0415 (few engines are one of several)

    return await open_cluster(stack, tools, hub)


def _parts(
    tools: Tools,
    host: Host,
    hub: Hub,
    sandbox: Sandbox,
    people: PeopleDesk,
    centre: SettingsDesk,
    connections: Connections,
    backups: HomeBackups,
    processes: Processes,
) -> Parts:
    """What operations may use."""
    from kagami.centre.accounts import AccountsDesk  # noqa: PLC0415
    from kagami.centre.applications import ApplicationsDesk  # noqa: PLC0415
    from kagami.people.attendance import Attended  # noqa: PLC0415

    host.office.origin = lambda key: tools.settings.origin(key)  # noqa: PLW0108 - of the settings of that moment
    accounts = AccountsDesk(centre, connections, hub.bots, forget=hub.alerts.forget, translate=str)
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
        trials=LateTrials(tools, host),
        conversations=ConversationFolder(tools.settings.home.path / "sandbox"),
        attendance=Attended(tools.clock),
        house=hub,
        alerts=hub.alerts,
        backups=backups,
        cluster=processes,
        centre=centre,
        accounts=accounts,
        applications=ApplicationsDesk(centre, str),
        files=centre,
        connection=lambda: _connection(tools),
        facts=StagedFacts(tools.store),
        people=people,
        routing=hub.routes,
        guard=hub.guard,
    )


def _connection(tools: Tools) -> Connection:
    if tools.settings.cluster.role == "worker":
        raise Refused(reason=mark("This process has the role worker: bots connect to a process that has a gateway."))
    return Connection(tools.live.gateway_url, tools.settings.gateway.token.reveal())


async def retain(store: SqlStore, media: MediaFiles, clock: SystemClock) -> None:
    """Remove what is older or more than the settings keep, once an hour."""
    while True:
        try:
            await store.retain(clock.wall_ms())
        except StoreClosed as error:  # it stops in the middle of it, or the disk is full: there is a next hour
            _log.info("what is old stays for now", reason=error.text())
        await media.tidy(clock.wall_ms())
        await clock.sleep(RETENTION_S)
