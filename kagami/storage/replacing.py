"""Puts a whole new database in the place of one, which stays beside it. No engine may run meanwhile."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Protocol

import msgspec

from kagami.storage.audit import head
from kagami.storage.named import has_rows
from kagami.storage.queries import queries
from kagami.storage.tables import tables

EPOCH = ("@epoch", "tokens")
# Tables whose rows every new database has.
SEEDED = frozenset({"marks"})


class Known(msgspec.Struct, frozen=True):
    """What is remembered of a database that is replaced."""

    seq: int = 0
    hash: str = ""
    epoch: int = 0


class Place(Protocol):
    """Where a store is kept: a file, or the tables of a server. `StoreClosed` when it cannot be reached."""

    @property
    def name(self) -> str:
        """For people, without its password."""
        ...

    @property
    def draft(self) -> Path:
        """Where the new database may be made, as an SQLite file."""
        ...

    async def is_empty(self) -> bool:
        """Whether nothing is kept there."""
        ...

    async def known(self) -> Known:
        """The head of the audit and the epoch of what is there, as far as it can still be read."""
        ...

    async def put(self, draft: Path, ending: str) -> str:
        """Put the finished `draft` there; what was there is kept under its name with `ending`, which is returned.

        Empty when nothing was there. All of it happens or nothing.
        """
        ...


class DatabaseFile:
    """Implements `Place` on an SQLite file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        return str(self.path)

    @property
    def draft(self) -> Path:
        return self.path.with_name(f".{self.path.name}.restoring")

    async def is_empty(self) -> bool:
        if not self.path.is_file() or not self.path.stat().st_size:
            return True
        try:
            with closing(sqlite3.connect(self.path)) as connection:
                found = [each for each in tables(connection) if each not in SEEDED]
                return not any(connection.execute(has_rows(each)).fetchone()[0] for each in found)
        except sqlite3.Error:
            return False  # whatever it is, it is something

    async def known(self) -> Known:
        known = Known()
        if not self.path.is_file():
            return known
        with suppress(sqlite3.Error, ValueError), closing(sqlite3.connect(self.path)) as connection:
            found = connection.execute(queries()["plugin_value"], {"plugin": EPOCH[0], "key": EPOCH[1]}).fetchone()
            known = Known(epoch=int(found[0]) if found else 0)
            seq, hashed = head(connection.execute(queries()["audit_head"]).fetchall())
            known = Known(seq, hashed, known.epoch)
        return known

    async def put(self, draft: Path, ending: str) -> str:
        return swap(draft, self.path, ending)


def swap(draft: Path, database: Path, ending: str) -> str:
    """Put `draft` in the place of `database`. A crash in between leaves one of the two in that place."""
    if not database.exists():
        draft.replace(database)
        return ""
    # Its log becomes part of it, else it would be taken for the new one's log.
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    aside = database.with_name(database.name + ending)
    aside.unlink(missing_ok=True)
    try:
        os.link(database, aside)
    except OSError:  # a file system without links
        shutil.copyfile(database, aside)
    for more in ("-wal", "-shm"):
        left = database.with_name(database.name + more)
        if left.exists():
            left.replace(aside.with_name(aside.name + more))
    draft.replace(database)
    return str(aside)


def remove(draft: Path) -> None:
    """A database that is needed no more, with its log."""
    for ending in ("", "-wal", "-shm", "-journal", ".part"):
        draft.with_name(draft.name + ending).unlink(missing_ok=True)
