"""Rows to read, taller than their space: an inspector, a receipt, a traceback."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from kagami.tui.format import pad, visible, wrap
from kagami.tui.looks import Looks
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Painted, Span

WHEEL_ROWS = 3
Builder = Callable[[int], Sequence[Line]]


class Page(Painted, can_focus=True):
    """Shows what a builder makes for its width, and scrolls it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "roll(-1)", show=False),
        Binding("down,j", "roll(1)", show=False),
        Binding("pageup", "roll_page(-1)", show=False),
        Binding("pagedown", "roll_page(1)", show=False),
        Binding("home,g", "roll(-1_000_000)", show=False),
        Binding("end,G", "roll(1_000_000)", show=False),
    ]

    def __init__(self, shell: Shell, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(shell, id=id)
        self.top = 0
        self._build: Builder = lambda _: ()
        self._built: Sequence[Line] = ()
        self._built_for: tuple[int, Looks | None] = (0, None)

    def show(self, build: Builder, *, keep_place: bool = False) -> None:
        """Show something else, from its top; `keep_place` for a newer state of the same."""
        self._build = build
        self.top = self.top if keep_place else 0
        self.rebuild()

    def rebuild(self) -> None:
        """Ask the builder again: what it shows has changed."""
        self._built_for = (0, None)
        self.repaint()

    def copied(self) -> str:
        """All of it, also what is scrolled out of sight."""
        rows = ("".join(visible(span.text) for span in row).rstrip() for row in self._built)
        return "\n".join(rows).strip("\n")

    def lines(self, width: int, height: int) -> Sequence[Line]:
        now = (width, self.shell.looks)
        if self._built_for != now:
            self._built, self._built_for = self._build(width), now
        self.top = max(0, min(self.top, len(self._built) - height))
        return self._built[self.top : self.top + height]

    def action_roll(self, rows: int) -> None:
        self.top += rows
        self.repaint()

    def action_roll_page(self, pages: int) -> None:
        self.action_roll(pages * max(1, self.size.height - 1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_roll(WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_roll(-WHEEL_ROWS)


def paragraph(text: str, width: int, looks: Looks, role: str = "text", indent: int = 1) -> list[Line]:
    """Foreign text as rows that fit, one cell from the left edge or more."""
    return [[Span(" " * indent + row, role)] for row in wrap(text, width - indent - 1, looks.text)]


def fact(name: str, value: str, width: int, looks: Looks, *, role: str = "text", name_cells: int = 10) -> list[Line]:
    """A name and its value; a long value goes on below itself."""
    pieces = wrap(value, width - name_cells - 2, looks.text) or [""]
    lead = [Span(" " + pad(name, name_cells, tier=looks.text), "dim")]
    return [
        [*lead, Span(pieces[0], role)],
        *([Span(" " * (name_cells + 1)), Span(piece, role)] for piece in pieces[1:]),
    ]
