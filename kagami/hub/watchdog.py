"""A thread that sees when the event loop stands still, and names what stands in it."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Self

from kagami import log
from kagami.meters import Meters

BEAT_S = 0.1
WARN_S = 1.0
# What stands still for so long is told a second time.
LONG_S = 10.0
_log = log.get("watchdog")

# What stalled: seconds so far, the plugin to blame (or ""), the stack as text.
Report = Callable[[float, str, str], None]


class Watchdog:
    """Start it inside the loop that it watches. Costs two wake-ups each tenth of a second."""

    def __init__(self, meters: Meters, *, blame: Callable[[Sequence[str]], str], report: Report) -> None:
        self._meters = meters
        self._blame = blame
        self._report = report
        self._loop = asyncio.get_running_loop()
        self._ident = threading.get_ident()
        self._beat_at = time.monotonic()
        self._worst = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="kagami-watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._beat()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def stalled_s(self) -> float:
        """How late the loop is now. Read by `/livez`, which may be served by another thread."""
        return max(0.0, time.monotonic() - self._beat_at - BEAT_S)

    def _beat(self) -> None:
        if self._stop.is_set():
            return
        now = time.monotonic()
        self._worst = max(self._worst * 0.9, now - self._beat_at - BEAT_S)
        self._meters.gauge["loop_lag_ms"] = max(0.0, self._worst) * 1000
        self._beat_at = now
        self._loop.call_later(BEAT_S, self._beat)

    def _watch(self) -> None:
        told = 0.0
        while not self._stop.wait(BEAT_S):
            late = self.stalled_s
            if late < WARN_S:
                told = 0.0
            elif not told or told < LONG_S <= late:
                told = late
                self._tell(late)

    def _tell(self, late: float) -> None:
        frame = sys._current_frames().get(self._ident)  # noqa: SLF001 - the one documented way to another thread's stack
        stack = traceback.extract_stack(frame) if frame else traceback.StackSummary()
        plugin = self._blame(_files(frame))
        text = "".join(stack.format()[-12:])
        self._meters.count["stalls", plugin or "engine"] += 1
        _log.error("the event loop stands still", seconds=f"{late:.1f}", plugin=plugin, stack=text)
        self._report(late, plugin, text)


def _files(frame: FrameType | None) -> list[str]:
    """File names of a stack, innermost last."""
    found: list[str] = []
    while frame is not None:
        found.append(frame.f_code.co_filename)
        frame = frame.f_back
    found.reverse()
    return found
