"""Backups of a home: what goes into one, and the schedule of a running engine."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Lock
from typing import TypeVar

from kagami import __version__, log
from kagami.centre.seal import NAME as SETTINGS_KEY
from kagami.clock import Clock
from kagami.config import GENERATED, Settings
from kagami.engine.keeping import VAULT_KEY
from kagami.engine.parcels import NAME as PACKAGES_KEY
from kagami.engine.tools import Tools
from kagami.engine.withheld import without_secrets
from kagami.errors import BackupFailed, BackupRefused, Refused, Unavailable
from kagami.home import Home, keep_secret, read_secret
from kagami.i18n import Translate, mark
from kagami.meters import Meters
from kagami.ports.backups import BackupRow
from kagami.storage.anchors import Anchors
from kagami.storage.archive import SECRETS, Origin, check, pack, read_part, sweep
from kagami.storage.audit import Seals
from kagami.storage.dumps import DUMP, check_dump, dump_beside
from kagami.storage.shelf import ASKED, SCHEDULED, delete, look_at, place_of, rows_of, thin
from kagami.storage.store import is_postgres
from kagami.storage.whereabouts import copy_of_store

AUDIT_KEY, ANCHOR_KEY = "audit_key", "anchor_key"
# Secrets that a home with a `cluster.secret` makes of it: what is sealed with them cannot be opened without.
GROWN = (AUDIT_KEY, ANCHOR_KEY, SETTINGS_KEY, VAULT_KEY, PACKAGES_KEY, *GENERATED.values())
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


def seals_of(home: Home, t: Translate = str, *, create: bool = True) -> Seals:
    """What the audit of a home is sealed with; made when it is not there, unless it is only to be read."""
    read = keep_secret if create else read_secret
    key, anchor = read(home, AUDIT_KEY, t).reveal(), read(home, ANCHOR_KEY, t).reveal()
    return Seals(key.encode(), Anchors(home.anchors, anchor))


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
        self.may_run: Callable[[], bool] = lambda: True  # of several processes with one database, one makes them
        self._one = asyncio.Lock()
        self._working = Lock()  # of the threads: one that nobody waits for any more still has to end

    async def make(self, *, secrets: bool = False, audit_key: bool = False, reason: str = ASKED) -> BackupRow:
        async with self._one:
            row = await self._apart(lambda halt: self._make(halt, reason, secrets=secrets, audit_key=audit_key))
        self._meters.count["backups", "made"] += 1
        self._meters.gauge["backup_timestamp_seconds"] = row.made_ms / 1000
        _log.info("backup made", file=row.name, megabytes=row.bytes >> 20, reason=reason)
        return row

    async def list(self) -> list[BackupRow]:
        return await asyncio.to_thread(rows_of, self._folder)

    async def verify(self, name: str) -> BackupRow:
        path = place_of(self._folder, name)
        async with self._one:
            await self._apart(lambda halt: self._check(path, halt))
        return await asyncio.to_thread(look_at, path)

    async def delete(self, name: str) -> None:
        path = place_of(self._folder, name)
        async with self._one:
            try:
                await asyncio.to_thread(delete, path)
            except OSError as error:
                raise Unavailable(what=name, reason=error.strerror or str(error)) from error

    async def run(self) -> None:
        """Until cancelled: backups on schedule, counted from the last one, and no more of them than are kept."""
        if not is_postgres(self._settings().database):  # else another process may be making one in the same folder
            async with self._one:
                await asyncio.to_thread(sweep, self._folder)
        rows = await self.list()
        self._meters.gauge["backup_timestamp_seconds"] = max((row.made_ms for row in rows), default=0) / 1000
        last_ms = max((row.made_ms for row in rows if row.reason == SCHEDULED), default=0)
        good_ms = max((row.made_ms for row in rows if not row.trouble), default=self._clock.wall_ms())
        while True:
            await self._clock.sleep(LOOK_S)
            config, now_ms = self._settings().backup, self._clock.wall_ms()
            last_ms, good_ms = min(last_ms, now_ms), min(good_ms, now_ms)  # a clock set back must not end the backups
            if not config.hours or not self.may_run() or now_ms < last_ms + config.hours * HOUR_MS:
                continue
            started, last_ms = self._clock.monotonic(), now_ms
            try:
                good_ms = (await self.make(reason=SCHEDULED)).made_ms
                self._late = False
                await asyncio.to_thread(thin, self._folder, config)
            except (BackupFailed, OSError) as error:
                self._failed(error, now_ms - good_ms, config.hours)
            except Refused as error:
                _log.debug("there is nothing to back up", reason=error.text())
            await self._clock.sleep(REST * (self._clock.monotonic() - started))

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

    @property
    def _passphrase(self) -> str:
        return self._settings().backup.passphrase.reveal()

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
        running = self._tell is not None
        origin = origin_of(self._settings(), reason=reason, secrets=secrets, audit_key=audit_key, rests=running)
        made = pack(self._folder, origin, self._clock.wall_ms(), halt)
        if is_postgres(self._settings().database) and not origin.passphrase:  # a dump is not sealed
            self._dump(made)
        return look_at(made)

    def _dump(self, made: Path) -> None:
        from kagami.storage.postgres_whole import server_major  # noqa: PLC0415 (loads the driver)

        address = self._settings().database
        try:
            dump_beside(made, address, asyncio.run(server_major(address)))
        except (BackupFailed, BackupRefused, Unavailable, OSError) as error:
            _log.warning("there is no dump beside the backup", cause=error)

    def _check(self, path: Path, halt: Event) -> None:
        if path.suffix == DUMP:
            check_dump(path)
        else:
            check(path, self._folder, halt, self._passphrase)


def keep_backups(tools: Tools, tell: Tell) -> HomeBackups:
    """The backups of a running engine; `run` makes them on schedule where the settings say so."""
    made = HomeBackups(lambda: tools.settings, tools.clock, tell=tell, meters=tools.meters)
    tools.live.on(("backup",), lambda _: None)  # the schedule looks by itself
    return made


def origin_of(settings: Settings, *, reason: str, secrets: bool, audit_key: bool, rests: bool = False) -> Origin:
    """What a backup of this home is made of. `Refused` when its store is in memory, `BackupFailed` when a file of it
    cannot be read.
    """
    copy = copy_of_store(settings.database, rests=rests)
    if copy is None:
        raise Refused(reason=mark("The store is in memory: there is nothing to back up."))
    files: dict[str, bytes] = {}
    withheld: tuple[str, ...] = ()
    try:
        if settings.file is not None and settings.file.is_file():
            name = "config.json" if settings.file.suffix == ".json" else "kagami.toml"
            files[name], withheld = (settings.file.read_bytes(), ()) if secrets else without_secrets(settings.file)
        files |= dict(_kept_secrets(settings.home, secrets=secrets, audit_key=audit_key))
    except (OSError, ValueError) as error:
        raise BackupFailed(reason=str(error)) from error
    return Origin(copy, files, __version__, reason, withheld, settings.backup.passphrase.reveal())


def _kept_secrets(home: Home, *, secrets: bool, audit_key: bool) -> Iterator[tuple[str, bytes]]:
    """Those that a home makes of its seed too: whoever restores may not have that."""
    sealed = {AUDIT_KEY, ANCHOR_KEY}
    files = {path.name: path for path in home.secrets.glob("*") if path.is_file() and not path.name.startswith(".")}
    grown = GROWN if home.seed else ()
    for name in sorted({*files, *grown}):
        if audit_key if name in sealed else secrets:
            content = f"{read_secret(home, name).reveal()}\n".encode() if name in grown else files[name].read_bytes()
            yield SECRETS + name, content


def put_back(archive: Path, names: list[str], home: Home, config: Path, passphrase: str = "") -> list[str]:
    """Write the small files of a backup where the home has none; their names."""
    written = []
    for name in names:
        target = home.secrets / name.removeprefix(SECRETS) if name.startswith(SECRETS) else config
        if not target.exists():
            _write(target, read_part(archive, name, passphrase))
            written.append(name)
    return written


def _write(target: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as draft:  # mode 0600
        draft.write(content)
    Path(draft.name).replace(target)
