"""Trace: the way of every event through the house, and one of them to the microsecond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container

from kagami.errors import NotFound
from kagami.i18n import mark
from kagami.model.ids import ExecutionId
from kagami.model.trace import Trace as TraceRow
from kagami.operations.traces import GetTrace, ListTraces, Traced
from kagami.tui.acting import Verb
from kagami.tui.figures import clock, micros
from kagami.tui.keys import Action
from kagami.tui.place import Place, beside
from kagami.tui.receipt import receipt_lines, stage_text
from kagami.tui.shell import Shell
from kagami.tui.talk import advice, first_keys
from kagami.tui.widgets.listing import Chosen, Moved
from kagami.tui.widgets.page import Page
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.rows import Rows
from kagami.tui.widgets.table import Column, LiveTable, Row
from kagami.tui.widgets.waterfall import Waterfall
from kagami.tui.words import OUTCOMES, outcome_span

_FILTERS = (
    "",
    "handled",
    "ignored",
    "retry",
    "parked",
    "dead",
    "denied",
    "limited",
    "late",
    "shed",
    "answer",
    "bad_frame",
)
_SLOWER_US = (0, 50_000, 1_000_000)

COLUMNS = (
    Column(mark("TIME"), 8),
    Column(mark("OUTCOME"), 11),
    Column(mark("ms"), 6, "right"),
    Column(mark("ACCOUNT"), 14, drop=2),
    Column(mark("CHAT"), 16, drop=1),
    Column(mark("PLUGIN"), 14, drop=3),
    Column(mark("MESSAGE"), 12, grow=True),
)


class Trace(Place):
    """A list of traces; Enter opens one."""

    DEFAULT_CSS = beside(__file__)
    NAME = "trace"
    PURPOSE = mark(
        "Every event leaves a trace: when each stage was reached, which plugin took it, what was sent and what the "
        "platform said to it. Enter opens one; Esc goes back to the list."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("trace.open", ("enter",), mark("open"), mark("Show one trace, stage by stage"), row=True),
        Action("trace.outcome", ("o",), mark("outcome"), mark("Show only the next kind of outcome")),
        Action("trace.slowest", ("s",), mark("slow"), mark("Show only what took longer than 50 ms, or 1 s")),
        Action("trace.lastfailed", ("e",), mark("last failed"), mark("Open the newest trace that failed")),
        Action("trace.copy", ("y",), mark("copy id"), mark("Copy the execution id"), row=True),
        Action("trace.logs", ("l",), mark("logs"), mark("Show the log lines of this execution"), row=True),
        Action("trace.replay", ("r",), mark("try again"), mark("Say the same in the Sandbox"), row=True),
    )

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.outcome = ""
        self.slower_us = 0
        self.opened = ""  # execution id of the open trace
        self.one: Traced | None = None
        self._traces: dict[str, TraceRow] = {}

    def compose(self) -> ComposeResult:
        self.table = LiveTable(self.shell, COLUMNS, id="trace-table")
        self.table.empty = self._empty
        self.list_pane = Pane(self.shell, self.table, id="trace-list")
        self.fall = Waterfall(self.shell, id="trace-fall")
        self.fall_pane = Pane(self.shell, self.fall, id="trace-fall-pane")
        self.page = Page(self.shell, id="trace-page")
        self.page_pane = Pane(self.shell, self.page, id="trace-page-pane")
        yield Rows(self.shell, self.bar, id="trace-bar")
        yield self.list_pane
        with Container(id="trace-one"):
            yield self.fall_pane
            yield self.page_pane

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "trace.open": lambda: self._open(self.table.key),
            "trace.outcome": self._next_outcome,
            "trace.slowest": self._next_slower,
            "trace.lastfailed": self._last_failed,
            "trace.copy": lambda: self.shell.copy(self.selected),
            "trace.logs": lambda: self.shell.go("logs", f"execution:{self.selected}"),
            "trace.replay": self._replay,
        }

    def blocked(self, action: str) -> str:
        needs_one = action in {"trace.open", "trace.copy", "trace.logs", "trace.replay"}
        return self.t(mark("there is no trace")) if needs_one and not self.selected else ""

    @property
    def selected(self) -> str:
        """Execution id of the open or else the marked trace."""
        return self.opened or self.table.key

    def crumbs(self) -> tuple[str, ...]:
        return (short_id(self.opened),) if self.opened else ()

    def subject(self) -> str:
        return short_id(self.selected)

    def open_at(self, target: str) -> None:
        self._open(target)

    def back(self) -> bool:
        if not self.opened:
            return False
        self.opened, self.one = "", None
        self.remove_class("detail")
        self.table.focus()
        self._repaint_bar()
        return True

    def relabel(self) -> None:
        self._show_one()

    # Reading.

    async def refresh_now(self) -> None:
        if self.opened:
            await self._read_one()
            return
        request = ListTraces(outcome=self.outcome, slower_us=self.slower_us, limit=200)
        traces: list[TraceRow] = await self.control.call(request)
        self._traces = {each.execution: each for each in traces}
        self.table.show([self._row(each) for each in traces])
        self.list_pane.label(self.t(mark("Traces")), self.t(mark("newest first")))
        self._repaint_bar()

    async def _read_one(self) -> None:
        if (
            self.one is not None
            and self.one.trace.execution == self.opened
            and self.one.trace.outcome not in ("retry", "parked")
        ):
            return
        try:
            self.one = await self.control.call(GetTrace(execution=self.opened))
        except NotFound:
            self.fall_pane.label(
                short_id(self.opened), self.t(mark("no trace yet: it is written when the event is done"))
            )
            return
        self._show_one()

    def _show_one(self) -> None:
        if self.one is None:
            return
        trace = self.one.trace
        outcome = outcome_span(trace.outcome, self.looks.glyphs, self.t)
        self.fall_pane.label(f"{micros(trace.total_us)} ms", outcome.text)
        self.fall.show(trace)
        self.page_pane.label(trace.plugin or self.t(mark("what happened")), self.t(mark("y copy id   l logs")))
        self.page.show(self._page)
        self._repaint_bar()

    # Doing.

    def _open(self, execution: str) -> None:
        self.opened, self.one = execution, None
        self.add_class("detail")
        self.fall.focus()
        self.run_worker(self.read_now(), group="read", exclusive=True)
        self._repaint_bar()

    @on(Chosen, "#trace-table")
    def _chosen(self, message: Chosen) -> None:
        self._open(message.key)

    @on(Chosen, "#trace-fall")
    def _leg_chosen(self) -> None:
        self.page.focus()

    @on(Moved, "#trace-fall")
    def _leg_moved(self) -> None:
        self.page.rebuild()

    def _next_outcome(self) -> None:
        self.outcome = _FILTERS[(_FILTERS.index(self.outcome) + 1) % len(_FILTERS)]
        self._again()

    def _next_slower(self) -> None:
        self.slower_us = _SLOWER_US[(_SLOWER_US.index(self.slower_us) + 1) % len(_SLOWER_US)]
        self._again()

    def _again(self) -> None:
        self.back()
        self.run_worker(self.read_now(), group="read", exclusive=True)

    async def _last_failed(self) -> None:
        newest: list[TraceRow] = []
        for outcome in ("dead", "retry", "bad_frame", "shed"):
            newest += await self.control.call(ListTraces(outcome=outcome, limit=1))
        if newest:
            self._open(max(newest, key=lambda each: each.started_ms).execution)
        else:
            self.shell.say(self.t(mark("No failed trace.")))

    def _replay(self) -> None:
        trace = self.one.trace if self.one else self._traces.get(self.selected)
        self.shell.go("sandbox", trace.text if trace else "")

    # Painting.

    def _row(self, trace: TraceRow) -> Row:
        spans = (
            Span(clock(trace.started_ms), "dim"),
            outcome_span(trace.outcome, self.looks.glyphs, self.t),
            Span(micros(trace.total_us)),
            Span(trace.bot, "dim"),
            Span(trace.chat),
            Span(trace.plugin, "accent"),
            Span(trace.text, "strong") if not trace.error else Span(trace.error, "bad"),
        )
        return Row(trace.execution, spans, (trace.started_ms, trace.outcome, trace.total_us))

    def bar(self, width: int) -> Sequence[Line]:  # noqa: ARG002
        """The filter, or which trace is open."""
        if self.opened:
            trace = self.one.trace if self.one else None
            who = f"  {trace.bot}  {trace.chat}  {trace.user}  {trace.text}" if trace else ""
            return [[Span(f" {self.t(mark('trace'))} ", "dim"), Span(short_id(self.opened), "key"), Span(who)]]
        word = self.t(OUTCOMES[self.outcome][0]) if self.outcome else self.t(mark("all"))
        slower = f"> {self.slower_us // 1000} ms" if self.slower_us else self.t(mark("any time"))
        return [
            [
                Span(f" {self.t(mark('OUTCOME'))} ", "dim"),
                Span(word, "key", "app.place('trace.outcome')"),
                Span(f"   {self.t(mark('TOOK'))} ", "dim"),
                Span(slower, "key", "app.place('trace.slowest')"),
            ]
        ]

    def _repaint_bar(self) -> None:
        self.query_one("#trace-bar", Rows).repaint()

    def _page(self, width: int) -> Sequence[Line]:
        if self.one is None:
            return ()
        leg = self.fall.leg
        head = stage_text(leg, width, self.looks, self.t) if leg else []
        return [*head, *receipt_lines(self.one, width, self.looks, self.t)]

    def _empty(self) -> Sequence[Line]:
        t = self.t
        if self.outcome or self.slower_us:
            return advice(self.shell, t(mark("No trace like this.")), t(mark("o changes the outcome, s the time.")))
        told = t(mark("Each message that comes in leaves one here, with every stage it went through."))
        return [*advice(self.shell, t(mark("No traces yet.")), told), *first_keys(self.shell)]


def short_id(execution: str) -> str:
    """The end of an execution id, where the random part is: what people compare."""
    return ExecutionId(execution)[-8:]
