"""The folder of backups: which there are, and which of them go when there are enough."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from kagami.errors import BackupRefused, NotFound
from kagami.ports.backups import BackupRow
from kagami.storage.archive import ENDING, Manifest, read_manifest
from kagami.storage.config import BackupConfig

SCHEDULED, ASKED = "scheduled", "asked"
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._+-]*{re.escape(ENDING)}", re.ASCII)


def place_of(folder: Path, name: str) -> Path:
    """The file of the backup `name`; `NotFound` when it is none in this folder."""
    path = folder / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFound(what="backup", name=name)
    return path


def rows_of(folder: Path) -> list[BackupRow]:
    """The newest first; broken ones last."""
    rows = (look_at(path) for path in folder.glob(f"*{ENDING}") if path.is_file())
    return sorted(rows, key=lambda row: (row.made_ms, row.name), reverse=True)


def look_at(path: Path) -> BackupRow:
    try:
        return row_of(path, read_manifest(path))
    except BackupRefused as error:
        return BackupRow(path.name, path.stat().st_size, trouble=str(error.details["reason"]))


def row_of(path: Path, found: Manifest) -> BackupRow:
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


def thin(folder: Path, config: BackupConfig) -> list[str]:
    """Delete the scheduled backups that are too many; their names."""
    gone = spare(rows_of(folder), config)
    for name in gone:
        (folder / name).unlink(missing_ok=True)
    return gone


def spare(rows: Iterable[BackupRow], config: BackupConfig) -> list[str]:
    """Names of the scheduled backups that need not stay; `rows` with the newest first. Days and weeks are UTC's."""
    scheduled = [row for row in rows if row.reason == SCHEDULED]
    kept = {row.name for row in scheduled[: max(1, config.keep_newest)]}
    for form, most in (("%Y-%m-%d", config.keep_days), ("%G-%V", config.keep_weeks)):
        newest: dict[str, str] = {}
        for row in scheduled:
            newest.setdefault(datetime.fromtimestamp(row.made_ms / 1000, UTC).strftime(form), row.name)
        kept |= set(list(newest.values())[:most])
    return [row.name for row in scheduled if row.name not in kept]
