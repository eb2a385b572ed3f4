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
        return [[Span(f" {piece}")] for row in self.answer for piece in self._pieces(row, width - 1)]

    def _pieces(self, row: str, width: int) -> list[str]:
        """A row that goes on stays below itself."""
        shown = visible(row, self.shell.looks.text)
        indent = " " * min(len(shown) - len(shown.lstrip(" ")), width // 2)
        return [indent + piece for piece in fold(shown[len(indent) :], width - len(indent))]
