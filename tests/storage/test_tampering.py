"""Every way to tamper with one thing in the audit, a thousand times, on a real database without its triggers."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest

from kagami.core.chain import Verdict
from kagami.storage.audit import Seals
from kagami.storage.links import follow
from tests.storage.audited import KEY, fill, hashes, opened, unguard
from tests.storage.make import START_MS

Tampering = Callable[[sqlite3.Connection, random.Random, int], None]


def flip(database: sqlite3.Connection, dice: random.Random, rows: int) -> None:
    """One bit of one field."""
    seq = dice.randint(1, rows)
    ((_, *fields),) = database.execute("SELECT * FROM audit WHERE seq = ?", (seq,)).fetchall()
    column = dice.randrange(len(fields))
    value = fields[column]
    if isinstance(value, int):
        fields[column] = value ^ (1 << dice.randrange(40))
    else:
        place = dice.randrange(len(value)) if value else 0
        fields[column] = f"{value[:place]}{flipped(value[place:][:1], dice)}{value[place + 1 :]}"
    database.execute("DELETE FROM audit WHERE seq = ?", (seq,))
    database.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (seq, *fields))


def flipped(letter: str, dice: random.Random) -> str:
    return chr(ord(letter or " ") ^ (1 << dice.randrange(5)))


def delete(database: sqlite3.Connection, dice: random.Random, rows: int) -> None:
    database.execute("DELETE FROM audit WHERE seq = ?", (dice.randint(1, rows),))


def delete_and_close_up(database: sqlite3.Connection, dice: random.Random, rows: int) -> None:
    seq = dice.randint(1, rows)
    database.execute("DELETE FROM audit WHERE seq = ?", (seq,))
    for later in range(seq + 1, rows + 1):
        database.execute("UPDATE audit SET seq = seq - 1 WHERE seq = ?", (later,))


def reorder(database: sqlite3.Connection, dice: random.Random, rows: int) -> None:
    one, other = dice.sample(range(1, rows + 1), 2)
    for old, new in ((one, -1), (other, one), (-1, other)):
        database.execute("UPDATE audit SET seq = ? WHERE seq = ?", (new, old))


def cut_the_end(database: sqlite3.Connection, dice: random.Random, rows: int) -> None:
    database.execute("DELETE FROM audit WHERE seq > ?", (dice.randrange(rows),))


def cut_the_beginning(database: sqlite3.Connection, dice: random.Random, rows: int) -> None:
    database.execute("DELETE FROM audit WHERE seq <= ?", (dice.randint(1, rows - 1),))


def repeat(database: sqlite3.Connection, dice: random.Random, rows: int) -> None:
    database.execute(
        "INSERT INTO audit SELECT ?, at_ms, kind, name, address, operation, target, result, hash"
        " FROM audit WHERE seq = ?",
        (rows + 1, dice.randint(1, rows)),
    )


def forge(database: sqlite3.Connection, dice: random.Random, rows: int) -> None:
    """A row at the end, with a hash that was guessed."""
    hashed = f"{dice.getrandbits(256):064x}"
    told = (rows + 1, START_MS, "console", "console", "", "people.grant", "{}", "ok", hashed)
    database.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", told)


TAMPERINGS: tuple[Tampering, ...] = (
    flip,
    delete,
    delete_and_close_up,
    reorder,
    cut_the_end,
    cut_the_beginning,
    repeat,
    forge,
)
ROUNDS, ROWS = 125, 24


@pytest.fixture
async def guarded(file: Path, seals: Seals) -> AsyncIterator[sqlite3.Connection]:
    """A chain of some rows, with anchors in it and at its end."""
    for count in (10, 7, 7):
        async with opened(file, seals) as store:
            await fill(store, count)
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        unguard(database)
        yield database


@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_every_single_tampering_is_found(guarded: sqlite3.Connection, seals: Seals, tampering: Tampering) -> None:
    dice, anchors = random.Random(tampering.__name__), hashes(seals)  # noqa: S311 - a failure must come again
    for number in range(ROUNDS):
        guarded.execute("BEGIN")
        tampering(guarded, dice, ROWS)
        found = follow(guarded, KEY, anchors)
        guarded.execute("ROLLBACK")
        assert not found.ok, number
        assert follow(guarded, KEY, anchors) == Verdict(ok=True, rows=ROWS, first=1, last=ROWS, anchors=3), number


async def test_an_older_copy_is_found(file: Path, seals: Seals) -> None:
    async with opened(file, seals) as store:
        await fill(store, 3)
    older = file.with_name("older")
    shutil.copyfile(file, older)
    async with opened(file, seals) as store:
        await fill(store, 3)
    shutil.copyfile(older, file)
    async with opened(file, seals) as store:
        assert not (await store.verify_audit()).ok
        await fill(store, 5, verb="resume")
        assert not (await store.verify_audit()).ok
