"""A search that goes on beside the keyboard: how far it is, and its end when somebody has enough."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kagami.i18n import mark
from kagami.tui.figures import clock
from kagami.tui.keys import Action
from kagami.tui.place import Place
from kagami.tui.tail import Tail

PATIENCE_S = 0.3


class Hunt:
    """One search of a place at a time: a new one ends the one before. `changed` is called when `words` may differ."""

    def __init__(self, place: Place, name: str, tail: Tail, changed: Callable[[], None]) -> None:
        self._place = place
        self._name = name
        self._tail = tail
        self._changed = changed
        self._began = 0.0
        self._running: object | None = None

    @property
    def running(self) -> bool:
        return self._running is not None

    def start(self, action: Action, work: Awaitable[None]) -> None:
        self._began = self._place.shell.clock.monotonic()
        self._tail.reached_ms = 0
        own = self._running = object()
        self._place.run_worker(self._run(own, action, work), group=self._name, exclusive=True)

    async def _run(self, own: object, action: Action, work: Awaitable[None]) -> None:
        try:
            await self._place.finish(action, work, self._place.t)
        finally:
            if self._running is own:
                self._running = None
            self._changed()

    def stop(self) -> bool:
        """End it; False when nothing was searched for."""
        was, self._running = self.running, None
        if was:
            self._place.workers.cancel_group(self._place, self._name)
            self._changed()
        return was

    def told(self, _: int) -> None:
        """A page more was searched."""
        self._changed()

    def words(self) -> str:
        """How far it is; empty when there is nothing to wait for."""
        seconds = self._place.shell.clock.monotonic() - self._began
        if not self.running or seconds < PATIENCE_S:
            return ""
        t = self._place.t
        if not self._tail.reached_ms:
            return f"{t(mark('searching'))} {seconds:.0f} s  {t(mark('esc cancel'))}"
        told = t(mark("searched as far as {time}, {seconds} s"))
        return f"{told.format(time=clock(self._tail.reached_ms), seconds=f'{seconds:.0f}')}  {t(mark('esc cancel'))}"
