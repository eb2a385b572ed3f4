"""One hour of log lines in a row: a cell or more for each minute, red where errors are, the looked-at minute lit."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from textual import events

from kagami.i18n import mark
from kagami.tui.figures import count
from kagami.tui.format import pad
from kagami.tui.hour import MINUTE_MS, MINUTES, Counts, Hour
from kagami.tui.shell import Shell
from kagami.tui.widgets.chart import spark
from kagami.tui.widgets.painted import Line, Painted, Span

CLOCK_CELLS = 7  # ` 23:41 `


class Minutes(Painted):
    """`at` says which moment the cursor is on, in milliseconds since 1970; a click calls `pick` with a moment."""

    def __init__(
        self,
        shell: Shell,
        hour: Hour,
        at: Callable[[], int],
        pick: Callable[[int], None],
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(shell, id=id)
        self.hour = hour
        self._at = at
        self._pick = pick

    def lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        hour, each = self.hour, self._cells(width)
        found = hour.minutes
        totals = [sum(counts.values()) if counts else 0 for counts in found]
        braille = self.shell.looks.glyphs.braille
        most = max(totals) or 1
        at = self._at() // MINUTE_MS - hour.first
        row: list[Span] = [Span(pad(f" {_clock(hour.since_ms)}", CLOCK_CELLS), "dim")]
        for place, (counts, total) in enumerate(zip(found, totals, strict=True)):
            sign = spark([float(total)] * (2 * each if braille else each), each, braille=braille, top=float(most))
            row.append(Span(sign if counts is not None else " " * each, "hit" if place == at else _role(counts)))
        row.append(Span(f" {_clock(hour.since_ms + MINUTES * MINUTE_MS)}", "dim"))
        return [row]

    def told(self) -> list[Span]:
        """What there was in the looked-at minute; nothing while that is not known."""
        at = self._at() // MINUTE_MS - self.hour.first
        counts = self.hour.minutes[at] if 0 <= at < MINUTES else None
        return [] if counts is None else self._spans(counts, at)

    def _spans(self, counts: Counts, at: int) -> list[Span]:
        t = self.shell.t
        told = t(mark("{time}: {count} lines/min")).format(
            time=_clock((self.hour.first + at) * MINUTE_MS), count=count(sum(counts.values()))
        )
        spans = [Span(f" {told}", "dim")]
        for level, letter, role in (("error", "E", "bad"), ("warning", "W", "warn")):
            if counts.get(level):
                spans.append(Span(f"  {letter} {count(counts[level])}", role))
        if not self.hour.whole:
            spans.append(Span(f"  {t(mark('not all counted'))}", "warn"))
        return [*spans, Span(" ")]

    @staticmethod
    def _cells(width: int) -> int:
        """Of one minute."""
        return max(1, (width - 2 * CLOCK_CELLS) // MINUTES)

    async def on_click(self, event: events.Click) -> None:
        minute = (event.x - CLOCK_CELLS) // self._cells(self.size.width)
        if event.y == 0 and 0 <= minute < MINUTES:
            event.stop()
            event.prevent_default()
            self._pick((self.hour.first + minute) * MINUTE_MS)


def _role(counts: Counts | None) -> str:
    if not counts:
        return "dim"
    return "bad" if counts.get("error") else "warn" if counts.get("warning") else "accent"


def _clock(epoch_ms: int) -> str:
    return time.strftime("%H:%M", time.localtime(epoch_ms / 1000))
