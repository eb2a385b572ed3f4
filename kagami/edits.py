"""Writes single values into the configuration file: atomically, with everything else, comments too, as it was."""

from __future__ import annotations

import asyncio
import copy
import errno
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from kagami.errors import ConfigUnreadable, ConfigUnwritable, KagamiError
from kagami.i18n import Translate, mark
from kagami.sources import JSON_NAME, TOML_NAME

MODE = 0o600
# What a file of somebody's own may keep: it may be a group's, but what is written may be a secret.
MAY_STAY = 0o770
BOM = b"\xef\xbb\xbf"
# What a system answers when the file itself was mounted: it can be written, but not replaced.
MOUNTED = (errno.EBUSY, errno.EXDEV)
_INDENT = re.compile(r"\n([ \t]+)\S")
_LONE = re.compile(r"(?<!\r)\n")


class Edit(NamedTuple):
    """Set the value at `path` (names of tables, places of lists), or remove it when `value` is None.

    The place behind the last one of a list appends.
    """

    path: tuple[str | int, ...]
    value: Any


class FileEdits:
    """The file that the configuration was read from, or would be. May be used in any thread, by one at a time."""

    def __init__(self, path: Path, t: Translate = str) -> None:
        self.path = path
        self._t = t

    async def set_plugin(self, plugin: str, values: Mapping[str, Any]) -> None:
        edits = [Edit(("plugins", "settings", plugin, name), value) for name, value in values.items()]
        raw = await asyncio.to_thread(self.read)
        await asyncio.to_thread(self.write, self.edited(raw, edits))

    def read(self) -> bytes | None:
        """What is in it; None when there is no such file."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failed(ConfigUnreadable, error) from None

    def edited(self, raw: bytes | None, edits: Sequence[Edit]) -> bytes:
        """The file `raw` with these edits; `ConfigUnreadable` when it is none, or when it cannot be edited safely."""
        head = BOM if raw and raw.startswith(BOM) else b""
        try:
            text = (raw or b"")[len(head) :].decode()
            as_json = self.path.suffix == ".json"
            tree = (json.loads(text) if text.strip() else {}) if as_json else tomllib.loads(text)
            needed = [each for each in edits if not _stands(tree, each)]
            return raw if raw is not None and not needed else head + _written(text, needed, as_json=as_json).encode()
        except ValueError as error:
            reason = str(error)
            fix = self._t("Correct the file at that place.")
            raise ConfigUnreadable(path=self.path, reason=reason, fix=fix) from None

    def write(self, raw: bytes | None) -> None:
        """The old file or the new one, never half of it; None removes it. Where a link leads is what is changed."""
        try:
            path = self.path.resolve()
            if raw is None:
                path.unlink(missing_ok=True)
            else:
                _replace(path, raw)
            _sync_folder(path.parent)
        except OSError as error:
            raise self._failed(ConfigUnwritable, error) from None

    def _failed(self, kind: type[KagamiError], error: OSError) -> KagamiError:
        fix = self._t("Check the path and its permissions.")
        if error.errno in MOUNTED:
            fix = self._t("Mount the folder that holds the file, not the file alone.")
        return kind(path=self.path, reason=error.strerror or str(error), fix=fix)


def file_to_edit(home: Path, wanted: Path | None) -> Path:
    """The file that `--config` names, else the one in the home; a `kagami.toml` when there is none yet."""
    if wanted is not None:
        return wanted
    return home / (JSON_NAME if (home / JSON_NAME).exists() and not (home / TOML_NAME).exists() else TOML_NAME)


def _written(text: str, edits: Sequence[Edit], *, as_json: bool) -> str:
    return (_in_json if as_json else _in_toml)(text, edits)


def _stands(tree: Any, edit: Edit) -> bool:
    """Whether a value is there already, however it is spelled."""
    for name in edit.path:
        try:
            tree = tree[name]
        except (KeyError, IndexError, TypeError):
            return edit.value is None and isinstance(edit.path[-1], str)
    return edit.value is not None and repr(tree) == repr(edit.value)


def _in_toml(text: str, edits: Sequence[Edit]) -> str:
    import tomlkit  # noqa: PLC0415 - reading a configuration does not need it
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    from kagami.toml import edit_toml  # noqa: PLC0415

    try:
        document = tomlkit.parse(text)
        wanted = _changed(tomllib.loads(text), edits)
        for each in edits:
            edit_toml(document, each.path, each.value)
        written = tomlkit.dumps(document)
        if "\r\n" in text and not _LONE.search(text):
            written = _LONE.sub("\r\n", written)
        if _bare(tomllib.loads(written)) != _bare(wanted):
            raise ValueError(mark("it is written in a way that cannot be edited without harm: edit it by hand"))
    except (TOMLKitError, KeyError, IndexError, TypeError) as error:
        raise ValueError(str(error)) from None
    return written


def _in_json(text: str, edits: Sequence[Edit]) -> str:
    document = json.loads(text) if text.strip() else {}
    found = _INDENT.search(text)
    indent = found[1] if found else "  "
    try:
        written = json.dumps(_changed(document, edits), ensure_ascii=False, indent=indent)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(str(error)) from None
    end = "\n" if text.endswith("\n") or not text else ""
    return (written + end).replace("\n", "\r\n" if "\r\n" in text else "\n")


def _changed(tree: Any, edits: Sequence[Edit]) -> Any:
    """A copy of a plain tree with the edits made."""
    tree = copy.deepcopy(tree)
    for path, value in edits:
        place: Any = tree
        for name, following in pairwise(path):
            if isinstance(name, str):
                place = place.setdefault(name, [] if isinstance(following, int) else {})
            else:
                place = place[name]
        last = path[-1]
        if value is not None and isinstance(last, int) and last == len(place):
            place.append(copy.deepcopy(value))
        elif value is not None:
            place[last] = copy.deepcopy(value)
        elif isinstance(last, int) or last in place:
            del place[last]
    return tree


def _bare(tree: Any) -> Any:
    """Without empty tables and lists, which a file may have or not."""
    if isinstance(tree, dict):
        kept = {name: _bare(value) for name, value in tree.items()}
        return {name: value for name, value in kept.items() if value not in ({}, [])}
    return [_bare(each) for each in tree] if isinstance(tree, list) else tree


def _replace(path: Path, raw: bytes) -> None:
    for stale in _left_drafts(path):
        stale.unlink(missing_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    mode = path.stat().st_mode & MAY_STAY if path.exists() else MODE
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, MODE), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _left_drafts(path: Path) -> Iterator[Path]:
    """What a process that was killed in the middle of a write has left: it may hold a secret."""
    for each in path.parent.glob(f".{path.name}.*"):
        process = each.name.rpartition(".")[2]
        if process.isdigit() and not _is_alive(int(process)):
            yield each


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _sync_folder(folder: Path) -> None:
    """So that a power cut does not bring the old name back. Not every file system can."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
