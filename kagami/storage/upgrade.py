"""Brings a database to the newest schema as one transaction: copy, migrate the copy, test it, put it in its place.

The database itself is never touched before the new one is whole and has shown that it works: whatever fails or kills
the process leaves what was, on which the version of before still starts.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import msgspec

from kagami import log
from kagami.clock import Clock
from kagami.errors import KagamiError, SchemaUnknown, StoreClosed, UpgradeFailed
from kagami.i18n import mark
from kagami.meters import Meters
from kagami.ports import StorePut
from kagami.storage.audit import Seals
from kagami.storage.config import StoreConfig
from kagami.storage.links import CHAINED, follow
from kagami.storage.migrate import keep_copy, migrate
from kagami.storage.queries import migrations
from kagami.storage.replacing import SEEDED, remove, swap
from kagami.storage.store import open_store
from kagami.storage.tables import DERIVED, Figures, figures

TEST = "@upgrade"
ROWS = mark("the rows are not those of before")
UNREAD = mark("what was written could not be read again")
BROKEN = mark("the audit is not whole any more")

_log = log.get("store")


class Upgraded(msgspec.Struct, frozen=True, omit_defaults=True):
    """The schemas before and now; `aside` is where the database as it was is kept, `backup` the one made before."""

    before: int
    now: int
    aside: str = ""
    backup: str = ""


def schema_of(database: Path) -> int:
    """The schema of a file; 0 when there is none. `StoreClosed` when it cannot be read."""
    if not database.is_file():
        return 0
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (schema,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise StoreClosed(reason=str(error)) from error
    return int(schema)


async def upgrade(database: Path, *, clock: Clock, seals: Seals) -> Upgraded | None:
    """Of a file that nobody uses; None when nothing is to be done. `UpgradeFailed` with everything as it was."""
    found, newest = schema_of(database), migrations()[-1][0]
    if found > newest:
        raise SchemaUnknown(path=database, found=found, known=newest)
    if not found or found == newest:
        return None
    draft = database.with_name(f".{database.name}.upgrading")
    ending = f".before-{next(number for number, _ in migrations() if number > found):04d}"
    try:
        remove(draft)
        before, whole = _migrate(database, draft, seals)
        await self_test(draft, before, clock=clock, seals=seals if whole else None)
        aside = swap(draft, database, ending)
        if found < CHAINED and seals.anchors is not None and not seals.anchors.path.exists():
            seals.anchors.begin()
    except (OSError, sqlite3.Error, KagamiError) as error:
        reason = error.text() if isinstance(error, KagamiError) else str(error)
        raise UpgradeFailed(before=found, now=newest, reason=reason) from error
    finally:
        remove(draft)
    _log.info("the schema was migrated", before=found, now=newest)
    return Upgraded(found, newest, aside)


def _migrate(database: Path, draft: Path, seals: Seals) -> tuple[Figures, bool]:
    """Make the draft; what was in the database, and whether its audit was whole."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("BEGIN")
        before = figures(connection)
        keep_copy(connection, draft)
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        whole = before.schema < CHAINED or _follows(connection, seals)
        migrate(connection, None, after={CHAINED: seals.adopt})
    return before, whole


async def self_test(draft: Path, before: Figures, *, clock: Clock, seals: Seals | None) -> None:
    """Open it, count it, write, read and search in it. `UpgradeFailed` says what is wrong; `seals`: if it was whole."""
    found = _counted(draft)
    if missing := sorted(name for name in before.counts if _is_less(name, before, found)):
        raise _failed(before, found, f"{ROWS}: {', '.join(missing)}")
    config = StoreConfig(keep_days=0, keep_mb=0, keep_audit_days=0)
    async with open_store(str(draft), clock=clock, meters=Meters(), config=config) as store:
        said = str(clock.wall_ms())
        await store.put_many([StorePut(TEST, TEST, said)])
        if await store.get(TEST, TEST) != said:
            raise _failed(before, found, UNREAD)
        await store.put_many([StorePut(TEST, TEST, None)])
        newest = await store.messages(limit=1)
        if newest and newest[0].text and not await store.search(newest[0].text, limit=1):
            raise _failed(before, found, mark("the search does not find the newest message"))
    _flush(draft)
    if seals is not None and not _follows_in(draft, seals):
        raise _failed(before, found, BROKEN)


def _counted(draft: Path) -> Figures:
    with closing(sqlite3.connect(draft)) as connection:
        return figures(connection)


def _follows_in(draft: Path, seals: Seals) -> bool:
    with closing(sqlite3.connect(draft)) as connection:
        return _follows(connection, seals)


def _follows(connection: sqlite3.Connection, seals: Seals) -> bool:
    hashes = seals.anchors.read().hashes if seals.anchors and seals.anchors.path.exists() else {}
    return follow(connection, seals.key, hashes).ok


def _is_less(name: str, before: Figures, found: Figures) -> bool:
    if name in DERIVED or name not in found.counts:
        return False  # an index that is built again, or a table that the new schema does without
    return found.counts[name] < before.counts[name] if name in SEEDED else found.counts[name] != before.counts[name]


def _failed(before: Figures, found: Figures, reason: str) -> UpgradeFailed:
    return UpgradeFailed(before=before.schema, now=found.schema, reason=reason)


def _flush(draft: Path) -> None:
    """All of it into the one file, on the disk."""
    with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
