"""Puts a backup in the place of a home's store, with a backup of that made first."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kagami import log
from kagami.clock import SystemClock
from kagami.config import Settings
from kagami.edits import file_to_edit
from kagami.engine.backups import HomeBackups
from kagami.engine.packing import put_back
from kagami.engine.seals import seals_of
from kagami.errors import BackupFailed
from kagami.storage.archive import DATABASE, read_manifest
from kagami.storage.config import BEFORE_RESTORE
from kagami.storage.replacing import Place
from kagami.storage.restore import Restored, restore

_log = log.get("backup")


async def restore_home(
    file: Path, settings: Settings, place: Place, *, config: Path | None, passphrase: str
) -> tuple[Restored, list[str]]:
    """What was restored, and which small files were written. `BackupRefused` with everything left as it was."""
    home, clock = settings.home, SystemClock()
    manifest = await asyncio.to_thread(read_manifest, file, passphrase)
    if not await place.is_empty():
        await _back_up(settings)
    names = [name for name in manifest.parts if name != DATABASE]
    written = put_back(file, names, home, file_to_edit(home.path, config), passphrase)
    done = await restore(file, place, clock=clock, seals=seals_of(home), passphrase=passphrase)
    return done, written


async def _back_up(settings: Settings) -> None:
    """Whoever restores may do so because what is there is broken: that it cannot be backed up must not stop them."""
    try:
        await HomeBackups(lambda: settings, SystemClock()).make(reason=BEFORE_RESTORE)
    except BackupFailed as error:
        _log.warning("what is replaced could not be backed up; it is kept beside", cause=error)
