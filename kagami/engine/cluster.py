"""One engine among several on one database: which partitions, accounts and duties are its own, and who is there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kagami import __version__, log
from kagami.cluster.asking import Asking
from kagami.cluster.courier import Courier
from kagami.cluster.duty import Duty
from kagami.cluster.horizon import Horizon
from kagami.cluster.membership import Membership
from kagami.cluster.neighbours import Neighbours
from kagami.cluster.partitions import Partitions
from kagami.cluster.tables import Tables
from kagami.core.alerts import Reading
from kagami.core.partition import following, own_part, part_of
from kagami.engine import watching
from kagami.engine.auditing import close_begun
from kagami.engine.calling import Calling
from kagami.engine.connections import table_name, unheld
from kagami.engine.parcels import share_stock
from kagami.engine.sameness import check_key
from kagami.engine.tools import Tools
from kagami.engine.watching import reached_at, unwritten
from kagami.errors import KagamiError, Unavailable
from kagami.home import keep_secret, own_name
from kagami.model.action import Receipt
from kagami.model.event import Event
from kagami.model.ids import CLOCK, BotId, ExecutionId, split_id
from kagami.ports import DRAINED, ONLINE, Bot, BotRow, Fence, NodeRow, NodeState, SendRow

if TYPE_CHECKING:
    from kagami.engine.connections import Connections
    from kagami.hub.hub import Hub
    from kagami.plugins.host import Host

# Between two looks at the store for what no hint tells: when all hear of each other, and when they do not.
SEEN_S, UNSEEN_S = 5.0, 0.2
# How long a send that has begun may take when this process ends.
SENDING_S = 8.0
# How long this process tries to hand over when it ends; leases end by themselves, too.
LEAVING_S, GONE_S = 12.0, 3.0
# What hints to other processes, and calls of them, are signed with.
HINTS, PASSES = "hint_key", "pass_key"
# What the others are told of by the live feed, and how often it is looked up all the same.
NODES = "nodes"
FOLLOW_S = 2.0
# How long a process that is gone is still shown, when no other comes in its place.
FORGOTTEN_S = 3_600.0
_log = log.get("cluster")


class Cluster:
    """Implements `ports.Commits` and `ports.Sharing` with its parts."""

    def __init__(self, tools: Tools, hub: Hub) -> None:
        settings, store, clock, bus = tools.settings, tools.store, tools.clock, tools.state.bus
        if store.cluster is None:
            raise RuntimeError("a file is one process' alone")
        self._tools = tools
        self._hub = hub
        self._started_ms = clock.wall_ms()
        self._leaving = self._drained = False
        leases, self._nodes, backlog = store.cluster
        self._backlog = backlog
        self.role = settings.cluster.role
        # Nothing proves that whoever has a name from the settings is dead.
        name, self._heir = (settings.cluster.node, False) if settings.cluster.node else own_name(settings.home)
        self.member = Membership(
            leases,
            self._nodes,
            clock,
            node=name,
            role=self.role,
            seconds=settings.cluster.lease_seconds,
            state=self._state,
        )
        key = keep_secret(settings.home, HINTS, tools.translate).reveal().encode()
        self.asking = Asking(self.member.node, store.ledger, backlog, bus, clock, nap=self._nap, key=key)
        passes = keep_secret(settings.home, PASSES, tools.translate).reveal().encode()
        self.calling = Calling(tools.operations, self.member, passes)
        self.courier = Courier(
            self.member,
            backlog,
            bus,
            tools.nursery,
            clock,
            hub.outbox,
            reachable=self._reachable,
            settled=store.ledger.flush,
            nap=self._nap,
            key=key,
        )
        self.courier.answered = self.asking.answered
        self.partitions = Partitions(
            self.member,
            backlog,
            hub,
            bus,
            clock,
            nap=self._nap,
            changed=self.announce,
            serves=self.role != "gateway",
            adopts=self.role != "worker",
        )
        self.neighbours = Neighbours(tools.state.relay, clock, nap=self._nap)
        # What operators have changed since the store was opened is read again: facts were read meanwhile.
        self._horizon, self._seq = Horizon(clock), store.opened_seq
        self.duty = Duty(self.member, tools.nursery, clock)
        self.tables: Tables | None = None
        self.plugins: Callable[[], tuple[str, ...] | None] = lambda: None
        self._known: dict[str, Callable[[], Awaitable[None]]] = {}

    # --- lifecycle ---

    async def join(self) -> None:
        """Before anything is accepted: numbers of events are this process' own from here on."""
        tools, ledger = self._tools, self._tools.store.ledger
        await self.member.join(heir=self._heir)
        ledger.number = lambda newest: following(newest, self.member.wall_ms(), self.member.slot)
        ledger.numbers = lambda: self.member.numbers
        ledger.part = self._part
        ledger.commits = self
        self._hub.share(self, self._attached)
        self._hub.bots.unheld = self._unheld
        self._hub.unsure = lambda: bool(self.member.trouble)
        # Who has adopted what was only another process' to handle knows that this one is gone.
        self._hub.workers.gone = lambda slot: own_part(slot) in self.partitions.parts
        self._horizon.heard(self.member.rows)
        tools.store.read_up_to(lambda: self._horizon.number(self.member.wall_ms()))
        self.duty.keep("store upkeep", tools.store.keep_up)
        self.duty.keep("late sends", self.asking.clear)
        await self._hub.remember()
        self._drained = await tools.store.get(DRAINED, self.member.node) is not None
        self._rest()

    def start(self) -> None:
        """Serve, beside everything else."""
        keep = self._tools.nursery.keep
        keep("membership", self.member.run)
        keep("partitions", self.partitions.run)
        keep("asking", self.asking.run)
        keep("courier", self.courier.run)
        keep("events of others", self.neighbours.run)
        keep("duty", self.duty.run)
        keep("other processes", self._follow)
        keep("kept events", lambda: self._tools.store.bring_back(self._hub.admit))
        if self.tables is not None:
            keep("accounts", self.tables.run)

    async def leave(self) -> None:
        """Others take over at once, and not when the leases end by themselves."""
        self._leaving = True
        if not self._tools.store.healthy:
            return
        with suppress(KagamiError, TimeoutError):
            async with asyncio.timeout(LEAVING_S):
                await self._hand_over()

    async def _hand_over(self) -> None:
        await self.member.renew()  # the others hear that this one goes
        await self.duty.leave()
        await self.partitions.leave()
        self._hub.bots.hurry()  # who waits for an account waits for it elsewhere
        await self.courier.leave(SENDING_S)
        self._tools.state.relay.publish(NODES, b"")

    async def gone(self) -> None:
        """The last thing, when nothing is sent any more."""
        with suppress(KagamiError, TimeoutError):
            async with asyncio.timeout(GONE_S):
                await self._tools.store.ledger.flush()
                await self.member.leave()

    def connect(self, connections: Connections) -> None:
        """Let this process connect its share of the configured accounts: a worker none."""
        if self.role == "worker":
            connections.divide(lambda _: False)
            return
        ours: set[str] = set()
        connections.divide(lambda config: table_name(config) in ours or not config.enabled)

        async def chosen(names: Collection[str]) -> None:
            ours.clear()
            ours.update(names)
            await connections.configure(self._tools.settings.bots)

        self.tables = Tables(
            self.member,
            self._tools.clock,
            lambda: [table_name(each) for each in self._tools.settings.bots if each.enabled],
            chosen,
        )
        self._rest()

    # --- ports.Processes ---

    @property
    def patience_s(self) -> float:
        return self.member.seconds

    def rows(self) -> list[NodeRow]:
        """This process as it is now, the others as they were when they were heard of last."""
        mine = self.member.node
        here = NodeRow(mine, self.role, self.member.slot, 0.0, self._state())
        return [here if each.node == mine else each for each in self.member.rows]

    def readings(self) -> Mapping[str, Reading]:
        """What people should know of the others: one process tells it for all."""
        if not self.duty.ours:
            return {}
        queue_s = self._tools.settings.alerts.queue_s
        return watching.readings(self.rows(), self.member.node, self.patience_s, queue_s)

    async def read(self) -> None:
        """Whether this process is to hand over what it serves."""
        drained = await self._tools.store.get(DRAINED, self.member.node) is not None
        if drained == self._drained:
            return
        self._drained = drained
        self._rest()
        await self.member.renew()
        self._tools.state.relay.publish(NODES, b"")

    async def announce(self) -> None:
        """Let the others hear at once how this process is."""
        await self.member.renew()
        self._tools.state.relay.publish(NODES, b"")

    def tell(self) -> None:
        """The same, in its own time."""
        self._tools.nursery.start("news of this process", self.announce())

    def learns(self, topic: str, read: Callable[[], Awaitable[None]]) -> None:
        """Call `read` whenever an operation of this topic was called at another process."""
        self._known[topic] = read

    # --- ports.Sharing ---

    def local(self, bot: BotId) -> bool:
        return split_id(bot)[0] == "sandbox"

    async def send(self, row: SendRow, *, fence: Fence | None, written: Callable[[], None]) -> Receipt:
        return await self.asking.send(row, fence=fence, written=written)

    async def move(self, execution: ExecutionId, slot: int, fence: Fence) -> None:
        part = own_part(slot)
        if part in self.partitions.parts:
            raise Unavailable(what="the application", reason="its process is gone")
        if await self._backlog.move(execution, part, fence):
            self.partitions.closed([execution])
            self.partitions.opened([(0, part)])

    def _reachable(self, bot: BotId) -> bool:
        here = self._hub.bots.get(bot)
        return here is not None and here.reachable

    # --- ports.Commits ---

    def opened(self, rows: Sequence[tuple[int, int]]) -> None:
        self.partitions.opened(rows)
        self.neighbours.opened()

    def closed(self, executions: Sequence[ExecutionId]) -> None:
        self.partitions.closed(executions)

    def asked(self, bots: Collection[BotId]) -> None:
        self.courier.asked(bots)

    def lost(self, leases: Collection[Fence]) -> None:
        self.member.lose(leases)

    # --- inside ---

    def _unheld(self) -> list[BotRow]:
        living = [each for each in self.member.rows if each.seen_s < self.member.seconds]
        held = {name for each in living if each.node != self.member.node for name in each.state.tables}
        return unheld(self._tools.settings.bots, held.union(self.tables.held if self.tables else ()))

    def _rest(self) -> None:
        self.partitions.rest(resting=self._drained)
        if self.tables is not None:
            self.tables.rest(resting=self._drained)

    def _attached(self, bot: Bot) -> None:
        if not self.local(bot.id) and bot.id != CLOCK:
            self.courier.attach(bot.id)
            settling = self.neighbours.let_settle(bot.id, moved=bot.id in self._hub.bots.elsewhere)
            self._tools.nursery.start("events before a move", settling)
            self._tools.state.relay.publish(NODES, b"")

    def _part(self, event: Event) -> int:
        """Of an event that this process accepts; its own are those that no other one could handle."""
        mine = self.member.slot
        slot = mine if self.local(event.bot) else self._hub.routes.outside(event, mine)
        return part_of(event.bot, event.chat) if slot is None else own_part(slot)

    @property
    def alone(self) -> bool:
        return len(self.member.living("all", "gateway", "worker")) <= 1

    def _nap(self) -> float:
        """Alone, a process hears of everything by itself; with others, by hints where there is a Redis that works."""
        hears = bool(self._tools.settings.redis.url) and self._tools.state.bus.healthy
        return SEEN_S if hears or self.alone else UNSEEN_S

    def _state(self) -> NodeState:
        pulse, bus, web = self._hub.pulse(), self._tools.state.bus, self._tools.settings.web
        return NodeState(
            version=__version__,
            started_ms=self._started_ms,
            address=reached_at(web.host, web.port),
            parts=self.partitions.held,
            tables=self.tables.held if self.tables else (),
            duty=self.duty.ours,
            leaving=self._leaving or self._drained,
            waiting=self._hub.waiting,
            oldest_s=pulse.oldest_s,
            memory_mb=round(pulse.memory_bytes / 1e6, 1),
            trouble=self.member.trouble or unwritten(self._tools.meters),
            redis=bus.trouble if self._tools.settings.redis.url else None,
            bots=tuple(row for row in self._hub.bots.own_rows() if not self.local(row.id)),
            plugins=self.plugins(),
            clock_s=self.member.apart_s,
            written=self._tools.store.ledger.unwritten_from,
            reach=self.calling.reach,
            apps=() if self._leaving else tuple(row for row in self._hub.workers.own_rows() if row.state == "live"),
        )

    async def _follow(self) -> None:
        """What the others do and decide: told by the feed, looked up now and then."""
        news = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(news))
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(FOLLOW_S):
                        await news.wait()
                news.clear()
                try:
                    await self._look()
                    await self._learn()
                except KagamiError as error:
                    _log.debug("cannot look at what others do", reason=error)

    async def _learn(self) -> None:
        """Read again what operations have changed since the last look at the audit."""
        while rows := await self._tools.store.audits_after(self._seq):
            self._seq = rows[-1].seq
            for topic in {row.operation.partition(".")[0] for row in rows if row.result != "begun"}:
                if topic in self._known:
                    await self._known[topic]()

    async def _look(self) -> None:
        await self.member.look()
        self._horizon.heard(self.member.rows)
        mine = self.member.node
        others = [each for each in self.member.rows if each.node != mine and each.seen_s < self.member.seconds]
        rows = [replace(row, node=each.node) for each in others for row in each.state.bots]
        # One that has moved is known at both for a while: the last one counts.
        self._hub.bots.elsewhere = {row.id: row for row in sorted(rows, key=lambda row: row.health.state in ONLINE)}
        self._hub.workers.elsewhere = self.neighbours.meet(others)
        for each in self.member.rows:
            if each.seen_s > FORGOTTEN_S and self.duty.ours:
                _log.info("forgets a process that is gone", node=each.node)
                await self._nodes.leave(each.node)

    async def _listen(self, news: asyncio.Event) -> None:
        async for _ in self._tools.state.relay.subscribe((NODES,)):
            news.set()


async def open_cluster(stack: AsyncExitStack, tools: Tools, hub: Hub) -> Cluster:
    """This process among those that share the store."""
    cluster = Cluster(tools, hub)
    await cluster.join()
    if cluster.alone:
        await close_begun(tools.store, tools.clock)
    stack.push_async_callback(cluster.gone)
    # Again, now that the others see this one: two may have begun at the same moment.
    await check_key(tools.settings, tools.store, cluster.member.node, tools.translate)
    return cluster


def follow_others(tools: Tools, cluster: Cluster, host: Host, hub: Hub) -> None:
    """What operators decide at another process counts here too."""
    share_stock(tools, host, cluster)
    cluster.learns("cluster", cluster.read)
    cluster.learns("routes", hub.routes.read)
    cluster.learns("workers", hub.routes.read)
    cluster.learns("guard", hub.guard.read)
    cluster.learns("plugins", host.fleet.follow)
    hub.alerts.watch(cluster.readings)
