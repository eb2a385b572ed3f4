"""What the audit of a home is sealed with, and whether it was sealed so.

Rows of two keys in one chain could not be told from forged ones, so nothing is written to an audit of another key: by
a home whose `cluster.secret` was set, changed or taken away since.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from kagami.config import Settings
from kagami.core.chain import fits
from kagami.core.secrets import HIDDEN
from kagami.errors import SettingError
from kagami.home import Home, keep_secret, read_secret
from kagami.i18n import Translate, mark
from kagami.storage.anchors import Anchors
from kagami.storage.audit import Seals
from kagami.storage.links import CHAINED, NEWEST
from kagami.storage.store import is_postgres
from kagami.storage.whereabouts import file_of

AUDIT_KEY, ANCHOR_KEY = "audit_key", "anchor_key"
OTHER_KEY = mark("the audit in this database was sealed with another key")
FIX = mark(
    "Give the secret that it had, or take the setting away if it had none."
    " If it is to be another from now on, stop the engine and run: kagami audit reseal"
)


def seals_of(home: Home, t: Translate = str, *, create: bool = True) -> Seals:
    """What the audit of a home is sealed with; made when it is not there, unless it is only to be read."""
    read = keep_secret if create else read_secret
    key, anchor = read(home, AUDIT_KEY, t).reveal(), read(home, ANCHOR_KEY, t).reveal()
    return Seals(key.encode(), Anchors(home.anchors, anchor))


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
