"""Stores with a sealed audit, and ways past its triggers."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from kagami.meters import Meters
from kagami.model.principal import Principal
from kagami.storage.audit import Seals
from kagami.storage.config import StoreConfig
from kagami.storage.migrate import migrate
from kagami.storage.queries import migrations
from kagami.storage.store import SqlStore, open_store
from kagami.testing.clock import FakeClock
from tests.storage.make import START_MS

KEY = b"a key of the audit"
ADMIN = Principal("person", "admin", frozenset({"*"}), "192.0.2.7")


@asynccontextmanager
async def opened(file: Path | str, seals: Seals, clock: FakeClock | None = None) -> AsyncIterator[SqlStore]:
    config = StoreConfig(keep_audit_days=400)
    async with open_store(str(file), clock=clock or FakeClock(), meters=Meters(), config=config, seals=seals) as store:
        yield store


async def fill(store: SqlStore, count: int, *, verb: str = "pause") -> None:
    for number in range(count):
        await store.audit(START_MS + number, ADMIN, f"bots.{verb}", f'{{"bot":"qq:{number}"}}', "ok")


def hashes(seals: Seals) -> dict[int, str]:
    assert seals.anchors is not None
    found = seals.anchors.read()
    assert not found.broken
    return found.hashes


def tamper(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        unguard(database)
        database.execute(statement)


def unguard(database: sqlite3.Connection) -> None:
    database.execute("DROP TRIGGER audit_fixed")
    database.execute("DROP TRIGGER audit_kept")


def make_old(file: Path, count: int = 3) -> None:
    """A database of the first schema."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        migrate(database, None, migrations()[:1])
        for number in range(count):
            database.execute(
                "INSERT INTO audit (id, at_ms, kind, name, operation, target, result) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (10 + 2 * number, START_MS, "console", "console", "messages.clean", str(number), "ok"),
            )
