"""Backups: one file each, in the home's folder `backups`. Restoring one needs an engine that does not run."""

from __future__ import annotations

from kagami.operations.registry import Request, operation
from kagami.ports import Parts
from kagami.ports.backups import BackupRow


class MakeBackup(Request, frozen=True):
    """`secrets` adds the home's secrets, `audit_key` also what the audit is sealed with."""

    secrets: bool = False
    audit_key: bool = False


class ListBackups(Request, frozen=True):
    pass


class VerifyBackup(Request, frozen=True):
    name: str


class DeleteBackup(Request, frozen=True):
    name: str


@operation("backup.now", "backup:write", offline=True)
async def make(parts: Parts, request: MakeBackup) -> BackupRow:
    """Make a backup and verify it."""
    return await parts.backups.make(secrets=request.secrets, audit_key=request.audit_key)


@operation("backup.list", "backup:read", offline=True)
async def list_backups(parts: Parts, request: ListBackups) -> list[BackupRow]:  # noqa: ARG001
    """Backups, the newest first."""
    return await parts.backups.list()


@operation("backup.verify", "backup:read", offline=True)
async def verify(parts: Parts, request: VerifyBackup) -> BackupRow:
    """Open a backup and check that all of it is there."""
    return await parts.backups.verify(request.name)


@operation("backup.delete", "backup:write", asks=True, offline=True)
async def delete(parts: Parts, request: DeleteBackup) -> None:
    """Delete a backup."""
    await parts.backups.delete(request.name)


OPERATIONS = (make, list_backups, verify, delete)
