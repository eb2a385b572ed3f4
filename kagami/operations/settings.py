"""Settings: what is in force and why, and how it is changed while everything runs."""

from __future__ import annotations

from typing import Any

import msgspec

from kagami.core.secrets import HIDDEN
from kagami.i18n import LANGUAGES, translator
from kagami.operations.paging import Words
from kagami.operations.registry import Request, operation
from kagami.ports import Applied, ChangeRow, ConfigPlace, Parts, SettingRow, Verdict


class ListSettings(Request, frozen=True):
    """`text` is looked for in keys and their descriptions, in every language."""

    group: str = ""
    text: Words = ""
    modified: bool = False


class CheckSettings(Request, frozen=True):
    """Values by dotted key; null gives a key back to its default."""

    changes: dict[str, Any]

    def told(self) -> msgspec.Struct:
        return msgspec.structs.replace(self, changes=dict.fromkeys(self.changes, HIDDEN))


class ApplySettings(CheckSettings, frozen=True):
    """`file_version` is that of the file for which the changes were meant; empty: the one that was read last."""

    file_version: str = ""


class SetSetting(Request, frozen=True):
    """One key. A list is written with commas, a table as JSON."""

    key: str
    value: str

    def told(self) -> msgspec.Struct:
        return msgspec.structs.replace(self, value=HIDDEN)


class ResetSettings(Request, frozen=True):
    keys: list[str]
    file_version: str = ""


class SettingsHistory(Request, frozen=True):
    """Of one key, or of a section; of everything when empty."""

    key: str = ""


class UndoSettings(Request, frozen=True):
    """To before this change; 0 is the last one."""

    change: int = 0


class ReloadSettings(Request, frozen=True):
    pass


class SettingsFile(Request, frozen=True):
    pass


@operation("settings.list", "settings:read")
async def list_settings(parts: Parts, request: ListSettings) -> list[SettingRow]:
    """Every setting with its value, where that comes from, and what changing it does."""
    word = request.text.casefold()
    return [
        row
        for row in parts.centre.rows()
        if request.group in ("", row.group) and (row.modified or not request.modified) and _holds(row, word)
    ]


def _holds(row: SettingRow, word: str) -> bool:
    """In the key or the description, in whichever language somebody looks: an engine does not know its readers'."""
    languages = LANGUAGES[:1] if word.isascii() else LANGUAGES
    return word in row.key.casefold() or any(word in translator(each)(row.text).casefold() for each in languages)


@operation("settings.check", "settings:write")
async def check(parts: Parts, request: CheckSettings) -> Verdict:
    """What a change of settings would do, without doing it."""
    return await parts.centre.check(request.changes)


@operation("settings.apply", "settings:write")
async def apply(parts: Parts, request: ApplySettings) -> Applied:
    """Change settings: all of them or, when one is refused, none."""
    return await parts.centre.apply(parts.who, request.changes, version=request.file_version)


@operation("settings.set", "settings:write")
async def set_one(parts: Parts, request: SetSetting) -> Applied:
    """Change one setting."""
    return await parts.centre.apply(parts.who, {request.key: request.value})


@operation("settings.reset", "settings:write")
async def reset(parts: Parts, request: ResetSettings) -> Applied:
    """Give settings back to their defaults."""
    changes = dict.fromkeys(request.keys)
    return await parts.centre.apply(parts.who, changes, version=request.file_version, act="reset")


@operation("settings.history", "settings:read")
async def history(parts: Parts, request: SettingsHistory) -> list[ChangeRow]:
    """Who changed which setting and when, the newest first."""
    return await parts.centre.history(request.key)


@operation("settings.undo", "settings:write")
async def undo(parts: Parts, request: UndoSettings) -> Applied:
    """Bring the configuration file back to what it was before a change."""
    return await parts.centre.undo(parts.who, request.change)


@operation("settings.reload", "settings:write")
async def reload(parts: Parts, request: ReloadSettings) -> Applied:  # noqa: ARG001
    """Read the configuration file again after it was edited by hand."""
    return await parts.centre.reload(parts.who)


@operation("settings.file", "settings:read")
async def file(parts: Parts, request: SettingsFile) -> ConfigPlace:  # noqa: ARG001
    """Where the configuration file is, and whether somebody has edited it since it was read."""
    return await parts.centre.place()


OPERATIONS = (list_settings, check, apply, set_one, reset, history, undo, reload, file)
