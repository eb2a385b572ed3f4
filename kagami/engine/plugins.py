"""The plugin host within an engine: made, kept going, supplied."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from kagami.config import Settings
from kagami.engine.alerting import webhook
from kagami.engine.live import language_of
from kagami.engine.parcels import open_stock
from kagami.engine.tools import Tools
from kagami.errors import StoreClosed, StoreSlow
from kagami.i18n import mark

if TYPE_CHECKING:
    from kagami.hub.hub import Hub, HubParts
    from kagami.plugins.deliveries import Deliveries
    from kagami.plugins.host import Host
    from kagami.plugins.schedule import Scheduler
    from kagami.plugins.trials import TrialDesk
    from kagami.ports.trials import Rehearsal
    from kagami.storage.store import SqlStore

Keep = Callable[[str, Callable[[], Awaitable[None]]], Any]
_MARKET = ("plugins.market.mirror", "plugins.market.packages")
# Of how many chats a canary's share is made even.
KNOWN_CHATS = 5_000
# How old what other processes have scheduled may be.
FRESH_S = 10.0
AWAY_S = 1.0


async def open_plugins(stack: AsyncExitStack, tools: Tools) -> tuple[Host, HubParts]:
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
        language=language_of(settings),
        prefix=settings.prefix,
        admins=settings.admins,
        scheduler=scheduler,
        http=tools.reach,
        media=tools.media,
        privacy=tools.privacy,
    )
    host.fleet.chats = lambda: _known_chats(tools.store)
    open_stock(tools, host)
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
        alerts=settings.alerts,
        post=webhook(stack, settings),
        home=settings.home.path,
        privacy=tools.privacy,
    )
    tools.live.on(("prefix", "admins", "language", "plugins.rename", "plugins.roles"), lambda now: _retune(host, now))
    tools.live.on(("plugins.settings",), PluginSettings(host, settings).follow)
    tools.live.judge(lambda wanted: judge_plugins(host, wanted))
    return host, made


class LateTrials:
    """Implements `ports.Trials`: dry runs, each with a folder for its files. The first one loads what they take."""

    def __init__(self, tools: Tools, host: Host) -> None:
        self._tools = tools
        self._host = host

    @cached_property
    def _desk(self) -> TrialDesk:
        from kagami.plugins.trials import TrialDesk  # noqa: PLC0415
        from kagami.storage.media import MediaFiles  # noqa: PLC0415

        return TrialDesk(self._host, reach=self._tools.reach, media=self._tools.media, media_in=MediaFiles)

    def rehearsal(self, *, network: bool = False) -> AbstractAsyncContextManager[Rehearsal]:
        return self._desk.rehearsal(network=network)


async def _retune(host: Host, wanted: Settings) -> None:
    language = language_of(wanted)
    await host.configure(wanted.plugins, prefix=wanted.prefix, admins=wanted.admins, language=language)


class PluginSettings:
    """What each plugin was told last; one is reloaded when that has changed."""

    def __init__(self, host: Host, settings: Settings) -> None:
        self._host = host
        self._told = settings.plugins.settings

    async def follow(self, wanted: Settings) -> None:
        told, self._told = self._told, wanted.plugins.settings
        for plugin in {**told, **self._told}:
            if told.get(plugin, {}) != self._told.get(plugin, {}):
                await self._host.office.keep(plugin, self._told.get(plugin, {}))


def judge_plugins(host: Host, wanted: Settings) -> None:
    """`SettingError` when a version that serves would not take its new settings."""
    from kagami.plugins.settings import read_settings  # noqa: PLC0415

    around = host.fleet.around
    for plugin, values in wanted.plugins.settings.items():
        line = host.fleet.lines.get(plugin)
        if line is not None and line.stable is not None and values != around.settings(plugin):
            read_settings(line.stable.plugin.settings, values, plugin)


def keep_plugins(tools: Tools, host: Host, hub: Hub, deliveries: Callable[[], Deliveries], once: Keep) -> None:
    """What runs beside events: jobs that are due, sentences of the quarantine, files that change.

    What is given to `once` is done by one process for all.
    """
    from kagami.plugins.watching import watch  # noqa: PLC0415

    if (scheduler := host.scheduler) is not None:
        once("schedule", lambda: _schedule(tools, scheduler, hub))
    tools.nursery.keep("quarantine", host.guard)
    if tools.settings.plugins.market.url:
        tools.nursery.keep("recalls", lambda: deliveries().follow_recalls(lambda plugin: _recalled(host, plugin)))
    Watching(tools, lambda: watch(host.fleet, tools.settings.plugins_dir)).follow(tools.settings)
    tools.live.on(("plugins.trust", "plugins.market.key", *_MARKET), lambda now: deliveries().configure(now.plugins))


async def _schedule(tools: Tools, scheduler: Scheduler, hub: Hub) -> None:
    """Hand over what is due. Where others may schedule something too, look now and then for what they have."""
    while tools.store.cluster is not None:
        try:
            await scheduler.open()
        except (StoreClosed, StoreSlow):  # the ledger says so, and nothing that is due could be kept
            await tools.clock.sleep(AWAY_S)
            continue
        with suppress(TimeoutError):
            async with asyncio.timeout(FRESH_S):
                await scheduler.run(hub.accept)
    await scheduler.run(hub.accept)


class Watching:
    """Whether files of plugins are looked at, which may be turned on and off."""

    def __init__(self, tools: Tools, watch: Callable[[], Awaitable[None]]) -> None:
        self._nursery = tools.nursery
        self._watch = watch
        self._task: asyncio.Task[None] | None = None
        tools.live.on(("plugins.watch",), self.follow)

    def follow(self, wanted: Settings) -> None:
        if wanted.plugins.watch and self._task is None:
            self._task = self._nursery.keep("watch plugins", self._watch)
        elif not wanted.plugins.watch and self._task is not None:
            self._task.cancel()
            self._task = None


async def _recalled(host: Host, plugin: str) -> None:
    """The market recalls what serves: something else does from now on, or nothing."""
    (row,) = await host.office.reload(plugin)
    what = mark("The market recalls {plugin} {version}: now {serves} serves.")
    host.fleet.tell("error", "recall", what, plugin=plugin, version=row.old, serves=row.new or mark("nothing"))


def deliveries_of(stack: AsyncExitStack, tools: Tools, host: Host) -> Callable[[], Deliveries]:
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
