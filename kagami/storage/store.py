"""The store: everything that is read, the rare writes, and the ledger for the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from sqlite3 import Connection
from typing import Unpack

from kagami.clock import Clock
from kagami.core.chain import Verdict
from kagami.core.partition import SLOTS
from kagami.errors import Refused, StoreClosed
from kagami.meters import Meters
from kagami.model.action import Action
from kagami.model.ids import BotId, ChatId, ExecutionId
from kagami.model.principal import Principal
from kagami.model.trace import Trace
from kagami.net.supervise import Nursery
from kagami.ports import (
    AuditRow,
    Backlog,
    ChatRow,
    Cleaned,
    Leases,
    MessageQuery,
    MessageRow,
    Nodes,
    Open,
    Packages,
    SendRow,
    StorePut,
    TraceQuery,
)
from kagami.storage import events, messages, plugindata, traces
from kagami.storage.audit import Audit, Seals
from kagami.storage.ballast import Ballast
from kagami.storage.config import StoreConfig
from kagami.storage.engine import Engine, Questions
from kagami.storage.ledger import BatchLedger
from kagami.storage.links import CHAINED
from kagami.storage.numbers import SqlHistory, SqlNumbers
from kagami.storage.packages import SqlPackages
from kagami.storage.search import Search
from kagami.storage.spool import Give, Spool
from kagami.storage.sqlite import open_sqlite
from kagami.storage.upkeep import DAY_MS, Upkeep


class SqlStore:
    """Implements `ports.Store` over any engine. Made by `open_store`."""

    def __init__(
        self, engine: Engine, ledger: BatchLedger, upkeep: Upkeep, audit: Audit, clock: Clock, keep_audit_ms: int
    ) -> None:
        self._engine = engine
        self._audit = audit
        self._upkeep = upkeep
        self._search = Search(engine)
        self._clock = clock
        self._keep_audit_ms = keep_audit_ms
        self.ledger = ledger
        self.numbers = SqlNumbers(engine, clock)
        self.history = SqlHistory(engine, ledger)
        # Where several processes can share it.
        self.cluster: tuple[Leases, Nodes, Backlog] | None = None
        self.packages: Packages = SqlPackages(engine)
        self.opened_seq = 0  # of the audit, the newest row when nothing had been read yet

    @property
    def healthy(self) -> bool:
        return self.ledger.healthy

    def configure(self, config: StoreConfig) -> None:
        """Keep more or less from now on."""
        self._upkeep.configure(config)
        self._keep_audit_ms = int(config.keep_audit_days * DAY_MS)

    async def recover(self, now_ms: int) -> list[Open]:
        await self.ledger.flush()
        return await events.recover(self._engine, now_ms)

    async def recent_keys(self, limit: int) -> list[tuple[BotId, str]]:
        return await events.recent_keys(self._engine, limit)

    async def put_many(self, writes: Sequence[StorePut]) -> None:
        if writes:
            await self.ledger.put(writes)

    async def get(self, plugin: str, key: str) -> str | None:
        if self.ledger.unwritten.has(plugin, key):
            return self.ledger.unwritten.value(plugin, key)
        return await plugindata.get(self._engine, plugin, key)

    async def keys(self, plugin: str, prefix: str) -> list[str]:
        waiting = self.ledger.unwritten.of(plugin, prefix)
        found = {*await plugindata.keys(self._engine, plugin, prefix), *waiting}
        return sorted(key for key in found if waiting.get(key, "") is not None)

    async def items(self, plugin: str, prefix: str = "") -> dict[str, str]:
        waiting = self.ledger.unwritten.of(plugin, prefix)
        merged: dict[str, str | None] = {**await plugindata.items(self._engine, plugin, prefix), **waiting}
        return {key: value for key, value in sorted(merged.items()) if value is not None}

    async def chats(self, *, limit: int = 200, active_since_ms: int = 0, contains: str = "") -> list[ChatRow]:
        return await messages.chats(self._engine, limit=limit, active_since_ms=active_since_ms, contains=contains)

    async def messages(
        self, *, bot: BotId | None = None, chat: ChatId | None = None, before: int = 0, limit: int = 100
    ) -> list[MessageRow]:
        return await messages.newest(self._engine, bot=bot, chat=chat, before=before, limit=limit)

    async def search(self, text: str, **wanted: Unpack[MessageQuery]) -> list[MessageRow]:
        return await self._search.find(text, **wanted)

    async def traces(self, **wanted: Unpack[TraceQuery]) -> list[Trace]:
        return await traces.newest(self._engine, wanted)

    async def trace(self, execution: ExecutionId) -> Trace | None:
        return await traces.one(self._engine, execution)

    async def sends(self, execution: ExecutionId) -> list[MessageRow]:
        return await messages.sends(self._engine, execution)

    async def send(self, number: int) -> tuple[Action, str] | None:
        await self.ledger.flush()
        return await messages.send(self._engine, number)

    async def doubtful(self, bot: BotId, since_ms: int) -> list[SendRow]:
        await self.ledger.flush()
        return await messages.doubtful(self._engine, bot, since_ms)

    async def dead(self, limit: int = 100) -> list[Open]:
        return await events.dead(self._engine, limit)

    async def revive(self, execution: ExecutionId) -> Open | None:
        await self.ledger.flush()
        return await events.revive(self._engine, execution)

    async def drop(self, execution: ExecutionId) -> bool:
        await self.ledger.flush()
        return await events.drop(self._engine, execution)

    async def measure(self, older_than_ms: int) -> Cleaned:
        await self.ledger.flush()
        return await self._upkeep.measure(older_than_ms)

    async def clean(self, older_than_ms: int) -> Cleaned:
        await self.ledger.flush()
        return await self._upkeep.clean(older_than_ms, self._clock.wall_ms())

    async def retain(self, now_ms: int) -> Cleaned:
        """Remove what is older or more than the configuration keeps. To be called now and then."""
        if self._keep_audit_ms:
            await self._audit.cut(now_ms - self._keep_audit_ms, now_ms)
        return await self._upkeep.retain(now_ms)

    async def keep_up(self) -> None:
        """Read what is new for lists and searches, until cancelled."""
        await self._upkeep.run()

    async def bring_back(self, give: Give) -> None:
        """Let `give` accept what is kept aside, whenever the store is back; until cancelled."""
        if self.ledger.spool is not None:
            await self.ledger.spool.run(self.ledger, give)

    def read_up_to(self, horizon: Callable[[], int]) -> None:
        """Lists and searches know only what is below; the rest is read directly."""
        self._upkeep.digest.horizon = horizon

    async def digest(self) -> None:
        """Bring the search index and the list of chats up to date; also runs by itself."""
        await self._upkeep.digest.catch_up()

    async def audit(
        self,
        at_ms: int,
        principal: Principal,
        operation: str,
        target: str,
        result: str,
        writes: Sequence[StorePut] = (),
    ) -> None:
        if writes:
            await self.ledger.flush()  # what was given before must not come after
        await self._audit.add(at_ms, principal, operation, target, result, writes)

    async def audits(
        self,
        *,
        who: str = "",
        operation: str = "",
        result: str = "",
        text: str = "",
        since_ms: int = 0,
        until_ms: int = 0,
        before: int = 0,
        limit: int = 100,
    ) -> list[AuditRow]:
        return await self._audit.newest(
            who=who,
            operation=operation,
            result=result,
            text=text,
            since_ms=since_ms,
            until_ms=until_ms,
            before=before,
            limit=limit,
        )

    async def audits_after(self, seq: int, limit: int = 500) -> list[AuditRow]:
        return await self._audit.page(seq, limit)

    async def audit_seq(self) -> int:
        """The number of its newest row, whoever has written it; 0 when there is none."""
        rows = await self._engine.fetch("audit_head")
        return int(rows[0][0]) if rows else 0

    async def verify_audit(self) -> Verdict:
        return await self._audit.verify()

    async def counts(self, since_ms: int) -> Mapping[str, int]:
        return await messages.counts(self._engine, since_ms)

    async def size(self) -> int:
        return await self._engine.size()


@asynccontextmanager
async def open_store(
    url_or_path: str,
    *,
    clock: Clock,
    meters: Meters,
    config: StoreConfig | None = None,
    seals: Seals | None = None,
    alone: bool = True,
    aside: Path | None = None,
    ballast: Path | None = None,
) -> AsyncIterator[SqlStore]:
    """The store in a file (a path or `sqlite:///path`), in memory (`:memory:`) or in PostgreSQL, migrated and ready.

    The search index and the list of chats are filled in the background; what they do not hold yet is read directly.
    Where this process is not `alone` on the database, one of them calls `keep_up` for all. `aside` is a file for events
    that come once while a server is away; `bring_back` accepts them then. `ballast` is a file that is given up when
    there is no room for what is left at the end; `StoreClosed` when that cannot be written all the same.
    """
    seals, config, adopted = seals or Seals(), config or StoreConfig(), list[int]()

    def adopt(connection: Connection) -> None:
        seals.adopt(connection)
        adopted.append(CHAINED)

    async with AsyncExitStack() as stack:
        engine, between = await stack.enter_async_context(_open_engine(url_or_path, config, adopt))
        audit = Audit(engine, clock, seals)
        # The anchors are in a home, of which each process has its own where several share a database.
        shared = is_postgres(url_or_path)
        await audit.open(adopted=bool(adopted) or shared)
        stack.push_async_callback(audit.anchor)
        ((newest,),) = await engine.ask("newest_id")
        ledger = BatchLedger(engine, meters, newest)
        if shared and aside is not None:
            ledger.spool = Spool(aside, meters)
            await ledger.spool.open()
            stack.push_async_callback(ledger.spool.close)
        room = Ballast(ballast)
        stack.push_async_callback(_write_the_rest, ledger, meters, room)
        upkeep = Upkeep(engine, config, lambda: ledger.newest)
        nursery = await stack.enter_async_context(Nursery(clock))
        if alone:
            nursery.keep("store upkeep", upkeep.run)
        nursery.keep("audit anchors", audit.run)
        nursery.start("ballast", room.keep(clock))
        store = SqlStore(engine, ledger, upkeep, audit, clock, int(config.keep_audit_days * DAY_MS))
        if between is not None:
            from kagami.storage.backlog import SqlBacklog  # noqa: PLC0415
            from kagami.storage.leases import SqlLeases, SqlNodes  # noqa: PLC0415

            store.history = SqlHistory(engine, ledger, SLOTS)
            store.cluster = SqlLeases(between), SqlNodes(between), SqlBacklog(between, clock)
            store.opened_seq = await store.audit_seq()
        yield store


@asynccontextmanager
async def _open_engine(
    url_or_path: str, config: StoreConfig, adopt: Callable[[Connection], None]
) -> AsyncIterator[tuple[Engine, Questions | None]]:
    """With what several processes ask of each other, where they can share it."""
    if is_postgres(url_or_path):
        # Only for those who have it: its driver takes 60 ms to import.
        from kagami.storage.postgres import open_postgres  # noqa: PLC0415

        async with open_postgres(url_or_path, read_url=config.read_url.reveal()) as server:
            yield server, server.between
    else:
        async with open_sqlite(database_path(url_or_path), {CHAINED: adopt}) as engine:
            yield engine, None


async def _write_the_rest(ledger: BatchLedger, meters: Meters, room: Ballast) -> None:
    room.throw(needed=not ledger.healthy)
    await ledger.close()
    if ledger.lost:
        meters.count["ledger_lost", ""] += ledger.lost
        raise StoreClosed(reason=ledger.trouble)


def is_postgres(url_or_path: str) -> bool:
    return url_or_path.startswith(("postgresql://", "postgres://"))


def database_path(url_or_path: str) -> str:
    """`/var/kagami.db` of `sqlite:////var/kagami.db`; a path and `:memory:` as they are. `Refused` for a server."""
    scheme, separator, rest = url_or_path.partition("://")
    if not separator:
        return url_or_path
    if is_postgres(url_or_path):
        raise Refused(reason="The messages are in PostgreSQL, and not in a file.")
    if scheme != "sqlite":
        reason = f"A store of the kind {scheme} is not known. Use postgresql://HOST/NAME, sqlite:///PATH or a path."
        raise Refused(reason=reason)
    return rest.removeprefix("/") or ":memory:"
