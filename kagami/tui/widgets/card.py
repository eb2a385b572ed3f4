"""One bot in full, or only what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence

from kagami.i18n import mark
from kagami.ports import BotRow
from kagami.reasons.say import say
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


class Trouble(Painted):
    """Below a list: why the selected bot is not well, and what to do. It takes no room of one that is."""

    DEFAULT_CSS = "Trouble { height: auto; display: none; }"
    MOST_ROWS = 4

    def __init__(self, shell: Shell, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(shell, id=id)
        self._bot: BotRow | None = None

    def tell(self, bot: BotRow | None) -> None:
        self._bot = bot
        rows = self._told(self.size.width or self.app.size.width)
        self.display = bool(rows)
        self.styles.height = len(rows)
        self.repaint()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return self._told(width)[:height]

    def _told(self, width: int) -> list[Line]:
        bot = self._bot
        if bot is None or bot.health.state in accounts.HEALTHY:
            return []
        looks, step = self.shell.looks, accounts.next_step(bot)
        reason = visible(say(bot.health.reason, self.shell.t), looks.text)
        pieces = fold(reason, width - 3)[: self.MOST_ROWS] if reason else []
        rows: list[Line] = [[Span(" " + looks.glyphs.rule * (width - 2), "frame")]]
        rows += [[Span(f" {piece}", "warn")] for piece in pieces]
        rows += [[Span(f" {piece}", "strong")] for piece in fold(self.shell.t(step), width - 3)] if step else []
        return rows if rows[1:] else []
