"""Some of many things, chosen from a list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

from kagami.i18n import mark
from kagami.tui.acting import Verb
from kagami.tui.dialogs.overlay import CLOSE, Overlay
from kagami.tui.dialogs.pick import Offer
from kagami.tui.format import pad
from kagami.tui.keys import Action
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span


class Several(Overlay[tuple[str, ...] | None]):
    """Answers the keys of what is ticked, in the order of the list; None when it was left."""

    WIDTH: ClassVar[int] = 72
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("several.up", ("up", "k", "shift+tab"), mark("move"), mark("One row up"), hint=False),
        Action("several.down", ("down", "j", "tab"), mark("move"), mark("One row down")),
        Action("several.tick", ("space", "x"), mark("tick"), mark("Tick this row, or take its tick away")),
        Action("several.do", ("enter",), mark("take these"), mark("Take what is ticked")),
        CLOSE,
    )

    def __init__(self, shell: Shell, title: str, offers: Sequence[Offer], ticked: Collection[str] = ()) -> None:
        self._title = title
        self.offers = tuple(offers)
        self.ticked = set(ticked)
        self.chosen = 0
        self._reason = ""
        super().__init__(shell)

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "several.up": lambda: self._move(-1),
            "several.down": lambda: self._move(1),
            "several.tick": lambda: self.action_pick(self.chosen),
            "several.do": self._take,
            "overlay.close": lambda: self._end(None),
        }

    def refusal(self, action: Action) -> str:
        return self.t(mark("nothing is ticked")) if action.id == "several.do" and not self.ticked else ""

    def refuse(self, action: Action, reason: str) -> None:  # noqa: ARG002
        """In the frame: a toast could lie behind it."""
        self._reason = reason
        self.repaint()

    def title_text(self) -> tuple[str, str]:
        return self._title, self._reason or str(len(self.ticked))

    def tall(self, height: int) -> int:
        return min(height - 4, len(self.offers) + 2)

    def rows(self, width: int, height: int) -> Sequence[Line]:
        top = self._top(height)
        return [self._row(place, width) for place in range(top, min(len(self.offers), top + height))]

    def ground(self, row: int) -> str:
        return "cursor" if row + self._top(self.sheet.size.height) == self.chosen else ""

    def _top(self, height: int) -> int:
        return max(0, self.chosen - height + 1)

    def _row(self, place: int, width: int) -> Line:
        offer, looks = self.offers[place], self.shell.looks
        on, click, half = offer.key in self.ticked, f"screen.pick({place})", (width - 8) // 3
        return [
            Span(f" {looks.glyphs.row if place == self.chosen else ' '} ", "accent"),
            Span("[x] " if on else "[ ] ", "good" if on else "text", click),
            Span(pad(offer.name, half, tier=looks.text), "strong", click),
            Span(" " + pad(offer.note, width - half - 8, tier=looks.text), "dim", click),
        ]

    def _move(self, step: int) -> None:
        self.chosen = (self.chosen + step) % len(self.offers)
        self.sheet.repaint()

    def action_pick(self, place: int) -> None:
        self.chosen = place
        self.ticked ^= {self.offers[place].key}
        self._reason = ""
        self.repaint()

    def _take(self) -> None:
        self._end(tuple(offer.key for offer in self.offers if offer.key in self.ticked))

    def _end(self, keys: tuple[str, ...] | None) -> None:
        self.dismiss(keys)
