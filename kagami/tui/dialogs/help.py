"""Help: made of the same list of actions as the keys, so it cannot be wrong about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kagami.i18n import mark
from kagami.tui.acting import Verb
from kagami.tui.dialogs.reader import Reader
from kagami.tui.figures import zone
from kagami.tui.format import fold, pad
from kagami.tui.keys import Action, shown
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span

_KEYS = 12
_MOUSE = (
    mark("Click selects, a second click opens, the right button shows what can be done; the wheel scrolls."),
    mark("Tabs, the rail and the keys in the footer are buttons."),
)
_LISTS = (
    (("up", "down"), mark("move in a list; j and k too")),
    (("g", "G"), mark("to the top, to the end")),
    (("pageup", "pagedown"), mark("one page")),
)


class Help(Reader):
    """Keys of the place and keys of everywhere; Tab changes between them."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        *Reader.ACTIONS[:-1],
        Action("help.other", ("tab",), mark("here / everywhere"), mark("Keys of this place, keys of everywhere")),
        Reader.ACTIONS[-1],
    )

    def __init__(
        self, shell: Shell, title: str, purpose: str, here: Sequence[Action], anywhere: Sequence[Action]
    ) -> None:
        self.place = title
        self.purpose = purpose
        self.here = here
        self.anywhere = anywhere
        self.everywhere = not here
        super().__init__(shell)

    def verbs(self) -> Mapping[str, Verb]:
        return {**super().verbs(), "help.other": self._other}

    def title_text(self) -> tuple[str, str]:
        page = mark("keys of everywhere") if self.everywhere else mark("keys of this place")
        return f"{self.t(mark('Help'))}: {self.place}", self.t(page)

    def text(self, width: int) -> Sequence[Line]:
        rows = [*_folded(self.t(self.purpose), width, "text"), []] if self.purpose else []
        actions = self.anywhere if self.everywhere else self.here
        rows += [row for action in actions if action.keys for row in self._rows(action.keys, action.text, width)]
        rows.append([])
        if not self.everywhere:
            return [*rows, *(row for keys, text in _LISTS for row in self._rows(keys, text, width))]
        told = (self.t(mark("Times:")) + " " + zone(self.t), *map(self.t, _MOUSE))
        return [*rows, *(row for text in told for row in _folded(text, width, "dim"))]

    def _rows(self, keys: Sequence[str], text: str, width: int) -> list[Line]:
        plain = self.shell.looks.glyphs.tier != "full"
        names = " ".join(shown(key, plain=plain) for key in keys)
        first, *more = fold(self.t(text), width - _KEYS - 1)
        rest: list[Line] = [[Span(" " * (_KEYS + 1)), Span(piece)] for piece in more]
        return [[Span(" " + pad(names, _KEYS), "key"), Span(first)], *rest]

    def _other(self) -> None:
        self.everywhere = not self.everywhere
        self.top = 0
        self.repaint()


def _folded(text: str, width: int, role: str) -> list[Line]:
    return [[Span(f" {piece}", role)] for piece in fold(text, width - 1)]
