"""A share in percent, moved with keys or the mouse. Nothing is sent before Enter: what is wanted is shown beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from kagami.i18n import mark
from kagami.tui.shell import Shell
from kagami.tui.widgets.bars import cells
from kagami.tui.widgets.painted import Line, Painted, Span

MOST = 100
ONE_ROW = 60
"""From this width on the words stand beside the bar, not above it."""


class Applied(Message):
    """Enter: this is what the share shall be."""

    def __init__(self, slider: Slider, value: int) -> None:
        super().__init__()
        self.slider, self.value = slider, value

    @property
    def control(self) -> Slider:
        return self.slider


class Slider(Painted, can_focus=True):
    """`value` is as it is, `wanted` what was chosen and not applied yet (None for nothing)."""

    DEFAULT_CSS = "Slider { height: 3; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home", "put(0)", show=False),
        Binding("end", f"put({MOST})", show=False),
        Binding("enter", "apply", show=False),
        Binding("backspace", "erase", show=False),
        *(Binding(str(digit), f"type({digit})", show=False) for digit in range(10)),
    ]

    def __init__(self, shell: Shell, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(shell, id=id)
        self.value = 0
        self.wanted: int | None = None
        self.what = ""  # whose share it is
        self._typed = ""
        self._bar = (0, 0, 1)  # row, first cell and cells of the bar

    # What it may be told.

    def show(self, value: int, what: str) -> None:
        """The share as it is now; what is wanted stays."""
        self.value, self.what = value, what
        self.repaint()

    def move(self, step: int) -> None:
        self.put((self.value if self.wanted is None else self.wanted) + step)

    def put(self, value: int) -> None:
        self._typed = ""
        self._want(value)

    def revert(self) -> bool:
        """Forget what is wanted; False when nothing was."""
        was, self.wanted, self._typed = self.wanted, None, ""
        self.repaint()
        return was is not None

    def _want(self, value: int) -> None:
        self.wanted = min(MOST, max(0, value))
        self.repaint()

    # Painting.

    def rows_for(self, width: int) -> int:
        return 2 if width >= ONE_ROW else 3

    def lines(self, width: int, height: int) -> Sequence[Line]:
        words = self._words()
        beside = width >= ONE_ROW
        lead = [*words, Span(" " * max(1, 30 - cells(words)))] if beside else [Span(" ")]
        bar = self._painted_bar(lead, width, 0 if beside else 1)
        rows: list[Line] = [bar] if beside else [words, bar]
        return [*rows, self._keys(width)][:height]

    def _words(self) -> list[Span]:
        t, glyphs = self.shell.t, self.shell.looks.glyphs
        head = [Span(f" {t(mark('weight'))} ", "dim"), Span(f"{self.value}%", "strong")]
        if self.wanted is None or self.wanted == self.value:
            return head
        plain = glyphs.tier != "full"
        return [
            *head,
            Span(f" {glyphs.to} {self.wanted}%", "warn"),
            Span(f"  {'Enter' if plain else '⏎'} ", "key", "apply"),
            Span(t(mark("apply")), "text", "apply"),
        ]

    def _painted_bar(self, lead: list[Span], width: int, row: int) -> Line:
        glyphs = self.shell.looks.glyphs
        first = cells(lead) + 3
        room = max(8, width - first - 6)
        self._bar = (row, first, room)
        shown = self.value if self.wanted is None else self.wanted
        at = round(shown * (room - 1) / MOST)
        role = "accent" if self.wanted is None else "warn"
        return [
            *lead,
            Span("0 ", "dim"),
            Span(glyphs.rail, "frame"),
            Span(glyphs.focus[1] * at, role),
            Span(glyphs.online, "strong" if self.has_focus else role),
            Span(glyphs.rule * (room - 1 - at), "frame"),
            Span(glyphs.rail, "frame"),
            Span(f" {MOST}", "dim"),
        ]

    def _keys(self, width: int) -> Line:
        t = self.shell.t
        plain = self.shell.looks.glyphs.tier != "full"
        arrows, enter, shift = ("Left Right", "Enter", "Shift") if plain else ("← →", "⏎", "⇧")
        hints = [(arrows, t(mark("by 1"))), (shift, t(mark("by 10"))), ("0-9", t(mark("exactly")))]
        hints += [(enter, t(mark("apply"))), ("esc", t(mark("revert")))]
        line: list[Span] = []
        for key, text in hints:
            more = [Span(f" {key} ", "key"), Span(f"{text} ", "dim")]
            if cells(line) + cells(more) <= width:
                line += more
        return line

    # Keys and mouse.

    def action_put(self, value: int) -> None:
        self.put(value)

    def action_type(self, digit: int) -> None:
        """Digits make a number; one that would be over 100 begins anew."""
        text = f"{self._typed}{digit}"
        text = text if int(text) <= MOST else str(digit)
        self._want(int(text))
        self._typed = text

    def action_erase(self) -> None:
        text = self._typed[:-1]
        self._want(int(text or "0"))
        self._typed = text

    def action_apply(self) -> None:
        if self.wanted is not None:
            self.post_message(Applied(self, self.wanted))

    def on_focus(self) -> None:
        self.repaint()

    def on_blur(self) -> None:
        self.repaint()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        row, first, room = self._bar
        if event.y == row and first <= event.x < first + room:
            self.capture_mouse()
            self._drag(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            self._drag(event.x)

    def on_mouse_up(self) -> None:
        self.release_mouse()

    def _drag(self, x: int) -> None:
        _, first, room = self._bar
        self.put(round((x - first) * MOST / max(1, room - 1)))
