"""The SQLite engine.

Each connection has one thread of its own, and a bundle is one step of one statement: SQLite's triggers can run many
statements, so every bundle becomes a temporary view whose columns are the parameters, with a trigger that holds the
bundle's statements. `INSERT INTO view VALUES (…)` then is the whole transaction, with its commit, without a turn of
the interpreter's lock in between. Rows come out the same way, as one JSON text.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from kagami.errors import RowRefused, StoreClosed, StoreSlow
from kagami.ports import Fence
from kagami.storage.engine import Params, encode, storable
from kagami.storage.migrate import After, migrate
from kagami.storage.queries import PARAMETER, bundles, parameters, queries
from kagami.storage.steps import HIGHEST, steps, take, transaction

Answer = TypeVar("Answer")

MEMORY = ":memory:"
READERS = 2
READ_SECONDS = 5.0
BUSY_MS = 5_000
# The writer's own checkpoint is the last resort: the keeper thread copies the log back long before.
KEEPER_BYTES = 8 << 20
WRITER_PAGES = 16_384
JOURNAL_BYTES = 64 << 20
CACHE_KIB = 8_192

_AWAY = frozenset(
    (
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_AUTH,
    )
)


class Lane:
    """One connection and the one thread that uses it."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix=f"kagami-{name}")
        self._lock = threading.Lock()
        self._running = 0
        self._late: set[int] = set()
        self._closed = False
        self.connection: sqlite3.Connection | None = None
        self.waiting = 0

    def submit(self, work: Callable[[sqlite3.Connection], Answer]) -> asyncio.Future[Answer]:
        """Run `work` in the lane's thread, after everything given before."""
        if self._closed:
            raise StoreClosed(reason="it is closed")
        return asyncio.get_running_loop().run_in_executor(self._pool, self._work, work)

    def open(self, connect: Callable[[], sqlite3.Connection]) -> asyncio.Future[None]:
        return asyncio.get_running_loop().run_in_executor(self._pool, self._open, connect)

    async def read(self, work: Callable[[sqlite3.Connection], Answer], number: int, seconds: float) -> Answer:
        """As `submit`, interrupted after so many seconds of work or of waiting for it."""
        self.waiting += 1
        timer = asyncio.get_running_loop().call_later(seconds, self._interrupt, number)
        try:
            return await self.submit(lambda connection: self._numbered(work, connection, number))
        finally:
            timer.cancel()
            self._late.discard(number)
            self.waiting -= 1

    async def close(self) -> None:
        with suppress(StoreClosed):
            await self.submit(sqlite3.Connection.close)
        self._closed = True
        self._pool.shutdown(wait=False)

    def _open(self, connect: Callable[[], sqlite3.Connection]) -> None:
        try:
            with translated():
                self.connection = connect()
        except OSError as error:
            raise StoreClosed(reason=str(error)) from error

    def _work(self, work: Callable[[sqlite3.Connection], Answer]) -> Answer:
        if self.connection is None:
            raise StoreClosed(reason="it was never opened")
        with translated():
            return work(self.connection)

    def _numbered(
        self, work: Callable[[sqlite3.Connection], Answer], connection: sqlite3.Connection, number: int
    ) -> Answer:
        with self._lock:
            if number in self._late:
                self._late.remove(number)
                raise StoreSlow(seconds=READ_SECONDS)
            self._running = number
        try:
            return work(connection)
        finally:
            with self._lock:
                self._running = 0

    def _interrupt(self, number: int) -> None:
        # Under the lock, so that it cannot hit the next reader's work.
        with self._lock:
            if self._running != number:
                self._late.add(number)  # it still waits for its turn
            elif self.connection is not None:
                self.connection.interrupt()


