"""What would change, before it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from kagami.i18n import mark
from kagami.tui.acting import Verb
from kagami.tui.dialogs.overlay import CLOSE
from kagami.tui.dialogs.reader import Reader
from kagami.tui.keys import Action
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line


class PageReader(Reader):
    """A page to read. `build` gives the rows for a width."""

    WIDTH: ClassVar[int] = 96

    def __init__(self, shell: Shell, title: tuple[str, str], build: Callable[[int], Sequence[Line]]) -> None:
        self._title = title
        self._build = build
        super().__init__(shell)

    def title_text(self) -> tuple[str, str]:
        return self._title

    def text(self, width: int) -> Sequence[Line]:
        return self._build(width)


class Review(PageReader):
    """Answers True when it shall be done."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("review.apply", ("A", "enter"), mark("apply"), mark("Do what is listed here"), changes=True),
        *Reader.ACTIONS[:-1],
        CLOSE,
    )

    def verbs(self) -> Mapping[str, Verb]:
        return {**super().verbs(), "review.apply": self._apply}

    def _apply(self) -> None:
        self.dismiss(True)

    def refusal(self, action: Action) -> str:
        stale = action.changes and self.shell.stale_s
        return self.t(mark("the engine does not answer")) if stale else ""
