"""What works on the store itself: `restore`, `audit verify` and `audit reseal`."""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from kagami.cli.options import Command, Globals
from kagami.cli.printed import as_json
from kagami.core.secrets import Secret
from kagami.errors import BackupRefused, Refused, UsageError
from kagami.home import hold, prepare
from kagami.i18n import Translate, mark
from kagami.log import escape

if TYPE_CHECKING:
    from kagami.config import Settings
    from kagami.core.chain import Verdict
    from kagami.storage.replacing import Place
    from kagami.storage.restore import Restored

T = TypeVar("T")
GIVE = mark(
    "it is encrypted: give its passphrase with --passphrase-file FILE, or name that file in "
    "KAGAMI_BACKUP__PASSPHRASE_FILE"
)


def keeping_commands(t: Translate) -> list[click.Command]:
    """Those that are no topic's."""
    file = click.Argument(["file"], type=click.Path(path_type=Path), metavar="FILE")
    yes = click.Option(["--yes"], is_flag=True, help=t("Do not ask before doing it."))
    restoring = t("Put the database of a backup in the place of the present one, which is kept beside it.")
    return [Command("restore", t, callback=_restore, params=[file, yes, passphrase_option(t)], help=restoring)]


def verify_command(t: Translate, instead_of: click.Command) -> Command:
    """`audit verify` of what is on the disk."""
    return Command("verify", t, callback=_verify, help=instead_of.help)


def reseal_command(t: Translate) -> Command:
    """`audit reseal`, for a home whose `cluster.secret` is another now."""
    yes = click.Option(["--yes"], is_flag=True, help=t("Do not ask before doing it."))
    help_ = t("Seal the audit anew, after cluster.secret was set or changed.")
    return Command("reseal", t, callback=_reseal, params=[yes], help=help_)


@click.pass_obj
def _restore(given: Globals, /, file: Path, yes: bool, passphrase_file: Path | None) -> int:
    from kagami.engine.restoring import restore_home  # noqa: PLC0415 (loads the store)
    from kagami.storage.archive import read_row  # noqa: PLC0415
    from kagami.storage.dumps import DUMP  # noqa: PLC0415

    t = given.t
    prepare(given.place, t)
    with hold(given.place):
        settings = given.settings(create=False)
        secret = text_of(passphrase_file, t) if passphrase_file else ""
        secret = secret or settings.backup.passphrase.reveal()
        place = _place_of(settings, t)
        if file.suffix == DUMP:
            raise _refused_dump(file, settings.database, t)
        read_row(file)
        if not yes and not run_alone(place.is_empty()):
            confirm(t("Replace {}, which is kept beside it?").format(place.name), t)
        with naming_the_passphrase(t):
            done, written = run_alone(restore_home(file, settings, place, config=given.config, passphrase=secret))
    if all(name.startswith("secrets/") for name in written):  # the settings that are here stayed, whole
        done = msgspec.structs.replace(done, withheld=())
    tell_answer(done, given)
    if not given.as_json:
        _tell_more(done, given.t)
    return 0


@click.pass_obj
def _reseal(given: Globals, /, yes: bool) -> int:
    from kagami.engine.resealing import OURS, reseal  # noqa: PLC0415 (loads the store)
    from kagami.engine.seals import is_ours  # noqa: PLC0415

    t, settings = given.t, given.settings()
    with hold(given.place):
        place = _place_of(settings, t)
        if run_alone(is_ours(settings)):
            raise Refused(reason=t(OURS))
        click.echo(_said_before(settings, t), err=True)
        if not yes:
            confirm(t("Seal the audit anew? What is there is kept beside it."), t)
        done = run_alone(reseal(settings, place))
    tell_answer(done, given)
    if not given.as_json:
        _tell_more(done, t)
    return 0


def _said_before(settings: Settings, t: Translate) -> str:
    """What the key in the file says, which the home had before there was a `cluster.secret`."""
    former = msgspec.structs.replace(settings, home=replace(settings.home, seed=Secret()))
    found = run_alone(_verdict(former, t)) if (settings.home.secrets / "audit_key").is_file() else None
    if found is None or (not found.ok and found.row <= found.first):
        return t("The key of before is not here: whether the audit is whole cannot be said.")
    return _spoken(found, t)


def _refused_dump(file: Path, address: str, t: Translate) -> Refused:
    from kagami.storage.dumps import restoring  # noqa: PLC0415
    from kagami.storage.store import is_postgres  # noqa: PLC0415

    if not is_postgres(address):
        return Refused(reason=t("A dump of PostgreSQL goes onto a PostgreSQL only: take the .kbk beside it."))
    return Refused(reason=t("Run this for a dump of PostgreSQL: {}").format(restoring(file, address)))


