"""Moves a store from one engine to another: copied, compared, and put in its place as a whole."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import msgspec

from kagami import __version__
from kagami.clock import Clock
from kagami.config import Settings
from kagami.engine.seals import seals_of
from kagami.errors import BackupFailed, Conflict, MoveFailed, Refused, StoreClosed
from kagami.i18n import mark
from kagami.model.principal import CONSOLE
from kagami.storage.archive import Origin, pack, write_copy
from kagami.storage.audit import Audit, Seals
from kagami.storage.config import BEFORE_MOVE
from kagami.storage.links import CHAINED, chain_all
from kagami.storage.migrate import migrate
from kagami.storage.replacing import Place, remove
from kagami.storage.sqlite import open_sqlite
from kagami.storage.store import is_postgres
from kagami.storage.tables import Figures, figures
from kagami.storage.transfer import PORTION
from kagami.storage.whereabouts import copy_of_store, place_of_store

READING, BACKING_UP, WRITING = (
    mark("Reading the store"),
    mark("Backing up what is there"),
    mark("Writing and comparing"),
)
# Told of each step, and about how many rows it has done.
Watch = Callable[[str, int], None]


class Moved(msgspec.Struct, frozen=True):
    """`backup` and `aside` are what was in the place before; empty when there was nothing."""

    source: str
    target: str
    messages: int
    rows: int
    backup: str
    aside: str


async def move(
    settings: Settings, address: str, *, replace: bool, clock: Clock, watch: Watch = lambda *_: None
) -> Moved:
    """`MoveFailed` and `StoreClosed` with the target as it was, `Conflict` when something is kept there. The source
    stays as it is. Nobody else may use either of them.
    """
    copy, scratch = copy_of_store(settings.database), settings.home.path
    target, source = place_of_store(address, scratch), place_of_store(settings.database, scratch)
    if copy is None or source is None or target is None:
        raise Refused(reason=mark("The store is in memory."))
    if source.name == target.name:
        raise Refused(reason=mark("The store is there already."))
    await _refuse_running(settings.database)
    there = not await target.is_empty()
    if there and not replace:
        raise Conflict(reason=mark("Something is kept there already. With --replace it is backed up first."))
    draft, now = target.draft, clock.wall_ms()
    try:
        remove(draft)
        await asyncio.to_thread(write_copy, copy, draft, _counter(READING, watch))
        found = await _prepared(draft, source, target, clock, seals_of(settings.home))
        backup = await asyncio.to_thread(_back_up, settings, address, now, watch) if there else ""
        filled = place_of_store(address, scratch, _counter(WRITING, watch))
        aside = await (filled or target).put(draft, f".before-move-{now}")
    except BackupFailed as error:
        raise MoveFailed(reason=error.details["reason"]) from error
    except OSError as error:
        raise MoveFailed(reason=str(error)) from error
    finally:
        remove(draft)
    return Moved(source.name, target.name, found.messages, sum(found.counts.values()), backup, aside)


def _counter(step: str, watch: Watch) -> Callable[[], None]:
    rows = 0

    def count() -> None:
        nonlocal rows
        watch(step, rows)
        rows += PORTION

    return count


async def _refuse_running(address: str) -> None:
    if is_postgres(address):
        from kagami.storage.postgres_whole import connected, refuse_running  # noqa: PLC0415 (loads the driver)

        async with connected(address) as server:
            await refuse_running(server)


async def _prepared(draft: Path, source: Place, target: Place, clock: Clock, seals: Seals) -> Figures:
    """Bring the copy to this version's schema, and write into its audit that it was moved."""
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            migrate(connection, None, after={CHAINED: lambda given: chain_all(given, seals.key)})
        async with open_sqlite(str(draft)) as engine:
            told = msgspec.json.encode({"from": source.name, "to": target.name}).decode()
            await Audit(engine, clock, Seals(seals.key)).add(clock.wall_ms(), CONSOLE, "store.move", told, "ok")
        with closing(sqlite3.connect(draft)) as connection:
            return figures(connection)
    except (sqlite3.Error, StoreClosed) as error:
        raise MoveFailed(reason=str(error)) from error


def _back_up(settings: Settings, address: str, now_ms: int, watch: Watch) -> str:
    """Of what is to be replaced; without the files of this home, which are not its."""
    watch(BACKING_UP, 0)
    copy = copy_of_store(address)
    if copy is None:
        return ""
    origin = Origin(copy, {}, __version__, BEFORE_MOVE, (), settings.backup.passphrase.reveal())
    return pack(settings.home.backups, origin, now_ms).name
