"""What the market would change, before it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kagami.i18n import mark
from kagami.ports import SyncRow
from kagami.tui.acting import Verb
from kagami.tui.dialogs.overlay import CLOSE
from kagami.tui.dialogs.reader import Reader
from kagami.tui.format import fold, pad, visible
from kagami.tui.keys import Action
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span

_ORDER = ("recall", "update", "keep")
_WORDS = {"recall": (mark("recalled"), "bad"), "update": (mark("update"), "accent"), "keep": (mark("stays"), "dim")}
NAME_CELLS, WORD_CELLS, VERSION_CELLS = 22, 9, 12


class MarketList(Reader):
    """Answers True when all of it shall be done."""

    WIDTH: ClassVar[int] = 96
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("market.apply", ("enter",), mark("do it"), mark("Do all that is listed here…"), changes=True),
        *Reader.ACTIONS[:-1],
        CLOSE,
    )

    def __init__(self, shell: Shell, listed: Sequence[SyncRow]) -> None:
        self.listed = sorted(listed, key=lambda row: (not row.error, _ORDER.index(row.act), row.id))
        super().__init__(shell)

    def verbs(self) -> Mapping[str, Verb]:
        return {**super().verbs(), "market.apply": self._apply}

    def _apply(self) -> None:
        self.dismiss(True)

    def refusal(self, action: Action) -> str:
        if action.id != "market.apply":
            return ""
        if self.shell.stale_s:
            return self.t(mark("the engine does not answer"))
        return "" if wanted(self.listed) else self.t(mark("there is nothing to change"))

    def title_text(self) -> tuple[str, str]:
        return self.t(mark("What the market has")), str(len(self.listed))

    def text(self, width: int) -> Sequence[Line]:
        return [line for row in self.listed for line in self._row(row, width)]

    def _row(self, row: SyncRow, width: int) -> list[Line]:
        looks, t = self.shell.looks, self.t
        word, role = _WORDS[row.act]
        change = row.old if row.act == "keep" else f"{row.old or '-'} {looks.glyphs.to} {row.new or '-'}"
        name = max(8, min(NAME_CELLS, width - WORD_CELLS - VERSION_CELLS - 4))
        first: Line = [
            Span(" " + pad(t(word), WORD_CELLS, tier=looks.text), role),
            Span(" " + pad(row.id, name, tier=looks.text), "strong"),
            Span(" " + pad(change, max(1, width - WORD_CELLS - name - 3), tier=looks.text), role),
        ]
        permissions = t(mark("may do more: {what}")).format(what="  ".join(row.permissions)) if row.permissions else ""
        more = [(permissions, "warn"), (row.changes, "dim"), (row.error, "bad")]
        indent = " " * (WORD_CELLS + 2)
        below = [
            [Span(indent + piece, own)]
            for text, own in more
            if text
            for line in visible(text, looks.text).split("\n")
            for piece in fold(line, width - len(indent) - 1)
        ]
        return [first, *below]


def wanted(listed: Sequence[SyncRow]) -> list[SyncRow]:
    """What would be changed."""
    return [row for row in listed if row.act != "keep" and not row.error]
