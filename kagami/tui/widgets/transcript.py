"""What was said in a chat: entries of one or more rows, the newest at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events

from kagami.tui.figures import clock
from kagami.tui.format import pad, wrap
from kagami.tui.looks import Looks
from kagami.tui.shell import Shell
from kagami.tui.widgets.listing import Listing
from kagami.tui.widgets.painted import Line, Span

CLOCK_CELLS = 9
WHO_CELLS = 10
NARROW = 44  # below this the clock gives its cells to the text
MOST_ROWS = 12  # of one entry


class Entry(NamedTuple):
    """One message. `note` stands below it: who made it, what became of it."""

    key: str
    time_ms: int
    who: str
    text: str
    role: str = "text"
    note: str = ""
    note_role: str = "dim"


class _Row(NamedTuple):
    entry: int
    spans: tuple[Span, ...]


class Transcript(Listing):
    """The cursor goes from entry to entry; at the last one it stays at the end when new ones come."""

    def __init__(self, shell: Shell, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(shell, id=id)
        self._entries: Sequence[Entry] = ()
        self._flat: list[_Row] = []
        self._made: dict[str, tuple[Entry, list[tuple[Span, ...]]]] = {}  # the rows of each entry, by its key
        self._made_for: tuple[int, Looks | None] = (0, None)
        self.empty: Sequence[Line] = ()
        self.more = ""  # how the rest of a long entry is read

    def show(self, entries: Sequence[Entry], *, to_end: bool = False) -> None:
        """Replace the entries; the cursor stays on its entry, or at the end where it was."""
        key = self.key
        at_end = to_end or not self._flat or self._flat[self.index].entry == len(self._entries) - 1
        self._entries = entries
        self._flow()
        places = [place for place, row in enumerate(self._flat) if entries[row.entry].key == key]
        self.go(len(self._flat) - 1 if at_end or not places else places[0])

    @property
    def entries(self) -> Sequence[Entry]:
        return self._entries

    @property
    def entry(self) -> Entry | None:
        """The entry under the cursor."""
        return self._entries[self._flat[self.index].entry] if self.index < len(self._flat) else None

    @property
    def whole(self) -> bool:
        """Whether all of the entry under the cursor can be seen at once."""
        entry = self.entry
        return entry is None or len(self._made[entry.key][1]) <= min(self.space, MOST_ROWS)

    def repaint(self) -> None:
        if self._made_for != (self._width, self.shell.looks):
            self._flow()
        super().repaint()

    @property
    def _width(self) -> int:
        return max(20, self.size.width)

    def _flow(self) -> None:
        """Rows of all entries; those that were made before and have not changed are taken as they are."""
        now = (self._width, self.shell.looks)
        before = self._made if self._made_for == now else {}
        self._made, self._made_for, self._flat = {}, now, []
        for place, entry in enumerate(self._entries):
            kept = before.get(entry.key)
            rows = kept[1] if kept and kept[0] == entry else self._spans(entry, now[0])
            self._made[entry.key] = entry, rows
            self._flat += [_Row(place, spans) for spans in rows]
        self.index = max(0, min(self.index, len(self._flat) - 1))

    def _spans(self, entry: Entry, width: int) -> list[tuple[Span, ...]]:
        tier = self.shell.looks.text
        lead = clock(entry.time_ms) + " " if width >= NARROW else ""
        room = width - 3 - len(lead) - WHO_CELLS - 2
        pieces = wrap(entry.text, room, tier, MOST_ROWS + 1) or [""]
        if len(pieces) > MOST_ROWS:
            pieces = [*pieces[:MOST_ROWS], f"{self.shell.looks.glyphs.ellipsis} {self.more}".rstrip()]
        who = Span(pad(entry.who, WHO_CELLS, tier=tier) + " ", "accent" if entry.role == "text" else entry.role)
        blank = Span(" " * (len(lead) + WHO_CELLS + 1))
        rows = [(Span(lead, "dim"), who, Span(pieces[0], entry.role))]
        rows += [(blank, Span(piece, entry.role), Span("")) for piece in pieces[1:]]
        notes = wrap(entry.note, room, tier, 3) if entry.note else []
        return [*rows, *((blank, Span(piece, entry.note_role)) for piece in notes)]

    # The cursor is an entry's first row.

    def go(self, index: int) -> None:
        super().go(self._first(index))

    def step(self, rows: int) -> None:
        if not self._flat:
            return
        if abs(rows) > 1:
            self.go(self.index + rows)
            return
        entry = min(max(0, self._flat[self.index].entry + rows), len(self._entries) - 1)
        self.go(next(place for place, row in enumerate(self._flat) if row.entry == entry))

    def _first(self, index: int) -> int:
        if not self._flat:
            return 0
        index = min(max(0, index), len(self._flat) - 1)
        while index and self._flat[index - 1].entry == self._flat[index].entry:
            index -= 1
        return index

    def reveal(self) -> None:
        last = self.index
        while last + 1 < len(self._flat) and self._flat[last + 1].entry == self._flat[self.index].entry:
            last += 1
        self.top = max(self.top, last - self.space + 1)
        super().reveal()

    # Painting.

    def length(self) -> int:
        return len(self._flat)

    def key_at(self, index: int) -> str:
        return self._entries[self._flat[index].entry].key

    def item(self, index: int, width: int, *, chosen: bool) -> Line:  # noqa: ARG002
        return [self.marker(chosen=chosen), *self._flat[index].spans]

    def ground(self, row: int) -> str:
        index = self.top + row
        if index >= len(self._flat):
            return ""
        return "cursor" if self._flat[index].entry == self._flat[self.index].entry else ""

    def nothing(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        return self.empty[:height]

    def on_resize(self, _event: events.Resize) -> None:
        at_end = bool(self._flat) and self._flat[self.index].entry == len(self._entries) - 1
        self._flow()
        if at_end:
            self.index = self._first(len(self._flat) - 1)
