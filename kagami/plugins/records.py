"""What is installed: a record of each version, kept beside it so that its own folder stays as it was verified."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from kagami.errors import NotFound
from kagami.i18n import mark
from kagami.plugins.entries import flaw, refused
from kagami.plugins.versions import digest, fingerprints
from kagami.ports import Installed

RECORDS = ".installed"
DEPENDENCIES = ".deps"
STAGING = ".staging-"


class Record(Installed, frozen=True, omit_defaults=True):
    """What is kept: `digest` speaks for the version's own files, this for those of its dependencies."""

    dependencies_digest: str = ""


def installed(folder: Path) -> dict[tuple[str, str], Installed]:
    """The records of what was installed and is still there, by id and version, the latest install last."""
    found = {}
    for path in (folder / RECORDS).glob("*.json"):
        plugin, _, version = path.stem.rpartition("@")
        record = read(folder, plugin, version)
        if record is not None and (folder / plugin / version).is_dir():
            found[plugin, version] = shown(record)
    return dict(sorted(found.items(), key=lambda item: item[1].at_ms))


class Verified(NamedTuple):
    """The `fingerprints` of a version's own files and of its dependencies, as they were installed."""

    own: dict[str, str]
    dependencies: dict[str, str]


def verify(folder: Path, plugin: str, version: str) -> Verified:
    """`PackageRefused` when the files of a version, or of its dependencies, are not those that were installed."""
    name = f"{plugin} {version}"
    place = _version(folder, plugin, version)
    record = read(folder, plugin, version)
    if record is None:
        raise refused(name, mark("there is no record of its install"))
    found = Verified(fingerprints(place), fingerprints(place / DEPENDENCIES))
    if digest(found.own) != record.digest or _added(place):
        raise refused(name, mark("its files have changed since it was installed"))
    if digest(found.dependencies) != record.dependencies_digest:
        raise refused(name, mark("its dependencies have changed since it was installed"))
    return found


def verify_installed(place: Path) -> Verified | None:
    """As `verify`, for a folder as `discover` finds it; None when it was put there by hand."""
    folder, plugin, version = place.parent.parent, place.parent.name, place.name
    return verify(folder, plugin, version) if _record_path(folder, plugin, version).exists() else None


def _added(place: Path) -> bool:
    """Whether there is what no package has, and what fingerprints leave out: links, byte code, hidden files."""
    inside = (each for each in place.rglob("*") if DEPENDENCIES not in each.relative_to(place).parts[:1])
    return any(each.is_symlink() or each.name.startswith(".") or each.name == "__pycache__" for each in inside)


def remove(folder: Path, plugin: str, version: str) -> None:
    """Delete a version and its record. `NotFound` for one that is not there, or whose name leads elsewhere."""
    place = _version(folder, plugin, version)
    gone = Path(tempfile.mkdtemp(prefix=STAGING, dir=folder))
    place.chmod(0o700)
    place.rename(gone / "version")  # at once, so that nobody finds half of it
    _record_path(folder, plugin, version).unlink(missing_ok=True)
    delete(gone)
    with suppress(OSError):  # other versions are still in it
        place.parent.rmdir()


def _version(folder: Path, plugin: str, version: str) -> Path:
    """The folder of a version that is really there."""
    place = folder / plugin / version
    plain = not any("/" in part or flaw(part) for part in (plugin, version))
    if not plain or place.parent.is_symlink() or place.is_symlink() or not place.is_dir():
        raise NotFound(what="version", name=f"{plugin} {version}")
    return place


def _record_path(folder: Path, plugin: str, version: str) -> Path:
    return folder / RECORDS / f"{plugin}@{version}.json"


def read(folder: Path, plugin: str, version: str) -> Record | None:
    """A version's record; none when there is none, or none that can be read."""
    try:
        return msgspec.json.decode(_record_path(folder, plugin, version).read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return None


def signer_of(place: Path) -> str:
    """The fingerprint of the key that signed a version, of a folder as `discover` finds it; empty where none did."""
    record = read(place.parent.parent, place.parent.name, place.name)
    return record.signer if record is not None else ""


def keep(folder: Path, record: Record) -> None:
    """Write a record, for its owner alone."""
    path = _record_path(folder, record.id, record.version)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as out:
        out.write(msgspec.json.encode(record))
    draft.replace(path)


def shown(record: Record) -> Installed:
    """A record without what only `verify` needs."""
    return msgspec.convert(record, Installed, from_attributes=True)


def delete(place: Path) -> None:
    """Delete a folder, also a read-only one. Links are not followed."""
    for root, _, _ in os.walk(place):
        Path(root).chmod(0o700)  # else nothing could be taken out of a read-only folder
    shutil.rmtree(place)
