"""`upgrade` and `migrate`: this version's schema, and another engine for the store."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kagami.cli.keeping import confirm, run_alone, tell_answer, text_of
from kagami.cli.options import Command, Globals
from kagami.errors import Refused, UsageError
from kagami.home import hold
from kagami.i18n import Translate
from kagami.sources import Environment

if TYPE_CHECKING:
    from kagami.config import Settings

KEY = "store.url"
VARIABLE = "KAGAMI_STORE__URL"
TARGET = "KAGAMI_MIGRATE_TO"


def migrating_commands(t: Translate) -> list[click.Command]:
    upgrading = t("Bring the database to this version's schema, with a backup before and a test after it.")
    migrating = t("Bring the database to this version's schema; with --to, move everything to another database.")
    options = [
        click.Option(
            ["--to-file"],
            type=click.Path(path_type=Path),
            metavar="FILE",
            help=t("Read the address of the other database from this file: postgresql://USER:PASSWORD@HOST/NAME."),
        ),
        click.Option(
            ["--to"],
            metavar="URL",
            help=t("The other database, a path or an address without a password. Also as {}.").format(TARGET),
        ),
        click.Option(["--replace"], is_flag=True, help=t("Replace what is kept there; it is backed up first.")),
        click.Option(["--switch"], is_flag=True, help=t("Write the new address into the configuration.")),
        click.Option(["--yes"], is_flag=True, help=t("Do not ask before doing it.")),
    ]
    return [
        Command("upgrade", t, callback=_upgrade, help=upgrading),
        Command("migrate", t, callback=_migrate, params=options, help=migrating),
    ]


@click.pass_obj
def _upgrade(given: Globals, /) -> int:
    return _bring_up(given)


@click.pass_obj
def _migrate(given: Globals, /, to: str | None, to_file: Path | None, **chosen: bool) -> int:
    to = _address(given, to, to_file)
    if to is None:
        if wrong := next((name for name, value in chosen.items() if value), None):
            raise UsageError(reason=given.t("--{} needs --to.").format(wrong))
        return _bring_up(given)
    if not to.strip():
        raise UsageError(
            reason=given.t("The option {} needs a value.").format("--to" if to_file is None else "--to-file")
        )
    return _move(given, to, **chosen)


def _address(given: Globals, to: str | None, file: Path | None) -> str | None:
    """Where to, from the one place that says it; None when none does."""
    from kagami.storage.dumps import without_password  # noqa: PLC0415 (loads the store)

    t = given.t
    kept = Environment(given.environ, t).secret(TARGET).reveal() or None
    places = [name for name, value in (("--to", to), ("--to-file", file), (TARGET, kept)) if value is not None]
    if len(places) > 1:
        raise UsageError(reason=t("Give the other database once, not by {}.").format(", ".join(places)))
    if file is not None:
        return text_of(file, t)
    if to is not None and "://" in to and without_password(to)[1]:
        text = t("Everybody on this machine sees the password in --to, and the shell keeps it: use --to-file or {}.")
        click.echo(text.format(TARGET), err=True)
    return kept if to is None else to


def _bring_up(given: Globals) -> int:
    from kagami.clock import SystemClock  # noqa: PLC0415
    from kagami.engine.upgrading import note, schema_at, upgrade_home  # noqa: PLC0415 (loads the store)
    from kagami.storage.queries import migrations  # noqa: PLC0415

    settings = given.settings()
    with hold(given.place):
        before, now = run_alone(schema_at(settings)), migrations()[-1][0]
        done = run_alone(upgrade_home(settings, SystemClock()))
        run_alone(note(settings, "store.migrate", {"before": before, "now": now}, only=before != now))
    told: dict[str, Any] = {"before": before, "now": now}
    tell_answer(told | ({"backup": done.backup, "aside": done.aside} if done else {}), given)
    return 0


def _move(given: Globals, to: str, *, replace: bool, switch: bool, yes: bool) -> int:
    from kagami.clock import SystemClock  # noqa: PLC0415
    from kagami.engine.moving import move  # noqa: PLC0415 (loads the engine's parts)
    from kagami.engine.seals import refuse_other_key  # noqa: PLC0415
    from kagami.engine.upgrading import schema_at  # noqa: PLC0415

    t, settings = given.t, given.settings()
    address = to if "://" in to else str(settings.home.path / Path(to).expanduser())
    if switch and (outside := _outside(settings)):
        reason = t("{} comes from the {}: it has to be changed there, without --switch.")
        raise Refused(reason=reason.format(KEY, outside))
    shown = Shown(given)
    with hold(given.place):
        if not run_alone(schema_at(settings)):
            raise Refused(reason=t("There is no database yet: nothing can be moved."))
        run_alone(refuse_other_key(settings, t))
        if replace and not yes:
            confirm(t("Replace what is kept there, after a backup of it?"), t)
        try:
            done = run_alone(move(settings, address, replace=replace, clock=SystemClock(), watch=shown))
        finally:
            shown.clear()
        path = _switch(settings, given, address) if switch else None
    tell_answer(done, given)
    if not given.as_json:
        click.echo(_hint(settings, path, t), err=True)
    return 0


def _outside(settings: Settings) -> str:
    """What gives the address, when that is not the file."""
    origin = settings.origin(KEY)
    return origin if origin.startswith(("environment", "file of")) else ""


def _hint(settings: Settings, written: Path | None, t: Translate) -> str:
    """What is to be done now."""
    if written is not None:
        return t("{} names the new database now.").format(written)
    if outside := _outside(settings):
        return t("Now change {}, from which the address comes.").format(outside)
    hint = t("Now set {} in {}, or the variable {}, to that address. Until then the old one is used.")
    return hint.format(KEY, settings.file or "kagami.toml", VARIABLE)


def _switch(settings: Settings, given: Globals, address: str) -> Path:
    from kagami.edits import Edit, FileEdits, file_to_edit  # noqa: PLC0415

    edits = FileEdits(file_to_edit(settings.home.path, given.config), given.t)
    edits.write(edits.edited(edits.read(), [Edit(("store", "url"), address)]))
    return edits.path


class Shown:
    """The step that is under way, on standard error: one line that changes on a terminal, a line each elsewhere."""

    def __init__(self, given: Globals) -> None:
        self._t = given.t
        self._quiet = given.as_json
        self._live = sys.stderr.isatty() and given.environ.get("TERM") != "dumb"
        self._step = ""

    def __call__(self, step: str, rows: int) -> None:
        if self._quiet:
            return
        if self._live:
            click.echo(f"\r\x1b[K{self._t(step)}  {rows:,}", nl=False, err=True)
        elif step != self._step:
            click.echo(self._t(step), err=True)
        self._step = step

    def clear(self) -> None:
        if self._live and self._step:
            click.echo("\r\x1b[K", nl=False, err=True)
