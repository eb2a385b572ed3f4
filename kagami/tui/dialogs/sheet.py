"""What can I do here? All actions on the selected thing, with the reason where one cannot be done now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events

from kagami.i18n import mark
from kagami.tui.acting import Verb
from kagami.tui.dialogs.overlay import Overlay
from kagami.tui.format import fit, pad
from kagami.tui.keys import Action, shown
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span

Offer = tuple[Action, str]


class ActionSheet(Overlay[str]):
    """Answers an action's id; empty for none. `offers` are actions with the reason against each."""

    WIDTH: ClassVar[int] = 64
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("sheet.up", ("up", "shift+tab"), mark("move"), mark("One row up"), hint=False),
        Action("sheet.down", ("down", "tab"), mark("move"), mark("One row down")),
        Action("sheet.do", ("enter",), mark("do it"), mark("Do what the row says")),
        Action("sheet.close", ("escape", "space"), mark("close"), mark("Close this")),
    )

    def __init__(self, shell: Shell, subject: str, offers: Sequence[Offer]) -> None:
        self.subject = subject
        self.offers = tuple(offers)
        self.chosen = 0
        super().__init__(shell)

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "sheet.up": lambda: self._move(-1),
            "sheet.down": lambda: self._move(1),
            "sheet.do": lambda: self._do(self.chosen),
            "sheet.close": self._close,
        }

    def title_text(self) -> tuple[str, str]:
        return f"{self.subject}: {self.t(mark('what now?'))}", ""

    def tall(self, height: int) -> int:
        return min(height - 4, len(self.offers) + 2)

    def rows(self, width: int, height: int) -> Sequence[Line]:
        top = max(0, self.chosen - height + 1)
        return [self._row(place, width) for place in range(top, min(len(self.offers), top + height))]

    def ground(self, row: int) -> str:
        top = max(0, self.chosen - self.sheet.size.height + 1)
        return "cursor" if row + top == self.chosen else ""

    def _row(self, place: int, width: int) -> Line:
        action, reason = self.offers[place]
        looks = self.shell.looks
        plain = looks.glyphs.tier != "full"
        key = pad(shown(action.keys[0], plain=plain) if action.keys else "", 7 if plain else 5)
        sign = looks.glyphs.row if place == self.chosen else " "
        why = fit(reason, max(0, width // 2), looks.text)
        text = pad(self.t(action.text), width - 4 - cell_len(key) - cell_len(why), "left")
        click = f"screen.pick({place})"
        role = "dim" if reason else "text"
        return [
            Span(f"{sign} ", "accent"),
            Span(key, "key", click),
            Span(text, role, click),
            Span(f" {why}", "warn"),
        ]

    def _move(self, step: int) -> None:
        self.chosen = (self.chosen + step) % len(self.offers)
        self.sheet.repaint()

    def _do(self, place: int) -> None:
        action, reason = self.offers[place]
        if reason:
            self.shell.say(self.t(action.text), reason, "warning")
        else:
            self.dismiss(action.id)

    def _close(self) -> None:
        self.dismiss("")

    def action_pick(self, place: int) -> None:
        self._do(place)

    def on_key(self, event: events.Key) -> None:
        """The action's own letter chooses it."""
        for place, (action, _) in enumerate(self.offers):
            if event.key in action.keys:
                event.stop()
                self._do(place)
                return
