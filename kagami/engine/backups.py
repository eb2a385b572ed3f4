"""The backups of a home: one at a time, on the schedule of a running engine or when they are asked for.

What makes and reads them is loaded at the first use: a start has none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event, Lock
from typing import TypeVar

from kagami import log
from kagami.clock import Clock
from kagami.config import Settings
from kagami.engine.tools import Tools
from kagami.errors import BackupFailed, Refused, Unavailable
from kagami.i18n import mark
from kagami.meters import Meters
from kagami.ports.backups import BackupRow
from kagami.storage.config import ASKED, SCHEDULED, BackupConfig
from kagami.storage.store import is_postgres

HOUR_MS = 3_600_000
# A start is never burdened with one, and settings that change are seen soon.
LOOK_S = 60.0
FAILED = mark("No backup was made: {reason}")
# The last good one is older than so many times the interval.
LATE_TIMES = 2
LATE = mark("The last backup is {hours} hours old.")
# Told as `Alarm.tell`: level, kind, text, fields.
Tell = Callable[..., None]
T = TypeVar("T")
# A backup that took long rests at least so many times as long: it never has more than a fiftieth of a processor.
REST = 50
_log = log.get("backup")


class HomeBackups:
    """Implements `ports.Backups` on the folder `backups` of a home. `settings` gives those in force."""

    def __init__(
        self, settings: Callable[[], Settings], clock: Clock, *, tell: Tell | None = None, meters: Meters | None = None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._tell = tell
        self._meters = meters or Meters()
        self._folder = settings().home.backups
        self._late = False
        self._newest_ms = 0
        self._running = False
        self.may_run: Callable[[], bool] = lambda: True  # of several processes with one database, one makes them
        self._one = asyncio.Lock()
        self._working = Lock()  # of the threads: one that nobody waits for any more still has to end

    async def make(self, *, secrets: bool = False, audit_key: bool = False, reason: str = ASKED) -> BackupRow:
        async with self._one:
            row = await self._apart(lambda halt: self._make(halt, reason, secrets=secrets, audit_key=audit_key))
        self._meters.count["backups", "made"] += 1
        self._newest_ms = row.made_ms
        self._show_newest()
        _log.info("backup made", file=row.name, megabytes=row.bytes >> 20, reason=reason)
        return row

    async def list(self) -> list[BackupRow]:
        return list(await asyncio.to_thread(self._rows))

    async def verify(self, name: str) -> BackupRow:
        from kagami.storage.shelf import look_at, place_of  # noqa: PLC0415

        path = place_of(self._folder, name)
        async with self._one:
            await self._apart(lambda halt: self._check(path, halt))
        return await asyncio.to_thread(look_at, path)

    async def delete(self, name: str) -> None:
        from kagami.storage.shelf import delete, place_of  # noqa: PLC0415

        path = place_of(self._folder, name)
        async with self._one:
            try:
                await asyncio.to_thread(delete, path)
            except OSError as error:
                raise Unavailable(what=name, reason=error.strerror or str(error)) from error

    async def run(self) -> None:
        """Until cancelled: backups on schedule, counted from the last one, and no more of them than are kept."""
        self._running = True
        try:
            await self._keep_making()
        finally:  # another process goes on with them, and knows of newer ones
            self._running = False
            self._show_newest()

    async def _keep_making(self) -> None:
        if not is_postgres(self._settings().database):  # else another process may be making one in the same folder
            async with self._one:
                await asyncio.to_thread(self._sweep)
        rows = await self.list()
        self._newest_ms = max((row.made_ms for row in rows), default=0)
        last_ms = max((row.made_ms for row in rows if row.reason == SCHEDULED), default=0)
        good_ms = max((row.made_ms for row in rows if not row.trouble), default=self._clock.wall_ms())
        while True:
            self._show_newest()
            await self._clock.sleep(LOOK_S)
            config, now_ms = self._settings().backup, self._clock.wall_ms()
            last_ms, good_ms = min(last_ms, now_ms), min(good_ms, now_ms)  # a clock set back must not end the backups
            if not config.hours or not self.may_run() or now_ms < last_ms + config.hours * HOUR_MS:
                continue
            started, last_ms = self._clock.monotonic(), now_ms
            try:
                good_ms = (await self.make(reason=SCHEDULED)).made_ms
                self._late = False
                await asyncio.to_thread(self._thin, config)
            except (BackupFailed, OSError) as error:
                self._failed(error, now_ms - good_ms, config.hours)
            except Refused as error:
                _log.debug("there is nothing to back up", reason=error.text())
            await self._clock.sleep(REST * (self._clock.monotonic() - started))

    def _show_newest(self) -> None:
        """Whoever does not make them has nothing to say of it: the newest that it knows is not the newest."""
        if self._running and self.may_run():
            self._meters.gauge["backup_timestamp_seconds"] = self._newest_ms / 1000
        else:
            self._meters.gauge.pop("backup_timestamp_seconds", None)

    def _failed(self, error: BackupFailed | OSError, age_ms: int, hours: float) -> None:
        """Tell it, and once when the last good backup is too old."""
        self._meters.count["backups", "failed"] += 1
        _log.error("no backup was made", cause=error)
        if self._tell is None:
            return
        reason = error.details["reason"] if isinstance(error, BackupFailed) else error
        self._tell("error", "backup_failed", FAILED, reason=str(reason))
        if not self._late and age_ms > LATE_TIMES * hours * HOUR_MS:
            self._late = True
            self._tell("error", "backup_late", LATE, hours=str(age_ms // HOUR_MS))

    async def _apart(self, work: Callable[[Event], T]) -> T:
        """Run it in a thread, and let it end soon when nobody waits any more."""
        halt = Event()

        def alone() -> T:
            with self._working:
                return work(halt)

        try:
            return await asyncio.to_thread(alone)
        except asyncio.CancelledError:
            halt.set()
            raise

    def _make(self, halt: Event, reason: str, *, secrets: bool, audit_key: bool) -> BackupRow:
        from kagami.engine.packing import make_backup, origin_of  # noqa: PLC0415

        running = self._tell is not None
        settings = self._settings()
        origin = origin_of(settings, reason=reason, secrets=secrets, audit_key=audit_key, rests=running)
        return make_backup(settings, origin, self._clock.wall_ms(), halt)

    def _check(self, path: Path, halt: Event) -> None:
        from kagami.engine.packing import check_backup  # noqa: PLC0415

        check_backup(path, self._settings().backup.passphrase.reveal(), halt)

    def _rows(self) -> Sequence[BackupRow]:
        if not _has_any(self._folder):
            return []
        from kagami.storage.shelf import rows_of  # noqa: PLC0415

        return rows_of(self._folder)

    def _sweep(self) -> None:
        if _has_any(self._folder):
            from kagami.storage.archive import sweep  # noqa: PLC0415

            sweep(self._folder)

    def _thin(self, config: BackupConfig) -> None:
        from kagami.storage.shelf import thin  # noqa: PLC0415

        thin(self._folder, config)


def _has_any(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def keep_backups(tools: Tools, tell: Tell) -> HomeBackups:
    """The backups of a running engine; `run` makes them on schedule where the settings say so."""
    made = HomeBackups(lambda: tools.settings, tools.clock, tell=tell, meters=tools.meters)
    tools.live.on(("backup",), lambda _: None)  # the schedule looks by itself
    return made
