"""Named queries and bundles as PostgreSQL reads them. Pure.

Lists travel as one array a column and become tables by `unnest`. A bundle becomes a temporary function: a call of it is
the whole transaction in one turn of the loop, as one statement is for SQLite. Its first arguments say whether
somebody waits for the disk, and which leases have to be held.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from kagami.storage.engine import Params, sound, storable
from kagami.storage.queries import PARAMETER, TABLE, Table, bundles, queries, tables

HIGHEST = (1 << 63) - 1
# The class is one that PostgreSQL leaves to applications.
FENCED = "KG001"
SCALAR = -1
# The bundle that is written hundreds of times a second: to plan it each time costs more than to do it. It always finds
# its rows by their keys, however small the tables were when it was planned.
OFTEN = "run_batch"
_PLANNED_ONCE = " SET plan_cache_mode = force_generic_plan SET enable_seqscan = off"
_WORD = re.compile(r"\w+", re.ASCII)
_TYPES = {"n": "bigint", "t": "text"}

# Before the statements of a bundle: $1 is whether somebody waits for the disk, $2 and $3 are leases: names and epochs.
# Every commit waits for it: a server that crashes would forget what this process, which lives on, takes for written.
# The lock lets a renewal pass, which leaves the epoch alone, and makes a take-over wait (`UNIQUE (name, epoch)`).
_HEAD = f"""#variable_conflict use_column
DECLARE
    kagami_changed bigint;
    kagami_total bigint := 0;
    kagami_held text[];
BEGIN
IF cardinality($2) > 0 THEN
    SELECT array_agg(name) INTO kagami_held FROM (
        SELECT l.name FROM leases AS l INNER JOIN unnest($2, $3) AS f (name, epoch)
        ON l.name = f.name AND l.epoch = f.epoch ORDER BY l.name FOR KEY SHARE OF l
    ) AS locked;
    IF coalesce(cardinality(kagami_held), 0) < cardinality($2) THEN
        RAISE EXCEPTION USING ERRCODE = '{FENCED}', MESSAGE = coalesce(
            (
                SELECT json_agg(json_build_array(f.name, f.epoch)) FROM unnest($2, $3) AS f (name, epoch)
                WHERE NOT EXISTS (SELECT 1 FROM leases AS l WHERE l.name = f.name AND l.epoch = f.epoch)
            ), '[]'
        );
    END IF;
END IF;"""  # noqa: S608 - our own text
_COUNT = "GET DIAGNOSTICS kagami_changed = ROW_COUNT; kagami_total := kagami_total + kagami_changed;"
# A commit that changed nothing would not wait for what earlier ones have left to the system.
_TAIL = """IF $1 AND kagami_total = 0 THEN UPDATE marks SET value = value + 1 WHERE name = 'barrier'; END IF;
RETURN kagami_total;
END"""


class Slot(NamedTuple):
    """A parameter of the server's: a column of a list, or a value alone."""

    source: str
    column: int
    types: str = ""


class Prepared(NamedTuple):
    """A statement with numbered parameters, and what they are filled with."""

    sql: str
    slots: tuple[Slot, ...]

    def values(self, params: Params) -> list[Any]:
        """The arguments. What is not given is NULL."""
        columns: dict[str, Sequence[Sequence[Any]]] = {}
        found: list[Any] = []
        for source, column, types in self.slots:
            given: Any = params.get(source)
            if column == SCALAR or given is None:
                found.append(_value(given))
                continue
            if source not in columns:
                columns[source] = _columns(given, types)
            found.append(columns[source][column])
        return found


