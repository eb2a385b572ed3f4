"""Puts the database of a backup, or of another engine, in the place of the present one, which stays beside it.

Nothing is touched before the new database is whole: unpacked, checked, migrated, its audit continued, and every token
that people had made invalid, so that a backup brings none back that was revoked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import msgspec

from kagami.clock import Clock
from kagami.errors import BackupRefused, StoreClosed
from kagami.model.principal import CONSOLE
from kagami.ports import StorePut
from kagami.storage.archive import check_copy, unpack
from kagami.storage.audit import Audit, Seals, head
from kagami.storage.links import CHAINED, FIRST, chain_all, follow
from kagami.storage.migrate import migrate
from kagami.storage.queries import queries
from kagami.storage.replacing import EPOCH, DatabaseFile, Place, remove
from kagami.storage.sqlite import open_sqlite
from kagami.storage.steps import transaction


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


async def restore(archive: Path, place: Place, *, clock: Clock, seals: Seals, passphrase: str = "") -> Restored:
    """`BackupRefused` for a file that is none or broken, with everything left as it was. No engine may run."""
    now = clock.wall_ms()
    ending = f".before-restore-{now}"
    draft = place.draft
    try:
        remove(draft)
        manifest = unpack(archive, draft, passphrase=passphrase)
        check_copy(draft, archive, manifest)
        kept, schema = _prepare(archive, draft, seals)
        was = await place.known()
        told = {"file": archive.name, "made_ms": manifest.made_ms, "kept": kept, "replaced": was.seq, "hash": was.hash}
        epoch = str(max(now, was.epoch + 1, (await DatabaseFile(draft).known()).epoch + 1))
        async with open_sqlite(str(draft)) as engine:
            audit = Audit(engine, clock, Seals(seals.key))
            await audit.add(now, CONSOLE, "backup.restore", _json(told), "ok", [StorePut(EPOCH[0], EPOCH[1], epoch)])
            seq, hashed = head(await engine.ask("audit_head"))
        aside = await place.put(draft, ending)
    except OSError as error:
        raise StoreClosed(reason=str(error)) from error
    finally:
        remove(draft)
    if seals.anchors is not None:
        path = seals.anchors.path
        seals.anchors.keep(manifest.audit_seq if kept else FIRST, path.with_name(path.name + ending))
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


def _prepare(archive: Path, draft: Path, seals: Seals) -> tuple[bool, int]:
    """Migrate the draft, and let its chain be ours; whether it was, and the schema that it had."""
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


def _json(told: Mapping[str, object]) -> str:
    return msgspec.json.encode(told).decode()
