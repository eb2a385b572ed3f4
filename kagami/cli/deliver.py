"""`kagami plugin install` and `sync`: on the home's own folder, and then told to the engine that runs on it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
import msgspec

from kagami.cli.operations import call
from kagami.cli.options import Globals
from kagami.cli.printed import as_json
from kagami.cli.progress import ProgressLine
from kagami.cli.shelf import change, stays
from kagami.cli.show import lines
from kagami.config import Settings
from kagami.errors import KagamiError
from kagami.home import holder
from kagami.i18n import Translate
from kagami.log import escape
from kagami.net.http import HttpReach
from kagami.operations import registry
from kagami.operations.plugins import ListPlugins, Reload
from kagami.plugins.choices import Choices
from kagami.plugins.deliveries import Deliveries, hosts, is_bundled
from kagami.ports import Installed, ReloadRow, SyncRow

T = TypeVar("T")


class Told(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer as JSON: what was done on the disk, and what the engine made of it, if one runs."""

    done: Installed | Sequence[SyncRow]
    engine: Sequence[ReloadRow] = ()
    error: str = ""


def install(given: Globals, source: str, *, unsigned: bool, asks: bool) -> int:
    line = ProgressLine(given)

    async def agree(seen: Installed) -> None:
        line.clear()
        _show_package(given, seen)
        if asks:
            with _interruptible():
                click.confirm(given.t("Install it?"), abort=True, err=True)

    if unsigned:
        warning = given.t("WARNING: nobody's signature is asked for. Its author can do all that Kagami can do.")
        click.secho(warning, err=True, fg="red", bold=True, color=_colour(given))
    settings = given.settings()

    async def work() -> Installed:
        async with _reach(settings) as reach:
            folder, config, t = settings.plugins_dir, settings.plugins, given.t
            ways = Deliveries(folder, config, reach, told=line, unsigned=unsigned, agree=agree, translate=t)
            return await ways.install(source)

    done = _cleanly(line, work())
    rows, error = _reload(given, [done.id])
    if given.as_json:
        click.echo(as_json(Told(done, rows, error)))
    else:
        click.echo(given.t("Installed: {}").format(escape(f"{done.id} {done.version}")))
        _tell_engine(given, rows, error)
    return int(bool(error) or _failed(rows))


def sync(given: Globals, *, dry_run: bool, asks: bool) -> int:
    line, settings = ProgressLine(given), given.settings()
    pinned = _pinned(given, settings)

    async def work() -> list[SyncRow]:
        async with _reach(settings) as reach:
            folder, config, t = settings.plugins_dir, settings.plugins, given.t
            ways = Deliveries(folder, config, reach, pinned=lambda: pinned, told=line, translate=t)
            index, rows = await ways.compare()
            line.clear()
            _agree_to_rows(given, rows, asks=asks)
            return rows if dry_run else await ways.carry_out(index, rows)

    done = _cleanly(line, work())
    acted = [] if dry_run else [row for row in done if row.act != "keep" and not row.error]
    rows, error = _reload(given, sorted({row.id for row in acted}))
    failed = [row for row in done if row.error]
    if given.as_json:
        click.echo(as_json(Told(done, rows, error)))
    else:
        _tell_failed(given, failed)
        _tell_engine(given, rows, error, needed="update" in {row.act for row in acted})
        _tell_recalled(given, acted)
    return int(bool(error or failed) or _failed(rows))


def _agree_to_rows(given: Globals, rows: Sequence[SyncRow], *, asks: bool) -> None:
    """Show the difference that a sync would make, and ask; `click.Abort` when it shall not be made."""
    acts = [row for row in rows if row.act != "keep"]
    if not given.as_json:
        _show_rows(given, acts)
    if acts and asks:
        with _interruptible():
            click.confirm(given.t("Do it?"), abort=True, err=True)


def _tell_recalled(given: Globals, acted: Sequence[SyncRow]) -> None:
    """What is done about recalls where no engine runs, which would tell it."""
    if not holder(given.place):
        for row in acted:
            if row.act == "recall":
                text = given.t("{} {} stays on the disk and is not served at the next start.")
                click.echo(text.format(escape(row.id), escape(row.old)))


def _tell_failed(given: Globals, rows: Sequence[SyncRow]) -> None:
    for row in rows:
        click.echo(given.t("{} stays at {}: {}").format(*map(escape, (row.id, row.old, row.error))), err=True)


