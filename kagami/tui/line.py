"""The line from a console to a browser tab: written in the console's loop, read in the engine's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Lock

from kagami.ports.consoles import Ended

MOST_WAITING = 1 << 18
"""Characters that may wait for a tab before frames are dropped: a few whole screens."""


class Line:
    """Made in the loop that reads. Writing never waits: what is too much is dropped, and once the tab has taken what
    waited, `behind` is called, in the reader's loop, to have everything painted anew.
    """

    def __init__(self, behind: Callable[[], None] = lambda: None) -> None:
        self._behind = behind
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._lock = Lock()
        self._pieces: list[str] = []
        self._waiting = 0
        self._dropped = False
        self.ended: Ended | None = None

    def takes(self) -> bool:
        """Whether a frame would be kept; one that would not need not be made, and is counted as dropped."""
        with self._lock:
            self._dropped = self._dropped or self._waiting > MOST_WAITING
            return not self._dropped and self.ended is None

    @property
    def waiting(self) -> int:
        """Characters that the tab has not taken yet."""
        return self._waiting

    def put(self, text: str) -> None:
        """May be called in any thread. Pieces are dropped whole."""
        with self._lock:
            first = not self._pieces
            if self.ended is not None:
                return
            self._dropped = self._dropped or self._waiting > MOST_WAITING
            if self._dropped:
                return
            self._pieces.append(text)
            self._waiting += len(text)
        if first:
            self._wake()

    def end(self, why: Ended) -> None:
        """The tab gets what waits, and no more. The first reason counts. May be called in any thread."""
        with self._lock:
            self.ended = self.ended or why
        self._wake()

    async def take(self) -> str:
        """Everything that waits, as soon as there is something; empty at the end."""
        await self._ready.wait()
        with self._lock:
            text, self._pieces, self._waiting = "".join(self._pieces), [], 0
            dropped, self._dropped = self._dropped, False
            if self.ended is None:
                self._ready.clear()
        if dropped:
            self._behind()
        return text

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the reader's loop has ended first
            self._loop.call_soon_threadsafe(self._ready.set)
