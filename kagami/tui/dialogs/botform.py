"""The keys of a bot as a form. What was typed is added or changed by the engine; secrets are written, never read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from kagami.errors import KagamiError
from kagami.i18n import Translate
from kagami.operations.bots import AddBot, EditBot
from kagami.ports import BotKind, Field, SettingRow
from kagami.tui.dialogs.form import FormDialog
from kagami.tui.kind_words import key_text, rank
from kagami.tui.shell import Shell

HELD = "secret"
_KINDS = {"int": "int", "float": "float", "bool": "bool", "choice": "choice", "list": "list", "table": "json"}
_DOTS = "••••••"


class BotForm(FormDialog):
    """Of a new bot of a `kind`, or of `bot` with the `values` that it has."""

    TABLE: ClassVar[str] = "bots"

    def __init__(self, shell: Shell, kind: BotKind, name: str, bot: str = "", values: Mapping[str, Any] = {}) -> None:
        self.bot = bot
        self.kind = kind.kind
        self._secrets = {row.key for row in kind.keys if row.kind == HELD}
        super().__init__(shell, "", [_field(shell.t, kind, row, values) for row in self.ordered(kind)], name)

    @staticmethod
    def ordered(kind: BotKind) -> list[SettingRow]:
        """As a person is asked for them."""
        return sorted(kind.keys, key=lambda row: rank(kind, row.key))

    def _shown(self, field: Field) -> str:
        dots = _DOTS if self.shell.looks.glyphs.tier == "full" else "*" * len(_DOTS)
        return dots if field.name in self._secrets and self.value(field) else super()._shown(field)

    def _words(self, field: Field, value: Any) -> str:
        return "" if field.name in self._secrets else super()._words(field, value)

    def _edit(self) -> None:
        super()._edit()
        secret = self.field.name in self._secrets
        self.box.password = secret
        if secret:
            self.box.write("")

    def request(self, values: Mapping[str, Any]) -> msgspec.Struct:
        return EditBot(bot=self.bot, keys=dict(values)) if self.bot else AddBot(kind=self.kind, keys=dict(values))

    def named(self, error: KagamiError) -> str:
        """A key of the file is `bots.0.url`."""
        key = str(error.details.get("key", ""))
        return ".".join(key.split(".")[2:]) if key.startswith(f"{self.TABLE}.") else key


def _field(t: Translate, kind: BotKind, row: SettingRow, values: Mapping[str, Any]) -> Field:
    default = None if row.kind == HELD else row.default
    value = values.get(row.key, default)
    return Field(
        row.key,
        _KINDS.get(row.kind, "text"),
        None if row.kind == HELD else value,
        default,
        row.key in kind.required,
        t(key_text(kind.kind, row.key, row.text)),
        row.choices,
        row.least,
        row.most,
        "default" if row.key not in values or value == default else "kagami.toml",
    )
