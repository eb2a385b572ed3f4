"""Brings the store of a home to this version's schema before it is opened, with a backup made first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from kagami.clock import Clock, SystemClock
from kagami.config import Settings
from kagami.engine.seals import refuse_other_key, seals_of
from kagami.meters import Meters
from kagami.model.principal import CONSOLE
from kagami.storage.config import BEFORE_MIGRATION
from kagami.storage.queries import migrations
from kagami.storage.replacing import remove
from kagami.storage.store import SqlStore, is_postgres, open_store
from kagami.storage.upgrade import Upgraded, schema_of, upgrade
from kagami.storage.whereabouts import file_of, place_of_store


async def schema_at(settings: Settings) -> int:
    """The schema of the store of a home; 0 when there is none, or when it is in memory."""
    if is_postgres(settings.database):
        from kagami.storage.postgres_whole import server_schema  # noqa: PLC0415 (loads the driver)

        return await server_schema(settings.database)
    file = file_of(settings.database)
    return await asyncio.to_thread(schema_of, file) if file else 0


async def upgrade_home(settings: Settings, clock: Clock) -> Upgraded | None:
    """None when there is nothing to do. `BackupFailed`, `UpgradeFailed`: then everything is as it was.

    Nobody else may use a store that is a file; on a server, others wait until it is done.
    """
    if not 0 < await schema_at(settings) < migrations()[-1][0]:
        return None
    from kagami.engine.backups import HomeBackups  # noqa: PLC0415 (seldom)

    backup = await HomeBackups(lambda: settings, clock).make(reason=BEFORE_MIGRATION)
    seals = seals_of(settings.home)
    if is_postgres(settings.database):
        from kagami.storage.postgres_whole import upgrade_server  # noqa: PLC0415 (loads the driver)

        done = await upgrade_server(settings.database, seals=seals, now_ms=clock.wall_ms())
    else:
        file = file_of(settings.database)
        done = await upgrade(file, clock=clock, seals=seals) if file else None
    return None if done is None else msgspec.structs.replace(done, backup=backup.name)


@asynccontextmanager
async def open_home_store(settings: Settings, clock: Clock, meters: Meters) -> AsyncIterator[SqlStore]:
    """The store of a home, brought to this version's schema first. Whoever opens it holds the home."""
    if place := place_of_store(settings.database, settings.home.path):
        await asyncio.to_thread(remove, place.draft)  # a restore that was killed leaves a whole copy
    await upgrade_home(settings, clock)
    await refuse_other_key(settings)
    seals, alone = seals_of(settings.home), not is_postgres(settings.database)
    async with open_store(
        settings.database,
        clock=clock,
        meters=meters,
        config=settings.store,
        seals=seals,
        alone=alone,
        aside=settings.home.spool,
        ballast=settings.home.ballast,
    ) as store:
        yield store


async def note(settings: Settings, operation: str, told: dict[str, Any], *, only: bool = True) -> None:
    """Open the store, which is made when there is none, and write a row of the audit."""
    clock = SystemClock()
    async with open_home_store(settings, clock, Meters()) as store:
        if only:
            await store.audit(clock.wall_ms(), CONSOLE, operation, msgspec.json.encode(told).decode(), "ok")
