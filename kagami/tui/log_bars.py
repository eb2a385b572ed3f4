"""The lines around the list of the logs: what is shown and whether it follows, and how many lines there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from kagami.i18n import mark
from kagami.tui.figures import count
from kagami.tui.format import fit
from kagami.tui.log_actions import LETTERS
from kagami.tui.talk import advice
from kagami.tui.widgets.bars import spread
from kagami.tui.widgets.painted import Line, Span

if TYPE_CHECKING:
    from kagami.tui.screens.logs import Logs

FOUND_CELLS = 16


class LogBars:
    """Paints for one place."""

    def __init__(self, place: Logs) -> None:
        self._place = place

    def bar(self, width: int) -> Sequence[Line]:
        """Level, filter, what is searched for, and whether it follows; below them what is under way."""
        place, t, looks = self._place, self._place.t, self._place.looks
        level = LETTERS[place.tail.level]
        left = [Span(f" {t(mark('LEVEL'))} ", "dim")]
        left.append(Span(level if level == "E" else f"{level}+", "key", "app.place('log.level')"))
        left.append(Span(f"  {t(mark('FILTER'))} ", "dim"))
        filtered = fit(place.tail.words or "*", max(8, width - 46), looks.text)
        left.append(Span(filtered, "key", "app.place('log.filter')"))
        if place.found:
            hits = place.view.hits()
            number = sum(hit <= place.view.index for hit in hits)
            left += [
                Span(f"  {t(mark('FIND'))} ", "dim"),
                Span(fit(place.found, FOUND_CELLS, looks.text), "key", "app.place('log.find')"),
                Span(f" {number}/{len(hits)}", "text"),
            ]
        return [spread(left, self._following(), width), self._rule(width)]

    def _following(self) -> list[Span]:
        place, t = self._place, self._place.t
        if place.view.following:
            return [Span(t(mark("FOLLOW ON")) + " ", "good", "app.place('log.follow')")]
        new = t(mark("{count} new")).format(count=count(max(0, place.tail.fresh)))
        return [Span(f"{t(mark('PAUSED'))}  {place.looks.glyphs.more} {new} ", "warn", "app.place('log.follow')")]

    def _rule(self, width: int) -> Line:
        place = self._place
        rule = place.looks.glyphs.rule
        told = place.saving.words() or place.seeking.words() or place.filling.words()
        if not told:
            return [Span(rule * width, "frame")]
        told = fit(f" {told} ", width - 4, place.looks.text)
        return [Span(rule * 2, "frame"), Span(told, "warn"), Span(rule * (width - 2 - cell_len(told)), "frame")]

    def counts(self, width: int) -> Sequence[Line]:
        """How many lines there are, how many of them are bad, and what there was in the looked-at minute."""
        place, tail, t = self._place, self._place.tail, self._place.t
        kept = t(mark("{kept} lines kept of {all}")).format(kept=count(tail.kept), all=count(tail.newest))
        spans = [Span(f" {kept}", "dim")]
        for name, letter, role in (("error", "E", "bad"), ("warning", "W", "warn")):
            number = tail.counts.get(name, 0)
            spans.append(Span(f"   {letter} {count(number)}", role if number else "dim"))
        if place.view.marked:
            told = t(mark("{count} marked")).format(count=len(place.view.marked))
            spans.append(Span(f"   {told}", "dim", "app.place('log.marks')"))
        views = len(place.views.kept)
        if views:
            told = t(mark("{count} views")).format(count=views)
            spans.append(Span(f"   {told}", "dim", "app.place('log.views')"))
        return [spread(spans, place.minutes.told(), width)]

    def empty(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        place, t = self._place, self._place.t
        if place.tail.filtered and place.tail.kept:
            how = t(mark("& changes the filter, L the level."))
            return advice(place.shell, t(mark("No line passes the level and the filter.")), how)
        told = t(mark("What the engine, bots and plugins say appears here by itself."))
        return advice(place.shell, t(mark("No log lines yet.")), told)
