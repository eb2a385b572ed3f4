"""`.kpk` packages: a zip with `plugin.json` at its top, the SHA-256 of every other file in it, and a signature.

Packages come from strangers, so nothing in one is believed: sizes are counted while they are written, names must be
harmless on every system, and the first thing that is wrong refuses the whole package and leaves nothing behind.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import struct
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import msgspec

from kagami.errors import ManifestError, UsageError
from kagami.i18n import mark
from kagami.plugins import signing
from kagami.plugins.entries import STRICT, Limits, check_end, check_entry, check_names, refused
from kagami.plugins.manifest import FILE, LARGEST_BYTES, Manifest, read_manifest

_CHUNK = 1 << 16
_EPOCH = (1980, 1, 1, 0, 0, 0)
# What zipfile and zlib raise for archives that are damaged, or made to look so.
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Progress:
    """A step, an English text for a `Translate`, and how far it is: bytes or packages, `total` 0 when unknown."""

    step: str
    done: int = 0
    total: int = 0


def pack(folder: Path, target: Path, key: Path | None = None) -> Path:
    """Make `<id>-<version>.kpk` in the folder `target`, signed by the private key in the file `key`.

    The same files give the same bytes. Left out: names that begin with a dot, `__pycache__`, other packages. A package
    is for everybody to read, and so are the folders that are made for it, whatever the process keeps to itself.
    `ManifestError`, `UsageError` for a key that cannot sign, `PackageRefused` for what could not be installed again.
    """
    manifest = read_manifest(folder)
    if key is not None and key.resolve().is_relative_to(folder.resolve()):
        raise UsageError(reason=f"{key} would be packed: move the private key out of the plugin's folder")
    package = target / f"{manifest.id}-{manifest.version}.kpk"
    made = [each for each in (target, *target.parents) if not each.exists()]
    target.mkdir(parents=True, exist_ok=True)
    for each in made:
        each.chmod(0o755)
    with tempfile.TemporaryDirectory(prefix=".pack-", dir=target) as place:
        draft = Path(place, package.name)
        _write_archive(draft, folder, key)
        unpack(draft, Path(place, "proof"))
        draft.chmod(0o644)
        draft.replace(package)
    return package


def _write_archive(draft: Path, folder: Path, key: Path | None) -> None:
    document: dict[str, Any] = read_document(folder)
    document.pop("signature", None)
    files: dict[str, str] = {}
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, path in _listing(folder, folder.resolve().name):
            if name != FILE:
                content = path.read_bytes()
                files[name] = hashlib.sha256(content).hexdigest()
                archive.writestr(_entry(name, executable=_runs(path.stat().st_mode)), content)
        document["files"] = files
        if key is not None:
            document["signature"] = signing.sign(signing.canonical(document), key)
        archive.writestr(_entry(FILE), msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")


def wrap(folder: Path, target: Path) -> None:
    """Put a version into the file `target` just as it lies there; `unpack` without `listed` gives the same again."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in _listing(folder, folder.name):
            archive.writestr(_entry(name, executable=_runs(path.stat().st_mode)), path.read_bytes())


def _entry(name: str, *, executable: bool = False) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def unpack(archive: Path, into: Path, limits: Limits = STRICT, *, listed: bool = True) -> Manifest:
    """Unpack and check a package into `into`, a folder that is made here; `PackageRefused` leaves nothing of it.

    Its manifest has to list all files, unless it is not `listed`.
    """
    with _staging(archive.name, into, limits) as staging, archive.open("rb") as file:
        try:
            room = check_end(file, archive.name, limits)
            with zipfile.ZipFile(file) as opened:
                entries = opened.infolist()
                for entry in entries:
                    check_entry(entry, archive.name)
                check_names([entry.filename for entry in entries], archive.name, limits)
                for entry in entries:
                    with opened.open(entry) as source:
                        staging.put(entry.filename, source, room, executable=_runs(entry.external_attr >> 16))
        except _BROKEN:
            raise refused(archive.name, mark("it is damaged, or no package at all")) from None
        return staging.finish(listed=listed)


def copy(folder: Path, into: Path, limits: Limits = STRICT) -> Manifest:
    """As `unpack`, from a plain folder. Hashes are compared where its manifest has some, or a signature."""
    with _staging(folder.name, into, limits) as staging:
        listing = list(_listing(folder, folder.name))
        check_names([name for name, _ in listing], folder.name, limits)
        for name, path in listing:
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as source:
                staging.put(name, source, limits.content, executable=_runs(os.fstat(source.fileno()).st_mode))
        return staging.finish(listed=False)


