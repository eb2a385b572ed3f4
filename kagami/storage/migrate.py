"""Schema versions: numbered scripts, forward only, each in one transaction. `user_version` holds the number."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

from kagami import log
from kagami.errors import SchemaUnknown
from kagami.storage.queries import migrations

Script = tuple[int, str]
# What follows a script in its transaction, by the script's number.
After = Mapping[int, Callable[[sqlite3.Connection], None]]

_log = log.get("store")


def migrate(
    connection: sqlite3.Connection,
    path: Path | None,
    scripts: Sequence[Script] | None = None,
    *,
    after: After = MappingProxyType({}),
) -> int:
    """Bring the schema up to the newest script; the version it had before.

    A database that holds something is copied beside itself first. `SchemaUnknown` for one from a newer Kagami.
    """
    known = migrations() if scripts is None else scripts
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    newest = known[-1][0]
    if found > newest:
        raise SchemaUnknown(path=path or "in memory", found=found, known=newest)
    missing = [script for script in known if script[0] > found]
    if missing and found and path is not None:
        keep_copy(connection, path.with_name(f"{path.name}.before-{missing[0][0]:04d}"))
    for number, script in missing:
        _apply(connection, number, script, after.get(number))
    if found and missing:
        _log.info("the schema was migrated", before=found, now=newest)
    return int(found)


def _apply(
    connection: sqlite3.Connection, number: int, script: str, after: Callable[[sqlite3.Connection], None] | None
) -> None:
    try:
        connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {number};")
        if after is not None:
            after(connection)
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def keep_copy(connection: sqlite3.Connection, target: Path) -> None:
    """A whole copy of the database as of now, readable by its owner only."""
    part = target.with_name(f"{target.name}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(part)) as copy:
        connection.backup(copy)
    part.replace(target)
