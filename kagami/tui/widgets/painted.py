"""A widget that is lines of cells: it paints itself anew when asked and sends only the rows that changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from kagami.tui.format import visible
from kagami.tui.looks import Looks
from kagami.tui.shell import Shell


class Span(NamedTuple):
    """Some text in one role of `Looks`; a click on it does `action`, an action of Textual's (`act('go.logs')`)."""

    text: str
    role: str = "text"
    action: str = ""


Line = Sequence[Span]


def to_strip(line: Iterable[Span], width: int, looks: Looks, ground: str = "") -> Strip:
    """Cells of one row, cut or filled to `width`. All text passes the sanitizer here, whatever came before."""
    below = looks.style("ground")
    above = looks.style(ground) if ground else Style.null()
    segments = [
        Segment(visible(span.text, looks.text), below + looks.style(span.role) + above) for span in line if span.text
    ]
    return Strip(segments).adjust_cell_length(width, below + above)


class Painted(Widget):
    """Base of the shell's lines and of most panes. A subclass gives `lines`; `repaint` after its values changed."""

    GROUND = ""  # a role whose background fills the rows

    def __init__(self, shell: Shell, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes, markup=False)
        self.shell = shell
        self._painted: list[tuple[Span, ...]] = []
        self._looks: Looks | None = None

    def lines(self, width: int, height: int) -> Sequence[Line]:
        """The rows for a space of `width` × `height` cells."""
        raise NotImplementedError

    def ground(self, row: int) -> str:  # noqa: ARG002
        """A role whose background fills one row."""
        return self.GROUND

    @property
    def painted(self) -> Sequence[Line]:
        """The rows as they stand on the screen."""
        return self._painted

    def copied(self) -> str:
        """What `y` copies while it has the focus: plain text without steering characters."""
        looks = self.shell.looks
        rows = ("".join(visible(span.text, looks.text) for span in row).rstrip() for row in self._painted)
        return "\n".join(rows).strip("\n")

    def repaint(self) -> None:
        """Paint anew; only rows that differ go to the terminal."""
        width, height = self.size
        if not width or not height:
            return
        rows = [tuple(line) for line in self.lines(width, height)]
        if self._looks is not self.shell.looks or len(rows) != len(self._painted):
            self._painted, self._looks = rows, self.shell.looks
            self.refresh()
            return
        changed = [y for y, row in enumerate(rows) if row != self._painted[y]]
        self._painted = rows
        if changed:
            self.refresh(*(Region(0, y, width, 1) for y in changed))

    def render_line(self, y: int) -> Strip:
        row = self._painted[y] if y < len(self._painted) else ()
        return to_strip(row, self.size.width, self.shell.looks, self.ground(y))

    def on_resize(self, _event: events.Resize) -> None:
        self.repaint()

    async def on_click(self, event: events.Click) -> None:
        action = self.action_at(event.x, event.y)
        if action:
            event.stop()
            await self.run_action(action)

    def action_at(self, x: int, y: int) -> str:
        """The action of the span under a cell; empty when there is none."""
        position = 0
        for span in self._painted[y] if 0 <= y < len(self._painted) else ():
            position += cell_len(visible(span.text, self.shell.looks.text))
            if x < position:
                return span.action
        return ""
