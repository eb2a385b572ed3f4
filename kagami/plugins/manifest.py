"""`plugin.json`: what a plugin says of itself.

Manifests of the predecessor's are read too. Their `dialect` is told by `run_on`, or by an `entry_point` without `api`:
such a plugin is a program that is neither greeted nor asked what it declares.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from operator import eq, ge, gt, le, lt
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec

from kagami.errors import ManifestError
from kagami.i18n import mark
from kagami.plugins.semver import Version

API_VERSION = (1, 0)
FILE = "plugin.json"
LARGEST_BYTES = 1 << 20
ALIASES = {"entry_point": "entry"}
LONGEST_TIMEOUT_S = 900
PERMISSIONS = (
    "send:any_chat, delete, store, jobs, operate, call:<name>, call:*, http:<host>, http:*.<domain>, http:*, *"
)
# Keys of the predecessor's manifests and market that mean nothing here.
UNUSED = frozenset(
    {"run_on", "ui", "capabilities", "actions", "api_version", "max_concurrency", "plugin_level", "source", "category"}
    | {"tags", "price", "support_url", "icon", "keywords", "repository", "screenshots"}
)

Runtime = Literal["python", "process"]
RUNTIMES = get_args(Runtime)

_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?")
_ENTRY = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")
_TERM = re.compile(r"(>=|<=|==|=|<|>|\^|~)?\s*(\d{1,4})(?:\.(\d{1,4}|x|\*))?(?:\.(?:\d{1,4}|x|\*))?")
_COMPARE = {">=": ge, "<=": le, "<": lt, ">": gt, "=": eq, "==": eq}
_PERMISSION = re.compile(
    r"\*|send:any_chat|delete|store|jobs|operate|call:(?:\*|[A-Za-z0-9_.-]{1,100})"
    r"|http:(?:\*|(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])"
)
_SHORT_VERSION = re.compile(r"\d+(?:\.\d+)?")
_SIGNATURE = re.compile(r"(?:ed25519:[A-Za-z0-9+/=]{1,100})?")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FILE = re.compile(r"(?!/)(?!(?:.*/)?\.\.?(?:/|$))[^\\\x00-\x1f]{1,400}")
_BYTE = re.compile(r" \(byte (\d+)\)$")
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An intent of a manifest, for runtimes whose code cannot declare it."""

    name: str = ""
    keywords: tuple[str, ...] = ()
    regex: str = ""
    priority: int = 0


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of `plugin.json`, and `dialect`.

    `entry` is `module:plugin`; for the process runtime it may also be a program with its arguments, as a list or as a
    line that is split like a shell does.
    """

    id: str
    version: str
    entry: str | tuple[str, ...]
    name: str = ""
    description: str = ""
    author: str = ""
    homepage: str = ""
    license: str = ""
    api: str = "1"
    runtime: Runtime = "python"
    permissions: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    intents: tuple[str | Words, ...] = ()
    canary_weight: Annotated[int, msgspec.Meta(ge=0, le=100)] | None = None
    timeout: Annotated[float, msgspec.Meta(gt=0, le=900)] = 60.0
    max_restarts: Annotated[int, msgspec.Meta(ge=0)] = 5
    dependencies: tuple[str, ...] = ()
    signature: str = ""
    files: dict[str, str] = {}
    dialect: bool = False

    @property
    def semver(self) -> Version:
        return Version(self.version)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a plugin's folder; `ManifestError` names the file, the key and the fix."""
    path = folder / FILE
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise _refused(path, "it is larger than 1 MiB")
        content = path.read_bytes()
        given = msgspec.json.decode(content)
    except FileNotFoundError:
        raise _refused(
            path, mark("there is no such file") if folder.is_dir() else mark("there is no such folder")
        ) from None
    except OSError as error:
        raise _refused(path, f"it cannot be read: {error.strerror or error}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _refused(path, f"it is not JSON: {_located(str(error), content)}") from None
    if not isinstance(given, dict):
        raise _refused(path, "it must be a JSON object with the keys id, version and entry")
    return _checked(path, _convert(path, _ours(path, given)))


def is_module(entry: str | tuple[str, ...]) -> bool:
    """Whether an entry is a `module:plugin` in Python."""
    return isinstance(entry, str) and _ENTRY.fullmatch(entry) is not None


def full_version(text: str) -> str:
    """The predecessor's `1` and `1.0` as `1.0.0`."""
    return text + ".0" * (2 - text.count(".")) if _SHORT_VERSION.fullmatch(text) else text


def _check_names(path: Path, given: dict[str, Any]) -> None:
    for alias, key in ALIASES.items():
        if alias in given and key in given:
            raise _refused(path, f"{alias} is another name of {key}: keep one of them")
    if "dialect" in given:
        raise _refused(path, "unknown key dialect: remove it")


def _ours(path: Path, given: dict[str, Any]) -> dict[str, Any]:
    """The keys of a manifest without aliases and without the predecessor's."""
    _check_names(path, given)
    ours = {ALIASES.get(key, key): value for key, value in given.items() if key not in UNUSED}
    if program := "entry_point" in given and not is_module(_as_entry(given["entry_point"])):
        ours.setdefault("runtime", "process")
    milliseconds = ours.pop("timeout_ms", None)
    if isinstance(milliseconds, (int, float)) and milliseconds > 0:
        ours.setdefault("timeout", min(milliseconds / 1000, LONGEST_TIMEOUT_S))
    if ours.get("runtime") == "process" and ("run_on" in given or (program and "api" not in given)):
        return ours | _dialect(ours)
    return ours


def _dialect(ours: dict[str, Any]) -> dict[str, Any]:
    """What differs in a manifest of the predecessor's."""
    version = ours.get("version")
    return {"dialect": True} | ({"version": full_version(version)} if isinstance(version, str) else {})


def _as_entry(given: Any) -> str | tuple[str, ...]:
    return given if isinstance(given, str) else ()


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
        reason = f"it is one of {', '.join(RUNTIMES)}" if key == "runtime" else _PATH.sub("", str(error))
        raise _refused(path, f"{key}: {reason}") from None


def _located(error: str, content: bytes) -> str:
    """What msgspec says, with the line and the column instead of the byte."""
    found = _BYTE.search(error)
    if found is None:
        return error
    before = content[: int(found[1])].decode("utf-8", "replace")
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return f"{error[: found.start()]} in line {line}, column {column}"


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
        remedy = f'write "{API_VERSION[0]}" when the plugin works with that, or use another Kagami'
        raise _refused(path, f"api {manifest.api!r} does not fit this Kagami, whose plugin API is {ours}: {remedy}")
    if manifest.runtime == "python" and not is_module(manifest.entry):
        raise _refused(path, 'entry: write it as "module:plugin", the module and the name of the Plugin in it')
    for problem in (*_entry_problems(manifest), *_list_problems(manifest), *_package_problems(manifest)):
        raise _refused(path, problem)
    return manifest


def _entry_problems(manifest: Manifest) -> Iterator[str]:
    try:
        words = shlex.split(manifest.entry) if isinstance(manifest.entry, str) else manifest.entry
    except ValueError as error:
        yield f"entry: it cannot be split into words: {error}"
        return
    if not words or not words[0] or any("\0" in word for word in words):
        yield "entry: it names no program"


def _list_problems(manifest: Manifest) -> Iterator[str]:
    for word in manifest.permissions:
        if not manifest.dialect and not _PERMISSION.fullmatch(word):
            yield f"permissions: {word[:100]!r} is not one of {PERMISSIONS}"
    if manifest.dependencies:
        yield from _requirement_problems(manifest.dependencies)


def _requirement_problems(dependencies: tuple[str, ...]) -> Iterator[str]:
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415 (few plugins have any)

    for text in dependencies:
        try:
            Requirement(text)
        except InvalidRequirement as error:
            reason = str(error).partition("\n")[0]
            yield f"dependencies: {text[:100]!r} is not a requirement like aiofiles>=24: {reason}"


def _package_problems(manifest: Manifest) -> Iterator[str]:
    if not manifest.dialect and not _SIGNATURE.fullmatch(manifest.signature):
        yield "signature: write it as ed25519:<base64>, as `kagami plugin pack` does"
    for name, digest in manifest.files.items():
        if not _FILE.fullmatch(name) or not _SHA256.fullmatch(digest):
            yield f"files: {name[:100]!r} needs a relative path and its SHA-256 in 64 hexadecimal digits"


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
