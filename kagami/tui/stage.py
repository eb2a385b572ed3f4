"""Where places stand: one is seen, the others wait with their state; visits can be walked back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from textual import events
from textual.containers import Vertical

from kagami.tui.place import Place
from kagami.tui.places import BY_NAME
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Painted, Span

MOST_VISITS = 50


class Trouble(Painted):
    """Why the seen place could not be read."""

    DEFAULT_CSS = "Trouble { height: 1; display: none; }"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._text = ""

    def tell(self, text: str) -> None:
        self._text = text
        self.display = bool(text)
        self.repaint()

    def lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        return [[Span(f" {self.shell.looks.glyphs.failed} {self._text}", "bad")]]


class Stage(Vertical):
    """Makes places at their first visit and shows one at a time."""

    DEFAULT_CSS = "Stage { width: 1fr; height: 1fr; }"

    def __init__(self, shell: Shell, made: Callable[[Place], None]) -> None:
        super().__init__()
        self.shell = shell
        self.tell_made = made
        self.trouble = Trouble(shell)
        self.current: Place | None = None
        self._made: dict[str, Place] = {}
        self._visits: list[str] = []
        self._at = -1
        self._moving = asyncio.Lock()

    def compose(self) -> Sequence[Painted]:
        return [self.trouble]

    @property
    def places(self) -> Sequence[Place]:
        """Those that have been visited."""
        return tuple(self._made.values())

    async def lets_go(self, name: str = "") -> bool:
        """Whether the seen place may be left for another one, or for good; it may ask."""
        here = self.current
        return here is None or name == here.NAME or await here.may_leave()

    async def open(self, name: str, target: str = "") -> None:
        """Show a place, and what `target` names in it."""
        del self._visits[self._at + 1 :]
        if not self._visits or self._visits[-1] != name:
            self._visits = [*self._visits, name][-MOST_VISITS:]
        self._at = len(self._visits) - 1
        await self._show(name, target)

    async def walk(self, step: int) -> bool:
        """Back (-1) or forward (1) among the visits; False at the end."""
        if not 0 <= self._at + step < len(self._visits):
            return False
        self._at += step
        await self._show(self._visits[self._at], "", again=True)
        return True

    async def _show(self, name: str, target: str, *, again: bool = False) -> None:
        async with self._moving:  # one after the other, however fast the keys come; reading does not wait here
            place = self._made.get(name)
            if self.current is not None and self.current is not place:
                self.current.leave()
                self.current.display = False
            if place is None:
                place = self._made[name] = BY_NAME[name].make(self.shell)
                await self.mount(place)
                self.tell_made(place)
                self.call_after_refresh(_tell_size, place)
            self.current = place
            place.display = True
            if target:
                place.open_at(target)
        if place is self.current:
            await place.enter(again=again)

    def tell_trouble(self) -> None:
        """Show or hide the reason why the seen place could not be read."""
        error = self.current.trouble if self.current else None
        self.trouble.tell(error.text(self.shell.t) if error else "")


def _tell_size(place: Place) -> None:
    """Textual tells no size to a widget whose region was asked for after its mount and before its first layout."""
    place.post_message(events.Resize(place.size, place.virtual_size, place.container_size))
