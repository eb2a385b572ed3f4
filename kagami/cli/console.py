"""Opens the terminal UI: in front of an engine of its own, or on one that runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kagami import collector
from kagami.cli.given import Globals
from kagami.errors import EngineAway, KagamiError
from kagami.home import holder

if TYPE_CHECKING:
    from kagami.ports import Control

NO_TERMINAL = 2


class Looks(NamedTuple):
    """What was asked for on the command line; None leaves it to the last console and the terminal."""

    glyphs: str | None = None
    theme: str | None = None
    mouse: bool = True
    color: str = "auto"
    read_only: bool = False
    fresh: bool = False


class Trust(NamedTuple):
    """What was said on the command line about the other side."""

    token_file: Path | None = None
    ca_file: Path | None = None
    insecure: bool = False


def open_console(given: Globals, asked: Looks) -> int:
    """The UI on the home's engine, which is started in this process when none runs."""
    if refused := refuse_terminal(given):
        return refused
    if holder(given.place):
        return attach(given, asked)
    settings = given.settings()
    from kagami.app import run_with_console  # noqa: PLC0415 (reads the configuration)

    def show_owned(control: Control, owned: bool) -> str:
        language = given.asked_language or settings.language or None
        return _show(lambda: control, given, language, asked=asked, owned=owned)

    def tell_why(error: KagamiError) -> int:
        from kagami.cli.options import tell  # noqa: PLC0415 (nothing runs that it would burden)

        return tell(error, given)

    return run_with_console(settings, show=show_owned, tell=tell_why)


def attach(given: Globals, asked: Looks) -> int:
    """The UI on the engine that runs on the home; `EngineAway` when none does. Leaving it never stops the bots."""
    if refused := refuse_terminal(given):
        return refused
    socket = given.place.socket
    if not holder(given.place):
        raise EngineAway(address=socket)
    collector.run_seldom()  # no engine will start here that would say so
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
        sys.stdout.write(f"{given.hint(told)}\n")
    return "broken" if left is Leave.BROKEN else "stop" if left is Leave.STOP else "detach"


def refuse_terminal(given: Globals) -> int:
    """Say why the UI cannot run here, without a control sequence; 0 when it can."""
    from kagami.tui.terminal import terminal_refusal  # noqa: PLC0415

    reason = terminal_refusal(given.environ, interactive=has_terminal())
    if reason:
        sys.stderr.write(f"{reason}\n")
    return NO_TERMINAL if reason else 0


def has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
