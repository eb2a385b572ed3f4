"""Plugins on disk: `<folder>/<id>/<version>/plugin.json`, versions side by side, or `<folder>/<id>/plugin.json`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kagami.errors import ManifestError
from kagami.plugins.manifest import FILE, Manifest, full_version, read_manifest
from kagami.plugins.recalls import read_recalls, recalled

# What a plugin's behaviour is read from when it is loaded.
SOURCES = (".py", ".json")


@dataclass(frozen=True, slots=True)
class Found:
    """A version with a sound manifest."""

    manifest: Manifest
    folder: Path
    builtin: bool = False


@dataclass(frozen=True, slots=True)
class Unsound:
    """What is not served: no sound plugin, `recalled`, or `withheld` as others do not have it.

    `id` and `version` are what its place says.
    """

    id: str
    version: str
    error: str
    folder: Path
    recalled: bool = False
    withheld: bool = False


@dataclass(slots=True)
class Shelf:
    """All that was found: `versions` by id, the one to serve first."""

    versions: dict[str, list[Found]]
    unsound: list[Unsound]


def discover(folder: Path, *, builtin: bool = False) -> Shelf:
    """Read every manifest under `folder`; a folder that is not there holds no plugins."""
    shelf, recalls = Shelf({}, []), read_recalls(folder)
    for place in _places(folder):
        try:
            found = Found(_placed(place, folder), place, builtin)
        except ManifestError as error:
            shelf.unsound.append(_unsound(place, folder, str(error)))
            continue
        manifest = found.manifest
        if recall := recalled(recalls, manifest.id, manifest.semver):
            reason = f"{manifest.version} was recalled: {recall.reason}"
            shelf.unsound.append(Unsound(manifest.id, manifest.version, reason, place, recalled=True))
            continue
        versions = shelf.versions.setdefault(found.manifest.id, [])
        if any(each.manifest.semver == found.manifest.semver for each in versions):
            reason = f"{place}: {found.manifest.id} {found.manifest.version} is here twice; remove one"
            shelf.unsound.append(Unsound(found.manifest.id, found.manifest.version, reason, place))
        else:
            versions.append(found)
    for versions in shelf.versions.values():
        versions.sort(key=_preference, reverse=True)
    return shelf


def _places(folder: Path) -> Iterator[Path]:
    """Folders that hold a manifest, in order of their names."""
    for plugin in _folders(folder):
        if (plugin / FILE).is_file():
            yield plugin
        yield from (version for version in _folders(plugin) if (version / FILE).is_file())


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith((".", "_")))


def _placed(place: Path, folder: Path) -> Manifest:
    """The manifest, which must agree with the names of its folders where there are two of them."""
    manifest = read_manifest(place)
    if place.parent != folder:
        for key, named, said in (("id", place.parent.name, manifest.id), ("version", place.name, manifest.version)):
            written = full_version(named) if manifest.dialect and key == "version" else named
            if written != said:
                raise ManifestError(path=place / FILE, reason=f"{key} is {said!r} but its folder is named {named!r}")
    return manifest


def _unsound(place: Path, folder: Path, error: str) -> Unsound:
    if place.parent == folder:
        return Unsound(place.name, "", error, place)
    return Unsound(place.parent.name, place.name, error, place)


def _preference(found: Found) -> tuple[bool, bool, object]:
    """Stable before canary, released before pre-released, then the highest."""
    semver = found.manifest.semver
    return found.manifest.canary_weight is None, not semver.pre, semver


def fingerprints(folder: Path, *, suffixes: Collection[str] = ()) -> dict[str, str]:
    """The sha256 of every file below, in hexadecimal, by its relative path with `/`; in order of the paths.

    Left out is what comes and goes by itself: `__pycache__` and folders whose name begins with a dot. `suffixes`, such
    as `.py`, take only those files. `OSError` for a file that cannot be read.
    """
    kept = {}
    for path in folder.rglob("*"):
        within = path.relative_to(folder)
        passing = any(part == "__pycache__" or part.startswith(".") for part in within.parts[:-1])
        if not passing and (not suffixes or path.suffix in suffixes) and path.is_file():
            with path.open("rb") as file:
                kept[within.as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return dict(sorted(kept.items()))


def digest(files: Mapping[str, str]) -> str:
    """The content address of a folder, in hexadecimal, from its `fingerprints`: the same files, the same address."""
    return hashlib.sha256(json.dumps(sorted(files.items())).encode()).hexdigest()


def fingerprint(folder: Path) -> str:
    """Twelve hexadecimal digits that change with any file of Python or JSON in the folder."""
    return digest(fingerprints(folder, suffixes=SOURCES))[:12]
