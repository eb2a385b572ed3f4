"""One bot in full."""

from __future__ import annotations

from collections.abc import Sequence

from kagami.i18n import mark
from kagami.ports import BotRow
from kagami.tui import accounts
from kagami.tui.format import fold, pad, visible
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Painted, Span

_LABEL = 12


class Card(Painted):
    """All that is known of `bot`, as labels and values."""

    DEFAULT_CSS = "Card { height: 1fr; }"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.bot: BotRow | None = None
        # Of the bot with this id: what is known besides its row.
        self.more: tuple[str, Sequence[tuple[str, Span]]] = ("", ())

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if self.bot is None:
            return [[Span(" " + self.shell.t(mark("No bot is selected.")), "dim")]]
        rows: list[Line] = []
        own = self.more[1] if self.more[0] == self.bot.id else ()
        for label, span in (*accounts.card(self.shell, self.bot), *own):
            for place, piece in enumerate(fold(visible(span.text, self.shell.looks.text), width - _LABEL - 3)):
                head = pad(self.shell.t(label) if place == 0 and label else "", _LABEL)
                rows.append([Span(f" {head} ", "dim"), Span(piece, span.role)])
        return rows[:height]
