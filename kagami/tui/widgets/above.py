"""What lies above other widgets of its screen, in cells that are drawn in pieces between the edges of those below."""

from __future__ import annotations

from collections.abc import Collection
from itertools import groupby

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from kagami.tui.widgets.painted import Painted

WIDE = 2


class Above(Painted):
    """Textual divides a row at the edges of whatever is below, and draws a blank for a wide character between two."""

    def render_line(self, y: int) -> Strip:
        strip, cuts = super().render_line(y), self.screen._compositor.cuts  # noqa: SLF001 (nothing else knows them)
        x, row = self.region.x, self.region.y + y
        return undivided(strip, {cut - x for cut in cuts[row]}) if 0 <= row < len(cuts) else strip


def undivided(strip: Strip, cuts: Collection[int]) -> Strip:
    """The row with a space before each wide character that one of the `cuts` would divide.

    A later gap of several spaces gets one less for it, and without such a gap the end of the row is lost.
    """
    cells = [(char, segment.style) for segment in strip for char in segment.text]
    at = place = 0
    while place < len(cells):
        char, style = cells[place]
        size = cell_len(char)
        if size == WIDE and at + 1 in cuts:
            cells.insert(place, (" ", style))
            _close_gap(cells, place + 1)
            size = 1
        at, place = at + size, place + 1
    whole = [Segment("".join(char for char, _ in run), style) for style, run in groupby(cells, lambda cell: cell[1])]
    return Strip(whole).adjust_cell_length(strip.cell_length)


def _close_gap(cells: list[tuple[str, Style | None]], begin: int) -> None:
    for place in range(begin, len(cells) - 1):
        if cells[place][0] == cells[place + 1][0] == " ":
            del cells[place]
            return
