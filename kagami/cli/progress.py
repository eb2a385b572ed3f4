"""How far something is, on standard error: one line that changes on a terminal, a line for each step elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable

import click

from kagami.cli.options import Globals
from kagami.cli.show import shorten, width
from kagami.log import escape
from kagami.plugins.package import Progress

PAUSE_S = 0.1
_UNITS = ((1 << 20, "MiB"), (1 << 10, "KiB"))


class ProgressLine:
    """Call it with every `Progress`; `clear` takes the line away. Nothing is shown with `--json`.

    `live` tells whether a line can change; None looks at standard error.
    """

    def __init__(self, given: Globals, now: Callable[[], float] = time.monotonic, *, live: bool | None = None) -> None:
        self._t = given.t
        self._quiet = given.as_json
        terminal = sys.stderr.isatty() if live is None else live
        self._live = terminal and given.environ.get("TERM") != "dumb"
        self._now = now
        self._step = ""
        self._begun = self._drawn = 0.0
        self._columns = 0

    def __call__(self, progress: Progress) -> None:
        if self._quiet:
            return
        now, fresh = self._now(), progress.step != self._step
        if fresh:
            self._step, self._begun = progress.step, now
        ended = bool(progress.total) and progress.done >= progress.total
        if not self._live:
            if fresh:
                click.echo(self._t(progress.step), err=True)
        elif fresh or ended or now - self._drawn >= PAUSE_S:
            self._drawn = now
            self._draw(self.text(progress, now - self._begun))

    def text(self, progress: Progress, seconds: float) -> str:
        """`Downloading 1.5 MiB of 3.0 MiB, 500.0 KiB/s`; without figures where there are none."""
        text = self._t(progress.step)
        if progress.done:
            done, total = size(progress.done), size(progress.total)
            text += " " + (self._t("{} of {}").format(done, total) if progress.total else done)
            text += f", {size(int(progress.done / seconds))}/s" if seconds > 0 else ""
        return escape(text)

    def clear(self) -> None:
        if self._columns:
            self._draw("")
            click.echo("\r", nl=False, err=True)
            self._columns = 0

    def _draw(self, text: str) -> None:
        text = text if width(text) < shutil.get_terminal_size().columns else shorten(text)
        click.echo("\r" + text + " " * max(0, self._columns - width(text)), nl=False, err=True)
        self._columns = width(text)


def size(count: int) -> str:
    for unit, name in _UNITS:
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count} B"
