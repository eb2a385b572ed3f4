"""What every list has: a cursor, a window that follows it, the keys of vi, the wheel and the mouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from kagami.i18n import mark
from kagami.tui.format import visible
from kagami.tui.widgets.painted import Line, Painted, Span

WHEEL_ROWS = 3
COPIED_CELLS = 400  # of a row's width when it is copied
RIGHT_BUTTON = 3


class Chosen(Message):
    """The row with this key was opened: Enter, or a click on the selected one."""

    def __init__(self, listing: Listing, key: str) -> None:
        super().__init__()
        self.listing, self.key = listing, key

    @property
    def control(self) -> Listing:
        return self.listing


class Moved(Message):
    """The cursor is on another row now."""

    def __init__(self, listing: Listing, key: str) -> None:
        super().__init__()
        self.listing, self.key = listing, key

    @property
    def control(self) -> Listing:
        return self.listing


def _binding(keys: str, action: str) -> Binding:
    return Binding(keys, action, show=False)


class Listing(Painted, can_focus=True):
    """Rows with a cursor. A subclass gives `length`, `item` and `key_at`, and `head` for fixed rows above them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        _binding("up,k", "step(-1)"),
        _binding("down,j", "step(1)"),
        _binding("pageup", "page(-1)"),
        _binding("pagedown", "page(1)"),
        _binding("home,g", "edge(-1)"),
        _binding("end,G", "edge(1)"),
        _binding("enter", "choose"),
    ]

    index = 0  # the row under the cursor
    top = 0  # the first row shown

    # What a subclass gives.

    def length(self) -> int:
        raise NotImplementedError

    def item(self, index: int, width: int, *, chosen: bool) -> Line:
        """The cells of one row."""
        raise NotImplementedError

    def key_at(self, index: int) -> str:
        raise NotImplementedError

    def head(self, width: int) -> Sequence[Line]:  # noqa: ARG002
        """Rows that stay in place above the list."""
        return ()

    def nothing(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        """What is painted when there are no rows."""
        return ()

    def step(self, rows: int) -> None:
        """Move the cursor by so many rows; a subclass may stop elsewhere."""
        self.go(self.index + rows)

    def copied(self) -> str:
        """The selected row, in full."""
        if not self.key:
            return ""
        spans = self.item(self.index, COPIED_CELLS, chosen=False)
        return " ".join("".join(visible(span.text) for span in spans).split())

    # What it may use.

    @property
    def key(self) -> str:
        """The key of the selected row; empty when there is none."""
        return self.key_at(self.index) if 0 <= self.index < self.length() else ""

    @property
    def space(self) -> int:
        """Rows that fit below the head."""
        return max(1, self.size.height - len(self.head(self.size.width)))

    def go(self, index: int) -> None:
        """Put the cursor on a row and show it."""
        last = max(0, self.length() - 1)
        before, self.index = self.key, min(max(0, index), last)
        self.reveal()
        self.repaint()
        if self.key != before:
            self.post_message(Moved(self, self.key))

    def reveal(self) -> None:
        """Scroll as little as needed to have the cursor in view, once there is a space for it to be in."""
        if not self.size.height:
            return
        self.top = min(max(self.top, self.index - self.space + 1), self.index)
        self.top = max(0, min(self.top, self.length() - self.space))

    def scroll_rows(self, rows: int) -> None:
        """Move the window; the cursor stays inside of it."""
        self.top = max(0, min(self.top + rows, self.length() - self.space))
        self.go(min(max(self.index, self.top), self.top + self.space - 1))

    # Painting.

    def lines(self, width: int, height: int) -> Sequence[Line]:
        head = [*self.head(width)]
        length = self.length()
        if not length:
            return [*head, *self.nothing(width, height - len(head))][:height]
        shown = range(self.top, min(length, self.top + height - len(head)))
        return [*head, *(self.item(each, width, chosen=each == self.index) for each in shown)]

    def ground(self, row: int) -> str:
        index = self.index_at(row)
        return "cursor" if index == self.index and row >= len(self.head(self.size.width)) and self.length() else ""

    def index_at(self, row: int) -> int:
        """Which row of the list stands in a row of the widget below the head."""
        return self.top + row - len(self.head(self.size.width))

    def marker(self, *, chosen: bool) -> Span:
        """The sign before a row: shown for the selected one, so that colour is never the only sign."""
        return Span(f" {self.shell.looks.glyphs.row} " if chosen else "   ", "accent" if chosen else "text")

    # Keys and mouse.

    def action_step(self, rows: int) -> None:
        self.step(rows)

    def action_page(self, pages: int) -> None:
        self.step(pages * max(1, self.space - 1))

    def action_edge(self, side: int) -> None:
        self.go(0 if side < 0 else self.length() - 1)

    def action_choose(self) -> None:
        if self.key:
            self.post_message(Chosen(self, self.key))
        else:
            self.shell.say(self.shell.t(mark("There is no row to open.")))

    async def on_click(self, event: events.Click) -> None:
        index = self.index_at(event.y)
        if event.y < len(self.head(self.size.width)) or not 0 <= index < self.length():
            return
        event.stop()
        event.prevent_default()  # the actions of single spans are for rows outside the list
        if event.button == RIGHT_BUTTON:
            self.go(index)
            await self.run_action("app.act('ui.sheet')")
        elif index == self.index:
            self.action_choose()
        else:
            self.go(index)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_rows(WHEEL_ROWS)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_rows(-WHEEL_ROWS)

    def on_resize(self, _event: events.Resize) -> None:
        self.reveal()  # and then, by Textual's own order, `Painted.on_resize`
