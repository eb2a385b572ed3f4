"""A secret that is shown this once, to copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kagami.i18n import mark
from kagami.tui.acting import Verb
from kagami.tui.dialogs.overlay import CLOSE, Overlay
from kagami.tui.format import fold, visible
from kagami.tui.keys import Action
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span


class Once(Overlay[None]):
    """Only its own key closes it: a key that was pressed for something else must not lose the secret."""

    WIDTH: ClassVar[int] = 76
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("once.copy", ("y",), mark("copy"), mark("Copy it"), priority=True),
        CLOSE,
    )

    def __init__(self, shell: Shell, title: str, secret: str, told: str) -> None:
        self._title, self._secret, self._told = title, secret, told
        super().__init__(shell)

    def verbs(self) -> Mapping[str, Verb]:
        return {"once.copy": lambda: self.shell.copy(self._secret), "overlay.close": self._close}

    def _close(self) -> None:
        self.dismiss(None)

    def title_text(self) -> tuple[str, str]:
        return self._title, ""

    def tall(self, height: int) -> int:
        return min(height - 4, len(self._lines(min(self.WIDTH, self.size.width - 2) - 4)) + 2)

    def rows(self, width: int, height: int) -> Sequence[Line]:
        return self._lines(width)[:height]

    def _lines(self, width: int) -> list[Line]:
        tier = self.shell.looks.text
        secret = [[Span(f"   {piece}", "strong")] for piece in fold(visible(self._secret, tier), width - 4)]
        told = [[Span(f" {piece}", "dim")] for piece in fold(visible(self._told, tier), width - 2)]
        return [(), *secret, (), *told]
