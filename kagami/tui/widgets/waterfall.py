"""One execution's way through the house: what lasted how long, to the microsecond."""

from __future__ import annotations

from collections.abc import Sequence

from kagami.i18n import mark
from kagami.model.trace import Trace
from kagami.tui.details import detail_text
from kagami.tui.figures import count, micros
from kagami.tui.format import pad
from kagami.tui.shell import Shell
from kagami.tui.stages import Leg, legs, stage_name
from kagami.tui.widgets.listing import Listing
from kagami.tui.widgets.painted import Line, Span

STAGE_CELLS = 11
TIME_CELLS = 10
ROOM_FOR_DETAIL = 40


class Waterfall(Listing):
    """The legs of one trace with their bars."""

    def __init__(self, shell: Shell, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(shell, id=id)
        self._legs: Sequence[Leg] = ()
        self._total = 1

    def show(self, trace: Trace) -> None:
        self._legs = legs(trace)
        self._total = max(1, self._legs[-1].end_us)
        self.go(0)

    @property
    def leg(self) -> Leg | None:
        """The leg under the cursor."""
        return self._legs[self.index] if self.index < len(self._legs) else None

    def length(self) -> int:
        return len(self._legs)

    def key_at(self, index: int) -> str:
        return str(index)

    def head(self, width: int) -> Sequence[Line]:
        bar, detail = self._room(width)
        t, looks = self.shell.t, self.shell.looks
        end = f"{micros(self._total)} ms"
        scale = "0" + " " * max(1, bar - 1 - len(end)) + end
        titles = [
            Span("   " + pad(t(mark("STAGE")), STAGE_CELLS, tier=looks.text), "dim"),
            Span(pad(scale, bar), "dim"),
            Span(pad("us" if looks.text != "full" else "µs", TIME_CELLS, "right") + "  ", "dim"),
            Span(pad(t(mark("DETAIL")), detail, tier=looks.text) if detail else "", "dim"),
        ]
        return [titles]

    def item(self, index: int, width: int, *, chosen: bool) -> Line:
        leg, looks = self._legs[index], self.shell.looks
        bar, detail = self._room(width)
        first = min(bar - 1, leg.start_us * bar // self._total)
        cells = max(1, leg.end_us * bar // self._total - first)
        solid = looks.glyphs.focus[1] * cells
        told = detail_text(leg.stage, leg.detail, self.shell.t)
        longest = leg.end_us - leg.start_us == max(each.end_us - each.start_us for each in self._legs)
        return [
            self.marker(chosen=chosen),
            Span(pad(stage_name(leg.stage, self.shell.t), STAGE_CELLS, tier=looks.text)),
            Span(pad(" " * first + solid, bar), "warn" if longest and len(self._legs) > 1 else "accent"),
            Span(pad(count(leg.end_us - leg.start_us), TIME_CELLS, "right") + "  "),
            Span(pad(told, detail, tier=looks.text) if detail else "", "dim"),
        ]

    @staticmethod
    def _room(width: int) -> tuple[int, int]:
        """Cells of the bar and of the detail."""
        rest = max(10, width - 3 - STAGE_CELLS - TIME_CELLS - 3)
        return (rest * 3 // 5, rest - rest * 3 // 5) if rest >= ROOM_FOR_DETAIL else (rest, 0)
