"""The lines above the traces: which tab is seen, what is looked for, and what is under way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kagami.i18n import mark
from kagami.tui.format import fit
from kagami.tui.trace_rows import short_id
from kagami.tui.widgets.bars import spread
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.words import OUTCOMES

if TYPE_CHECKING:
    from kagami.tui.screens.trace import Trace


class TraceBar:
    """Paints for one place."""

    def __init__(self, place: Trace) -> None:
        self._place = place

    def lines(self, width: int) -> Sequence[Line]:
        place, t = self._place, self._place.t
        names = ((mark("Messages"), not place.auditing), (mark("Audit"), place.auditing))
        tabs: list[Span] = []
        for name, here in names:
            text = f"[{t(name)}]" if here else f" {t(name)} "
            tabs.append(Span(f" {text}", "title" if here else "text", "" if here else "app.place('audit.open')"))
        tabs.insert(1, Span("  a", "key"))
        saving = place.saving.words()
        if saving:
            return [spread(tabs, [Span(f"{saving} ", "warn")], width)]
        if place.auditing:
            return [tabs]
        return [[*tabs, Span("   "), *(self._opened() if place.opened else self._wanted(width))]]

    def _opened(self) -> list[Span]:
        place = self._place
        trace = place.one.trace if place.one else None
        told = f"  {trace.bot}  {trace.chat}  {trace.user}  {trace.text}" if trace else ""
        return [Span(f"{place.t(mark('trace'))} ", "dim"), Span(short_id(place.opened), "key"), Span(told)]

    def _wanted(self, width: int) -> list[Span]:
        place, t = self._place, self._place.t
        word = t(OUTCOMES[place.outcome][0]) if place.outcome else t(mark("all"))
        slower = f"> {place.slower_us // 1000} ms" if place.slower_us else t(mark("any time"))
        words = fit(place.words or "*", max(8, width // 3), place.looks.text)
        return [
            Span(f"{t(mark('SEARCH'))} ", "dim"),
            Span(words, "key", "app.place('trace.search')"),
            Span(f"  {t(mark('OUTCOME'))} ", "dim"),
            Span(word, "key", "app.place('trace.outcome')"),
            Span(f"  {t(mark('TOOK'))} ", "dim"),
            Span(slower, "key", "app.place('trace.slower')"),
        ]