class SqliteEngine:
    """Implements `engine.Engine` on one file, or in memory. Made by `open_sqlite`."""

    def __init__(self, path: str, after: After | None = None) -> None:
        self.path = path
        self._after = after or {}
        self._memory = path == MEMORY
        self._writer = Lane("writer")
        self._readers = [Lane("reader") for _ in range(READERS)]
        self._keeper = Lane("keeper")
        self._numbers = count(1)
        self._synchronous = ""
        self._columns: dict[str, str] = {}
        self.read_seconds = READ_SECONDS

    async def open(self) -> None:
        """Create or migrate the file, and open its connections."""
        await self._writer.open(self._connect_writer)
        if self._memory:
            self._readers = [self._writer]
            return
        for lane in (*self._readers, self._keeper):
            await lane.open(self._connect_reader if lane is not self._keeper else self._connect)

    async def open_to_read(self) -> None:
        """Open a file that is there for `fetch` alone, all of which see it as the first one did."""
        self._readers = self._readers[:1]
        await self._readers[0].open(self._connect_strictly)

    def write(
        self, bundle: str, params: Params, *, durable: bool = False, fence: Sequence[Fence] = ()
    ) -> asyncio.Future[int]:
        del fence  # one process holds the home, and with it everything
        mode = "FULL" if durable else "NORMAL"
        return self._writer.submit(lambda connection: self._write(connection, bundle, params, mode))

    def write_after(self, query: str, bundle: str, prepare: Callable[[list[list[Any]]], Params]) -> asyncio.Future[int]:
        return self._writer.submit(lambda connection: self._write_after(connection, query, bundle, prepare))

    def ask(self, query: str, params: Params | None = None) -> asyncio.Future[list[list[Any]]]:
        given = params or {}
        return self._writer.submit(lambda connection: self._fetch(connection, query, given))

    async def fetch(self, query: str, params: Params | None = None) -> list[list[Any]]:
        given = params or {}
        lane = min(self._readers, key=lambda each: each.waiting)
        return await lane.read(
            lambda connection: self._fetch(connection, query, given), next(self._numbers), self.read_seconds
        )

    async def compact(self, pages: int) -> int:
        left = await self._writer.submit(lambda connection: _compact(connection, pages))
        if not left and not self._memory:
            await self._keeper.submit(_checkpoint)
            await self._keeper.submit(_truncate)
        return left

    async def tidy(self) -> None:
        # From a connection of its own, so that it does not hold up the writer.
        if not self._memory and _file_size(f"{self.path}-wal") > KEEPER_BYTES:
            await self._keeper.submit(_checkpoint)

    async def used(self) -> int:
        return await self._writer.submit(_used)

    async def size(self) -> int:
        if self._memory:
            return await self._writer.submit(_allocated)
        return sum(_file_size(f"{self.path}{ending}") for ending in ("", "-wal", "-shm"))

    async def close(self) -> None:
        lanes = [self._writer] if self._memory else [*self._readers, self._keeper, self._writer]
        for lane in lanes:
            await lane.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, cached_statements=256)
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        return connection

    def _connect_reader(self) -> sqlite3.Connection:
        connection = self._connect()
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _connect_strictly(self) -> sqlite3.Connection:
        place = f"{Path(self.path).absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(
            place, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000
        )
        connection.execute("BEGIN")
        return connection

    def _connect_writer(self) -> sqlite3.Connection:
        if not self._memory and not Path(self.path).is_dir():  # a folder is refused below, with its rights unchanged
            # The log and its index get the rights of the file.
            Path(self.path).touch(mode=0o600)
            Path(self.path).chmod(0o600)
        connection = self._connect()
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA secure_delete = FAST")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {WRITER_PAGES}")
        migrate(connection, None if self._memory else Path(self.path), after=self._after)
        for name in bundles():
            if not steps(name):
                connection.executescript(bundle_script(name))
        return connection

    def _write(self, connection: sqlite3.Connection, bundle: str, params: Params, mode: str) -> int:
        self._synchronize(connection, mode)
        before = connection.total_changes
        if rows := steps(bundle):
            take(connection, rows, params)
        else:
            _run(connection, bundle, params)
        return connection.total_changes - before

    def _write_after(
        self, connection: sqlite3.Connection, query: str, bundle: str, prepare: Callable[[list[list[Any]]], Params]
    ) -> int:
        self._synchronize(connection, "FULL")
        before = connection.total_changes
        with transaction(connection):
            _run(connection, bundle, prepare(self._fetch(connection, query, {})))
        return connection.total_changes - before

    def _synchronize(self, connection: sqlite3.Connection, mode: str) -> None:
        if mode != self._synchronous:
            connection.execute(f"PRAGMA synchronous = {mode}")
            self._synchronous = mode

    def _fetch(self, connection: sqlite3.Connection, query: str, params: Params) -> list[list[Any]]:
        sql = queries()[query]
        values = {name: _value(params[name]) for name in parameters(sql)}
        columns = self._columns.get(query)
        if columns is None:
            cursor = connection.execute(f"SELECT * FROM ({sql}) LIMIT 0", values)  # noqa: S608 - our own queries
            columns = self._columns[query] = ", ".join(f'"{column[0]}"' for column in cursor.description)
        whole = f"SELECT json_group_array(json_array({columns})) FROM ({sql})"  # noqa: S608 - our own queries
        (answer,) = connection.execute(whole, values).fetchone()
        rows: list[list[Any]] = msgspec.json.decode(answer)
        return rows


