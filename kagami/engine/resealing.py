"""Gives an audit that was sealed with another key the key of this home."""

from __future__ import annotations

from kagami.clock import SystemClock
from kagami.config import Settings
from kagami.engine.backups import HomeBackups
from kagami.engine.seals import is_ours, seals_of
from kagami.errors import Refused
from kagami.i18n import mark
from kagami.storage.config import BEFORE_RESTORE
from kagami.storage.replacing import Place
from kagami.storage.restore import Restored, restore

OURS = mark("The audit is sealed with the key of this home already.")


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
