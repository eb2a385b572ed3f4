"""Rows of text to read, with scrolling: help, notices, and what an operation answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kagami.i18n import mark
from kagami.tui.acting import Verb
from kagami.tui.dialogs.overlay import CLOSE, Overlay
from kagami.tui.keys import Action
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line


class Reader(Overlay[bool | None]):
    """Base of what is read. A subclass gives `text`."""

    WIDTH: ClassVar[int] = 76
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("read.up", ("up", "k"), mark("scroll"), mark("One row up"), hint=False),
        Action("read.down", ("down", "j"), mark("scroll"), mark("One row down")),
        Action("read.page_up", ("pageup",), mark("page"), mark("One page up"), hint=False),
        Action("read.page_down", ("pagedown",), mark("page"), mark("One page down")),
        Action("read.top", ("g", "home"), mark("top"), mark("To the top"), hint=False),
        Action("read.end", ("G", "end"), mark("end"), mark("To the end"), hint=False),
        CLOSE,
    )

    def __init__(self, shell: Shell) -> None:
        self.top = 0
        super().__init__(shell)

    def text(self, width: int) -> Sequence[Line]:
        """All rows, however many."""
        raise NotImplementedError

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "read.up": lambda: self._scroll(-1),
            "read.down": lambda: self._scroll(1),
            "read.page_up": lambda: self._scroll(-self.sheet.size.height),
            "read.page_down": lambda: self._scroll(self.sheet.size.height),
            "read.top": lambda: self._scroll(-1_000_000),
            "read.end": lambda: self._scroll(1_000_000),
            "overlay.close": self._close,
        }

    def rows(self, width: int, height: int) -> Sequence[Line]:
        text = self.text(width - 2)
        self.top = max(0, min(self.top, len(text) - height))
        return text[self.top : self.top + height]

    def tall(self, height: int) -> int:
        return min(height - 4, len(self.text(min(self.WIDTH, self.size.width - 2) - 4)) + 2)

    def _scroll(self, step: int) -> None:
        self.top += step
        self.sheet.repaint()

    def on_mouse_scroll_down(self) -> None:
        self._scroll(3)

    def on_mouse_scroll_up(self) -> None:
        self._scroll(-3)

    def _close(self) -> None:
        self.dismiss(None)
