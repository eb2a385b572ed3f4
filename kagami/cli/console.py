"""Opens the terminal UI: in front of an engine of its own, or on one that runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from kagami.cli.options import Globals, tell
from kagami.errors import EngineAway
from kagami.home import holder
from kagami.i18n import Translate

if TYPE_CHECKING:
    from kagami.ports import Control

NO_TERMINAL = 2
# Those of `kagami.tui.switches`, which a line of help need not load.
COLORS = ("auto", "truecolor", "256", "16", "none")


class Looks(NamedTuple):
    """What was asked for on the command line; None leaves it to the last console and the terminal."""

    glyphs: str | None
    theme: str | None
    mouse: bool
    color: str = "auto"
    read_only: bool = False
    fresh: bool = False


class Trust(NamedTuple):
    """What was said on the command line about the other side."""

    token_file: Path | None = None
    ca_file: Path | None = None
    insecure: bool = False


def trust_options(t: Translate) -> list[click.Parameter]:
    file = click.Path(path_type=Path)
    return [
        click.Option(["--token-file"], type=file, metavar="FILE", help=t("Read the API token from this file.")),
        click.Option(["--ca-file"], type=file, metavar="FILE", help=t("Trust the certificates of this authority.")),
        click.Option(["--insecure"], is_flag=True, help=t("Send the token over a line that others can read.")),
    ]


def looks_options(t: Translate) -> list[click.Parameter]:
    """How the UI shall look, where the terminal does not say it well enough."""
    return [
        click.Option(
            ["--glyphs"], type=click.Choice(["full", "safe", "ascii"]), help=t("Signs that the UI draws with.")
        ),
        click.Option(["--theme"], type=click.Choice(["night", "paper", "ansi"]), help=t("Colours of the UI.")),
        click.Option(["--mouse/--no-mouse"], default=True, help=t("Whether the UI listens to the mouse.")),
        click.Option(
            ["--color"],
            type=click.Choice(COLORS),
            default="auto",
            help=t("How many colours the UI may use."),
        ),
        click.Option(["--read-only"], is_flag=True, help=t("Only look: the UI changes nothing.")),
        click.Option(["--fresh"], is_flag=True, help=t("Forget what the last UI remembered.")),
    ]


def open_console(given: Globals, asked: Looks) -> int:
    """The UI on the home's engine, which is started in this process when none runs."""
    if refused := refuse_terminal(given):
        return refused
    if holder(given.place):
        return attach(given, asked)
    settings = given.settings()
    from kagami.app import run_with_console  # noqa: PLC0415 (loads the engine)

    def show_owned(control: Control, owned: bool) -> str:
        language = given.asked_language or settings.language or None
        return _show(lambda: control, given, language, asked=asked, owned=owned)

    return run_with_console(settings, show=show_owned, tell=lambda error: tell(error, given))


def attach(given: Globals, asked: Looks) -> int:
    """The UI on the engine that runs on the home; `EngineAway` when none does. Leaving it never stops the bots."""
    if refused := refuse_terminal(given):
        return refused
    socket = given.place.socket
    if not holder(given.place):
        raise EngineAway(address=socket)
    from kagami.client import HttpControl  # noqa: PLC0415 (loads an HTTP library)
    from kagami.operations import registry  # noqa: PLC0415

    how = _show(lambda: HttpControl(registry(), socket), given, given.asked_language, asked=asked, owned=False)
    return int(how == "broken")


def attach_at(url: str, trust: Trust, given: Globals, asked: Looks) -> int:
    """The UI on the engine at an address."""
    if refused := refuse_terminal(given):
        return refused
    from kagami.cli.remote import find  # noqa: PLC0415 (loads an HTTP library)

    remote = find(url, trust, given)
    how = _show(remote.control, given, given.asked_language, asked=asked, owned=False, home=remote.address)
    return int(how == "broken")


def _show(
    control: Callable[[], Control],
    given: Globals,
    language: str | None,
    *,
    asked: Looks,
    owned: bool,
    home: str = "",
) -> str:
    """Run the UI in this terminal until it is left: `stop` when the engine shall stop too, `broken`, else `detach`."""
    from kagami.tui.switches import set_switches, theme_of  # noqa: PLC0415

    set_switches(os.environ, asked.color)
    from kagami.tui.run import Leave, Wishes, run_console  # noqa: PLC0415 (loads Textual)

    glyphs = asked.glyphs or given.environ.get("KAGAMI_GLYPHS")
    wishes = Wishes(
        language=language,
        glyphs=glyphs,
        theme=asked.theme or theme_of(asked.color),
        owned=owned,
        home=home or str(given.place.path),
        mouse=asked.mouse,
        fresh=asked.fresh,
        read_only=asked.read_only,
    )
    left = run_console(control, wishes, environ=given.environ)
    if left is Leave.DETACH:
        told = given.t("The bots go on. `kagami` comes back to them, `kagami system stop` stops them.")
        click.echo(given.hint(told))
    return "broken" if left is Leave.BROKEN else "stop" if left is Leave.STOP else "detach"


def refuse_terminal(given: Globals) -> int:
    """Say why the UI cannot run here, without a control sequence; 0 when it can."""
    from kagami.tui.terminal import terminal_refusal  # noqa: PLC0415

    reason = terminal_refusal(given.environ, interactive=has_terminal())
    if reason:
        click.echo(reason, err=True)
    return NO_TERMINAL if reason else 0


def has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
