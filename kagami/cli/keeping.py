"""What works on the store itself: `backup`, `restore`, `migrate` and `audit verify`."""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from kagami.cli.options import Command, Globals
from kagami.errors import Refused, UsageError
from kagami.home import hold, prepare
from kagami.i18n import Translate
from kagami.log import escape

if TYPE_CHECKING:
    from kagami.config import Settings
    from kagami.core.chain import Verdict

T = TypeVar("T")


def keeping_commands(t: Translate) -> list[click.Command]:
    """Those that are no topic's."""
    file = click.Argument(["file"], type=click.Path(path_type=Path), metavar="FILE")
    yes = click.Option(["--yes"], is_flag=True, help=t("Do not ask before doing it."))
    restoring = t("Put the database of a backup in the place of the present one, which is kept beside it.")
    migrating = t("Bring the database to the schema of this version.")
    return [
        Command("restore", t, callback=_restore, params=[file, yes], help=restoring),
        Command("migrate", t, callback=_migrate, help=migrating),
    ]


def verify_command(t: Translate, instead_of: click.Command) -> Command:
    """`audit verify` of what is on the disk."""
    return Command("verify", t, callback=_verify, help=instead_of.help)


def backup_alone(t: Translate) -> dict[str, Any]:
    """What `kagami backup` does and takes when no verb follows."""
    secrets = click.Option(["--secrets"], is_flag=True, help=t("With the secrets of the home."))
    key = click.Option(["--audit-key"], is_flag=True, help=t("With what the audit is sealed with."))
    return {"callback": _backup, "params": [secrets, key], "invoke_without_command": True}


@click.pass_context
def _backup(context: click.Context, /, secrets: bool, audit_key: bool) -> int:
    if context.invoked_subcommand:
        return 0
    given = context.find_object(Globals)
    if given is None:
        return 1
    from kagami.cli.operations import call  # noqa: PLC0415
    from kagami.operations import registry  # noqa: PLC0415
    from kagami.operations.backup import MakeBackup  # noqa: PLC0415

    _tell(_run(call(registry(), given, MakeBackup(secrets=secrets, audit_key=audit_key))), given)
    return 0


@click.pass_obj
def _restore(given: Globals, /, file: Path, yes: bool) -> int:
    from kagami.clock import SystemClock  # noqa: PLC0415
    from kagami.edits import file_to_edit  # noqa: PLC0415
    from kagami.engine.backups import put_back, seals_of  # noqa: PLC0415
    from kagami.storage.archive import DATABASE, read_manifest  # noqa: PLC0415
    from kagami.storage.restore import restore  # noqa: PLC0415

    t = given.t
    prepare(given.place, t)
    with hold(given.place):
        settings = given.settings(create=False)
        place, manifest = _file_of(settings, t), read_manifest(file)
        if place.exists() and not yes:
            _confirm(t("Replace {}, which is kept beside it?").format(place), t)
        names = [name for name in manifest.parts if name != DATABASE]
        written = put_back(file, names, settings.home, file_to_edit(settings.home.path, given.config))
        seals = seals_of(settings.home, t)
        done = _run(restore(file, place, clock=SystemClock(), seals=seals))
    _tell(done, given)
    if not given.as_json:
        if not done.kept:
            click.echo(t("The audit of the backup was sealed with another key: it was sealed anew."), err=True)
        if done.withheld and any(not name.startswith("secrets/") for name in written):
            missing = escape(", ".join(done.withheld))
            click.echo(t("These settings are secrets that the backup does not hold: {}").format(missing), err=True)
        click.echo(t("Everybody has to log in again, and tokens have to be made anew."), err=True)
    return 0


@click.pass_obj
def _migrate(given: Globals, /) -> int:
    from kagami.storage.queries import migrations  # noqa: PLC0415

    settings = given.settings()
    place = _file_of(settings, given.t)
    with hold(given.place):
        before = _schema_of(place) if place.exists() else 0
        now = migrations()[-1][0]
        _run(_note(settings, "store.migrate", {"before": before, "now": now}, only=before != now))
    _tell({"before": before, "now": now}, given)
    return 0


@click.pass_obj
def _verify(given: Globals, /) -> int:
    settings = given.settings(create=False)
    found = _run(_verdict(settings, given.t))
    if given.as_json:
        click.echo(msgspec.json.encode(found))
    elif found.ok:
        text = given.t("The audit is whole: {} rows, {} signed anchors.")
        click.echo(text.format(found.rows, found.anchors))
    else:
        place = given.t("row {}").format(found.row) if found.row else given.t("anchor {}").format(found.anchor)
        click.echo(given.t("The audit is broken at {}: {}").format(place, escape(given.t(found.why))))
    return 0 if found.ok else 1


def _run(work: Coroutine[Any, Any, T]) -> T:
    import asyncio  # noqa: PLC0415 (a page of help needs no loop)

    return asyncio.run(work)


async def _verdict(settings: Settings, t: Translate) -> Verdict:
    """Reads the store, whether or not an engine runs on it."""
    from kagami.clock import SystemClock  # noqa: PLC0415
    from kagami.engine.backups import seals_of  # noqa: PLC0415
    from kagami.storage.audit import Audit  # noqa: PLC0415
    from kagami.storage.links import CHAINED  # noqa: PLC0415
    from kagami.storage.sqlite import read_sqlite  # noqa: PLC0415

    place = _file_of(settings, t)
    if not place.is_file():
        raise Refused(reason=t("There is no database yet: {}").format(place))
    seals = seals_of(settings.home, t, create=False)
    if _schema_of(place) < CHAINED or not seals.key:
        raise Refused(reason=t("This database has no sealed audit yet. Run: {}").format("kagami migrate"))
    async with read_sqlite(str(place)) as engine:
        return await Audit(engine, SystemClock(), seals).verify()


async def _note(settings: Settings, operation: str, told: dict[str, Any], *, only: bool = True) -> None:
    """Open the store, which migrates it, and write a row of the audit."""
    from kagami.clock import SystemClock  # noqa: PLC0415
    from kagami.engine.backups import seals_of  # noqa: PLC0415
    from kagami.meters import Meters  # noqa: PLC0415
    from kagami.model.principal import CONSOLE  # noqa: PLC0415
    from kagami.storage.store import open_store  # noqa: PLC0415

    clock, seals = SystemClock(), seals_of(settings.home)
    async with open_store(settings.database, clock=clock, meters=Meters(), config=settings.store, seals=seals) as store:
        if only:
            await store.audit(clock.wall_ms(), CONSOLE, operation, msgspec.json.encode(told).decode(), "ok")


def _file_of(settings: Settings, t: Translate) -> Path:
    from kagami.storage.store import database_path  # noqa: PLC0415

    place = database_path(settings.database)
    if place == ":memory:":
        raise Refused(reason=t("The store is in memory."))
    return Path(place)


def _schema_of(place: Path) -> int:
    import sqlite3  # noqa: PLC0415
    from contextlib import closing  # noqa: PLC0415

    from kagami.errors import StoreClosed  # noqa: PLC0415

    try:
        with closing(sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (schema,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise StoreClosed(reason=str(error)) from error
    return int(schema)


def _confirm(question: str, t: Translate) -> None:
    if not sys.stdin.isatty():
        raise UsageError(reason=t("This asks before it acts. Without a terminal, add --yes."))
    click.confirm(question, abort=True, err=True)


def _tell(answer: Any, given: Globals) -> None:
    if given.as_json:
        click.echo(msgspec.json.encode(answer))
        return
    from kagami.cli.show import lines  # noqa: PLC0415 (loads all ports)

    for line in lines(answer, cut=False):
        click.echo(line)