def _tell_more(done: Restored, t: Translate) -> None:
    if not done.kept:
        click.echo(t("The audit of the backup was sealed with another key: it was sealed anew."), err=True)
    if done.withheld:
        missing = escape(", ".join(done.withheld))
        click.echo(t("These settings are secrets that the backup does not hold: {}").format(missing), err=True)
    click.echo(t("Everybody has to log in again, and tokens have to be made anew."), err=True)


@click.pass_obj
def _verify(given: Globals, /) -> int:
    settings = given.settings(create=False)
    found = run_alone(_verdict(settings, given.t))
    if given.as_json:
        click.echo(as_json(found))
    else:
        click.echo(_spoken(found, given.t))
    if not found.ok:
        from kagami.engine.seals import FIX, is_ours  # noqa: PLC0415 (loads the store)

        if not run_alone(is_ours(settings)):
            click.echo(given.t(FIX), err=True)
    return 0 if found.ok else 1


def _spoken(found: Verdict, t: Translate) -> str:
    if found.ok:
        return t("The audit is whole: {} rows, {} signed anchors.").format(found.rows, found.anchors)
    place = t("row {}").format(found.row) if found.row else t("anchor {}").format(found.anchor)
    return t("The audit is broken at {}: {}").format(place, escape(t(found.why)))


def run_alone(work: Coroutine[Any, Any, T]) -> T:
    import asyncio  # noqa: PLC0415 (a page of help needs no loop)

    return asyncio.run(work)


async def _verdict(settings: Settings, t: Translate) -> Verdict:
    """Reads the store, whether or not an engine runs on it."""
    from kagami.clock import SystemClock  # noqa: PLC0415
    from kagami.engine.seals import seals_of  # noqa: PLC0415
    from kagami.storage.audit import Audit  # noqa: PLC0415
    from kagami.storage.sqlite import read_sqlite  # noqa: PLC0415
    from kagami.storage.store import is_postgres  # noqa: PLC0415
    from kagami.storage.tables import CHAINED  # noqa: PLC0415
    from kagami.storage.upgrade import schema_of  # noqa: PLC0415
    from kagami.storage.whereabouts import file_of  # noqa: PLC0415

    seals = seals_of(settings.home, t, create=False)
    unsealed = Refused(reason=t("This database has no sealed audit yet. Run: {}").format("kagami migrate"))
    if is_postgres(settings.database):
        from kagami.storage.postgres_whole import server_schema, verify_server  # noqa: PLC0415 (loads the driver)

        if await server_schema(settings.database) < CHAINED or not seals.key:
            raise unsealed
        return await verify_server(settings.database, seals)
    place = file_of(settings.database)
    if place is None or not place.is_file():
        raise Refused(reason=t("There is no database yet: {}").format(place or t("The store is in memory.")))
    if schema_of(place) < CHAINED or not seals.key:
        raise unsealed
    async with read_sqlite(str(place)) as engine:
        return await Audit(engine, SystemClock(), seals).verify()


def _place_of(settings: Settings, t: Translate) -> Place:
    from kagami.storage.whereabouts import place_of_store  # noqa: PLC0415

    place = place_of_store(settings.database, settings.home.path)
    if place is None:
        raise Refused(reason=t("The store is in memory."))
    return place


def passphrase_option(t: Translate) -> click.Option:
    help_ = t("Read the passphrase of an encrypted backup from this file.")
    kind = click.Path(path_type=Path)
    return click.Option(["--passphrase-file"], type=kind, metavar="FILE", help=help_)


@contextmanager
def naming_the_passphrase(t: Translate) -> Iterator[None]:
    """Say how a passphrase is given where one is missing."""
    try:
        yield
    except BackupRefused as error:
        from kagami.storage.seal import MISSING  # noqa: PLC0415 (loads the ciphers)

        if error.details["reason"] != MISSING:
            raise
        raise BackupRefused(name=error.details["name"], reason=t(GIVE)) from error


def text_of(path: Path, t: Translate) -> str:
    """What a file holds, without the end of its line."""
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else t("it is no text")
        raise Refused(reason=t("{} cannot be read: {}").format(path, reason)) from None


def confirm(question: str, t: Translate) -> None:
    if not sys.stdin.isatty():
        raise UsageError(reason=t("This asks before it acts. Without a terminal, add --yes."))
    click.confirm(question, abort=True, err=True)


def tell_answer(answer: Any, given: Globals) -> None:
    if given.as_json:
        click.echo(as_json(answer))
        return
    from kagami.cli.show import lines  # noqa: PLC0415 (loads all ports)

    for line in lines(answer, cut=False):
        click.echo(line)
