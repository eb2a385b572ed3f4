"""Backups, as operators ask for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kagami.core.scopes import ROLES
from kagami.errors import Denied
from kagami.model.principal import CONSOLE, Principal
from kagami.operations import registry
from kagami.operations.backup import DeleteBackup, ListBackups, MakeBackup, VerifyBackup
from kagami.ports import BackupRow, Parts

CALLS = registry()


class Shelf:
    """Implements `ports.Backups` in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, BackupRow] = {}

    async def make(self, *, secrets: bool = False, audit_key: bool = False) -> BackupRow:
        row = BackupRow(f"{len(self.rows)}.kbk", 1, secrets=secrets, reason="asked" if audit_key else "")
        return self.rows.setdefault(row.name, row)

    async def list(self) -> list[BackupRow]:
        return list(self.rows.values())

    async def verify(self, name: str) -> BackupRow:
        return self.rows[name]

    async def delete(self, name: str) -> None:
        del self.rows[name]


async def test_a_backup_is_made_listed_verified_and_deleted(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts(backups=Shelf())
    made = await CALLS.call(parts, CONSOLE, MakeBackup(secrets=True))
    assert (made.secrets, made.reason) == (True, "")
    assert await CALLS.call(parts, CONSOLE, ListBackups()) == [made]
    assert await CALLS.call(parts, CONSOLE, VerifyBackup(name=made.name)) == made
    await CALLS.call(parts, CONSOLE, DeleteBackup(name=made.name))
    assert await CALLS.call(parts, CONSOLE, ListBackups()) == []


async def test_an_operator_may_look_at_backups_only(make_parts: Callable[..., Parts]) -> None:
    parts, who = make_parts(backups=Shelf()), Principal("person", "o", ROLES["operator"])
    assert await CALLS.call(parts, who, ListBackups()) == []
    with pytest.raises(Denied):
        await CALLS.call(parts, who, MakeBackup())


def test_deleting_asks() -> None:
    assert CALLS.find("backup.delete").asks
