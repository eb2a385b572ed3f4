"""Changes of settings that somebody has typed and not applied yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kagami.ports import Applied, SettingRow, Verdict


class Draft:
    """`changes` are wished values by key, None for back to the default; `refused` are reasons by key.

    `verdict` is what the engine said of the changes as they are, `applied` what became of those before.
    """

    def __init__(self) -> None:
        self.rows: dict[str, SettingRow] = {}
        self.changes: dict[str, Any] = {}
        self.refused: dict[str, str] = {}
        self.verdict: Verdict | None = None
        self.applied: Applied | None = None

    def __len__(self) -> int:
        return len(self.changes)

    def read(self, rows: Iterable[SettingRow]) -> None:
        """The settings as they are now; a wish that has come true is none any more, nor one for what is gone."""
        self.rows = {row.key: row for row in rows}
        for key in [key for key in self.changes if key not in self.rows or self._is_so(key, self.changes[key])]:
            self.forget(key)

    def wish(self, key: str, value: Any) -> None:
        """Change a setting; None gives it back to its default, and what it is already is no change."""
        self.forget(key)
        self.applied = None
        if not self._is_so(key, value):
            self.changes[key] = value

    def forget(self, key: str) -> None:
        self.changes.pop(key, None)
        self.refused.pop(key, None)
        self.verdict = None

    def clear(self) -> None:
        self.changes.clear()
        self.refused.clear()
        self.verdict = None

    def judge(self, verdict: Verdict) -> None:
        """Take what the engine said of the changes."""
        self.verdict = verdict
        self.refused = {each.key: each.error for each in verdict.changes if not each.ok}

    def value(self, key: str) -> Any:
        """As it would be; of a secret only a new one is known."""
        wished = self.changes.get(key)
        if wished is not None:
            return wished
        return self.rows[key].default if key in self.changes else self.rows[key].value

    def of(self, group: str) -> int:
        """How many changes a group has."""
        return sum(self.rows[key].group == group for key in self.changes)

    def _is_so(self, key: str, value: Any) -> bool:
        row = self.rows.get(key)
        if row is None:
            return False
        return not row.modified if value is None else row.kind != "secret" and value == row.value