class Function(NamedTuple):
    """A bundle. `scalars` are its values alone, each with a statement that tells the server's type of it."""

    name: str
    steps: tuple[tuple[str, str], ...]
    slots: tuple[Slot, ...]
    scalars: Mapping[str, tuple[str, int]]

    def definition(self, types: Mapping[str, str]) -> str:
        """What creates it, with the types of its values alone."""
        given = ["boolean", "text[]", "bigint[]"]
        given += [types[each.source] if each.column == SCALAR else f"{_type(each)}[]" for each in self.slots]
        body = "\n".join(
            f"IF cardinality({guard}) > 0 THEN {sql}; {_COUNT} END IF;" if guard else f"{sql}; {_COUNT}"
            for guard, sql in self.steps
        )
        return (
            f"CREATE OR REPLACE FUNCTION pg_temp.{self.name}({', '.join(given)}) RETURNS bigint LANGUAGE plpgsql"
            f"{_PLANNED_ONCE if self.name == OFTEN else ''} AS $kagami$ {_HEAD}\n{body}\n{_TAIL} $kagami$"
        )

    @property
    def call(self) -> Prepared:
        marks = ", ".join(f"${number + 1}" for number in range(3 + len(self.slots)))
        return Prepared(f"SELECT pg_temp.{self.name}({marks})", self.slots)


def numbered(sql: str, slots: dict[Slot, int]) -> str:
    """The statement with `$1` for the first slot and so on. Slots that are new are added."""

    def mark(slot: Slot) -> str:
        return f"${slots.setdefault(slot, len(slots) + 1)}"

    def table(found: re.Match[str]) -> str:
        given = Table(*found.groups())
        marks = [Slot(given.source, column, given.types) for column in range(len(given.types))]
        arrays = ", ".join(f"{mark(slot)}::{_type(slot)}[]" for slot in marks)
        names = ", ".join(f"column{number + 1}" for number in range(len(marks)))
        return f"unnest({arrays}) AS {given.alias} ({names})"

    return PARAMETER.sub(lambda found: mark(Slot(found[1], SCALAR)), TABLE.sub(table, sql))


def prepared(sql: str) -> Prepared:
    slots: dict[Slot, int] = {}
    text = numbered(sql, slots)
    return Prepared(text, tuple(slots))


@cache
def question(name: str) -> Prepared:
    """A query by its name; `KeyError` for none."""
    return prepared(queries("postgres")[name])


@cache
def words(name: str) -> frozenset[str]:
    """Those of a query, among them its tables."""
    return frozenset(_WORD.findall(question(name).sql))


@cache
def function(bundle: str) -> Function:
    """A bundle by its name."""
    # The first three are the commit's and the fence's.
    slots: dict[Slot, int] = {Slot("", -2 - number): number + 1 for number in range(3)}
    steps: list[tuple[str, str]] = []
    scalars: dict[str, tuple[str, int]] = {}
    for sql in bundles("postgres")[bundle].values():
        text = numbered(sql, slots)
        lists = tables(sql)
        steps.append((f"${slots[Slot(lists[0].source, 0, lists[0].types)]}" if lists else "", text))
        alone = prepared(sql)
        for number, slot in enumerate(alone.slots):
            if slot.column == SCALAR:
                scalars.setdefault(slot.source, (alone.sql, number))
    return Function(f"run_{bundle}", tuple(steps), tuple(slots)[3:], scalars)


@cache
def call(bundle: str) -> Prepared:
    return function(bundle).call


def clamped(values: Sequence[Any]) -> list[Any]:
    """The same arguments with the nearest number that the database has for one that is too large."""
    return [
        [_clamped(each) for each in value] if isinstance(value, list | tuple) else _clamped(value) for value in values
    ]


def _columns(rows: Sequence[Any], types: str) -> Sequence[Sequence[Any]]:
    if not rows:
        return [()] * len(types)
    if not isinstance(rows[0], list | tuple):
        return [sound(rows)]
    key = [number for number, letter in enumerate(types) if letter.isupper()]
    if key:
        rows = list({tuple(row[number] for number in key): row for row in rows}.values())
    return list(zip(*sound(rows), strict=True))


def _type(slot: Slot) -> str:
    return _TYPES[slot.types[slot.column].lower()]


def _value(value: Any) -> Any:
    return _clamped(value) if isinstance(value, int) else storable(value)


def _clamped(value: Any) -> Any:
    return min(max(value, -HIGHEST), HIGHEST) if isinstance(value, int) else value
