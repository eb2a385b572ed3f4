"""`plugin.json`: what a plugin says of itself."""

from __future__ import annotations

import re
from operator import eq, ge, gt, le, lt
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from kagami.errors import ManifestError
from kagami.plugins.semver import Version

API_VERSION = (1, 0)
FILE = "plugin.json"
LARGEST_BYTES = 1 << 20
ALIASES = {"entry_point": "entry"}

_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_ENTRY = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_TERM = re.compile(r"(>=|<=|==|=|<|>|\^|~)?\s*(\d{1,4})(?:\.(\d{1,4}|x|\*))?(?:\.(?:\d{1,4}|x|\*))?")
_COMPARE = {">=": ge, "<=": le, "<": lt, ">": gt, "=": eq, "==": eq}
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An intent of a manifest, for runtimes whose code cannot declare it."""

    name: str = ""
    keywords: tuple[str, ...] = ()
    regex: str = ""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of `plugin.json`. `entry` is `module:plugin` for the python runtime, argv for the process runtime."""

    id: str
    version: str
    entry: str | tuple[str, ...]
    name: str = ""
    description: str = ""
    author: str = ""
    homepage: str = ""
    license: str = ""
    api: str = "1"
    runtime: Literal["python", "process"] = "python"
    permissions: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    intents: tuple[str | Words, ...] = ()
    canary_weight: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    timeout: Annotated[float, msgspec.Meta(gt=0, le=900)] = 60.0
    max_restarts: Annotated[int, msgspec.Meta(ge=0)] = 5
    dependencies: tuple[str, ...] = ()
    signature: str = ""
    files: dict[str, str] = {}

    @property
    def semver(self) -> Version:
        return Version(self.version)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a plugin's folder; `ManifestError` names the file, the key and the fix."""
    path = folder / FILE
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise _refused(path, "it is larger than 1 MiB")
        given = msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise _refused(path, f"it cannot be read: {error.strerror or error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _refused(path, f"it is not JSON: {error}") from None
    if not isinstance(given, dict):
        raise _refused(path, "it must be a JSON object with the keys id, version and entry")
    return _checked(path, _convert(path, _without_aliases(path, given)))


def _without_aliases(path: Path, given: dict[str, Any]) -> dict[str, Any]:
    for alias, key in ALIASES.items():
        if alias in given and key in given:
            raise _refused(path, f"{alias} is another name of {key}: keep one of them")
    return {ALIASES.get(key, key): value for key, value in given.items()}


def _convert(path: Path, given: dict[str, Any]) -> Manifest:
    known = {field.name for field in msgspec.structs.fields(Manifest)}
    if unknown := sorted(set(given) - known):
        raise _refused(path, f"unknown key {unknown[0]}: remove it or correct its spelling")
    if missing := [key for key in ("id", "version", "entry") if key not in given]:
        raise _refused(path, f"the key {missing[0]} is missing: add it")
    try:
        return msgspec.convert(given, Manifest)
    except msgspec.ValidationError as error:
        place = _PATH.search(str(error))
        key = place[1] if place else "a key"
        raise _refused(path, f"{key}: {_PATH.sub('', str(error))}") from None


def _checked(path: Path, manifest: Manifest) -> Manifest:
    """What no single type can say."""
    if not _ID.fullmatch(manifest.id):
        raise _refused(path, f"id {manifest.id!r}: use letters, digits, dots, dashes and underscores, at most 100")
    try:
        _ = manifest.semver
    except ValueError as error:
        raise _refused(path, f"version: {error}") from None
    if not accepts(manifest.api):
        ours = ".".join(map(str, API_VERSION))
        raise _refused(path, f"api {manifest.api!r} does not fit this Kagami, whose plugin API is {ours}")
    if manifest.runtime == "python" and not (isinstance(manifest.entry, str) and _ENTRY.fullmatch(manifest.entry)):
        raise _refused(path, 'entry: write it as "module:plugin", the module and the name of the Plugin in it')
    return manifest


def accepts(spec: str, ours: tuple[int, int] = API_VERSION) -> bool:
    """Whether an API range (`1`, `1.2`, `^1`, `>=1,<3`) holds our version. A plain `1.2` means 1.2 or newer below 2."""
    terms = [term.strip() for term in spec.split(",")]
    return all(_holds(term, ours) for term in terms)


def _holds(term: str, ours: tuple[int, int]) -> bool:
    found = _TERM.fullmatch(term)
    if found is None:
        return False
    wanted = (int(found[2]), int(found[3]) if found[3] and found[3].isdecimal() else 0)
    compare = _COMPARE.get(found[1] or "", _fits)
    return compare(ours, wanted)


def _fits(ours: tuple[int, int], wanted: tuple[int, int]) -> bool:
    return ours[0] == wanted[0] and ours >= wanted


def _refused(path: Path, reason: str) -> ManifestError:
    return ManifestError(path=path, reason=reason)
