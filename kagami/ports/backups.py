"""Backups of the store, as operations see them."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec


class BackupRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file. `reason` is `scheduled`, `asked` or `before …`; of one with `trouble` the rest is unknown."""

    name: str
    bytes: int
    made_ms: int = 0
    version: str = ""
    schema: int = 0
    messages: int = 0
    reason: str = ""
    secrets: bool = False
    trouble: str = ""
    kind: Literal["backup", "dump"] = "backup"


class Backups(Protocol):
    """`NotFound` for a name that is none of them, `BackupRefused` for one that is broken."""

    async def make(self, *, secrets: bool = False, audit_key: bool = False) -> BackupRow:
        """A new one, verified. `BackupFailed` with the reason when there is none."""
        ...

    async def list(self) -> list[BackupRow]:
        """The newest first."""
        ...

    async def verify(self, name: str) -> BackupRow:
        """Open it, compare every hash, and let the database check itself."""
        ...

    async def delete(self, name: str) -> None: ...