def _run(connection: sqlite3.Connection, bundle: str, params: Params) -> None:
    values = [_value(params.get(name)) for name in bundle_parameters(bundle)]
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO temp.run_{bundle} VALUES ({marks})", values)  # noqa: S608 - our own names


@cache
def bundle_parameters(bundle: str) -> tuple[str, ...]:
    """The parameters of a bundle's statements, each once; never none."""
    found = dict.fromkeys(name for sql in bundles()[bundle].values() for name in parameters(sql))
    return tuple(found) or ("nothing",)


def bundle_script(bundle: str) -> str:
    """The view and the trigger that make a bundle one statement."""
    columns = ", ".join(f"NULL AS {name}" for name in bundle_parameters(bundle))
    body = "\n".join(PARAMETER.sub(r"NEW.\1", sql) + ";" for sql in bundles()[bundle].values())
    return (
        f"CREATE TEMP VIEW run_{bundle} AS SELECT {columns};\n"
        f"CREATE TEMP TRIGGER do_{bundle} INSTEAD OF INSERT ON run_{bundle} BEGIN\n{body}\nEND;"
    )


@contextmanager
def translated() -> Iterator[None]:
    """The driver's errors as ours."""
    try:
        yield
    except sqlite3.ProgrammingError as error:  # among them: the connection is closed
        raise StoreClosed(reason=str(error)) from error
    except sqlite3.Error as error:
        code = _code(error)
        if code == sqlite3.SQLITE_INTERRUPT:
            raise StoreSlow(seconds=READ_SECONDS) from error
        raise (StoreClosed if code in _AWAY else RowRefused)(reason=str(error)) from error


def _code(error: sqlite3.Error) -> int:
    """The primary result code; 0 for an error that the driver made up."""
    try:
        return error.sqlite_errorcode & 0xFF
    except AttributeError:
        return 0


def _value(value: Any) -> Any:
    if isinstance(value, int):
        return min(max(value, -HIGHEST), HIGHEST)
    return encode(value) if isinstance(value, list | tuple) else storable(value)


def _used(connection: sqlite3.Connection) -> int:
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return _allocated(connection) - int(free) * int(size)


def _allocated(connection: sqlite3.Connection) -> int:
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    return int(pages) * int(size)


def _checkpoint(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def _truncate(connection: sqlite3.Connection) -> None:
    """Empty the log, so that the file shrinks; left alone when a reader is in the way."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _compact(connection: sqlite3.Connection, pages: int) -> int:
    # A script: the pragma makes a row of each page, and rows of scripts cost no turn of the interpreter's lock.
    connection.executescript(f"PRAGMA incremental_vacuum({pages})")
    (left,) = connection.execute("PRAGMA freelist_count").fetchone()
    return int(left)


def _file_size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except FileNotFoundError:
        return 0


@asynccontextmanager
async def open_sqlite(path: str, after: After | None = None) -> AsyncIterator[SqliteEngine]:
    """The engine on the file `path`, or in memory for `:memory:`. `SchemaUnknown`, `StoreClosed`."""
    engine = SqliteEngine(path, after)
    try:
        await engine.open()
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def read_sqlite(path: str) -> AsyncIterator[SqliteEngine]:
    """The engine on a file that is there, for `fetch` alone. `StoreClosed`."""
    engine = SqliteEngine(path)
    try:
        await engine.open_to_read()
        yield engine
    finally:
        await engine.close()
