"""All applications: those that connect to the gateway, and those that are dialled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from kagami import log
from kagami.core.handshake import Visitor, digest
from kagami.errors import HandshakeRefused, NotFound
from kagami.gateway.means import Means
from kagami.gateway.table import WorkerTable
from kagami.model.ids import BotId, split_id
from kagami.net.channel import Channel
from kagami.net.link import Link
from kagami.ports import ONLINE, BotState, Socket, WorkerRow

if TYPE_CHECKING:
    from kagami.gateway.worker import OutsideWorker

ALIVE_S = 1.0
LOOK_S = 0.5
CONFLICT = 409
# A stopped process finds all connections that came meanwhile when it goes on, and some confuse the living one with
# those that were given up: one attempt has to outlast a stop.
OPENS_S = 60.0
# For so long an application may be stopped without losing its connection, when nobody can stand in for it.
PATIENCE_S = 100.0

_say = log.get("workers")


class Office:
    """In the order of `[[workers]]`. A change of one touches no other."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._workers: dict[str, OutsideWorker] = {}
        self._dialling: dict[str, asyncio.Task[None]] = {}

    @property
    def keys(self) -> tuple[tuple[str, bytes], ...]:
        """Who may connect to the gateway, by which token."""
        tables = [each.table for each in self._workers.values()]
        return tuple((table.name, digest(table.token.reveal())) for table in tables if table.enabled and not table.url)

    async def configure(self, tables: Sequence[WorkerTable]) -> None:
        """Serve these and no others."""
        wanted = {table.name: table for table in tables}
        for name, worker in list(self._workers.items()):
            table = wanted.get(name)
            if table is not None and worker.table.same_connection(table):
                worker.configure(table)
            else:
                await self._end(worker)
        for name, table in wanted.items():
            if name not in self._workers:
                self._begin(table)

    def _begin(self, table: WorkerTable) -> None:
        from kagami.gateway.worker import OutsideWorker  # noqa: PLC0415 (few engines serve applications)

        worker = self._workers[table.name] = OutsideWorker(table, self._means)
        self._means.posts.attach(worker)
        if table.url and table.enabled:
            dialling = Dialling(worker, self._means)
            self._dialling[table.name] = self._means.nursery.keep(f"worker {table.name}", dialling.run)

    async def _end(self, worker: OutsideWorker) -> None:
        del self._workers[worker.name]
        self._means.posts.detach(worker)
        if (dialling := self._dialling.pop(worker.name, None)) is not None:
            dialling.cancel()
            await asyncio.wait([dialling])
        await worker.close("its settings were changed")

    async def admit(self, visitor: Visitor) -> None:
        """`HandshakeRefused` when somebody who still answers takes the events that it wants."""
        worker = self._workers.get(visitor.worker)
        if worker is None:
            raise HandshakeRefused(status=403, reason="wrong token")
        line = worker.holder(visitor.role, visitor.only)
        if line is None:
            return
        if await line.socket.probe(ALIVE_S) is not None:
            reason = f"{visitor.worker} is already connected from {line.socket.peer}"
            raise HandshakeRefused(status=CONFLICT, reason=reason)
        _say.warning("taken over from a dead connection", worker=visitor.worker, peer=line.socket.peer)

    def give_way(self, apps: Iterable[WorkerRow]) -> None:
        """These are connected to other processes: of two connections for the same events the later one stays."""
        for row in apps:
            worker = self._workers.get(row.name)
            if worker is None or worker.pool or row.feed is None or row.feed.side == "out":
                continue
            for only, since_ms in row.feed.since:
                worker.give_way(only, since_ms)

    def patience_with(self, visitor: Visitor) -> float | None:
        """How long it may be silent; None for as long as anybody."""
        worker = self._workers.get(visitor.worker)
        return None if worker is None or worker.pool else PATIENCE_S

    async def serve(self, socket: Socket, visitor: Visitor) -> None:
        """Speak with it until it closes (`EOFError`)."""
        worker = self._workers.get(visitor.worker)
        if worker is None:
            raise NotFound(what="worker", name=visitor.worker)
        await worker.serve(socket, visitor.role, visitor.only)


class Dialling:
    """Keeps one connection to an application for each bot that it may see, as an implementation would."""

    def __init__(self, worker: OutsideWorker, means: Means) -> None:
        self._worker = worker
        self._means = means
        self._links: dict[BotId, asyncio.Task[None]] = {}
        self._failing: dict[BotId, tuple[BotState, str]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                self._look()
                await self._means.clock.sleep(LOOK_S)
        finally:
            for link in self._links.values():
                link.cancel()
            if self._links:
                await asyncio.wait(list(self._links.values()))

    def _look(self) -> None:
        """A bot is dialled for as soon as it was online once, until it is gone for good: by the process that has it."""
        admission = self._worker.table.admission
        rows = {row.id: row for row in self._means.bots.rows() if not row.node and admission.serves(row.id)}
        for bot in [bot for bot in self._links if bot not in rows]:
            self._links.pop(bot).cancel()
            self._failing.pop(bot, None)
        for bot, row in rows.items():
            ended = bot not in self._links or self._links[bot].done()
            if ended and row.health.state in ONLINE:
                name = f"worker {self._worker.name} for {bot}"
                self._links[bot] = self._means.nursery.start(name, self._keep(bot))
        self._explain()

    async def _keep(self, bot: BotId) -> None:
        means, table = self._means, self._worker.table
        account = split_id(bot)[1]
        number = (await means.numbers.give({account: ""}))[account]
        link = Link(
            table.url,
            token=table.token.reveal(),
            clock=means.clock,
            nursery=means.nursery,
            meters=means.meters,
            tell=partial(self._tell, bot),
            opens_s=OPENS_S,
            metered=False,
            headers={"X-Self-ID": str(number), "X-Client-Role": "Universal", "User-Agent": "OneBot/11"},
        )

        async def serve(channel: Channel) -> None:
            self._failing.pop(bot, None)
            if not table.pool:
                channel.be_patient(PATIENCE_S)
            await self._worker.serve(channel, "universal", bot)

        await link.run(serve)

    def _tell(self, bot: BotId, state: BotState, reason: str) -> None:
        if state == "connecting":
            return
        if state not in {told for told, _ in self._failing.values()}:
            _say.warning("a worker cannot be reached", worker=self._worker.name, reason=reason)
        self._failing.pop(bot, None)  # the last one is the newest
        self._failing[bot] = (state, reason)
        self._explain()

    def _explain(self) -> None:
        """One that is connected for a part of its bots does not look as if it heard all of them."""
        away, bots = len(self._failing), len(self._links)
        if away:
            _, reason = next(reversed(self._failing.values()))
            self._worker.reason = reason if away >= bots else f"{away} of {bots} bots are not connected: {reason}"
        elif self._worker.live:
            self._worker.reason = ""
