"""The newest messages of the whole house, one row each, the latest at the bottom."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from kagami.i18n import mark
from kagami.model.ids import split_id
from kagami.ports import MessageRow
from kagami.tui import figures
from kagami.tui.format import pad, visible
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Painted, Span

_BAD = ("failed", "unknown", "dead", "bad_frame")


class Ticker(Painted):
    """`show` takes rows with the oldest first; a click on one opens its trace."""

    DEFAULT_CSS = "Ticker { height: 1fr; }"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self._messages: Sequence[MessageRow] = ()

    def show(self, messages: Sequence[MessageRow]) -> None:
        self._messages = messages
        self.repaint()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        if not self._messages:
            return [[Span(" " + self.shell.t(mark("Messages appear here as they come and go.")), "dim")]]
        return [self._row(message, width) for message in self._messages[-height:]]

    def _row(self, message: MessageRow, width: int) -> Line:
        glyphs, tier = self.shell.looks.glyphs, self.shell.looks.text
        came = message.direction == "in"
        who = message.sender or message.user if came else message.chat_name or split_id(message.chat)[1]
        head = f" {figures.clock(message.time_ms)} {pad('<' if came else glyphs.to, 2)} "
        name = pad(visible(who, tier), 12, "left", tier)
        role = "bad" if message.outcome in _BAD else "text"
        room = max(1, width - cell_len(head) - 14)
        return [
            Span(head, "dim"),
            Span(name + " ", "dim" if came else "accent"),
            Span(pad(message.text, room, "left", tier), role),
        ]
