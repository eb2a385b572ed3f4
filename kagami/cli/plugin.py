"""`kagami plugin`: for authors (new, check, test, pack, key, index) and for operators (install, sync, list, use …)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from kagami.cli.options import Command, Globals, Group
from kagami.errors import UsageError
from kagami.i18n import Translate

_FILE: Any = click.Path(path_type=Path)
# What pytest is given stands as it is, options too.
_PASSED = {"ignore_unknown_options": True}


def plugin_commands(t: Translate) -> Group:
    """The group with its commands. What they do is loaded when one of them is run."""
    group = Group("plugin", t, help=t("Write plugins, and bring them here."))
    for each in (*_author(t), *_operator(t)):
        group.add_command(each)
    return group


def _author(t: Translate) -> list[Command]:
    to = click.Option(["--dir", "folder"], type=_FILE, metavar="DIR", help=t("Where to write it; by default here."))
    key = click.Option(["--key"], type=_FILE, metavar="FILE", help=t("The private key that signs it."))
    target = click.Option(["--to", "target"], type=_FILE, metavar="DIR", help=t("Where to put the package."))
    force = click.Option(["--force"], is_flag=True, help=t("Pack even what cannot be loaded."))
    needed = click.Option(
        ["--key"],
        type=_FILE,
        metavar="FILE",
        required=True,
        help=t("The private key that signs it; `kagami plugin key FILE` makes one."),
    )
    name = click.Option(["--name"], default="", help=t("What the market is called."))
    recall = click.Option(
        ["--recall", "recalls"],
        nargs=3,
        multiple=True,
        metavar="ID VERSIONS REASON",
        help=t("Take versions back, such as 1.2.0 or <1.3."),
    )
    test = Command(
        "test", t, callback=_test, params=[_path(), _rest("pytest_args")], help=t("Run a plugin's own tests.")
    )
    test.context_settings = {**test.context_settings, **_PASSED}
    return [
        Command("new", t, callback=_new, params=[_word("id"), to], help=t("Write a small plugin that works.")),
        Command("check", t, callback=_check, params=[_path()], help=t("Look for mistakes in a plugin.")),
        test,
        Command("pack", t, callback=_pack, params=[_path(), key, target, force], help=t("Make a package of a plugin.")),
        Command(
            "key", t, callback=_key, params=[_path("file")], help=t("Make an author's key, or show its public half.")
        ),
        Command(
            "index",
            t,
            callback=_index,
            params=[_path("folder"), needed, name, recall],
            help=t("Make a market of packages."),
        ),
    ]


def _operator(t: Translate) -> list[Command]:
    yes = click.Option(["--yes"], is_flag=True, help=t("Do not ask before doing it."))
    dry = click.Option(["--dry-run"], is_flag=True, help=t("Only show what would be done."))
    pin = click.Option(["--pin"], is_flag=True, help=t("Keep updates from the market away."))
    unsigned = click.Option(["--unsigned"], is_flag=True, help=t("Install even what nobody has signed."))
    source = _word("source")
    return [
        Command(
            "install",
            t,
            callback=_install,
            params=[source, unsigned, yes],
            help=t("Install a plugin from a folder, a file, an address or the market, by its name."),
        ),
        Command("sync", t, callback=_sync, params=[dry, yes], help=t("Update installed plugins from the market.")),
        Command("list", t, callback=_list, params=[], help=t("Show which versions are installed.")),
        Command(
            "use", t, callback=_use, params=[_word("which"), pin], help=t("Serve a version: ID@VERSION, or ID alone.")
        ),
        Command("rollback", t, callback=_rollback, params=[_word("id"), yes], help=t("Go back to the version before.")),
        Command("remove", t, callback=_remove, params=[_word("which"), yes], help=t("Delete a version: ID@VERSION.")),
    ]


def _word(name: str) -> click.Argument:
    shown = "ID@VERSION" if name == "which" else name.upper()
    return click.Argument([name], required=False, metavar=shown)


def _path(name: str = "path") -> click.Argument:
    return click.Argument([name], required=False, type=_FILE, metavar=name.upper())


def _rest(name: str) -> click.Argument:
    return click.Argument([name], nargs=-1, metavar="[PYTEST ARGS]")


def _run(given: Globals, name: str, value: Any, work: Callable[[], int]) -> int:
    """`work`, when the word that it needs was given."""
    if value is None:
        command = click.get_current_context().command_path
        reason = given.t("{} is missing.").format(name)
        raise UsageError(reason=given.t("{reason} See: {command}").format(reason=reason, command=f"{command} --help"))
    return work()


@click.pass_obj
def _new(given: Globals, /, id: str | None, folder: Path | None) -> int:  # noqa: A002 - the word of the command
    from kagami.cli.author import new  # noqa: PLC0415

    return _run(given, "ID", id, lambda: new(given, str(id), folder))


@click.pass_obj
def _check(given: Globals, /, path: Path | None) -> int:
    from kagami.cli.examine import check  # noqa: PLC0415

    return _run(given, "PATH", path, lambda: check(given, Path(path or "")))


@click.pass_obj
def _test(given: Globals, /, path: Path | None, pytest_args: tuple[str, ...]) -> int:
    from kagami.cli.author import run_tests  # noqa: PLC0415

    return _run(given, "PATH", path, lambda: run_tests(given, Path(path or ""), pytest_args))


@click.pass_obj
def _pack(given: Globals, /, path: Path | None, key: Path | None, target: Path | None, force: bool) -> int:
    from kagami.cli.author import make_package  # noqa: PLC0415

    return _run(given, "PATH", path, lambda: make_package(given, Path(path or ""), key, target or Path(), force=force))


@click.pass_obj
def _key(given: Globals, /, file: Path | None) -> int:
    from kagami.cli.author import show_key  # noqa: PLC0415

    return _run(given, "FILE", file, lambda: show_key(given, Path(file or "")))


@click.pass_obj
def _index(
    given: Globals, /, folder: Path | None, key: Path, name: str, recalls: tuple[tuple[str, str, str], ...]
) -> int:
    from kagami.cli.author import publish  # noqa: PLC0415

    return _run(given, "FOLDER", folder, lambda: publish(given, Path(folder or ""), key, name, recalls))


@click.pass_obj
def _install(given: Globals, /, source: str | None, unsigned: bool, yes: bool) -> int:
    from kagami.cli.deliver import install  # noqa: PLC0415

    return _run(given, "SOURCE", source, lambda: install(given, str(source), unsigned=unsigned, asks=_asks(given, yes)))


@click.pass_obj
def _sync(given: Globals, /, dry_run: bool, yes: bool) -> int:
    from kagami.cli.deliver import sync  # noqa: PLC0415

    return sync(given, dry_run=dry_run, asks=not dry_run and _asks(given, yes))


@click.pass_obj
def _list(given: Globals, /) -> int:
    from kagami.cli.shelf import show  # noqa: PLC0415

    return show(given)


@click.pass_obj
def _use(given: Globals, /, which: str | None, pin: bool) -> int:
    from kagami.cli.shelf import use  # noqa: PLC0415

    return _run(given, "ID@VERSION", which, lambda: use(given, str(which), pin=pin))


@click.pass_obj
def _rollback(given: Globals, /, id: str | None, yes: bool) -> int:  # noqa: A002 - the word of the command
    from kagami.cli.shelf import rollback  # noqa: PLC0415

    return _run(given, "ID", id, lambda: rollback(given, str(id), asks=_asks(given, yes)))


@click.pass_obj
def _remove(given: Globals, /, which: str | None, yes: bool) -> int:
    from kagami.cli.shelf import remove  # noqa: PLC0415

    return _run(given, "ID@VERSION", which, lambda: remove(given, str(which), asks=_asks(given, yes)))


def _asks(given: Globals, yes: bool) -> bool:
    """Whether to ask before acting; `UsageError` where nobody could answer."""
    if not yes and not sys.stdin.isatty():
        raise UsageError(reason=given.t("This asks before it acts. Without a terminal, add --yes."))
    return not yes