def check(folder: Path, trust: Sequence[str], *, unsigned: bool = False) -> str:
    """The fingerprint of the trusted key (of `trust`) that signed an unpacked package.

    Without such a key: `PackageRefused`, or the empty text where `unsigned` packages are allowed. The folder must
    come from `unpack` or `copy`, which compared its files with the hashes that are signed.
    """
    document = read_document(folder)
    signature, content = str(document.get("signature") or ""), signing.canonical(document)
    for public in trust:
        if signature and signing.verify(public, signature, content):
            return signing.fingerprint(public)
    if unsigned:
        return ""
    package = f"{document.get('id')} {document.get('version')}"
    if signature:
        reason = mark("nobody in [plugins] trust has signed it, or it was changed since. Add the author's key there")
        raise refused(package, reason)
    unknown = mark("it is not signed. `kagami plugin install --unsigned` allows that, if you know where it comes from")
    raise refused(package, unknown)


def read_document(folder: Path) -> dict[str, Any]:
    """`plugin.json` as it is written, after `read_manifest` found it sound."""
    document: dict[str, Any] = msgspec.json.decode((folder / FILE).read_bytes(), type=dict[str, Any])
    return document


class _Staging:
    """Writes into a folder of its own and keeps count. Use by `with`; an error empties and removes the folder."""

    def __init__(self, package: str, into: Path, limits: Limits) -> None:
        self._package = package
        self._into = into
        self._deadline = time.monotonic() + limits.seconds
        self._written = 0
        self._hashes: dict[str, str] = {}

    def put(self, name: str, source: IO[bytes], room: int, *, executable: bool) -> None:
        """Write one file; all of them together may have `room` bytes."""
        path = self._into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        digest, size = hashlib.sha256(), 0
        with os.fdopen(os.open(path, flags, 0o700 if executable else 0o600), "wb") as out:
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                self._written += len(chunk)
                if self._written > room:
                    raise refused(self._package, mark("it is too large when it is unpacked (256 MiB, or 100 times)"))
                if name == FILE and size > LARGEST_BYTES:
                    raise refused(self._package, mark("its plugin.json is larger than 1 MiB"))
                if time.monotonic() > self._deadline:
                    raise refused(self._package, mark("it takes too long to unpack (20 seconds)"))
                digest.update(chunk)
                out.write(chunk)
        self._hashes[name] = digest.hexdigest()

    def finish(self, *, listed: bool) -> Manifest:
        """The manifest, whose hashes are those of what was written."""
        if FILE not in self._hashes:
            raise refused(self._package, mark("plugin.json must be at the top of it"))
        try:
            manifest = read_manifest(self._into)
        except ManifestError as error:
            raise refused(self._package, f"{FILE}: {error.details.get('reason', error)}") from None
        if listed or manifest.files or manifest.signature:
            self._compare(manifest.files)
        return manifest

    def _compare(self, listed: Mapping[str, str]) -> None:
        found = {name: digest for name, digest in self._hashes.items() if name != FILE}
        for name in sorted(listed.keys() | found):
            if name not in found:
                raise refused(self._package, mark("a file that plugin.json lists is missing"), name)
            if name not in listed:
                raise refused(self._package, mark("a file is not listed in plugin.json"), name)
            if found[name] != listed[name]:
                raise refused(self._package, mark("a file was changed after it was packed"), name)


@contextmanager
def _staging(package: str, into: Path, limits: Limits) -> Iterator[_Staging]:
    """Makes the folder; whatever goes wrong removes it with all that is in it."""
    into.mkdir(mode=0o700)
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, into)
        try:
            yield _Staging(package, into, limits)
        except OSError as error:
            raise refused(package, f"it cannot be read or written: {error.strerror or error}") from None
        undo.pop_all()


def _listing(folder: Path, package: str, prefix: str = "") -> Iterator[tuple[str, Path]]:
    """What of a folder belongs in a package, in the order of names."""
    for path in sorted(folder.iterdir()):
        name = f"{prefix}{path.name}"
        if path.name.startswith(".") or path.name == "__pycache__" or path.suffix == ".kpk":
            continue
        if path.is_dir() and not path.is_symlink():
            yield from _listing(path, package, f"{name}/")
        elif path.is_file() and not path.is_symlink():
            yield name, path
        else:
            raise refused(package, mark("it may hold plain files only, no links, folders or devices"), name)


def _runs(mode: int) -> bool:
    return bool(mode & stat.S_IXUSR)
