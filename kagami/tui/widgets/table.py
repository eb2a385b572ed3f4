"""A table that is updated in place: rows keep their place by key, and only rows that changed are painted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len

from kagami.i18n import mark
from kagami.tui.format import Align, pad
from kagami.tui.shell import Shell
from kagami.tui.widgets.listing import Chosen, Listing, Moved
from kagami.tui.widgets.painted import Line, Span

__all__ = ["Chosen", "Column", "LiveTable", "Moved", "Row"]

MARKER_CELLS = 3
LEAST_CELLS = 1
EDGE_CELLS = 1  # kept free at the right


@dataclass(frozen=True, slots=True)
class Column:
    """`title` is marked English, `width` the least cells; columns that `grow` share what is left over.

    Where the table is too narrow, the columns with the highest `drop` go first; those with 0 stay.
    """

    title: str
    width: int
    align: Align = "left"
    grow: bool = False
    drop: int = 0


class Row(NamedTuple):
    """One span for each column. `order` holds what each column is sorted by, where its text is not it."""

    key: str
    cells: tuple[Span, ...]
    order: tuple[str | float, ...] = ()


class LiveTable(Listing):
    """Rows by key. `show` takes them all, each time; the cursor stays on its key."""

    def __init__(self, shell: Shell, columns: Sequence[Column], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(shell, id=id)
        self.columns = columns
        self.empty: Callable[[], Sequence[Line]] | None = None
        self.sorted_by: int | None = None
        self.descending = True
        self._given: Sequence[Row] = ()
        self._shown: Sequence[Row] = ()

    @property
    def rows(self) -> Sequence[Row]:
        """As they are shown."""
        return self._shown

    def show(self, rows: Sequence[Row]) -> None:
        """Replace the rows. A selected row that is gone hands the cursor to the one that took its place."""
        key = self.key
        self._given = rows
        self._shown = self._in_order(rows)
        self.index = next((place for place, row in enumerate(self._shown) if row.key == key), self.index)
        self.index = max(0, min(self.index, len(self._shown) - 1))
        self.reveal()
        self.repaint()
        if self.key != key:
            self.post_message(Moved(self, self.key))

    def select(self, key: str) -> bool:
        """Put the cursor on a row; False when there is no such row."""
        for place, row in enumerate(self._shown):
            if row.key == key:
                self.go(place)
                return True
        return False

    def sort(self, column: int | None, *, descending: bool = True) -> None:
        """Order by a column's values; None for the order in which rows come."""
        self.sorted_by, self.descending = column, descending
        self.show(self._given)

    @property
    def order(self) -> str:
        """How it is sorted, to be kept: `3-` for column 3 descending; empty for the order in which rows come."""
        return "" if self.sorted_by is None else f"{self.sorted_by}{'-' if self.descending else '+'}"

    @order.setter
    def order(self, kept: str) -> None:
        column = kept[:-1]
        if column.isdecimal() and int(column) < len(self.columns):
            self.sort(int(column), descending=kept.endswith("-"))

    def sort_next(self) -> None:
        """By the next column, after the last one as they come."""
        following = 0 if self.sorted_by is None else self.sorted_by + 1
        self.sort(following if following < len(self.columns) else None, descending=self.descending)

    def _in_order(self, rows: Sequence[Row]) -> Sequence[Row]:
        column = self.sorted_by
        if column is None:
            return rows
        return sorted(rows, key=lambda row: _rank(row, column), reverse=self.descending)

    # Painting.

    def length(self) -> int:
        return len(self._shown)

    def key_at(self, index: int) -> str:
        return self._shown[index].key

    def head(self, width: int) -> Sequence[Line]:
        return [self._titles(width)] if any(column.title for column in self.columns) else []

    def _titles(self, width: int) -> Line:
        spans = [Span(" " * self._marker_cells)]
        looks = self.shell.looks
        for place, space in self._layout(width):
            column = self.columns[place]
            sign = (looks.glyphs.more if self.descending else looks.glyphs.less) if place == self.sorted_by else ""
            title = pad(self.shell.t(column.title) + sign if column.title else "", space, column.align, looks.text)
            spans.append(Span(title + " ", "dim"))
        return spans

    def item(self, index: int, width: int, *, chosen: bool) -> Line:
        row, tier = self._shown[index], self.shell.looks.text
        sign = self.marker(chosen=chosen)
        spans = [Span(sign.text[-self._marker_cells :], sign.role)]
        for place, space in self._layout(width):
            cell = row.cells[place]
            spans.append(Span(pad(cell.text, space, self.columns[place].align, tier) + " ", cell.role, cell.action))
        return spans

    def nothing(self, width: int, height: int) -> Sequence[Line]:
        if self.empty is not None:
            return self.empty()
        text = self.shell.t(mark("Nothing here yet."))
        return [(), (Span(" " * max(0, (width - cell_len(text)) // 2) + text, "dim"),)][: max(0, height)]

    @property
    def _marker_cells(self) -> int:
        return MARKER_CELLS - self.shell.looks.dense

    def _layout(self, width: int) -> list[tuple[int, int]]:
        """The columns that have room, each with its cells."""
        kept = list(range(len(self.columns)))
        room = width - self._marker_cells - EDGE_CELLS
        while sum(self.columns[each].width + 1 for each in kept) > room + 1:
            droppable = [each for each in kept if self.columns[each].drop]
            if not droppable:
                break
            kept.remove(max(droppable, key=lambda each: (self.columns[each].drop, each)))
        # What is left over goes to the growing columns; what is missing comes from them.
        spare = room + 1 - sum(self.columns[each].width + 1 for each in kept)
        growing = [each for each in kept if self.columns[each].grow]
        share, odd = divmod(spare, len(growing)) if growing else (0, 0)
        extra = {each: share + (place < odd) for place, each in enumerate(growing)}
        return [(each, max(LEAST_CELLS, self.columns[each].width + extra.get(each, 0))) for each in kept]


def _rank(row: Row, column: int) -> tuple[bool, float, str]:
    """Numbers before texts, each among their own."""
    value = row.order[column] if column < len(row.order) else row.cells[column].text
    return (False, value, "") if isinstance(value, (int, float)) else (True, 0.0, value.casefold())
