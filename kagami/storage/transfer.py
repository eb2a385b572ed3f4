"""Copies a store between the tables of a PostgreSQL server and an SQLite file, whole and compared.

Which tables and columns there are is read from both databases, so that a new table is copied without being named
here. Rows pass in portions; of each table both sides get a digest that does not depend on the order of its rows, and
the copy counts only when they are equal. What is an index for readers (`DERIVED`) is built again by the store; what
belongs to processes that run (`PASSING`) is not copied.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.request import pathname2url

import msgspec

from kagami.errors import MoveFailed
from kagami.i18n import mark
from kagami.storage.engine import Row, sound
from kagami.storage.migrate import migrate
from kagami.storage.named import continue_behind, delete_all, has_rows, insert, quoted, select
from kagami.storage.queries import migrations
from kagami.storage.tables import DERIVED, PASSING, Figures, columns, figures, tables

if TYPE_CHECKING:
    from asyncpg import Connection

# So few that the interpreter's lock is never held for long: others of the process answer messages meanwhile.
PORTION = 200
# Of a digest; sums of it stay below it.
_BYTES = 16
_MODULUS = 1 << (8 * _BYTES)
DIFFERS = mark("the rows that arrived in one table are not those that were there")
UNKNOWN = mark("one of the databases has a table with rows that the other does not know")

GoOn = Callable[[], None]
_encoder = msgspec.json.Encoder()


class Table(NamedTuple):
    name: str
    columns: tuple[str, ...]


class Digest:
    """Of rows in any order: how many there are, and the sum of what each of them hashes to."""

    def __init__(self) -> None:
        self.rows = self.sum = 0

    def take(self, rows: Sequence[Row]) -> None:
        self.rows += len(rows)
        for row in rows:
            hashed = blake2b(_encoder.encode(row), digest_size=_BYTES).digest()
            self.sum = (self.sum + int.from_bytes(hashed, "big")) % _MODULUS

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and (self.rows, self.sum) == (other.rows, other.sum)

    __hash__ = None  # type: ignore[assignment]


async def read_out(server: Connection[Any], schema: int, file: sqlite3.Connection, go_on: GoOn) -> Figures:
    """Write everything to the empty SQLite database `file`, which commits by itself, with the same schema. Inside the
    caller's transaction, which has to see one moment. `MoveFailed`, or what `go_on` raises between portions.
    """
    migrate(file, None, [script for script in migrations() if script[0] <= schema])
    for table in await shared(server, file):
        given, found = Digest(), Digest()
        put = insert(table.name, table.columns)
        file.execute("BEGIN")
        file.execute(delete_all(table.name))  # what a new database has
        async for rows in _of_server(server, table):
            go_on()
            given.take(rows)
            file.executemany(put, rows)
        file.execute("COMMIT")
        for rows in _of_file(file, table):
            go_on()
            found.take(rows)
        _same(given, found)
    _forget_index(file)
    return figures(file)


async def load(server: Connection[Any], source: Path, go_on: GoOn = lambda: None) -> int:
    """Write everything that an SQLite file of the newest schema holds into the server's empty tables, those that its
    search path finds, inside the caller's transaction; the number of rows. `MoveFailed`.
    """
    total = 0
    with closing(sqlite3.connect(f"file:{pathname2url(str(source))}?mode=ro", uri=True)) as file:
        file.text_factory = lambda raw: raw.decode("utf-8", "replace")
        for table in await shared(server, file):
            given, found = Digest(), Digest()
            await server.execute(delete_all(table.name))  # what a new database has
            for rows in _of_file(file, table):
                go_on()
                given.take(rows)
                await server.copy_records_to_table(table.name, records=rows, columns=table.columns)
            async for rows in _of_server(server, table):
                go_on()
                found.take(rows)
            _same(given, found)
            await _continue_numbers(server, table)
            total += given.rows
    await server.execute("UPDATE marks SET value = 0 WHERE name = 'digested'")
    return total


async def shared(server: Connection[Any], file: sqlite3.Connection) -> list[Table]:
    """The tables that both have. `MoveFailed` when one has rows, or columns, for which the other has no place."""
    there = await server_tables(server)
    here = {name: tuple(columns(file, name)) for name in tables(file) if name not in DERIVED | PASSING}
    for name in there.keys() - here.keys():
        if await server.fetchval(has_rows(name)):
            raise MoveFailed(reason=UNKNOWN)
    if any(set(names) != set(there.get(name, ())) for name, names in here.items()):
        raise MoveFailed(reason=UNKNOWN)
    return [Table(name, names) for name, names in here.items()]


async def server_tables(server: Connection[Any]) -> dict[str, tuple[str, ...]]:
    """The columns of every table of the current schema that is to be copied."""
    rows = await server.fetch(
        "SELECT t.table_name AS name, array_agg(c.column_name::text ORDER BY c.ordinal_position) AS names"
        " FROM information_schema.tables AS t INNER JOIN information_schema.columns AS c"
        " USING (table_schema, table_name)"
        " WHERE t.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.is_generated = 'NEVER'"
        " GROUP BY t.table_name ORDER BY t.table_name"
    )
    return {row["name"]: tuple(row["names"]) for row in rows if row["name"] not in DERIVED | PASSING}


async def _continue_numbers(server: Connection[Any], table: Table) -> None:
    """Let sequences go on behind the highest number that arrived."""
    for column in table.columns:
        name = await server.fetchval("SELECT pg_get_serial_sequence($1, $2)", quoted(table.name), column)
        if name is not None:
            await server.execute(continue_behind(table.name, column), name)


async def _of_server(server: Connection[Any], table: Table) -> AsyncIterator[list[Row]]:
    cursor = await server.cursor(select(table.name, table.columns))
    while rows := await cursor.fetch(PORTION):
        yield [tuple(row) for row in rows]


def _of_file(file: sqlite3.Connection, table: Table) -> Iterator[list[Row]]:
    cursor = file.execute(select(table.name, table.columns))
    while rows := cursor.fetchmany(PORTION):
        yield [*sound(rows)]


def _same(given: Digest, found: Digest) -> None:
    if given != found:
        raise MoveFailed(reason=DIFFERS)


def _forget_index(file: sqlite3.Connection) -> None:
    """The store reads the messages into its index again, as of a database that never had one."""
    file.execute("UPDATE marks SET value = 0 WHERE name = 'digested'")
