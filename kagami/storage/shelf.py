"""The folder of backups: which there are, and which of them go when there are enough."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from kagami.errors import BackupRefused, NotFound
from kagami.ports.backups import BackupRow
from kagami.storage.archive import ENDING, SEALED, Label, Manifest, read_row
from kagami.storage.config import BEFORE_MIGRATION, BEFORE_MOVE, BEFORE_RESTORE, SCHEDULED, BackupConfig
from kagami.storage.dumps import DUMP, beside

BEFORE = frozenset({BEFORE_MIGRATION, BEFORE_RESTORE, BEFORE_MOVE})
_NAME = re.compile(
    rf"[A-Za-z0-9][A-Za-z0-9._+-]*(?:{re.escape(ENDING)}|{re.escape(SEALED)}|{re.escape(DUMP)})", re.ASCII
)


def place_of(folder: Path, name: str) -> Path:
    """The file of the backup `name`; `NotFound` when it is none in this folder."""
    path = folder / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound(what="backup", name=name)
    return path


def rows_of(folder: Path) -> list[BackupRow]:
    """The newest first; broken ones last."""
    endings = (ENDING, SEALED, DUMP)
    rows = (look_at(path) for ending in endings for path in folder.glob(f"*{ending}") if path.is_file())
    return sorted(rows, key=lambda row: (row.made_ms, row.name), reverse=True)


def look_at(path: Path) -> BackupRow:
    if path.suffix == DUMP:
        return _dump_row(path)
    try:
        return row_of(path, read_row(path))
    except BackupRefused as error:
        return BackupRow(path.name, path.stat().st_size, trouble=str(error.details["reason"]))


def row_of(path: Path, found: Manifest | Label) -> BackupRow:
    return BackupRow(
        name=path.name,
        bytes=path.stat().st_size,
        made_ms=found.made_ms,
        version=found.version,
        schema=found.schema,
        messages=found.messages,
        reason=found.reason,
        secrets=found.secrets,
    )


def _dump_row(path: Path) -> BackupRow:
    """It was made with the backup of its name, and says nothing of itself."""
    backup = path.with_suffix(ENDING)
    found = look_at(backup) if backup.is_file() else BackupRow("", 0, int(path.stat().st_mtime * 1000))
    return msgspec.structs.replace(found, name=path.name, bytes=path.stat().st_size, trouble="", kind="dump")


def delete(path: Path) -> None:
    """A backup goes with the dump beside it. `OSError`."""
    path.unlink(missing_ok=True)
    if path.suffix == ENDING:
        beside(path).unlink(missing_ok=True)


def thin(folder: Path, config: BackupConfig) -> list[str]:
    """Delete the backups made by itself that are too many; their names."""
    gone = spare(rows_of(folder), config)
    for name in gone:
        delete(folder / name)
    return gone


def spare(rows: Iterable[BackupRow], config: BackupConfig) -> list[str]:
    """Names of the backups made by itself that need not stay; `rows` with the newest first. Days and weeks are UTC's.

    Of those made before something was done, the newest stay.
    """
    rows = [row for row in rows if row.kind == "backup"]
    scheduled = [row for row in rows if row.reason == SCHEDULED]
    kept = {row.name for row in scheduled[: max(1, config.keep_newest)]}
    for form, most in (("%Y-%m-%d", config.keep_days), ("%G-%V", config.keep_weeks)):
        newest: dict[str, str] = {}
        for row in scheduled:
            newest.setdefault(datetime.fromtimestamp(row.made_ms / 1000, UTC).strftime(form), row.name)
        kept |= set(list(newest.values())[:most])
    kept |= {row.name for row in [row for row in rows if row.reason in BEFORE][: max(1, config.keep_newest)]}
    return [row.name for row in rows if row.reason in {SCHEDULED, *BEFORE} and row.name not in kept]
