"""Statements about tables whose names are only known when they are read from a database. Names are always quoted.

Whole stores are copied, counted and replaced by these; everything else is a named query of `kagami.storage.queries`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def quoted(name: str) -> str:
    """A name as both databases take it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def names(given: Iterable[str]) -> str:
    return ", ".join(map(quoted, given))


def count(table: str) -> str:
    return f"SELECT count(*) FROM {quoted(table)}"  # noqa: S608 - quoted, as everywhere here


def used(tables: Iterable[str]) -> str:
    """For PostgreSQL: bytes in the rows of tables, by what some of them take."""
    each = (
        f"SELECT count(*) * (SELECT avg(pg_column_size(r.*)) FROM (SELECT * FROM {quoted(table)} LIMIT 200) AS r)"  # noqa: S608
        f" AS bytes FROM {quoted(table)}"
        for table in tables
    )
    return f"SELECT sum(bytes) FROM ({' UNION ALL '.join(each)}) AS tables"  # noqa: S608


def has_rows(table: str) -> str:
    return f"SELECT EXISTS (SELECT 1 FROM {quoted(table)})"  # noqa: S608


def select(table: str, columns: Sequence[str]) -> str:
    return f"SELECT {names(columns)} FROM {quoted(table)}"  # noqa: S608


def insert(table: str, columns: Sequence[str]) -> str:
    """For SQLite, with a place for each value."""
    return f"INSERT INTO {quoted(table)} ({names(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608


def delete_all(table: str) -> str:
    return f"DELETE FROM {quoted(table)}"  # noqa: S608


def continue_behind(table: str, column: str) -> str:
    """Let the sequence `$1` go on behind the highest number of a column."""
    highest = f"SELECT max({quoted(column)}) FROM {quoted(table)}"  # noqa: S608
    return f"SELECT setval($1, coalesce(({highest}), 1))"


def create_schema(schema: str) -> str:
    return f"CREATE SCHEMA {quoted(schema)}"


def drop_schema(schema: str) -> str:
    """Refused by the server when something is in it."""
    return f"DROP SCHEMA {quoted(schema)}"


def enter_schema(schema: str) -> str:
    """For the transaction."""
    return f"SET LOCAL search_path = {quoted(schema)}"


def move_to(thing: str, schema: str) -> str:
    """`thing` is its kind and its quoted name."""
    return f"ALTER {thing} SET SCHEMA {quoted(schema)}"


def fence_off(schema: str, before: str) -> str:
    """Leases with the epochs behind those of another schema: who held one there holds none any more."""
    return (
        f"INSERT INTO {quoted(schema)}.leases (name, epoch, owner, expires)"  # noqa: S608
        f" SELECT name, epoch + 1, '', to_timestamp(0) FROM {quoted(before)}.leases"
    )
