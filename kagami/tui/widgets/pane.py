"""A frame of the house's own glyphs around one part of a place: title left, hint right, heavy when it has the focus."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.widget import Widget

from kagami.tui.format import fit
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Painted, Span


class Pane(Painted):
    """Holds one widget inside a frame. `title` and `hint` may hold foreign text."""

    DEFAULT_CSS = """
    Pane { height: 1fr; width: 1fr; layout: vertical; }
    Pane > * { margin: 1; }
    """

    def __init__(self, shell: Shell, inner: Widget, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(shell, id=id, classes=classes)
        self.inner = inner
        self.heavy = False  # always framed as if it had the focus
        self._title = ""
        self._hint = ""

    def compose(self) -> ComposeResult:
        yield self.inner

    def label(self, title: str, hint: str = "") -> None:
        """Change title and hint; nothing is sent when they are the same."""
        self._title, self._hint = title, hint
        self.repaint()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        focused = self.heavy or self.has_focus_within
        glyphs = self.shell.looks.glyphs
        signs = glyphs.focus if focused else glyphs.frame
        role = "focus" if focused else "frame"
        sides = (Span(signs[3], role), Span(" " * (width - 2)), Span(signs[3], role))
        bottom = (Span(signs[4] + signs[1] * (width - 2) + signs[5], role),)
        return [self._top(width, signs, role), *[sides] * (height - 2), bottom]

    def _top(self, width: int, signs: str, role: str) -> Line:
        tier = self.shell.looks.text
        title = fit(self._title, max(0, width - 6), tier)
        hint = fit(self._hint, max(0, width - 8 - cell_len(title)), tier)
        left = [Span(signs[0] + signs[1], role), *([Span(f" {title} ", "title")] if title else ())]
        right = [*([Span(f" {hint} ", "dim")] if len(hint) > 1 else ()), Span(signs[1] + signs[2], role)]
        used = sum(cell_len(span.text) for span in (*left, *right))
        return [*left, Span(signs[1] * (width - used), role), *right]

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        self.call_later(self.repaint)

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        self.call_later(self.repaint)
