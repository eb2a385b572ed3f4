"""Sees when a plugin under test holds up the event loop, and where."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from typing import NamedTuple, Self

from kagami.plugins.census import CENSUS
from kagami.plugins.scope import place_of

BEAT_S = 0.02


class Stall(NamedTuple):
    """The loop stood still for `seconds`, at the file and line `place` of a plugin."""

    seconds: float
    place: str


class Stalls:
    """Enter it inside the loop. What stands still without a plugin on the stack is no plugin's fault and not seen."""

    def __init__(self) -> None:
        self.seen: list[Stall] = []
        self._loop = asyncio.get_running_loop()
        self._ident = threading.get_ident()
        self._beat_at = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._place = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="kagami-stalls", daemon=True)

    def __enter__(self) -> Self:
        self._beat()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        if self._timer is not None:
            self._timer.cancel()

    def assert_none(self, limit: float) -> None:
        """`AssertionError` for the longest stall of more than `limit` seconds."""
        self._close()
        worst = max((each for each in self.seen if each.seconds > limit), default=None)
        if worst is not None:
            raise AssertionError(f"the loop stood still for {worst.seconds:.2f} s at {worst.place}")

    def _beat(self) -> None:
        self._close()
        self._timer = self._loop.call_later(BEAT_S, self._beat)

    def _close(self) -> None:
        """Whatever the loop did until now is over."""
        now = time.monotonic()
        if self._place:
            self.seen.append(Stall(now - self._beat_at, self._place))
            self._place = ""
        self._beat_at = now

    def _watch(self) -> None:
        while not self._stop.wait(BEAT_S):
            if time.monotonic() - self._beat_at < 2 * BEAT_S:
                continue
            frame = sys._current_frames().get(self._ident)  # noqa: SLF001 - the one way to another thread's stack
            found = CENSUS.innermost(frame)
            if found is not None:
                self._place = place_of(found[1])
