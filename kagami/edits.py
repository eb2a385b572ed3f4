"""Writes single values into the configuration file: atomically, with everything else, comments too, as it was."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kagami.errors import ConfigUnreadable
from kagami.i18n import Translate
from kagami.sources import JSON_NAME, TOML_NAME

MODE = 0o600


class FileEdits:
    """Implements `ports.Files` on the file that the configuration was read from, or would be."""

    def __init__(self, path: Path, t: Translate = str) -> None:
        self._path = path
        self._t = t
        self._editing = asyncio.Lock()

    async def set_plugin(self, plugin: str, values: Mapping[str, Any]) -> None:
        async with self._editing:
            await asyncio.to_thread(self._set, ("plugins", "settings", plugin), values)

    def _set(self, table: tuple[str, ...], values: Mapping[str, Any]) -> None:
        try:
            text = self._path.read_bytes().decode("utf-8-sig") if self._path.exists() else ""
            edited = _in_json if self._path.suffix == ".json" else _in_toml
            _replace(self._path, edited(text, table, values))
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
            fix = self._t("Check the path and its permissions.")
            raise ConfigUnreadable(path=self._path, reason=reason, fix=fix) from None


def file_to_edit(home: Path, wanted: Path | None) -> Path:
    """The file that `--config` names, else the one in the home; a `kagami.toml` when there is none yet."""
    if wanted is not None:
        return wanted
    return home / (JSON_NAME if (home / JSON_NAME).exists() and not (home / TOML_NAME).exists() else TOML_NAME)


def _in_toml(text: str, table: tuple[str, ...], values: Mapping[str, Any]) -> str:
    import tomlkit  # noqa: PLC0415 - reading a configuration does not need it
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415

    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ValueError(str(error)) from None
    place: Any = document
    for depth, name in enumerate(table):
        if name not in place:
            place[name] = tomlkit.table(is_super_table=depth < len(table) - 1)
        place = place[name]
    _change(place, values)
    return tomlkit.dumps(document)


def _in_json(text: str, table: tuple[str, ...], values: Mapping[str, Any]) -> str:
    document = json.loads(text or "{}")
    place = document
    for name in table:
        place = place.setdefault(name, {})
    _change(place, values)
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _change(place: Any, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if value is None:
            place.pop(name, None)
        else:
            place[name] = value


def _replace(link: Path, text: str) -> None:
    """The old file or the new one, never half of it. Where a link leads is what is changed, not the link."""
    path = link.resolve()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    mode = path.stat().st_mode & 0o777 if path.exists() else MODE
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, MODE), "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
