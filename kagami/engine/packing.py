"""What a backup of a home is made of, and what of it is put back beside the store."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event

from kagami import __version__, log
from kagami.centre.seal import NAME as SETTINGS_KEY
from kagami.config import GENERATED, Settings
from kagami.engine.keeping import VAULT_KEY
from kagami.engine.parcels import NAME as PACKAGES_KEY
from kagami.engine.seals import ANCHOR_KEY, AUDIT_KEY
from kagami.engine.withheld import without_secrets
from kagami.errors import BackupFailed, BackupRefused, Refused, Unavailable
from kagami.home import Home, read_secret
from kagami.i18n import mark
from kagami.ports.backups import BackupRow
from kagami.storage.archive import SECRETS, Origin, check, pack, read_part
from kagami.storage.dumps import DUMP, check_dump, dump_beside
from kagami.storage.shelf import look_at
from kagami.storage.store import is_postgres
from kagami.storage.whereabouts import copy_of_store

# Secrets that a home with a `cluster.secret` makes of it: what is sealed with them cannot be opened without.
GROWN = (AUDIT_KEY, ANCHOR_KEY, SETTINGS_KEY, VAULT_KEY, PACKAGES_KEY, *GENERATED.values())
_log = log.get("backup")


def make_backup(settings: Settings, origin: Origin, now_ms: int, halt: Event) -> BackupRow:
    """One that was read back, with a dump beside it where its server's tools are there."""
    made = pack(settings.home.backups, origin, now_ms, halt)
    if is_postgres(settings.database) and not origin.passphrase:  # a dump is not sealed
        _dump(made, settings.database)
    return look_at(made)


def _dump(made: Path, address: str) -> None:
    from kagami.storage.postgres_whole import server_major  # noqa: PLC0415 (loads the driver)

    try:
        dump_beside(made, address, asyncio.run(server_major(address)))
    except (BackupFailed, BackupRefused, Unavailable, OSError) as error:
        _log.warning("there is no dump beside the backup", cause=error)


def check_backup(path: Path, passphrase: str, halt: Event) -> None:
    """`BackupRefused` when it is damaged, or opens with another passphrase."""
    if path.suffix == DUMP:
        check_dump(path)
    else:
        check(path, path.parent, halt, passphrase)


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
