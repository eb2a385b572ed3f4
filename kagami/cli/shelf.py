"""`kagami plugin list`, `use`, `rollback` and `remove`: by the engine where one runs, on the home itself elsewhere."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click
import msgspec

from kagami.cli.operations import call
from kagami.cli.options import Globals
from kagami.cli.printed import as_json
from kagami.cli.show import lines
from kagami.clock import SystemClock
from kagami.errors import KagamiError, NotFound, NoVersion, PackageRefused, UsageError
from kagami.home import hold, holder
from kagami.i18n import Translate
from kagami.log import escape
from kagami.meters import Meters
from kagami.operations import registry
from kagami.operations.plugins import ListPlugins, Remove, Rollback, Use
from kagami.plugins.choices import Choices
from kagami.plugins.deliveries import bundled
from kagami.plugins.records import installed
from kagami.plugins.records import remove as remove_version
from kagami.plugins.versions import Found, Shelf, discover
from kagami.ports import ReloadRow
from kagami.reasons.say import say

T = TypeVar("T")


class ShelfRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One version on the disk. `signer` is a key's fingerprint; `error` is why it cannot be served.

    `serves` is true of the version that the engine serves, or would from the next start on.
    """

    id: str
    version: str
    serves: bool = False
    signer: str = ""
    permissions: tuple[str, ...] = ()
    source: str = ""
    at_ms: int = 0
    error: str = ""


def show(given: Globals) -> int:
    rows = list_shelf(given)
    if given.as_json:
        click.echo(as_json(rows))
        return 0
    wide = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for line in lines(rows, cut=False, columns=wide):
        click.echo(line)
    if not rows:
        first = given.t("No plugins are installed here. Install one: {}").format("kagami plugin install ID")
        click.echo(f"{first} ({', '.join(sorted(bundled()))})", err=True)
    return 0


def list_shelf(given: Globals) -> list[ShelfRow]:
    """What is in the plugins' folder, the highest version of each first."""
    folder = given.settings(create=False).plugins_dir
    shelf, records = discover(folder), installed(folder)
    serving = _serving(given, shelf)
    rows = []
    for plugin, versions in sorted(shelf.versions.items()):
        for found in versions:
            record = records.get((plugin, found.manifest.version))
            kept = (record.signer, found.manifest.permissions, record.source, record.at_ms) if record else ()
            version = found.manifest.version
            rows.append(ShelfRow(plugin, version, serving.get(plugin) == version, *kept))
    return [*rows, *(ShelfRow(each.id, each.version, error=each.error) for each in shelf.unsound)]


def _serving(given: Globals, shelf: Shelf) -> dict[str, str]:
    """The version of each plugin that serves: by the engine where one runs, else by what was chosen."""
    if holder(given.place):
        try:
            return {row.id: row.version for row in _ask(given, ListPlugins())}
        except KagamiError:
            return {}  # it starts or stops just now: what is on the disk is told all the same
    highest = {plugin: versions[0].manifest.version for plugin, versions in shelf.versions.items()}
    if not shelf.versions or not given.settings(create=False).home.database.exists():
        return highest

    async def read(choices: Choices) -> dict[str, str]:
        return {plugin: choices.of(plugin).version or version for plugin, version in highest.items()}

    return change(given, read)


def use(given: Globals, text: str, *, pin: bool) -> int:
    plugin, version = split(text)
    if holder(given.place):
        return _tell_switch(given, _ask(given, Use(plugin, version, pin)))
    found = _versions(given, plugin, version)
    if version:
        _on_disk(found, plugin, version)

    async def choose(choices: Choices) -> ReloadRow:
        before = choices.of(plugin)
        serving, target = before.version or found[0].manifest.version, version or found[0].manifest.version
        previous = serving if serving != target else before.previous
        await choices.change(plugin, version=version, previous=previous, pinned=pin)
        return ReloadRow(plugin, serving, target)

    return _tell_choice(given, change(given, choose))


