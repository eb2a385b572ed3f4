"""Bundles that take many rows often: `rows(:events, nTt) AS r` in a statement is the table of the list's rows.

It becomes `(VALUES (?, …), …) AS r` with the columns `column1` to `column3`. Bound values cost the writer half of what
the same rows cost as JSON. A statement is compiled for a number of rows and kept, so numbers are rounded up: a row that
is none has NULL everywhere, while in real rows `column1` is never NULL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

from kagami.storage.engine import Params, Row, sound
from kagami.storage.queries import TABLE, bundles, tables

# Of one statement: each size that was needed is kept, with a cell of memory for every value.
MOST_ROWS = 128
HIGHEST = (1 << 63) - 1


class Step(NamedTuple):
    """A statement that reads the rows of `source`, each of `width` values."""

    source: str
    width: int
    sql: str


@cache
def steps(bundle: str) -> tuple[Step, ...]:
    """The steps of a bundle, in order; none when it takes its lists as JSON."""
    return tuple(Step(each.source, len(each.types), sql) for sql in bundles()[bundle].values() for each in tables(sql))


def take(connection: sqlite3.Connection, bundle: Sequence[Step], params: Params) -> None:
    """Run the steps whose rows are given, all or none."""
    due = [(step, rows) for step in bundle for rows in _portions(params.get(step.source))]
    if len(due) == 1:
        _run(connection, *due[0])
        return
    with transaction(connection):
        for step, rows in due:
            _run(connection, step, rows)


def rounded(rows: int) -> int:
    """The next number that is a power of two, or one and a half of one."""
    whole = 1 << (rows - 1).bit_length()
    return max(rows, whole * 3 // 4) if rows <= whole * 3 // 4 else whole


@cache
def statement(step: Step, rows: int) -> str:
    row = f"({', '.join('?' * step.width)})"
    return TABLE.sub(rf"(VALUES {', '.join([row] * rows)}) AS \4", step.sql)


def _portions(rows: Any) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows or ()), MOST_ROWS):
        yield rows[start : start + MOST_ROWS]


def _run(connection: sqlite3.Connection, step: Step, rows: Sequence[Row]) -> None:
    size = rounded(len(rows))
    values = [*chain.from_iterable(sound(rows)), *(None,) * (step.width * (size - len(rows)))]
    sql = statement(step, size)
    try:
        connection.execute(sql, values)
    except OverflowError:  # before anything was done
        connection.execute(sql, [_clamped(value) for value in values])


def _clamped(value: Any) -> Any:
    return min(max(value, -HIGHEST), HIGHEST) if isinstance(value, int) else value


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything inside, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # some errors have ended it already
            connection.execute("ROLLBACK")
        raise
