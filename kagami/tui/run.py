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

# Textual reads these once, when it is imported. A person's own settings win.
_SWITCHES = {"TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0", "ESCDELAY": "50"}
_OVER_SSH = {"TEXTUAL_FPS": "15"}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asked for on the command line; None for whatever was chosen last or suits the terminal.

    `owned`: this process holds the engine. `home`: the path of the engine's home, whose last place is opened. `fresh`
    ignores what the last console remembered. `mouse` off sends no mouse modes.
    """

    language: str | None = None
    glyphs: str | None = None
    theme: str | None = None
    owned: bool = False
    home: str = ""
    fresh: bool = False
    mouse: bool = True


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
    for name, value in {**_SWITCHES, **(_OVER_SSH if environ.get("SSH_CONNECTION") else {})}.items():
        os.environ.setdefault(name, value)
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
    from kagami.tui.app import Console  # noqa: PLC0415 (after the switches above)

    text = text_tier(environ, encoding=encoding, wide=wide)
    kept = state.language if state.language in LANGUAGES else ""
    language = choose(wishes.language or kept or None, environ)
    control = control_factory()
    console = Console(
        control,
        language="en" if text == "ascii" else language,
        glyphs=tier_for(wishes.glyphs, environ, encoding=encoding, wide=wide),
        theme=theme_for(wishes.theme or state.theme or None, environ),
        owned=wishes.owned,
        text=text,
        clock=clock or SystemClock(),
        state=state,
    )
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
    # Together with the end of the terminal it comes too late to be what ends the console, and counts all the same.
    return Leave.STOP if stop.asked else left or (Leave.LOST if console.lost else Leave.DETACH)


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
