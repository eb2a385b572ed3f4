"""Backups on the command line: whether one is encrypted is always said, and never wrongly supposed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from kagami.cli.keeping import naming_the_passphrase, passphrase_option, run_alone, tell_answer, text_of
from kagami.cli.options import Command, Globals
from kagami.core.secrets import Secret
from kagami.errors import Refused
from kagami.home import holder
from kagami.i18n import Translate, mark

if TYPE_CHECKING:
    from kagami.config import Settings
    from kagami.ports import SettingRow
    from kagami.ports.backups import BackupRow

KEY = "backup.passphrase"
ENCRYPTED = ".enc"
NOT_THERE = mark(
    "The engine that runs has no passphrase: the backup would not be encrypted. "
    "Give it where the engine starts (KAGAMI_BACKUP__PASSPHRASE_FILE) and start the engine again."
)


def backup_alone(t: Translate) -> dict[str, Any]:
    """What `kagami backup` does and takes when no verb follows."""
    secrets = click.Option(["--secrets"], is_flag=True, help=t("With the secrets of the home."))
    key = click.Option(["--audit-key"], is_flag=True, help=t("With what the audit is sealed with."))
    return {"callback": _backup, "params": [secrets, key], "invoke_without_command": True}


def now_command(t: Translate, instead_of: click.Command) -> Command:
    """`backup now`."""
    params = [each for each in instead_of.params if each.name in ("secrets", "audit_key")]
    return Command("now", t, callback=_now, params=params, help=instead_of.help)


def verify_backup_command(t: Translate, instead_of: click.Command) -> Command:
    """`backup verify`, which a passphrase can be given to."""
    named = click.Option(["--name", "named"], help=t("The same as NAME."))
    params: list[click.Parameter] = [click.Argument(["name"], required=False), named, passphrase_option(t)]
    return Command("verify", t, callback=_verify, params=params, help=instead_of.help)


@click.pass_context
def _backup(context: click.Context, /, secrets: bool, audit_key: bool) -> int:
    given = context.find_object(Globals)
    if context.invoked_subcommand or given is None:
        return 0 if context.invoked_subcommand else 1
    return _make(given, secrets=secrets, audit_key=audit_key)


@click.pass_obj
def _now(given: Globals, /, secrets: bool | None, audit_key: bool | None) -> int:
    return _make(given, secrets=bool(secrets), audit_key=bool(audit_key))


def _make(given: Globals, *, secrets: bool, audit_key: bool) -> int:
    from kagami.operations.backup import MakeBackup  # noqa: PLC0415

    if holder(given.place) and given.settings(create=False).backup.passphrase and not _engine_has_one(given):
        raise Refused(reason=given.t(NOT_THERE))
    made: BackupRow = _call(given, MakeBackup(secrets=secrets, audit_key=audit_key))
    tell_answer(made, given)
    if not given.as_json:
        sealed = made.name.endswith(ENCRYPTED)
        click.echo(given.t("It is encrypted.") if sealed else given.t("It is not encrypted."), err=True)
    return 0


def _engine_has_one(given: Globals) -> bool:
    """Whether the settings in force have a passphrase: those of this shell may not be the engine's."""
    from kagami.operations.settings import ListSettings  # noqa: PLC0415

    rows: list[SettingRow] = _call(given, ListSettings(text=KEY))
    return any(row.key == KEY and row.value["set"] for row in rows)


@click.pass_obj
def _verify(given: Globals, /, name: str | None, named: str | None, passphrase_file: Path | None) -> int:
    from kagami.operations.backup import VerifyBackup  # noqa: PLC0415

    name = name or named
    if not name:
        raise click.MissingParameter(param=click.Argument(["name"], metavar="NAME"))
    settings = given.settings(create=False)
    if passphrase_file is not None:
        backup = msgspec.structs.replace(settings.backup, passphrase=Secret(text_of(passphrase_file, given.t)))
        settings = msgspec.structs.replace(settings, backup=backup)
    with naming_the_passphrase(given.t):
        # The engine may have no passphrase, or another one than was given here.
        here = bool(settings.backup.passphrase)
        found = _verify_here(settings, name) if here else _call(given, VerifyBackup(name=name))
    tell_answer(found, given)
    if not given.as_json:
        click.echo(given.t("The backup is whole."), err=True)
    return 0


def _verify_here(settings: Settings, name: str) -> BackupRow:
    """In this process, on the file itself."""
    from kagami.clock import SystemClock  # noqa: PLC0415
    from kagami.engine.backups import HomeBackups  # noqa: PLC0415 (loads the store)

    return run_alone(HomeBackups(lambda: settings, SystemClock()).verify(name))


def _call(given: Globals, request: msgspec.Struct) -> Any:
    from kagami.cli.operations import call  # noqa: PLC0415
    from kagami.operations import registry  # noqa: PLC0415

    return run_alone(call(registry(), given, request))