def rollback(given: Globals, plugin: str, *, asks: bool) -> int:
    if asks:
        click.confirm(given.t("Go back from {} to the version before?").format(escape(plugin)), abort=True, err=True)
    if holder(given.place):
        return _tell_switch(given, _ask(given, Rollback(plugin)))
    found = _versions(given, plugin)

    async def choose(choices: Choices) -> ReloadRow:
        before = choices.of(plugin)
        serving = before.version or found[0].manifest.version
        target = before.previous or _lower(found, plugin, serving)
        _on_disk(found, plugin, target)
        await choices.change(plugin, version=target, previous=serving)
        return ReloadRow(plugin, serving, target)

    return _tell_choice(given, change(given, choose))


def remove(given: Globals, text: str, *, asks: bool) -> int:
    plugin, version = split(text)
    if not version:
        raise UsageError(reason=given.t("Name the version too: {}").format(f"{plugin}@1.0.0"))
    if asks:
        click.confirm(given.t("Delete {} {}?").format(escape(plugin), escape(version)), abort=True, err=True)
    if holder(given.place):
        _ask(given, Remove(plugin, version))
    else:
        folder = given.settings().plugins_dir

        async def forget(choices: Choices) -> None:
            remove_version(folder, plugin, version)
            if choices.of(plugin).version == version:
                await choices.change(plugin, version="")

        change(given, forget)
    if given.as_json:
        click.echo(b"null")
    else:
        click.echo(given.t("Done."), err=True)
    return 0


def split(text: str) -> tuple[str, str]:
    """`id@version`; the version may be missing."""
    plugin, _, version = text.partition("@")
    return plugin, version


def change(given: Globals, work: Callable[[Choices], Awaitable[T]]) -> T:
    """Work on the choices in the store of a home on which no engine runs; `HomeBusy` when one starts meanwhile."""
    from kagami.storage.store import open_store  # noqa: PLC0415 (loads a database)

    settings = given.settings()

    async def run() -> T:
        async with open_store(settings.database, clock=SystemClock(), meters=Meters(), config=settings.store) as store:
            choices = Choices(store)
            await choices.open()
            return await work(choices)

    with hold(settings.home):
        return asyncio.run(run())


def _ask(given: Globals, request: msgspec.Struct) -> Any:
    return asyncio.run(call(registry(), given, request))


def _versions(given: Globals, plugin: str, wanted: str = "") -> list[Found]:
    """Those that can serve. One that is there and cannot, recalled or broken, is told with its reason."""
    shelf = discover(given.settings().plugins_dir)
    found = shelf.versions.get(plugin, [])
    unsound = [each for each in shelf.unsound if each.id == plugin]
    named = [each for each in unsound if each.version == wanted]
    if told := named or ([] if found else unsound):
        raise PackageRefused(package=f"{plugin} {told[0].version}", reason=told[0].error)
    if not found:
        raise NotFound(what="plugin", name=plugin)
    return found


def _on_disk(found: list[Found], plugin: str, version: str) -> None:
    if all(each.manifest.version != version for each in found):
        raise NoVersion(plugin=plugin, version=version, known=", ".join(each.manifest.version for each in found))


def _lower(found: list[Found], plugin: str, serving: str) -> str:
    """The highest version below the one that serves."""
    above = next((each.manifest.semver for each in found if each.manifest.version == serving), None)
    lower = [each.manifest for each in found if above is None or each.manifest.semver < above]
    if not lower:
        raise NotFound(what="earlier version", name=plugin)
    return max(lower, key=lambda each: each.semver).version


def stays(row: ReloadRow, t: Translate) -> str:
    """What an engine goes on with that could not serve what was wanted."""
    if not row.old:
        return t("The engine does not serve {}: {}").format(escape(row.id), escape(say(row.error, t)))
    return t("The engine stays with {} {}: {}").format(*map(escape, (row.id, row.old, say(row.error, t))))


def _tell_switch(given: Globals, row: ReloadRow) -> int:
    """What the engine did; 1 when it could not."""
    if given.as_json:
        click.echo(as_json(row))
    elif row.error:
        click.echo(stays(row, given.t), err=True)
    else:
        text = given.t("The engine (process {}) serves {} {} now.")
        click.echo(text.format(holder(given.place), escape(row.id), escape(row.new)))
    return int(bool(row.error))


def _tell_choice(given: Globals, row: ReloadRow) -> int:
    if given.as_json:
        click.echo(as_json(row))
    else:
        click.echo(given.t("{} {} is served from the next start on.").format(escape(row.id), escape(row.new)))
    return 0
