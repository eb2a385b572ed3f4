"""Everything that was reported: by the engine, and by the console in this session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kagami.i18n import mark
from kagami.ports import Notice
from kagami.reasons.say import say
from kagami.tui import figures
from kagami.tui.dialogs.reader import Reader
from kagami.tui.format import fold, visible
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.toasts import Said

_SIGNS = {"info": ("i", "accent"), "warning": ("!", "warn"), "error": ("x", "bad")}


def notice_text(shell: Shell, notice: Notice) -> str:
    """The words of an engine's notice in the user's language, with what it names filled in."""
    try:
        return shell.t(notice.text).format_map({key: say(each, shell.t) for key, each in notice.fields.items()})
    except (KeyError, ValueError, IndexError):  # an engine of another version may have other fields
        return notice.text


class NoticeList(Reader):
    """Newest first."""

    WIDTH: ClassVar[int] = 110

    def __init__(self, shell: Shell, said: Sequence[Said]) -> None:
        self.said = said
        super().__init__(shell)

    def title_text(self) -> tuple[str, str]:
        return self.t(mark("Notices")), ""

    def text(self, width: int) -> Sequence[Line]:
        told = [(each.at_ms, each.level, notice_text(self.shell, each)) for each in self.shell.notices]
        told += [(each.at_ms, each.level, f"{each.title}  {each.body}") for each in self.said]
        if not told:
            return [[Span(" " + self.t(mark("Nothing was reported yet.")), "dim")]]
        told.sort(key=lambda each: each[0], reverse=True)
        return [row for each in told for row in self._rows(*each, width)]

    def _rows(self, at_ms: int, level: str, text: str, width: int) -> list[Line]:
        sign, role = _SIGNS[level]
        pieces = fold(visible(text, self.shell.looks.text), width - 13)
        first = [Span(f" {figures.clock(at_ms)} ", "dim"), Span(f"{sign} ", role), Span(pieces[0])]
        return [first, *([Span(" " * 12), Span(piece)] for piece in pieces[1:])]
