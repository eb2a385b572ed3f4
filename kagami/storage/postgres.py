"""The PostgreSQL engine.

One connection writes, in the order of the calls; up to four others read, and two are for what processes that share
the database ask of each other. A bundle is one call of a temporary function,
which is one transaction (see `kagami.storage.postgres_sql`). A connection that was lost is made anew by the next call;
whether a write that was under way has been done is not known then, so that every bundle may be run twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import asyncpg
from asyncpg import Connection

from kagami import log
from kagami.errors import StoreClosed, StoreSlow
from kagami.net.supervise import Nursery
from kagami.ports import Fence
from kagami.storage import named
from kagami.storage.engine import Params
from kagami.storage.postgres_between import Between, fetched
from kagami.storage.postgres_link import COMMAND_SECONDS, Again, Link
from kagami.storage.postgres_schema import CONFIDENTIAL, LOCK, LOCKS, MIGRATE_SECONDS, grant_reading, lock_key, migrate
from kagami.storage.postgres_sql import call, clamped, function, question, words
from kagami.storage.queries import bundles

Answer = TypeVar("Answer")
Work = Callable[["Connection[Any]"], Awaitable[Any]]

READERS = 4
READ_SECONDS = 5.0
# To count all rows.
COUNT_SECONDS = 60
CLOSE_SECONDS = 15.0
READING = {
    "default_transaction_read_only": "on",
    "statement_timeout": f"{int(READ_SECONDS) + 1}s",
    # How many rows a search finds depends on what is searched for.
    "plan_cache_mode": "force_custom_plan",
}
# What holds nearly all that is kept.
_LARGE = ("events", "sends", "traces", "grams", "places", "plugin_values", "audit")

_log = log.get("store")


class PostgresEngine:
    """Implements `engine.Engine`. Made by `open_postgres`. `read_url` is an account that may only read, and not all."""

    def __init__(self, url: str, read_url: str = "") -> None:
        self._maker = Link(url, "schema", {})
        self._writer = Link(url, "writer", {}, self._prepare_writer, writes=True)
        self._readers = [Link(read_url or url, "reader", READING) for _ in range(READERS)]
        self._confidant = [Link(url, "reader", READING)] if read_url else self._readers
        self._queue: asyncio.Queue[tuple[Work, asyncio.Future[Any]] | None] = asyncio.Queue()
        self._reader = unquote(urlsplit(read_url).username or "")
        self._closed = False
        self._types: dict[str, dict[str, str]] = {}
        self.between = Between(url)
        self.read_seconds = READ_SECONDS

    async def open(self) -> None:
        """Make or migrate the schema, however long that takes, and connect. `SchemaUnknown`, `StoreClosed`."""
        await self._maker.run(_migrated, MIGRATE_SECONDS)
        await self._maker.close()
        await self._writer.run(_nothing, 2 * COMMAND_SECONDS)

    async def run(self) -> None:
        """Do what is given to the writer, until it is closed."""
        while (job := await self._queue.get()) is not None:
            work, future = job
            if future.cancelled():
                continue
            # Whatever goes wrong in one job is its own: the next ones are done.
            done: Any = (await asyncio.gather(self._writer.done(work), return_exceptions=True))[0]
            if future.done():
                continue
            if isinstance(done, BaseException):
                future.set_exception(done)
            else:
                future.set_result(done)

    def write(
        self, bundle: str, params: Params, *, durable: bool = False, fence: Sequence[Fence] = ()
    ) -> asyncio.Future[int]:
        return self._submit(lambda connection: _write(connection, bundle, params, durable=durable, fence=fence))

    def write_after(self, query: str, bundle: str, prepare: Callable[[list[list[Any]]], Params]) -> asyncio.Future[int]:
        async def work(connection: Connection[Any]) -> int:
            async with connection.transaction():
                # Another process must not append to the same rows meanwhile.
                await connection.execute(LOCK, LOCKS, lock_key(query))
                given = prepare(await fetched(connection, question(query), {}))
                return await _write(connection, bundle, given, durable=True)

        return self._submit(work)

    def ask(self, query: str, params: Params | None = None) -> asyncio.Future[list[list[Any]]]:
        asked, given = question(query), params or {}
        return self._submit(lambda connection: fetched(connection, asked, given))

    async def fetch(self, query: str, params: Params | None = None) -> list[list[Any]]:
        asked, given = question(query), params or {}
        confidential = bool(CONFIDENTIAL & words(query))
        return await self._read(lambda connection: fetched(connection, asked, given), confidential=confidential)

    async def compact(self, pages: int) -> int:
        """PostgreSQL gives space back by itself (autovacuum)."""
        del pages
        return 0

    async def tidy(self) -> None:
        return

    async def used(self) -> int:
        return await self._read(_used, COUNT_SECONDS, confidential=True)

    async def size(self) -> int:
        return await self._read(_size)

    async def close(self) -> None:
        """Ends `run` after what was given before."""
        if not self._closed:
            self._closed = True
            self._queue.put_nowait(None)

    async def hang_up(self) -> None:
        """Close all connections; whatever is left is refused."""
        while not self._queue.empty():
            if (job := self._queue.get_nowait()) is not None and not job[1].done():
                job[1].set_exception(StoreClosed(reason="it is closed"))
        for link in {self._maker, self._writer, *self._readers, *self._confidant}:
            await link.close()
        await self.between.close()

    def _submit(self, work: Work) -> asyncio.Future[Any]:
        if self._closed:
            raise StoreClosed(reason="it is closed")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((work, future))
        return future

    async def _read(
        self, work: Callable[[Connection[Any]], Awaitable[Answer]], seconds: float = 0, *, confidential: bool = False
    ) -> Answer:
        if self._closed:
            raise StoreClosed(reason="it is closed")
        links = self._confidant if confidential else self._readers
        link, seconds = min(links, key=lambda each: each.waiting), seconds or self.read_seconds
        try:
            try:
                return await link.run(work, seconds)
            except StoreClosed:  # the server was begun anew since: reading does no harm twice
                return await link.run(work, seconds)
        except TimeoutError as error:
            raise StoreSlow(seconds=seconds) from error
        except Again as error:
            raise StoreClosed(reason=str(error)) from error

    async def _prepare_writer(self, connection: Connection[Any]) -> None:
        await _set(connection, "client_connection_check_interval", "1s")
        await connection.execute(
            "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        )
        if not self._types:  # later on, a newer process may have gone further: its schema serves this one, too
            await migrate(connection)
        if self._reader:
            await grant_reading(connection, self._reader)
        for bundle in bundles("postgres"):
            made = function(bundle)
            if bundle not in self._types:
                self._types[bundle] = {
                    source: (await connection.prepare(sql)).get_parameters()[number].name
                    for source, (sql, number) in made.scalars.items()
                }
            await connection.execute(made.definition(self._types[bundle]))


async def _set(connection: Connection[Any], name: str, value: str) -> None:
    """Where this server can."""
    try:
        await connection.execute("SELECT set_config($1, $2, false)", name, value)
    except asyncpg.PostgresError as error:
        _log.info("a setting is not taken by this PostgreSQL", setting=name, reason=error)


async def _migrated(connection: Connection[Any]) -> None:
    await migrate(connection)


async def _nothing(_connection: Connection[Any]) -> None:
    return


async def _write(
    connection: Connection[Any], bundle: str, params: Params, *, durable: bool, fence: Sequence[Fence] = ()
) -> int:
    wanted = call(bundle)
    values = wanted.values(params)
    names, epochs = [each.name for each in fence], [each.epoch for each in fence]
    try:
        done = await connection.fetchval(wanted.sql, durable, names, epochs, *values)
    except asyncpg.DataError:
        done = await connection.fetchval(wanted.sql, durable, names, epochs, *clamped(values))
    return int(done)


async def _size(connection: Connection[Any]) -> int:
    return int(await connection.fetchval("SELECT pg_database_size(current_database())"))


async def _used(connection: Connection[Any]) -> int:
    """Rows by what some of them take. The files say nothing: what was removed leaves its room in them."""
    async with connection.transaction():
        await connection.execute("SELECT set_config('statement_timeout', $1, true)", f"{COUNT_SECONDS}s")
        return int(await connection.fetchval(named.used(_LARGE), timeout=COUNT_SECONDS) or 0)


@asynccontextmanager
async def open_postgres(url: str, *, read_url: str = "") -> AsyncIterator[PostgresEngine]:
    """The engine on a database, migrated. `SchemaUnknown`, `StoreClosed`."""
    engine = PostgresEngine(url, read_url)
    try:
        await engine.open()
        async with Nursery() as nursery:
            running = nursery.start("postgres writer", engine.run())
            try:
                yield engine
            finally:
                await engine.close()
                await asyncio.wait([running], timeout=CLOSE_SECONDS)
    finally:
        await engine.hang_up()
