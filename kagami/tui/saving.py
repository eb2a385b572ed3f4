"""What is exported goes to a file of this machine, page by page: with progress, and cancelled without a trace."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import IO, NamedTuple

from kagami.i18n import mark
from kagami.tui.figures import count, size
from kagami.tui.shell import Shell
from kagami.tui.state import state_path

FOLDER = "exports"


class Page(NamedTuple):
    """Whole lines of text, how many they are, and which part of the work is done (0 to 1; -1 when nobody knows)."""

    text: str
    rows: int
    share: float = -1.0


class Saving:
    """The one export of a place. `changed` is called whenever `words` may say something else."""

    def __init__(self, shell: Shell, changed: Callable[[], None] = lambda: None) -> None:
        self._shell = shell
        self._changed = changed
        self._page = Page("", 0)
        self._rows = self._bytes = 0
        self._began = 0.0
        self.running = False

    def words(self) -> str:
        """How far it is, for people; empty when nothing is exported."""
        if not self.running:
            return ""
        t, share = self._shell.t, self._page.share
        told = t(mark("exporting {rows} rows, {size}, {seconds} s")).format(
            rows=count(self._rows),
            size=size(self._bytes),
            seconds=int(self._shell.clock.monotonic() - self._began),
        )
        part = f"{share * 100:.0f}%  " if share >= 0 else ""
        return f"{part}{told}  {t(mark('esc cancel'))}"

    async def save(self, stem: str, ending: str, pages: AsyncIterator[Page]) -> None:
        """Write all pages and say where. When it is cancelled, or the disk takes no more, nothing stays."""
        t = self._shell.t
        self.running, self._rows, self._bytes = True, 0, 0
        self._began = self._shell.clock.monotonic()
        try:
            path, draft, file = await asyncio.to_thread(
                _open, exports(os.environ), stem, ending, self._shell.clock.wall_ms()
            )
        except OSError as error:
            self.running = False
            self._shell.say(t(mark("Nothing was exported")), str(error), "error")
            return
        try:
            with file:
                async for page in pages:
                    await asyncio.to_thread(file.write, page.text.encode("utf-8", "surrogatepass"))
                    self._page, self._rows, self._bytes = page, self._rows + page.rows, file.tell()
                    self._changed()
            await asyncio.to_thread(os.replace, draft, path)
        except OSError as error:
            self._shell.say(t(mark("Nothing was exported")), str(error), "error")
            return
        finally:
            _drop(draft)
            self.running = False
            self._changed()
        told = t(mark("Exported {rows} rows, {size}")).format(rows=count(self._rows), size=size(self._bytes))
        self._shell.say(told, str(path))


def exports(environ: Mapping[str, str]) -> Path:
    """The folder of this user's exports: `$XDG_STATE_HOME/kagami/exports`."""
    return state_path(environ).parent / FOLDER


def _open(folder: Path, stem: str, ending: str, now_ms: int) -> tuple[Path, Path, IO[bytes]]:
    """A name that is free, and a draft beside it that only this user can read."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    moment = time.strftime("%Y%m%d-%H%M%S", time.localtime(now_ms / 1000))
    path, number = folder / f"{stem}-{moment}.{ending}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem}-{moment}-{number}.{ending}"
    draft = path.with_name(f".{path.name}.part")
    draft.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return path, draft, os.fdopen(os.open(draft, flags, 0o600), "wb")


def _drop(draft: Path) -> None:
    draft.unlink(missing_ok=True)
