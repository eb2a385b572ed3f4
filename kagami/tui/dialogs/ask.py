"""A question with its consequences and two or more buttons; Esc and the first button change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kagami.i18n import mark
from kagami.tui.acting import Verb
from kagami.tui.dialogs.overlay import Overlay
from kagami.tui.format import fold, pad, visible
from kagami.tui.keys import Action
from kagami.tui.shell import Question, Shell
from kagami.tui.widgets.bars import cells
from kagami.tui.widgets.painted import Line, Span

_LABEL = 14


class Ask(Overlay[int]):
    """Answers the number of the chosen button, 0 for none."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("ask.left", ("left", "shift+tab", "up"), mark("choose"), mark("Button before"), hint=False),
        Action("ask.right", ("right", "tab", "down"), mark("choose"), mark("Next button")),
        Action("ask.do", ("enter",), mark("do it"), mark("Do what the button says")),
        Action("ask.keep", ("escape",), mark("keep"), mark("Change nothing")),
    )

    def __init__(self, shell: Shell, question: Question, buttons: Sequence[str]) -> None:
        self.question = question
        self.buttons = tuple(buttons)
        self.chosen = 0
        super().__init__(shell)

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "ask.left": lambda: self._move(-1),
            "ask.right": lambda: self._move(1),
            "ask.do": self._do,
            "ask.keep": self._keep,
        }

    def title_text(self) -> tuple[str, str]:
        return self.question.title, ""

    def tall(self, height: int) -> int:
        return min(height - 4, len(self._consequences(min(self.WIDTH, self.size.width - 2) - 4)) + 5)

    def rows(self, width: int, height: int) -> Sequence[Line]:
        rows: list[Line] = [[], *self._consequences(width)][: height - 2]
        rows += [[] for _ in range(height - 1 - len(rows))]
        return [*rows, self._row_of_buttons(width)]

    def _consequences(self, width: int) -> list[Line]:
        tier, rows = self.shell.looks.text, list[Line]()
        for label, text in self.question.consequences:
            for place, piece in enumerate(fold(visible(text, tier), width - _LABEL - 3)):
                head = pad(label if place == 0 else "", _LABEL, "left", tier)
                rows.append([Span(f" {head} ", "dim"), Span(piece)])
        return rows

    def _row_of_buttons(self, width: int) -> Line:
        line: list[Span] = []
        for place, button in enumerate(self.buttons):
            role = "hit" if place == self.chosen else "strong"
            line += [Span(f"[ {button} ]", role, f"screen.press({place})"), Span("  ")]
        room = width - cells(line)
        return [Span(" " * max(1, room // 2)), *line]

    def _move(self, step: int) -> None:
        self.chosen = (self.chosen + step) % len(self.buttons)
        self.sheet.repaint()

    def _do(self) -> None:
        self.dismiss(self.chosen)

    def _keep(self) -> None:
        self.dismiss(0)

    def action_press(self, button: int) -> None:
        self.dismiss(button)
