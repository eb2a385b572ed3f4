"""Processes that share the work: what each has, how it is, and letting one hand over what it serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from textual.app import ComposeResult
from textual.widget import Widget

from kagami.i18n import mark
from kagami.operations.cluster import Drain, ListNodes, ProcessRow, replaceable
from kagami.tui import figures
from kagami.tui.format import visible
from kagami.tui.keys import Action
from kagami.tui.processes import bad, state_span
from kagami.tui.shell import Question, Shell
from kagami.tui.tabs.tab import Tab
from kagami.tui.widgets.page import Page, fact, paragraph
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.table import Column, LiveTable, Row

MEGABYTE = 1_000_000
LABEL = 12
COLUMNS = (
    Column(mark("process"), 14, grow=True),
    Column(mark("role"), 7),
    Column(mark("state"), 12),
    Column(mark("parts"), 5, "right"),
    Column(mark("bots"), 6, "right"),
    Column(mark("waits"), 5, "right", drop=2),
    Column(mark("lag"), 6, "right"),
    Column(mark("memory"), 6, "right", drop=1),
)


class ProcessesTab(Tab):
    """One engine alone is a row like any other."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell, id="settings-processes")
        self.table = LiveTable(shell, COLUMNS, id="processes-rows")
        self.card = Page(shell, id="processes-card")
        self.table_pane = Pane(shell, self.table, id="processes-rows-pane")
        self.card_pane = Pane(shell, self.card, id="processes-card-pane")
        self.processes: dict[str, ProcessRow] = {}

    def compose(self) -> ComposeResult:
        yield self.table_pane
        yield self.card_pane

    @property
    def selected(self) -> ProcessRow | None:
        return self.processes.get(self.table.key)

    def first(self) -> Widget:
        return self.table

    def subject(self) -> str:
        return self.table.key

    async def read(self) -> None:
        rows: list[ProcessRow] = await self.shell.control.call(ListNodes())
        self.processes = {row.node: row for row in rows}
        self.paint()

    def paint(self) -> None:
        t = self.shell.t
        rows = sorted(self.processes.values(), key=lambda row: (row.role == "worker", row.node))
        self.table.show([self._row(row) for row in rows])
        self.table_pane.label(f"{t(mark('Processes'))} {len(rows)}")
        self.card_pane.label(self.table.key or t(mark("process")))
        self.card.show(self._card, keep_place=True)

    def on_moved(self) -> None:
        self.card_pane.label(self.table.key)
        self.card.show(self._card)

    # Doing.

    def blocked(self) -> str:
        """Why the marked one can neither hand over nor serve again, as marked English."""
        row = self.selected
        if row is None:
            return mark("no process is marked")
        if row.state == "gone":
            return mark("it is gone: others do its work already")
        if row.state == "serving" and not replaceable(tuple(self.processes.values()), row.node):
            return mark("it is the last one: no other could take over what it serves")
        return ""

    def worded(self, actions: Sequence[Action]) -> list[Action]:
        """The same key hands over and takes back: its word is what it would do to the marked one."""
        again = self.selected is not None and self.selected.state == "leaving"
        label = mark("serve again")
        return [replace(each, label=label) if again and each.id == "node.switch" else each for each in actions]

    async def switch(self) -> None:
        """Hand over, or serve again."""
        row, t = self.selected, self.shell.t
        if row is None:
            return
        name, drains = visible(row.node), row.state == "serving"
        if await self.shell.ask(self._drain(row) if drains else self._serve(row)):
            await self.shell.control.call(Drain(node=row.node, on=drains))
            told = t(mark("{process} hands over")) if drains else t(mark("{process} serves again"))
            self.shell.say(told.format(process=name))
            await self.read()

    def _drain(self, row: ProcessRow) -> Question:
        t = self.shell.t
        served = t(mark("{parts} partitions; bots that it connects by itself")).format(parts=row.partitions)
        return Question(
            t(mark("Let {process} hand over all that it serves?")).format(process=visible(row.node)),
            (
                (t(mark("Others get")), served),
                (t(mark("Stays")), t(mark("what came to its own gateway, until it connects elsewhere"))),
                (t(mark("After")), t(mark("it takes nothing more, over restarts too"))),
                (t(mark("Undo")), t(mark("yes: the same key lets it serve again"))),
            ),
            t(mark("Leave it")),
            t(mark("Hand over")),
        )

    def _serve(self, row: ProcessRow) -> Question:
        t = self.shell.t
        return Question(
            t(mark("Let {process} serve again?")).format(process=visible(row.node)),
            ((t(mark("After")), t(mark("it takes its share from the others within seconds"))),),
            t(mark("Leave it")),
            t(mark("Serve again")),
        )

    # Painting.

    def _row(self, row: ProcessRow) -> Row:
        state = state_span(self.shell, row)
        calm = "dim" if row.state == "gone" else "text"
        cells = (
            Span(row.node, "dim" if row.state == "gone" else "strong"),
            Span(row.role, "dim"),
            state,
            Span(str(row.partitions), calm),
            Span(str(row.accounts), calm),
            Span(figures.count(row.waiting), calm),
            Span(figures.ms(row.lag_s * 1_000), "warn" if row.lag_s >= 1 else calm),
            Span(figures.size(int(row.memory_mb * MEGABYTE)), calm),
        )
        order = (row.node, row.role, state.text, row.partitions, row.accounts, row.waiting, row.lag_s, row.memory_mb)
        return Row(row.node, cells, order)

    def _card(self, width: int) -> Sequence[Line]:
        row, looks, t = self.selected, self.shell.looks, self.shell.t
        if row is None:
            return []
        duty = t(mark("does what one does for all: timetables, clean-ups, backups")) if row.duty else "-"
        clock = t(mark("{seconds} s from the database's")).format(seconds=f"{row.clock_s:+.0f}")
        heard = t(mark("{span} ago")).format(span=figures.span(row.seen_s))
        facts = (
            (mark("database"), *bad(row.trouble, self.shell)),
            (mark("Redis"), *bad(row.redis, self.shell)),
            *([(mark("clock"), clock, "bad")] if row.clock_s else ()),
            (mark("heard of"), heard, "bad" if row.state == "gone" else "text"),
            (mark("duty"), duty, "text"),
            (mark("console"), row.address or "-", "text"),
            (mark("version"), row.version, "text"),
        )
        told = [
            line
            for name, value, role in facts
            for line in fact(t(name), value, width, looks, role=role, name_cells=LABEL)
        ]
        lone = t(mark("One process does everything. Several can share one PostgreSQL."))
        return [*told, *([(), *paragraph(lone, width, looks, "dim")] if len(self.processes) == 1 else ())]
