"""A few rows of a place, painted by a function of its own: bars, tabs, counters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Painted

Paint = Callable[[int], Sequence[Line]]


class Rows(Painted):
    """`paint` gives the rows for a width. A span's click is `app.place('<id>')`, an action of the seen place."""

    def __init__(self, shell: Shell, paint: Paint, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(shell, id=id)
        self._paint = paint

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return self._paint(width)[:height]
