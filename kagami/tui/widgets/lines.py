"""A window over the engine's ring of log lines.

The view holds a contiguous run of the lines that pass the filter, at most `KEPT`. It never reads: it posts `Wanted`
when the cursor comes near an end of the run, and whoever owns it hands over more. Appending costs a list operation a
line; only what is on the screen is ever turned into cells.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_left
from collections.abc import Callable, Sequence

from textual.message import Message

from kagami.log import LogLine
from kagami.tui.figures import clock_ms, moment
from kagami.tui.format import TEXT_LIMIT, fold, pad, visible
from kagami.tui.shell import Shell
from kagami.tui.widgets.listing import Listing
from kagami.tui.widgets.painted import Line, Span

KEPT = 2_000
NEAR = 20  # rows from an end of the run at which more is wanted
SOURCE_CELLS = 10
_CELLS = {"date": 6, "time": 13, "level": 2, "source": SOURCE_CELLS + 1, "fields": 0}
FIELD_LIMIT = 200  # characters of a field that are shown in the list

# What `c` goes through: everything, without the fields, the text alone, and everything with the date.
COLUMNS = (
    frozenset(("time", "level", "source", "fields")),
    frozenset(("time", "level", "source")),
    frozenset(("level",)),
    frozenset(("date", "time", "level", "source", "fields")),
)

_LETTERS = {logging.DEBUG: "D", logging.INFO: "I", logging.WARNING: "W", logging.ERROR: "E", logging.CRITICAL: "E"}
_ROLES = {"D": "dim", "I": "text", "W": "warn", "E": "bad"}


class Wanted(Message):
    """The cursor is near an end of what is held: `older` lines, or newer ones, are needed."""

    def __init__(self, *, older: bool) -> None:
        super().__init__()
        self.older = older


class Edge(Message):
    """The very first line kept, or the newest one, is wanted."""

    def __init__(self, *, older: bool) -> None:
        super().__init__()
        self.older = older


class LineView(Listing):
    """Follows the end, or stands still and counts what is new. `changed` is called whenever one of its values did."""

    def __init__(self, shell: Shell, *, id: str | None = None, changed: Callable[[], None] | None = None) -> None:  # noqa: A002
        super().__init__(shell, id=id)
        self.following = True
        self.at_end = True  # the run's last line was the newest one when it came
        self.at_start = False  # nothing older is kept
        self.marked: dict[int, LogLine] = {}
        self.wrapped = False
        self.columns = COLUMNS[0]
        self.empty: Callable[[int, int], Sequence[Line]] | None = None
        self._lines: list[LogLine] = []
        self._errors: list[int] | None = None  # counted when they are needed
        self._height = 1
        self._places: list[int] = []  # of wrapped lines, the line in each row
        self._find: re.Pattern[str] | None = None
        self._changed = changed or (lambda: None)
        self._asked = False

    # What is held.

    @property
    def oldest(self) -> int:
        """Sequence number of the first line held; 0 for none."""
        return self._lines[0].seq if self._lines else 0

    @property
    def newest(self) -> int:
        return self._lines[-1].seq if self._lines else 0

    @property
    def line(self) -> LogLine | None:
        """The line under the cursor."""
        return self._lines[self.index] if self.index < len(self._lines) else None

    def load(self, lines: Sequence[LogLine], *, at_end: bool, cursor: int = 0) -> None:
        """Hold these instead. The cursor goes to the line with that number or the next newer one, else to the end."""
        self._hold(lines)
        self.at_end, self.at_start = at_end, False
        self.following = at_end and not cursor
        self.go(self._place(cursor) if cursor else len(lines) - 1)

    def append(self, lines: Sequence[LogLine], *, at_end: bool) -> None:
        """Add newer lines. While following the cursor stays at the end, else on its line."""
        self.at_end = at_end
        self._add(self._lines + list(lines) if lines else self._lines, drop_oldest=True)

    def prepend(self, lines: Sequence[LogLine]) -> None:
        """Add older lines; none means that there are none."""
        self.at_start = not lines
        self._add([*lines, *self._lines], drop_oldest=False)

    def _add(self, lines: list[LogLine], *, drop_oldest: bool) -> None:
        self._asked = False
        seq, row = self.line.seq if self.line else 0, self.index - self.top
        if len(lines) > KEPT:
            lines = lines[-KEPT:] if drop_oldest else lines[:KEPT]
            self.at_end = self.at_end and drop_oldest
            self.at_start = self.at_start and not drop_oldest
        self._hold(lines)
        if self.following:
            self.go(len(lines) - 1)
            return
        self.index = self._place(seq)
        self.top = max(0, self.index - row)
        self.go(self.index)

    def _hold(self, lines: Sequence[LogLine]) -> None:
        self._asked = False
        self._lines = list(lines)
        self._errors = None

    def _place(self, seq: int) -> int:
        return bisect_left(self._lines, seq, key=lambda line: line.seq)

    # Following and finding.

    def go(self, index: int) -> None:
        super().go(index)
        if self.following and self.index < len(self._lines) - 1:
            self.following = False
        near_start = self.index < NEAR and not self.at_start and not self.following
        near_end = self.index >= len(self._lines) - NEAR and not self.at_end
        if (near_start or near_end) and not self._asked and self._lines:
            self._asked = True
            self.post_message(Wanted(older=near_start))
        self._changed()

    def action_edge(self, side: int) -> None:
        self.post_message(Edge(older=side < 0))

    def pause(self) -> None:
        self.following = False
        self._changed()

    def find(self, words: str) -> None:
        """Light up every place that holds the words, regardless of case; nothing for no words."""
        self._find = re.compile(re.escape(visible(words)), re.IGNORECASE) if words else None
        self.refresh_all()

    def hits(self) -> list[int]:
        """The rows that hold what is looked for."""
        if self._find is None:
            return []
        return [place for place, line in enumerate(self._lines) if self._find.search(shown_text(line))]

    def jump(self, places: Sequence[int], direction: int) -> bool:
        """Go to the next of these rows above (-1) or below (1) the cursor; False when there is none."""
        if direction > 0:
            later = [place for place in places if place > self.index]
            target = later[0] if later else None
        else:
            earlier = [place for place in places if place < self.index]
            target = earlier[-1] if earlier else None
        if target is None:
            return False
        self.following = False
        self.go(target)
        return True

    @property
    def errors(self) -> Sequence[int]:
        """The rows that are errors."""
        if self._errors is None:
            self._errors = [place for place, line in enumerate(self._lines) if line.level >= logging.ERROR]
        return self._errors

    def mark_line(self) -> None:
        """Mark the line under the cursor, or take its mark away."""
        if self.line is not None:
            if self.marked.pop(self.line.seq, None) is None:
                self.marked[self.line.seq] = self.line
            self.refresh_all()

    def next_mark(self) -> int:
        """Number of the next marked line, after the last one the first; 0 when none is marked."""
        here = self.line.seq if self.line else 0
        marks = sorted(self.marked)
        return next((each for each in marks if each > here), marks[0] if marks else 0)

    def next_columns(self) -> None:
        self.columns = COLUMNS[(COLUMNS.index(self.columns) + 1) % len(COLUMNS)]
        self.repaint()

    def wrap(self) -> None:
        """Long lines in several rows, or cut again."""
        self.wrapped = not self.wrapped
        self.go(self.index)

    def refresh_all(self) -> None:
        self.repaint()
        self._changed()

    # Painting.

    def lines(self, width: int, height: int) -> Sequence[Line]:
        self._height = height
        if not self.wrapped or not self._lines:
            return super().lines(width, height)
        self._lower(width, height)
        rows: list[Line] = []
        self._places = []
        for index in range(self.top, len(self._lines)):
            own = self._rows(index, width, chosen=index == self.index)
            rows += own
            self._places += [index] * len(own)
            if len(rows) >= height:
                break
        return rows[:height]

    def _lower(self, width: int, height: int) -> None:
        """Begin further down until the line under the cursor is shown whole."""
        room, first = height, self.index
        while first >= self.top:
            room -= len(self._pieces(self._lines[first], width))
            if room < 0:
                break
            first -= 1
        self.top = min(self.index, first + 1)

    def index_at(self, row: int) -> int:
        if not self.wrapped:
            return super().index_at(row)
        return self._places[row] if row < len(self._places) else len(self._lines)

    def length(self) -> int:
        return len(self._lines)

    def key_at(self, index: int) -> str:
        return str(self._lines[index].seq)

    def nothing(self, width: int, height: int) -> Sequence[Line]:
        return self.empty(width, height) if self.empty else ()

    def item(self, index: int, width: int, *, chosen: bool) -> Line:
        line, tier = self._lines[index], self.shell.looks.text
        return self._row(index, pad(self._shown(line), self._room(width), tier=tier), chosen=chosen)

    def _rows(self, index: int, width: int, *, chosen: bool) -> list[Line]:
        """All rows of a wrapped line: the first with its columns, the others below its text."""
        first, *others = self._pieces(self._lines[index], width)
        room, role = self._room(width), _ROLES[_LETTERS.get(self._lines[index].level, "I")]
        gap, tier = Span(" " * (width - room - 2)), self.shell.looks.text
        rail = self._rail(index)
        return [
            self._row(index, pad(first, room, tier=tier), chosen=chosen),
            *([gap, *self._text(pad(each, room, tier=tier), role), rail] for each in others),
        ]

    def _pieces(self, line: LogLine, width: int) -> list[str]:
        return fold(self._shown(line), self._room(width))

    def _shown(self, line: LogLine) -> str:
        return shown_text(line, fields="fields" in self.columns)

    def _room(self, width: int) -> int:
        """Cells of the text: the gutter, the columns and the scroll bar have the rest."""
        return max(8, width - 1 - sum(_CELLS[each] for each in self.columns) - 2)

    def _row(self, index: int, text: str, *, chosen: bool) -> Line:
        line, looks, shown = self._lines[index], self.shell.looks, self.columns
        letter = _LETTERS.get(line.level, "I")
        role = _ROLES[letter]
        sign = looks.glyphs.here if letter in "WE" else " "
        if line.seq in self.marked:
            sign = "+"
        gutter = Span(looks.glyphs.row if chosen else sign, "accent" if chosen else role)
        lead = f"{moment(line.time_ms)[:6]}" if "date" in shown else ""
        lead += f"{clock_ms(line.time_ms)} " if "time" in shown else ""
        source = pad(line.source, SOURCE_CELLS, tier=looks.text) + " " if "source" in shown else ""
        return [
            gutter,
            Span(lead, "dim"),
            Span(f"{letter} ", role),
            Span(source, "accent"),
            *self._text(text, role),
            self._rail(index),
        ]

    def _text(self, text: str, role: str) -> list[Span]:
        if self._find is None:
            return [Span(text, role)]
        spans, done = [], 0
        for hit in self._find.finditer(text):
            spans += [Span(text[done : hit.start()], role), Span(hit.group(), "hit")]
            done = hit.end()
        return [*spans, Span(text[done:], role)]

    def _rail(self, index: int) -> Span:
        """The cell of the scroll bar beside a row: `!` where an error is, the thumb where the window is."""
        glyphs, total, height = self.shell.looks.glyphs, len(self._lines), self._height
        if total <= height:
            return Span(" " + glyphs.rail, "frame")
        row = index - self.top
        first = row * total // height
        last = max((row + 1) * total // height, first + 1)
        place = bisect_left(self.errors, first)
        bad = place < len(self.errors) and self.errors[place] < last
        if first < self.top + height and last > self.top:
            return Span(" " + glyphs.full, "bad" if bad else "dim")
        return Span(" " + (glyphs.attention if bad else glyphs.rail), "bad" if bad else "frame")


def shown_text(line: LogLine, *, fields: bool = True) -> str:
    """A line's text with its fields behind it, as one line of visible text; its execution id is for the inspector."""
    text = visible(line.text)
    for name, value in line.fields.items() if fields else ():
        if name == "traceback":
            text += f"  [{value.count(chr(10), 0, TEXT_LIMIT) + 1} lines]"
        elif name != "execution":
            text += f"  {visible(name[:FIELD_LIMIT])}={visible(value[:FIELD_LIMIT])}"
    return visible(text)
