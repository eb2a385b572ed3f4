"""Opens the terminal UI: in front of an engine of its own, or on one that runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kagami.cli.options import Globals
from kagami.errors import EngineAway
from kagami.home import holder

if TYPE_CHECKING:
    from kagami.ports import Control

NO_TERMINAL = 2


def open_console(given: Globals) -> int:
    """The UI on the home's engine, which is started when none runs."""
    if refused := _refused(given):
        return refused
    if holder(given.place):
        return attach(given)
    from kagami.app import run_with_console  # noqa: PLC0415 (loads the engine)

    settings = given.settings()
    language = settings.language if given.asked_language is None else given.language
    return run_with_console(settings, show=lambda control, owned: show(control, given, language, owned=owned))


def attach(given: Globals) -> int:
    """The UI on the engine that runs on the home; `EngineAway` when none does. Leaving it never stops the bots."""
    if refused := _refused(given):
        return refused
    socket = given.place.socket
    if not holder(given.place):
        raise EngineAway(address=socket)
    from kagami.client import HttpControl  # noqa: PLC0415 (loads an HTTP library)
    from kagami.operations import registry  # noqa: PLC0415

    show(HttpControl(registry(), socket), given, "", owned=False)
    return 0


def show(control: Control, given: Globals, language: str, *, owned: bool) -> str:
    """Run the UI in this terminal until it is left: `stop` when the engine shall stop too, else `detach`."""
    from kagami.tui import looks, state, terminal  # noqa: PLC0415 (loads Textual)
    from kagami.tui.app import Console  # noqa: PLC0415
    from kagami.tui.shell import Leave  # noqa: PLC0415

    path = state.state_path(given.environ)
    kept, _ = state.load(path)
    encoding, wide = terminal.probe(given.environ)
    glyphs = given.environ.get("KAGAMI_GLYPHS")
    console = Console(
        control,
        language=language or given.asked_language or kept.language or given.language,
        glyphs=looks.tier_for(glyphs, given.environ, encoding=encoding, wide=wide),
        text=looks.text_tier(given.environ, encoding=encoding, wide=wide),
        theme=looks.theme_for(kept.theme, given.environ),
        owned=owned,
        state=kept,
    )
    left = console.run()
    state.save(path, console.state)
    return "stop" if left is Leave.STOP else "detach"


def _refused(given: Globals) -> int:
    """Say why the UI cannot run here, without a control sequence; 0 when it can."""
    from kagami.tui.terminal import terminal_refusal  # noqa: PLC0415

    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    reason = terminal_refusal(given.environ, interactive=interactive)
    if reason:
        click.echo(reason, err=True)
    return NO_TERMINAL if reason else 0