def _show_package(given: Globals, seen: Installed) -> None:
    """What somebody who agrees has to know; beside the answer where that is JSON."""
    t = given.t
    told = {
        t("plugin"): f"{seen.id} {seen.version}",
        t("from"): seen.source,
        t("signed by"): seen.signer or (t("Kagami itself") if is_bundled(seen) else t("NOBODY")),
        t("permissions"): ", ".join(seen.permissions) or t("none"),
        t("dependencies"): ", ".join(seen.dependencies) or t("none"),
    }
    for text in lines(told, cut=False):
        click.echo(text, err=given.as_json)
    for warning in seen.warnings:
        click.secho(f"! {escape(t(warning))}", err=True, fg="yellow", color=_colour(given))


def _show_rows(given: Globals, rows: Sequence[SyncRow]) -> None:
    """The difference that a sync would make."""
    t = given.t
    if not rows:
        click.echo(t("Everything is up to date."))
    for row in rows:
        if row.act == "recall":
            text = t("{} {} is recalled and will not be served: {}").format(row.id, row.old, row.changes)
            click.echo(escape(text))
            continue
        click.echo(escape(f"{row.id}  {row.old} → {row.new}"))
        if row.permissions:
            click.echo(escape(f"  {t('new permissions: {}').format(', '.join(row.permissions))}"))
        for line in row.changes.splitlines():
            click.echo(f"  {escape(line)}")


def _pinned(given: Globals, settings: Settings) -> set[str]:
    """Plugins that get no updates, by the engine where one runs, else by the home's own store."""
    if holder(given.place):
        return {row.id for row in asyncio.run(call(registry(), given, ListPlugins())) if row.pinned}
    if not settings.home.database.exists():
        return set()

    async def read(choices: Choices) -> set[str]:
        return choices.pinned

    return change(given, read)


def _reload(given: Globals, plugins: Sequence[str]) -> tuple[list[ReloadRow], str]:
    """Let the engine that runs on the home take up what changed; why it could not."""
    if not plugins or not holder(given.place):
        return [], ""

    async def ask() -> list[ReloadRow]:
        return [row for plugin in plugins for row in await call(registry(), given, Reload(plugin))]

    try:
        return asyncio.run(ask()), ""
    except KagamiError as error:
        return [], error.text(given.t)


def _tell_engine(given: Globals, rows: Sequence[ReloadRow], error: str, *, needed: bool = True) -> None:
    """What the engine made of it; where none runs that is said too, when it was `needed`."""
    t, process = given.t, holder(given.place)
    if error:
        text = t("It is on the disk, but the engine (process {}) did not take it up: {}").format(process, escape(error))
        click.echo(text, err=True)
    elif needed and not rows:
        click.echo(t("No engine runs on this home: it is served from the next start on."))
    for row in rows:
        click.echo(_became(row, process, t), err=bool(row.error and not _ended(row)))


def _became(row: ReloadRow, process: str, t: Translate) -> str:
    """What the engine did about one plugin."""
    plugin, new, error = escape(row.id), escape(row.new), escape(t(row.error))
    if _ended(row):
        return t("The engine (process {}) serves {} no more: {}").format(process, plugin, error)
    if row.error:
        return stays(row, t)
    if not row.new:
        return t("The engine (process {}) serves {} no more.").format(process, plugin)
    if row.new == row.old:
        goes_on = t("The engine (process {}) goes on with {} {}. Another version: kagami plugin use ID@VERSION")
        return goes_on.format(process, plugin, new)
    return t("The engine (process {}) serves {} {} now.").format(process, plugin, new)


def _failed(rows: Sequence[ReloadRow]) -> bool:
    return any(row.error and not _ended(row) for row in rows)


def _ended(row: ReloadRow) -> bool:
    """Whether what served was recalled and nothing took its place: the error says why, and nothing failed."""
    return bool(row.error and row.old and not row.new)


def _reach(settings: Settings) -> HttpReach:
    """The operator's own way out: the market that was configured may be in a private network."""
    http = settings.plugins.http
    return HttpReach(proxy=http.proxy, private=(*http.private, *hosts(settings.plugins)))


def _cleanly(line: ProgressLine, work: Coroutine[Any, Any, T]) -> T:
    """Run it, and leave no half-drawn line behind."""
    try:
        return asyncio.run(work)
    finally:
        line.clear()


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl+C end a question at once: while a loop runs it is only a wish to cancel."""
    before: Callable[[int, Any], Any] | int | None = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _colour(given: Globals) -> bool | None:
    """Whether to colour; click itself leaves it out where there is no terminal."""
    return False if given.environ.get("NO_COLOR") or given.environ.get("TERM") == "dumb" else None
