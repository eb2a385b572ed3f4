"""What an SQLite database of any schema holds, by table: found in the database itself, so that none is forgotten."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec

from kagami.errors import BackupRefused
from kagami.storage.named import count

CHAINED = 2  # the schema from which on the audit has a chain
# What the store builds again from the messages; what belongs to processes that run, or to one of the engines.
DERIVED = frozenset({"chats", "places", "grams"})
PASSING = frozenset({"leases", "nodes", "schema_version"})


class Figures(msgspec.Struct, frozen=True):
    """The schema, how many messages there are, the head of the audit's chain, and the rows of every table."""

    schema: int
    messages: int
    audit_seq: int
    audit_hash: str
    counts: dict[str, int] = {}


def tables(connection: sqlite3.Connection) -> list[str]:
    """Names of the tables that hold rows of their own; an index for search is none."""
    found = connection.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    return sorted(name for (name,) in found if not name.startswith("sqlite_"))


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """The names of a table's columns, in their order."""
    return [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]


def figures(connection: sqlite3.Connection) -> Figures:
    """`sqlite3.Error` for a database that is not Kagami's."""
    (schema,) = connection.execute("PRAGMA user_version").fetchone()
    (messages,) = connection.execute("SELECT count(*) FROM events WHERE kind = 'message'").fetchone()
    chained = schema >= CHAINED
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone() if chained else None
    seq, hashed = row or (0, "")
    counts = {table: _count(connection, table) for table in tables(connection)}
    return Figures(int(schema), int(messages), int(seq), str(hashed), counts)


def measured(connection: sqlite3.Connection, path: Path) -> Figures:
    """As `figures`; `BackupRefused` in the name of `path`."""
    try:
        return figures(connection)
    except sqlite3.Error as error:
        raise BackupRefused(name=path.name, reason=str(error)) from error


def _count(connection: sqlite3.Connection, table: str) -> int:
    (rows,) = connection.execute(count(table)).fetchone()
    return int(rows)
