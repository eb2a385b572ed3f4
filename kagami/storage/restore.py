"""Puts the database of a backup in the place of the present one, which stays beside it.

Nothing is touched before the new database is whole: unpacked, checked, migrated, its audit continued, and every token
that people had made invalid, so that a backup brings none back that was revoked.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path

import msgspec

from kagami.clock import Clock
from kagami.core.chain import Verdict, Walk
from kagami.errors import BackupRefused, StoreClosed
from kagami.model.principal import CONSOLE
from kagami.ports import StorePut
from kagami.storage.archive import check_database, unpack
from kagami.storage.audit import Audit, Seals, head
from kagami.storage.links import CHAINED, chain_all
from kagami.storage.migrate import migrate
from kagami.storage.queries import queries
from kagami.storage.sqlite import open_sqlite
from kagami.storage.steps import transaction

EPOCH = ("@epoch", "tokens")
_FIRST, _ALL = -(1 << 62), -1


class Restored(msgspec.Struct, frozen=True):
    """`kept`: the audit's chain goes on; else its rows could not be verified here and were chained anew.

    `aside` is where the database that was there is now; empty when there was none.
    """

    file: str
    made_ms: int
    version: str
    schema: int
    messages: int
    kept: bool
    aside: str
    withheld: tuple[str, ...] = ()


async def restore(archive: Path, database: Path, *, clock: Clock, seals: Seals) -> Restored:
    """`BackupRefused` for a file that is none or broken, with everything left as it was. No engine may run."""
    now = clock.wall_ms()
    ending = f".before-restore-{now}"
    draft = database.with_name(f".{database.name}.restoring")
    _remove(draft)
    try:
        manifest = unpack(archive, draft)
        kept, schema = _prepare(archive, draft, seals)
        was = _look(database)
        told = {"file": archive.name, "made_ms": manifest.made_ms, "kept": kept, "replaced": was.seq, "hash": was.hash}
        epoch = str(max(now, was.epoch + 1, _look(draft).epoch + 1))
        async with open_sqlite(str(draft)) as engine:
            audit = Audit(engine, clock, Seals(seals.key))
            await audit.add(now, CONSOLE, "backup.restore", _json(told), "ok", [StorePut(EPOCH[0], EPOCH[1], epoch)])
            seq, hashed = head(await engine.ask("audit_head"))
        aside = _swap(draft, database, ending)
    except OSError as error:
        raise StoreClosed(reason=str(error)) from error
    finally:
        _remove(draft)
    if seals.anchors is not None:
        path = seals.anchors.path
        seals.anchors.keep(manifest.audit_seq if kept else _FIRST, path.with_name(path.name + ending))
        seals.anchors.append(seq, hashed, now)
    return Restored(
        file=archive.name,
        made_ms=manifest.made_ms,
        version=manifest.version,
        schema=schema,
        messages=manifest.messages,
        kept=kept,
        aside=aside,
        withheld=manifest.withheld,
    )


class Known(msgspec.Struct, frozen=True):
    """What is remembered of a database that is replaced."""

    seq: int = 0
    hash: str = ""
    epoch: int = 0


def follow(connection: sqlite3.Connection, key: bytes, anchors: Mapping[int, str]) -> Verdict:
    """The verdict on the chain of a database that nobody else uses."""
    walk = Walk(key, anchors)
    try:
        walk.take(connection.execute(queries()["audit_after"], {"after": _FIRST, "most": _ALL}))
    except sqlite3.Error as error:
        walk.spoil(walk.last + 1, str(error))
    return walk.finish()


def _prepare(archive: Path, draft: Path, seals: Seals) -> tuple[bool, int]:
    """Check and migrate the draft, and let its chain be ours; whether it was, and the schema that it had."""
    check_database(draft, archive)
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            found = migrate(connection, None, after={CHAINED: lambda given: chain_all(given, seals.key)})
            if found < CHAINED:
                return False, found
            ((newest, _),) = connection.execute(queries()["audit_head"]).fetchall() or [(0, "")]
            hashes = seals.anchors.read().hashes if seals.anchors else {}
            kept = follow(connection, seals.key, {seq: hashed for seq, hashed in hashes.items() if seq <= newest}).ok
            if not kept:
                with transaction(connection):
                    chain_all(connection, seals.key)
            return kept, found
    except sqlite3.Error as error:
        raise BackupRefused(name=archive.name, reason=str(error)) from error


def _look(database: Path) -> Known:
    """The head of the audit and the epoch of a database, as far as it can still be read."""
    known = Known()
    if not database.is_file():
        return known
    with suppress(sqlite3.Error, ValueError), closing(sqlite3.connect(database)) as connection:
        found = connection.execute(queries()["plugin_value"], {"plugin": EPOCH[0], "key": EPOCH[1]}).fetchone()
        known = Known(epoch=int(found[0]) if found else 0)
        seq, hashed = head(connection.execute(queries()["audit_head"]).fetchall())
        known = Known(seq, hashed, known.epoch)
    return known


def _swap(draft: Path, database: Path, ending: str) -> str:
    """Put `draft` in the place of `database`. A crash in between leaves one of the two in that place."""
    if not database.exists():
        draft.replace(database)
        return ""
    # Its log becomes part of it, else it would be taken for the new one's log.
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    aside = database.with_name(database.name + ending)
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


def _remove(draft: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        draft.with_name(draft.name + ending).unlink(missing_ok=True)


def _json(told: Mapping[str, object]) -> str:
    return msgspec.json.encode(told).decode()
