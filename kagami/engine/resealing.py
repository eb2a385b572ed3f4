"""An audit that was sealed with another key: by a home whose `cluster.secret` was set, changed or taken away since.

Rows of two keys in one chain could not be told from forged ones, so nothing is written before the audit is resealed.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from kagami.clock import SystemClock
from kagami.config import Settings
from kagami.core.chain import fits
from kagami.core.secrets import HIDDEN
from kagami.engine.backups import AUDIT_KEY, HomeBackups, seals_of
from kagami.errors import Refused, SettingError
from kagami.i18n import Translate, mark
from kagami.storage.links import CHAINED, NEWEST
from kagami.storage.replacing import Place
from kagami.storage.restore import Restored, restore
from kagami.storage.shelf import BEFORE_RESTORE
from kagami.storage.store import is_postgres
from kagami.storage.whereabouts import file_of

OTHER_KEY = mark("the audit in this database was sealed with another key")
FIX = mark(
    "Give the secret that it had, or take the setting away if it had none."
    " If it is to be another from now on, stop the engine and run: kagami audit reseal"
)
OURS = mark("The audit is sealed with the key of this home already.")


async def is_ours(settings: Settings) -> bool:
    """Whether the audit is sealed with the key of this home; True where there is none yet."""
    return fits(seals_of(settings.home, create=False).key, await _newest(settings.database))


async def refuse_other_key(settings: Settings, t: Translate = str) -> None:
    """`SettingError` before a row is written that would break the chain."""
    if not await is_ours(settings):
        given = bool(settings.home.seed)
        raise SettingError(
            key="cluster.secret" if given else AUDIT_KEY,
            value=HIDDEN,
            origin=settings.origin("cluster.secret") if given else settings.home.secrets / AUDIT_KEY,
            reason=t(OTHER_KEY),
            fix=t(FIX),
        )


async def reseal(settings: Settings, place: Place) -> Restored:
    """Make a backup, and put it back with its audit sealed with the key of this home; what was stays beside.

    `Refused` when it is sealed so already. Nobody else may use the store.
    """
    if await is_ours(settings):
        raise Refused(reason=OURS)
    clock = SystemClock()
    made = await HomeBackups(lambda: settings, clock).make(reason=BEFORE_RESTORE)
    archive, passphrase = settings.home.backups / made.name, settings.backup.passphrase.reveal()
    return await restore(archive, place, clock=clock, seals=seals_of(settings.home), passphrase=passphrase)


async def _newest(address: str) -> list[tuple[Any, ...]]:
    if is_postgres(address):
        from kagami.storage.postgres_whole import newest_audit  # noqa: PLC0415 (loads the driver)

        return await newest_audit(address)
    file = file_of(address)
    return await asyncio.to_thread(_newest_of, file) if file else []


def _newest_of(file: Path) -> list[tuple[Any, ...]]:
    if not file.is_file():
        return []
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        try:
            (schema,) = connection.execute("PRAGMA user_version").fetchone()
            return connection.execute(NEWEST).fetchall() if schema >= CHAINED else []
        except sqlite3.Error:
            return []  # whoever opens it says what is wrong
