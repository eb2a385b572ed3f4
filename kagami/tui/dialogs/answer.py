"""What an operation answered, to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kagami.tui.dialogs.reader import Reader
from kagami.tui.format import fold, visible
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span


class AnswerReader(Reader):
    """Rows of foreign text under the operation's name."""

    WIDTH: ClassVar[int] = 110

    def __init__(self, shell: Shell, name: str, rows: Sequence[str]) -> None:
        self.name_of = name
        self.answer = rows
        super().__init__(shell)

    def title_text(self) -> tuple[str, str]:
        return self.name_of, ""

    def text(self, width: int) -> Sequence[Line]:
        tier = self.shell.looks.text
        return [[Span(f" {piece}")] for row in self.answer for piece in fold(visible(row, tier), width - 1)]
