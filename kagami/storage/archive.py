"""Backups: one file each, a zip (`.kbk`) with a consistent copy of the database, other files, and a manifest.

The copy is an SQLite file whatever engine the store has. The manifest holds the size and SHA-256 of everything else,
the schema, the rows of every table, and the head of the audit's chain. A backup is verified before it gets its name:
the file is read back, and the copy checks itself and is counted. With a passphrase the whole of it is sealed as it is
written (`.kbk.enc`, see `kagami.storage.seal`); the copy of the database has no name (`kagami.storage.scratch`). All of
it blocks.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from io import RawIOBase
from pathlib import Path
from threading import Event
from typing import IO

import msgspec

from kagami.errors import BackupFailed, BackupRefused
from kagami.i18n import mark
from kagami.storage.queries import migrations
from kagami.storage.scratch import MAKING, nameless, quicken
from kagami.storage.seal import is_sealed, opened, read_label, sealing
from kagami.storage.tables import Figures, figures, measured

ENDING = ".kbk"
SEALED = ".kbk.enc"
FORMAT = 1
MANIFEST, DATABASE, SECRETS = "manifest.json", "kagami.db", "secrets/"
# What a backup may hold beside the manifest; never anything that could be a path elsewhere.
PART = re.compile(r"kagami\.db|kagami\.toml|config\.json|secrets/[a-z0-9_-]+(?:\.[a-z0-9]+)?", re.ASCII)
LARGEST_MANIFEST = 1 << 20
DAMAGED = (zipfile.BadZipFile, zlib.error, KeyError, EOFError, RuntimeError, ValueError)
LARGEST_SMALL = 16 << 20
CHUNK = 1 << 20
# The first level of deflate: a database shrinks to a third, and the next levels win little for much time.
PACKED, LEVEL = zipfile.ZIP_DEFLATED, 1
# Pages of a database, between two looks at whether to go on.
PAGES = 4_096
# Of the database's machine, between two looks at whether to go on.
STEPS = 100_000


class Part(msgspec.Struct, frozen=True):
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """`withheld` are keys of the configuration whose values are secrets and were left out. `counts` are rows by table;
    older backups have none.
    """

    format: int = FORMAT
    version: str
    schema: int
    made_ms: int
    reason: str
    messages: int
    audit_seq: int
    audit_hash: str
    withheld: tuple[str, ...] = ()
    counts: dict[str, int] = {}
    parts: dict[str, Part]

    @property
    def secrets(self) -> bool:
        return any(name.startswith(SECRETS) for name in self.parts)


class Label(msgspec.Struct, frozen=True):
    """What a sealed backup shows of itself to everybody."""

    version: str
    schema: int
    made_ms: int
    reason: str
    messages: int
    secrets: bool


# Writes a consistent copy to an empty SQLite database, and says what is in it. What the second argument raises ends it.
Copy = Callable[[sqlite3.Connection, Callable[[], None]], Figures]


class Origin(msgspec.Struct, frozen=True):
    """What a backup is made of: the database (a file, or what copies another engine's into one), other files by the
    name they get, why it is made, and what it is sealed with, if anything.
    """

    database: Path | Copy
    files: Mapping[str, bytes]
    version: str
    reason: str
    withheld: tuple[str, ...] = ()
    passphrase: str = ""


def pack(folder: Path, origin: Origin, now_ms: int, halt: Event | None = None) -> Path:
    """Make a backup in `folder`; `BackupFailed` when there is none, or when it is to `halt`. One at a time."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(folder)
        with tempfile.TemporaryDirectory(prefix=MAKING, dir=folder) as place:
            made = _pack(Path(place), origin, now_ms, halt)
            check(made, Path(place), halt, origin.passphrase)
            target = _free_name(folder, origin, now_ms)
            made.replace(target)
            _sync(folder)
    except (OSError, sqlite3.Error, zipfile.BadZipFile) as error:
        raise BackupFailed(reason=str(error)) from error
    except BackupRefused as error:
        raise BackupFailed(reason=error.details["reason"]) from error
    return target


def sweep(folder: Path) -> None:
    """Remove what a process left that was killed while it made a backup."""
    for left in folder.glob(f"{MAKING}*"):
        shutil.rmtree(left, ignore_errors=True)


def read_manifest(path: Path, passphrase: str = "") -> Manifest:
    """`BackupRefused` for a file that is no backup, or one that a newer Kagami made."""
    with _opened(path, passphrase) as pack:
        return _manifest(path, pack)


def read_row(path: Path) -> Manifest | Label:
    """What a backup says of itself without being opened when it is sealed; `BackupRefused`."""
    try:
        if not is_sealed(path):
            return read_manifest(path)
        return msgspec.json.decode(read_label(path), type=Label)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupRefused(name=path.name, reason=mark("its manifest is damaged")) from error
    except OSError as error:
        raise BackupRefused(name=path.name, reason=error.strerror or str(error)) from error


def check(path: Path, place: Path, halt: Event | None = None, passphrase: str = "") -> Manifest:
    """Read all of it, let the database check itself and count it, with room for it in `place`; `BackupRefused`."""
    with nameless(place) as scratch:
        manifest = _unpack(path, scratch.file, place, halt, passphrase)
        scratch.take_in()
        check_database(scratch.database, path, manifest, halt)
    for name in manifest.parts:
        if name != DATABASE:
            read_part(path, name, passphrase)
    return manifest


def unpack(path: Path, target: Path, halt: Event | None = None, passphrase: str = "") -> Manifest:
    """Write the database to `target`, for its owner alone; `BackupRefused` when it is not what was packed."""
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        manifest = _unpack(path, out, target.parent, halt, passphrase)
        os.fsync(out.fileno())
    return manifest


def _unpack(path: Path, out: IO[bytes], folder: Path, halt: Event | None, passphrase: str) -> Manifest:
    with _opened(path, passphrase) as pack:
        manifest = _manifest(path, pack)
        part = manifest.parts[DATABASE]
        if part.bytes > shutil.disk_usage(folder).free:
            raise BackupRefused(name=path.name, reason=mark("there is no room on the disk for its database"))
        with pack.open(DATABASE) as packed:
            found = _copy(packed, out, part.bytes, halt=halt)
        out.flush()
        if found != part:
            raise BackupRefused(name=path.name, reason=mark("its database is damaged"))
    return manifest


def read_part(path: Path, name: str, passphrase: str = "") -> bytes:
    """One of the small files; `BackupRefused` when it is not what was packed."""
    with _opened(path, passphrase) as pack:
        part = _manifest(path, pack).parts[name]
        if part.bytes > LARGEST_SMALL:
            raise BackupRefused(name=path.name, reason=mark("one of its files is too large"))
        with pack.open(name) as packed:
            content = packed.read(part.bytes + 1)
    if _part(content) != part:
        raise BackupRefused(name=path.name, reason=mark("one of its files is damaged"))
    return content


def copy_of(database: Path) -> Copy:
    """Of an SQLite file, which may be in use."""

    def copy(target: sqlite3.Connection, go_on: Callable[[], None]) -> Figures:
        if not database.is_file():
            raise BackupFailed(reason=mark("there is no database yet"))
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("BEGIN")
            found = figures(connection)
            connection.backup(target, pages=PAGES, progress=lambda *_: go_on())
        return found

    return copy


def write_copy(copy: Copy, target: Path, go_on: Callable[[], None] = lambda: None) -> Figures:
    """To a new file, for its owner alone."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(target, isolation_level=None)) as file:
        quicken(file)
        return copy(file, go_on)


def _pack(place: Path, origin: Origin, now_ms: int, halt: Event | None) -> Path:
    made = place / f"backup{SEALED if origin.passphrase else ENDING}"
    write = copy_of(origin.database) if isinstance(origin.database, Path) else origin.database
    with nameless(place) as (database, copy):
        quicken(copy)
        found = write(copy, lambda: _go_on(halt))
        database.seek(0)
        with (
            _written(made, origin, found, now_ms) as out,
            zipfile.ZipFile(out, "w", PACKED, compresslevel=LEVEL) as pack,
        ):
            _fill(pack, database, origin, found, now_ms, halt)
    return made


@contextmanager
def _written(made: Path, origin: Origin, found: Figures, now_ms: int) -> Iterator[IO[bytes] | RawIOBase]:
    """A new file, sealed where there is a passphrase; on disk when it ends."""
    if origin.passphrase:
        secrets = any(name.startswith(SECRETS) for name in origin.files)
        label = Label(origin.version, found.schema, now_ms, origin.reason, found.messages, secrets)
        with sealing(made, origin.passphrase, msgspec.json.encode(label)) as out:
            yield out
        return
    with os.fdopen(os.open(made, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _fill(
    pack: zipfile.ZipFile, database: IO[bytes], origin: Origin, found: Figures, now_ms: int, halt: Event | None
) -> None:
    with pack.open(DATABASE, "w", force_zip64=True) as out:
        parts = {DATABASE: _copy(database, out, halt=halt)}
    for name, content in origin.files.items():
        pack.writestr(name, content)
        parts[name] = _part(content)
    manifest = Manifest(
        version=origin.version,
        schema=found.schema,
        made_ms=now_ms,
        reason=origin.reason,
        messages=found.messages,
        audit_seq=found.audit_seq,
        audit_hash=found.audit_hash,
        withheld=origin.withheld,
        counts=found.counts,
        parts=parts,
    )
    pack.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))


def check_copy(copy: Path, path: Path, manifest: Manifest) -> None:
    """As `check_database`, of a file that nobody uses."""
    with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?immutable=1", uri=True)) as connection:
        check_database(connection, path, manifest)


def check_database(copy: sqlite3.Connection, path: Path, manifest: Manifest, halt: Event | None = None) -> None:
    """Let it check itself, and count the rows that there have to be; `BackupRefused` in the name of `path`."""
    try:
        copy.set_progress_handler(lambda: int(halt is not None and halt.is_set()), STEPS)
        (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.Error as error:
        verdict = str(error)
    if verdict != "ok":
        raise BackupRefused(name=path.name, reason=verdict)
    found = measured(copy, path)
    said = Figures(manifest.schema, manifest.messages, manifest.audit_seq, manifest.audit_hash, manifest.counts)
    if found != (said if manifest.counts else msgspec.structs.replace(said, counts=found.counts)):
        raise BackupRefused(name=path.name, reason=mark("its manifest tells of other rows than there are"))


@contextmanager
def _opened(path: Path, passphrase: str) -> Iterator[zipfile.ZipFile]:
    try:
        with ExitStack() as stack:
            file = stack.enter_context(opened(path, passphrase)) if is_sealed(path) else path
            yield stack.enter_context(zipfile.ZipFile(file))
    except DAMAGED as error:
        raise BackupRefused(name=path.name, reason=mark("it is damaged, or no backup at all")) from error
    except OSError as error:
        raise BackupRefused(name=path.name, reason=error.strerror or str(error)) from error


def _manifest(path: Path, pack: zipfile.ZipFile) -> Manifest:
    with pack.open(MANIFEST) as packed:
        text = packed.read(LARGEST_MANIFEST)
    try:
        found = msgspec.json.decode(text, type=Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BackupRefused(name=path.name, reason=mark("its manifest is damaged")) from error
    if found.format > FORMAT or found.schema > migrations()[-1][0]:
        raise BackupRefused(name=path.name, reason=mark("a newer Kagami made it"))
    if DATABASE not in found.parts or not all(map(PART.fullmatch, found.parts)):
        raise BackupRefused(name=path.name, reason=mark("its manifest is damaged"))
    return found


def _copy(source: IO[bytes], out: IO[bytes], most: int | None = None, *, halt: Event | None) -> Part:
    """Copy and measure; of an archive that says `most` not much more is read."""
    digest, size = hashlib.sha256(), 0
    while (chunk := source.read(CHUNK)) and (most is None or size <= most):
        _go_on(halt)
        digest.update(chunk)
        size += len(chunk)
        out.write(chunk)
    return Part(size, digest.hexdigest())


def _go_on(halt: Event | None) -> None:
    if halt is not None and halt.is_set():
        raise BackupFailed(reason=mark("it was stopped"))


def _part(content: bytes) -> Part:
    return Part(len(content), hashlib.sha256(content).hexdigest())


def _free_name(folder: Path, origin: Origin, now_ms: int) -> Path:
    stem = f"kagami-{origin.version}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(now_ms / 1000))}"
    ending = SEALED if origin.passphrase else ENDING
    names = (f"{stem}{ending}", *(f"{stem}-{number}{ending}" for number in range(2, 1_000)))
    return next(folder / name for name in names if not (folder / name).exists())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
