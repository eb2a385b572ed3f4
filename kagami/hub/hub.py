"""The hub as one part: built here, opened and closed as one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from kagami import log
from kagami.clock import Clock
from kagami.core.dedupe import Window
from kagami.core.pace import Pace
from kagami.errors import NotFound, StoreClosed
from kagami.hub.alarm import Alarm, Post
from kagami.hub.alerts import Alerts
from kagami.hub.board import Board, Load, machine_load
from kagami.hub.chatdesk import ChatDesk
from kagami.hub.config import AlertsConfig, HubConfig, LimitsConfig
from kagami.hub.execution import Desk, Execution, Slots
from kagami.hub.guard import Guard
from kagami.hub.inbox import Inbox
from kagami.hub.lanes import Lanes
from kagami.hub.mending import Mending
from kagami.hub.outbox import PacedOutbox
from kagami.hub.pipeline import Pipeline
from kagami.hub.recorder import Recorder
from kagami.hub.registry import BotRegistry
from kagami.hub.retries import Retries
from kagami.hub.routes import Routes
from kagami.hub.watchdog import Watchdog
from kagami.hub.workers import Workers
from kagami.i18n import Translate, mark
from kagami.meters import Meters
from kagami.model.event import Event
from kagami.model.ids import CLOCK, RANDOM_BITS, BotId, ExecutionId, execution_id
from kagami.net.supervise import Nursery
from kagami.operations.registry import Registry
from kagami.ports import Bot, Dialogs, Notice, Open, Privacy, Pulse, Runtime, Sharing, Store, Suspects

# How long events of an earlier run wait for their bot to connect, so that their answers can be sent.
PATIENCE_S = 60.0
# How long after an outage of the store what fails may still have failed for it.
SETTLED_S = 5.0
_log = log.get("hub")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubParts:
    """What a hub is made of and stands between."""

    store: Store
    runtime: Runtime
    suspects: Suspects
    dialogs: Dialogs
    operations: Registry
    nursery: Nursery
    clock: Clock
    meters: Meters
    log_seq: Callable[[], int]
    config: HubConfig
    limits: LimitsConfig
    pace: Pace
    admins: Collection[str] = ()
    prefix: str = "/"
    translate: Translate = str
    load: Load | None = None
    alerts: AlertsConfig = field(default_factory=AlertsConfig)
    post: Post | None = None
    home: Path = Path()
    privacy: Privacy | None = None


class Hub:
    """Implements `ports.Intake` and `ports.House`. Use as an async context manager; `recover` before adapters start."""

    def __init__(self, parts: HubParts) -> None:
        config, clock, meters, ledger = parts.config, parts.clock, parts.meters, parts.store.ledger
        self._parts = parts
        self.bots = BotRegistry()
        self.board = Board(clock, meters, self.bots, load=parts.load or machine_load(), log_seq=parts.log_seq)
        self.outbox = PacedOutbox(ledger, self.bots, pace=parts.pace, clock=clock, meters=meters)
        self._slots = Slots(config.running)
        self._mending = Mending(parts.store, self.bots, parts.nursery, clock, meters)
        self.outbox.doubt = self._mending.doubt
        self.desk = Desk(outbox=self.outbox, slots=self._slots, operations=parts.operations, prefix=parts.prefix)
        self._recorder = Recorder(
            ledger, self.bots, self.board, config=config, clock=clock, meters=meters, privacy=parts.privacy
        )
        self.retries = Retries(clock, self._again)
        self.alarm = Alarm(
            self.board,
            self.bots,
            self.outbox,
            parts.nursery,
            admins=parts.admins,
            translate=parts.translate,
            new_execution=self.new_execution,
            chats=parts.alerts.chats,
            post=parts.post,
        )
        self.alerts = Alerts(parts.alerts, self.alarm, self.bots, self.board.pulse, clock, meters, home=parts.home)
        self.pipeline = self._walk()
        self._lanes = Lanes(
            parts.nursery,
            self._slots,
            length=config.lane_length,
            total=config.waiting,
            begin=self.pipeline.begin,
            handle=self.pipeline.handle,
            shed=self._shed,
            failed=self.pipeline.failed,
        )
        self._inbox = Inbox(
            ledger,
            self._lanes,
            parts.dialogs,
            self.bots,
            self.desk,
            window=Window(config.dedupe),
            clock=clock,
            meters=meters,
            limit=self.guard.limit,
            keep_out=self._recorder.keep_out,
        )
        self.desk.reoffer = self._inbox.reoffer
        self._held: dict[BotId, list[Open]] = {}
        self._window_keys = config.dedupe
        self._watchdog: Watchdog | None = None
        self._away_at = -SETTLED_S
        self.pipeline.away = self._store_away
        self.unsure: Callable[[], bool] = lambda: False  # of the store, for whoever asks it when nothing is written
        self._attached: Callable[[Bot], None] = lambda _: None
        self.stopping = asyncio.Event()
        self.stop_reason = ""
        self._show()

    def _show(self) -> None:
        """What of the work in hand the board shows."""
        self.board.waiting = lambda: self._lanes.waiting
        self.board.oldest_s = self._oldest_s
        self.board.open_events = lambda: (
            self._lanes.waiting + self._lanes.active + len(self.retries) + sum(map(len, self._held.values()))
        )

    def _walk(self) -> Pipeline:
        """The way of an event, and those who keep what it goes by."""
        parts, clock = self._parts, self._parts.clock
        self.workers = Workers(parts.store, clock)
        self.guard = Guard(
            parts.store,
            self.bots,
            self.desk.loops,
            limits=parts.limits,
            admins=parts.admins,
            clock=clock,
            tell=self.alarm.tell,
            translate=parts.translate,
        )
        self._chatdesk = chatdesk = ChatDesk(parts.admins, parts.store, parts.nursery, clock)
        self.routes = Routes(parts.store, parts.runtime, self.workers, chatdesk, clock)
        return Pipeline(
            parts.runtime,
            chatdesk,
            self._recorder,
            self.retries,
            guard=self.guard,
            routes=self.routes,
        )

    # --- lifecycle ---

    async def __aenter__(self) -> Self:
        await self.routes.open()
        await self.guard.read()
        self._watchdog = Watchdog(self._parts.meters, blame=self._parts.suspects.blame, report=self._stalled)
        self._watchdog.__enter__()
        self._parts.nursery.keep("retries", self.retries.run)
        self._parts.nursery.keep("pulse", self._beat)
        self._parts.nursery.keep("alerts", self.alerts.run)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._inbox.draining:
            await self.drain()
        if self._watchdog:
            await asyncio.to_thread(self._watchdog.__exit__, kind, error, trace)

    async def remember(self) -> None:
        """Know again what was accepted lately."""
        for bot, key in await self._parts.store.recent_keys(self._window_keys):
            self._inbox.known(bot, key)

    async def recover(self) -> int:
        """Take up what was accepted and not done, each when its bot is here; returns how many events."""
        await self.remember()
        found = await self._parts.store.recover(self._parts.clock.wall_ms())
        for each in found:
            self._inbox.known(each.event.bot, each.event.dedupe)
            again = msgspec.structs.replace(each, restarted=True)
            self._held.setdefault(each.event.bot, []).append(again)
        self._release(CLOCK)
        for here in self.bots.all():
            self._release(here.id)
        if self._held:
            self._parts.nursery.start("patience", self._wait_for_bots())
        if found:
            _log.info("took up events that an earlier run left open", events=len(found))
        return len(found)

    def configure(self, config: HubConfig, limits: LimitsConfig, *, admins: Collection[str], prefix: str) -> None:
        """Go on with other settings."""
        self._parts = replace(self._parts, config=config, limits=limits, admins=admins, prefix=prefix)
        self._slots.configure(config.running)
        self._lanes.configure(length=config.lane_length, total=config.waiting)
        self._recorder.configure(config)
        self.guard.configure(limits, admins)
        self._chatdesk.configure(admins)
        self.desk.prefix = prefix

    async def drain(self) -> None:
        """Hand out no more events, let running handlers finish; what is not done stays on disk for the next start."""
        self._inbox.draining = True
        self._lanes.drain()
        self.bots.hurry()
        self._parts.dialogs.close()
        deadline = self._parts.clock.monotonic() + self._parts.config.drain
        while self._lanes.active and self._parts.clock.monotonic() < deadline:
            await self._parts.clock.sleep(0.02)

    @property
    def stalled_s(self) -> float:
        return self._watchdog.stalled_s if self._watchdog else 0.0

    # --- ports.Intake ---

    def accept(self, event: Event, read_at: float, *, once: bool = False) -> Awaitable[bool]:
        return self._inbox.accept(event, read_at, once=once)

    @property
    def crowded(self) -> bool:
        return self._parts.store.ledger.crowded

    def complain(self, bot: BotId, reason: str, frame: bytes) -> None:
        self._recorder.complain(self.new_execution(), bot, reason, frame)

    def attach(self, bot: Bot) -> None:
        replaced = self.bots.attach(bot)
        if replaced is None:
            _log.info("bot attached", bot=bot.id, name=bot.name, adapter=bot.adapter)
        self._release(bot.id)
        self._mending.back(bot)
        self._attached(bot)

    def detach(self, bot: Bot) -> None:
        if self.bots.detach(bot):
            _log.info("bot detached", bot=bot.id)

    def current(self, bot: BotId) -> Bot | None:
        return self.bots.get(bot)

    def follow(self, tell: Callable[[int, Event, int], None]) -> None:
        """Let `tell` hear of every new event, with its number and the moment of its acceptance."""
        self._inbox.tell = tell

    def hides(self, event: Event) -> bool:
        """Whether an event is nobody's outside: kept out by the guard, or an operator's command."""
        if self._chatdesk.is_command(event) and self._chatdesk.knows(event):
            return True
        return event.execution in self._recorder.kept_out or self.guard.judge(event) is not None

    # --- work that is shared with other processes ---

    def share(self, sharing: Sharing, attached: Callable[[Bot], None]) -> None:
        """From now on events are handled by whoever has their partition, and sends made by who has the account.

        `attached` hears of every account that comes here.
        """
        self.outbox.sharing = self.routes.sharing = sharing
        self._inbox.shared = True
        self._attached = attached

    @property
    def waiting(self) -> int:
        return self._lanes.waiting

    def admit(self, event: Event, accepted_ms: int, *, left: bool) -> None:
        """Take an event that was kept aside, by an earlier run when it was `left`."""
        self._inbox.admit(event, accepted_ms, left=left)

    def take(self, found: Open) -> None:
        """Handle an event of a partition that is ours."""
        if found.restarted:
            self._inbox.resume(found)
        else:
            self._inbox.take(found)

    def drop(self, leases: Collection[str]) -> None:
        """What runs under them is cancelled, what waits is forgotten."""
        self._lanes.drop(leases)
        self.retries.drop(leases)

    async def finish(self, leases: Collection[str], seconds: float) -> None:
        """Let what runs under them end, and what it did be on disk; `drop` what does not in so many seconds."""
        self.retries.drop(leases)
        await self._lanes.finish(leases, seconds)
        self.retries.drop(leases)  # what has failed meanwhile
        with suppress(StoreClosed):
            await self._parts.store.ledger.flush()

    # --- ports.House ---

    def pulse(self) -> Pulse:
        return self.board.pulse()

    def pulses(self, seconds: int) -> list[Pulse]:
        return self.board.pulses(seconds)

    def notices(self) -> list[Notice]:
        return self.board.notices()

    async def replay(self, execution: ExecutionId) -> None:
        found = await self._parts.store.revive(execution)
        if found is None:
            raise NotFound(what="dead event", name=execution)
        if not self._inbox.shared:  # else whoever has its partition finds it
            self._inbox.resume(found)

    @property
    def leaving(self) -> bool:
        return self.stopping.is_set() or self._inbox.draining

    def stop(self, reason: str) -> None:
        self.stop_reason = reason
        self.stopping.set()

    # --- inside ---

    def new_execution(self) -> ExecutionId:
        """A fresh id for now."""
        return execution_id(self._parts.clock.wall_ms(), random.getrandbits(RANDOM_BITS))

    async def _wait_for_bots(self) -> None:
        await self._parts.clock.sleep(PATIENCE_S)
        for bot in list(self._held):
            _log.warning("a bot did not come back, its open events are handled without it", bot=bot)
            self._release(bot)

    def _release(self, bot: BotId) -> None:
        for each in self._held.pop(bot, ()):
            self._inbox.resume(each)

    def _oldest_s(self) -> float:
        """How long the oldest event has been waiting for its handler."""
        oldest = self._lanes.oldest_ms
        return max(0.0, (self._parts.clock.wall_ms() - oldest) / 1000) if oldest else 0.0

    def _again(self, found: Open) -> None:
        self._inbox.resume(found)

    def _shed(self, execution: Execution) -> None:
        self._recorder.finish(execution, "shed")

    def _stalled(self, seconds: float, plugin: str, stack: str) -> None:
        # Called by the watchdog's thread: deque.append is atomic and the listeners only set flags.
        if plugin:
            self._parts.suspects.blamed(plugin, seconds)
        where = plugin or "the engine"
        self.board.notice(
            "error",
            "stall",
            mark("{where} has blocked everything for {seconds} s"),
            where=where,
            seconds=f"{seconds:.1f}",
            stack=stack,
        )

    def _store_away(self) -> bool:
        now = self._parts.clock.monotonic()
        if not self._parts.meters.gauge.get("ledger_healthy", 1.0) or self.unsure():
            self._away_at = now
        return now < self._away_at + SETTLED_S

    async def _beat(self) -> None:
        while True:
            await self._parts.clock.sleep(1.0)
            self._store_away()
            self.board.tick()
