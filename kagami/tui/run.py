"""Running the console in the main thread, and ending it cleanly, also when its terminal is gone."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

from kagami.clock import Clock, SystemClock
from kagami.i18n import LANGUAGES, choose, mark
from kagami.ports import Control
from kagami.tui import state as states
from kagami.tui.looks import text_tier, theme_for, tier_for
from kagami.tui.shell import Leave
from kagami.tui.terminal import probe

if TYPE_CHECKING:
    from kagami.tui.app import Console

__all__ = ["Leave", "Wishes", "run_console"]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asked for on the command line; None for whatever was chosen last or suits the terminal.

    `owned`: this process holds the engine. `home`: the path of the engine's home, whose last place is opened. `fresh`
    ignores what the last console remembered. `mouse` off sends no mouse modes. `read_only` changes nothing.
    """

    language: str | None = None
    glyphs: str | None = None
    theme: str | None = None
    owned: bool = False
    home: str = ""
    fresh: bool = False
    mouse: bool = True
    read_only: bool = False


def run_console(
    control_factory: Callable[[], Control],
    wishes: Wishes,
    *,
    environ: Mapping[str, str] | None = None,
    clock: Clock | None = None,
) -> Leave:
    """Show the console until it is left. Must be called in the main thread, with plain asyncio as its loop.

    `control_factory` is called in the console's loop, and what it made is closed there. After `Leave.LOST` the
    terminal is gone and descriptors 0 to 2 lead to the null device, so that whatever goes on cannot trip over them.
    """
    environ = os.environ if environ is None else environ
    path = states.state_path(environ)
    state, complaint = (states.State(), "") if wishes.fresh else states.load(path)
    encoding, wide = probe(environ)
    home = states.home_key(wishes.home)
    state = state.at(home)
    left = asyncio.run(_show(control_factory, wishes, state, complaint, environ, encoding, wide, clock))
    if not wishes.fresh:
        states.save(path, state.left(home))
    if left is Leave.LOST:
        to_nowhere()
    return left


async def _show(
    control_factory: Callable[[], Control],
    wishes: Wishes,
    state: states.State,
    complaint: str,
    environ: Mapping[str, str],
    encoding: str,
    wide: bool,
    clock: Clock | None,
) -> Leave:
    from kagami.tui.app import Console  # noqa: PLC0415 (loads most of Textual)
    from kagami.tui.leaving import report  # noqa: PLC0415
    from kagami.tui.onlooker import Onlooker  # noqa: PLC0415

    text = text_tier(environ, encoding=encoding, wide=wide)
    control = Onlooker(control_factory()) if wishes.read_only else control_factory()
    console = Console(
        control,
        language="en" if text == "ascii" else _language(wishes, state, environ),
        glyphs=tier_for(wishes.glyphs or state.glyphs or None, environ, encoding=encoding, wide=wide),
        theme=theme_for(wishes.theme or state.theme or None, environ),
        owned=wishes.owned,
        text=text,
        clock=clock or SystemClock(),
        state=state,
    )
    console.read_only = wishes.read_only
    if complaint:
        console.call_later(
            console.say, console.t(mark("What the last console remembered was not used")), complaint, "warning"
        )
    stop = Stopper(console)
    try:
        with _heard(signal.SIGHUP, console.hang_up), _heard(signal.SIGTERM, stop):
            left = await console.run_async(mouse=wishes.mouse)
    finally:
        await control.close()
    if console.broken is not None:
        report(console.broken, console.t, environ)
    return _how(console, stop, left)


def _language(wishes: Wishes, state: states.State, environ: Mapping[str, str]) -> str:
    kept = state.language if state.language in LANGUAGES else ""
    return choose(wishes.language or kept or None, environ)


def _how(console: Console, stop: Stopper, left: Leave | None) -> Leave:
    """How it was left. A SIGTERM may come too late to be what ends the console, and counts all the same."""
    if stop.asked:
        return Leave.STOP
    if console.broken is not None:
        return Leave.BROKEN
    return left or (Leave.LOST if console.lost else Leave.DETACH)


class Stopper:
    """Ends the console as if the bots should stop too; what SIGTERM asks for."""

    def __init__(self, console: Console) -> None:
        self._loop = asyncio.get_running_loop()
        self._console = console
        self.asked = False

    def __call__(self) -> None:
        self.asked = True
        self._loop.call_soon_threadsafe(self._console.exit, Leave.STOP)


@contextmanager
def _heard(number: signal.Signals, act: Callable[[], None]) -> Iterator[None]:
    """A signal ends the console, not the process. A Python handler also runs while the loop waits for its terminal."""

    def heard(_number: int, _frame: FrameType | None) -> None:
        act()

    before = signal.signal(number, heard)
    try:
        yield
    finally:
        signal.signal(number, before)


def to_nowhere() -> None:
    """Let the standard descriptors lead to the null device."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    if nowhere > 2:  # noqa: PLR2004
        os.close(nowhere)
