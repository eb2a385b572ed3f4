"""One of several things, chosen from a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from kagami.i18n import mark
from kagami.tui.acting import Verb
from kagami.tui.dialogs.overlay import CLOSE, Overlay
from kagami.tui.format import pad
from kagami.tui.keys import Action
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span


class Offer(NamedTuple):
    """What is answered, its name, and what is said of it. The texts may be foreign."""

    key: str
    name: str
    note: str = ""


class Pick(Overlay[str | None]):
    """Answers the key of the chosen offer, None when it was left. There is at least one offer."""

    WIDTH: ClassVar[int] = 72
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("pick.up", ("up", "k", "shift+tab"), mark("move"), mark("One row up"), hint=False),
        Action("pick.down", ("down", "j", "tab"), mark("move"), mark("One row down")),
        Action("pick.do", ("enter",), mark("choose"), mark("Choose what the row says")),
        CLOSE,
    )

    def __init__(self, shell: Shell, title: str, offers: Sequence[Offer]) -> None:
        self.title_of = title
        self.offers = tuple(offers)
        self.chosen = 0
        super().__init__(shell)

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "pick.up": lambda: self._move(-1),
            "pick.down": lambda: self._move(1),
            "pick.do": lambda: self.action_pick(self.chosen),
            "overlay.close": lambda: self._end(None),
        }

    def title_text(self) -> tuple[str, str]:
        return self.title_of, ""

    def tall(self, height: int) -> int:
        return min(height - 4, len(self.offers) + 2)

    def rows(self, width: int, height: int) -> Sequence[Line]:
        top = self._top(height)
        return [self._row(place, width) for place in range(top, min(len(self.offers), top + height))]

    def ground(self, row: int) -> str:
        return "cursor" if row + self._top(self.sheet.size.height) == self.chosen else ""

    def half(self, width: int) -> int:
        """Cells for the names, of those for names and notes."""
        return width // 2

    def _top(self, height: int) -> int:
        return max(0, self.chosen - height + 1)

    def _row(self, place: int, width: int) -> Line:
        offer, looks = self.offers[place], self.shell.looks
        sign = looks.glyphs.row if place == self.chosen else " "
        half, click = self.half(width - 4), f"screen.pick({place})"
        return [
            Span(f" {sign} ", "accent"),
            Span(pad(offer.name, half, tier=looks.text), "strong", click),
            Span(" " + pad(offer.note, width - half - 4, tier=looks.text), "dim", click),
        ]

    def _move(self, step: int) -> None:
        self.chosen = (self.chosen + step) % len(self.offers)
        self.sheet.repaint()

    def action_pick(self, place: int) -> None:
        self._end(self.offers[place].key)

    def _end(self, key: str | None) -> None:
        self.dismiss(key)
