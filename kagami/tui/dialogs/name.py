"""A question before something final: it is done once the thing's name was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from kagami.i18n import mark
from kagami.tui.acting import Verb
from kagami.tui.dialogs.overlay import Overlay
from kagami.tui.format import fold, pad, visible
from kagami.tui.keys import Action
from kagami.tui.shell import Question, Shell
from kagami.tui.widgets.box import Box
from kagami.tui.widgets.painted import Line, Span

_LABEL = 14


class AskName(Overlay[bool]):
    """Answers whether it shall be done. What is typed has to be the name as it is shown."""

    DEFAULT_CSS = """
    AskName Box, AskName Box:focus { padding: 0 1; background: $panel; }
    AskName Vertical#ask-name { margin: 1; height: 1fr; }
    """
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("name.do", ("enter",), mark("do it"), mark("Do it, once the name is there"), priority=True),
        Action("name.keep", ("escape",), mark("keep"), mark("Change nothing")),
    )

    def __init__(self, shell: Shell, question: Question, name: str) -> None:
        self.question = question
        self.wanted = visible(name, shell.looks.text).strip()
        super().__init__(shell)

    def inner(self) -> Widget:
        self.box = Box()
        return Vertical(self.sheet, self.box, id="ask-name")

    def on_mount(self) -> None:
        super().on_mount()
        self.box.focus()

    def verbs(self) -> Mapping[str, Verb]:
        return {"name.do": self._do, "name.keep": self._keep}

    def title_text(self) -> tuple[str, str]:
        return self.question.title, ""

    def tall(self, height: int) -> int:
        return min(height - 4, len(self.rows(self.WIDTH - 4, 100)) + 4)

    def rows(self, width: int, height: int) -> Sequence[Line]:
        tier, rows = self.shell.looks.text, list[Line]()
        for label, text in self.question.consequences:
            for place, piece in enumerate(fold(visible(text, tier), width - _LABEL - 3)):
                head = pad(label if place == 0 else "", _LABEL, "left", tier)
                rows.append([Span(f" {head} ", "dim"), Span(piece)])
        ready = self._ready
        words = self.question.go if ready else self.t(mark("Type {name} to do it")).format(name=self.wanted)
        sign = self.shell.looks.glyphs.row if ready else " "
        told: list[Line] = [
            [Span(f" {sign} {piece}", "bad" if ready else "strong")] for piece in fold(words, width - 4)
        ]
        return [*rows, [], *told][-height:]

    @property
    def _ready(self) -> bool:
        return self.box.value.strip() == self.wanted

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.repaint()

    def _do(self) -> None:
        if self._ready:
            self.dismiss(True)
        else:
            self.shell.say(self.question.title, self.t(mark("The name is not the same: nothing was done.")), "warning")

    def _keep(self) -> None:
        self.dismiss(False)
