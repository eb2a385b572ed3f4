"""Trace: the way of every event through the house, one of them to the microsecond, and the audit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar, cast

import msgspec
from textual import events, on
from textual.app import App, ComposeResult
from textual.containers import Container, Vertical

from kagami.errors import NotFound
from kagami.i18n import mark
from kagami.model.trace import Trace as TraceRow
from kagami.operations.traces import Exported, ExportTraces, GetTrace, ListTraces, Traced
from kagami.tui.acting import Verb
from kagami.tui.audit_tab import AuditTab
from kagami.tui.dialogs.pick import Offer, Pick
from kagami.tui.figures import micros
from kagami.tui.identity import Replayed
from kagami.tui.keys import Action
from kagami.tui.later import later
from kagami.tui.neighbours import Neighbours
from kagami.tui.place import Place, beside
from kagami.tui.receipt import receipt_lines, stage_text
from kagami.tui.route_ask import write_asked
from kagami.tui.saving import Page as Saved
from kagami.tui.saving import Saving
from kagami.tui.shell import Leave, Shell
from kagami.tui.talk import advice, first_keys
from kagami.tui.trace_actions import ACTIONS
from kagami.tui.trace_bar import TraceBar
from kagami.tui.trace_rows import (
    COLUMNS,
    DURATION,
    FAILED,
    OUTCOME_FILTERS,
    SLOWER_US,
    next_of,
    search_words,
    short_id,
    spell,
    trace_row,
    wanted,
)
from kagami.tui.widgets.listing import Chosen, Moved
from kagami.tui.widgets.page import Page
from kagami.tui.widgets.painted import Line
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.rows import Rows
from kagami.tui.widgets.table import LiveTable
from kagami.tui.widgets.waterfall import Waterfall
from kagami.tui.words import outcome_span

WIDE, TALL = 110, 26
LISTED = 200  # at once, also in a page of an export


class Trace(Place):
    """A list of traces, one of which Enter opens, and the audit beside it."""

    DEFAULT_CSS = beside(__file__)
    NAME = "trace"
    PURPOSE = mark(
        "Every event leaves a trace: when each stage was reached, which plugin took it, what was sent and what the "
        "platform said to it. Enter opens one; Esc goes back to the list. The search takes words, chat:, user:, bot:, "
        "plugin:, outcome:, >50ms, or an id. The audit says who changed what, and whether anything in it was altered."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = ACTIONS

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.words = ""
        self.outcome = ""
        self.slower_us = 0
        self.opened = ""  # execution id of the open trace
        self.one: Traced | None = None
        self.traces: dict[str, TraceRow] = {}
        self.saving = Saving(shell, self._repaint_bar)
        self.audit = AuditTab(shell)
        self.near = Neighbours(shell)

    def compose(self) -> ComposeResult:
        self.table = LiveTable(self.shell, COLUMNS, id="trace-table")
        self.table.empty = self._empty
        self.list_pane = Pane(self.shell, self.table, id="trace-list")
        self.fall = Waterfall(self.shell, id="trace-fall")
        self.fall_pane = Pane(self.shell, self.fall, id="trace-fall-pane")
        self.page = Page(self.shell, id="trace-page")
        self.page_pane = Pane(self.shell, self.page, id="trace-page-pane")
        self.near_pane = Pane(self.shell, self.near.table, id="trace-near-pane")
        self.bar = Rows(self.shell, TraceBar(self).lines, id="trace-bar")
        yield self.bar
        yield self.list_pane
        with Container(id="trace-one"):
            yield self.fall_pane
            with Vertical(id="trace-side"):
                yield self.page_pane
                yield self.near_pane
        yield self.audit

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "trace.open": self._open_marked,
            "trace.search": self._ask_search,
            "trace.outcome": self._next_outcome,
            "trace.slower": self._next_slower,
            "trace.slowest": self._sort,
            "trace.lastfailed": self._last_failed,
            "trace.copy": lambda: self.shell.copy(self.audit.page.copied() if self.auditing else self.selected),
            "trace.logs": lambda: self.shell.go("logs", f"D execution:{self.selected}"),
            "trace.route": self._explain_route,
            "trace.replay": self._replay,
            "trace.before": lambda: self._open(self.near.beside(-1)),
            "trace.after": lambda: self._open(self.near.beside(1)),
            "trace.export": self._export,
            "audit.open": lambda: self._show_audit(shown=not self.auditing),
            "audit.verify": self._verify,
            "audit.export": self._export_audit,
        }

    def blocked(self, action: str) -> str:
        busy = mark("an export is under way: esc cancels it") if self.saving.running else ""
        none = "" if self.selected and not self.auditing else mark("there is no trace")
        here = none if not self.auditing else "" if self.audit.row else mark("there is no row")
        listed = mark("this is for the list of traces: esc goes there") if self.opened or self.auditing else ""
        reasons = {
            **dict.fromkeys(("trace.export", "audit.export"), busy),
            **dict.fromkeys(("trace.open", "trace.copy"), here),
            **dict.fromkeys(("trace.logs", "trace.route", "trace.replay"), none),
            **dict.fromkeys(("trace.outcome", "trace.slower", "trace.slowest"), listed),
            "trace.before": self._alone(-1),
            "trace.after": self._alone(1),
        }
        reason = reasons.get(action, "")
        return self.t(reason) if reason else ""

    def _alone(self, step: int) -> str:
        near = self.opened and self.near.beside(step)
        return "" if near else mark("no message of this chat is known there")

    @property
    def auditing(self) -> bool:
        return self.has_class("auditing")

    @property
    def selected(self) -> str:
        """Execution id of the open or else the marked trace."""
        return self.opened or self.table.key

    def crumbs(self) -> tuple[str, ...]:
        if self.auditing:
            return (self.t(mark("Audit")),)
        return (short_id(self.opened),) if self.opened else ()

    def subject(self) -> str:
        row = self.audit.row if self.auditing else None
        return f"{row.operation} {row.seq}" if row else short_id(self.selected)

    def open_at(self, target: str) -> None:
        """An execution's id, `audit`, or a search line."""
        word, _, rest = target.partition(" ")
        if word == "audit":
            self.audit.search(rest)
            self._show_audit(shown=True)
        elif len(target) == len("00000000-0000-7000-8000-000000000000") and " " not in target:
            self._open(target)
        else:
            self.filter_by(target)

    def filter_text(self) -> str:
        return spell(self.words, self.outcome, self.slower_us)

    def filter_by(self, text: str) -> None:
        self.words, self.outcome, self.slower_us = text.strip(), "", 0
        if self.is_mounted:
            self._again()

    def back(self) -> bool:
        if self.saving.running:
            self.workers.cancel_group(self, "trace-save")
            return True
        if self.auditing:
            if not self.audit.back():
                self._show_audit(shown=False)
            return True
        if not self.opened:
            return False
        self.opened, self.one = "", None
        self.remove_class("detail")
        self.table.focus()
        self._repaint_bar()
        return True

    def relabel(self) -> None:
        self._show_one()
        self.near.relabel()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= WIDE, "wide")
        self.set_class(event.size.height >= TALL, "tall")

    # Reading.

    async def refresh_now(self) -> None:
        if self.auditing:
            await self.audit.read()
        elif self.opened:
            await self._read_one()
        else:
            rows: list[TraceRow] = await self.control.call(self._request(LISTED))
            self.traces = {each.execution: each for each in rows}
            self.table.show([trace_row(self.shell, each) for each in rows])
            order = mark("slowest first") if self.table.sorted_by == DURATION else mark("newest first")
            more = "+" if len(rows) == LISTED else ""
            self.list_pane.label(f"{self.t(mark('Traces'))} {len(rows)}{more}", self.t(order))
        self._repaint_bar()

    def _request(self, limit: int) -> ListTraces:
        given = wanted(self.words, self.outcome, self.slower_us, self.t)
        return ListTraces(**given, before_ms=self.shell.moment_ms, limit=limit)

    async def _read_one(self) -> None:
        one = self.one
        same = one is not None and one.trace.execution == self.opened
        try:
            self.one = await self.control.call(GetTrace(execution=self.opened))
        except NotFound:
            told = self.t(mark("no trace yet: it is written when the event is done"))
            self.fall_pane.label(short_id(self.opened), told)
            return
        if same and self.one == one:  # a worker's answer may come any time
            return
        self._show_one()
        if self.one is not None:
            await self.near.read(self.one.trace)

    def _show_one(self) -> None:
        if self.one is None:
            return
        trace = self.one.trace
        outcome = outcome_span(trace.outcome, self.looks.glyphs, self.t)
        self.fall_pane.label(f"{micros(trace.total_us)} ms", outcome.text)
        self.fall.show(trace)
        self.page_pane.label(trace.plugin or self.t(mark("what happened")), self.t(mark("y copy id   l logs")))
        self.page.show(self._page)
        self.near_pane.label(self.t(mark("the same chat")), trace.chat)
        self._repaint_bar()

    # Doing.

    def _open_marked(self) -> None:
        if self.auditing:
            self.audit.open_row()
        else:
            self._open(self.table.key)

    def _open(self, execution: str) -> None:
        self._show_audit(shown=False)
        self.opened, self.one = execution, None
        self.add_class("detail")
        if not self.near.table.has_focus:
            self.fall.focus()
        self._again()

    @on(Chosen, "#trace-table")
    def _chosen(self, message: Chosen) -> None:
        self._open(message.key)

    @on(Chosen, "#trace-fall")
    def _leg_chosen(self) -> None:
        self.page.focus()

    @on(Moved, "#trace-fall")
    def _leg_moved(self) -> None:
        self.page.rebuild()

    @on(Moved, "#trace-near")
    def _near_moved(self, message: Moved) -> None:
        if self.near.table.has_focus and message.key not in {"", self.opened}:
            self._open(message.key)

    async def _ask_search(self) -> None:
        tab = self.audit if self.auditing else None
        words = tab.words_to_type() if tab else search_words(self.traces.values())
        state, name = self.shell.state, "audit" if tab else self.NAME
        typed = state.typed.get(name, [])
        text = await self.shell.prompt(
            self.t(mark("search")), tab.words if tab else self.filter_text(), words=words, history=typed
        )
        if text is None:
            return
        state.typed = {**state.typed, name: [*(each for each in typed if each != text), text][-LISTED:]}
        if tab is not None:
            tab.search(text)
            self._again()
        else:
            self.back()
            self.filter_by(text)

    def _next_outcome(self) -> None:
        self.outcome = next_of(OUTCOME_FILTERS, self.outcome)
        self._again()

    def _next_slower(self) -> None:
        self.slower_us = next_of(SLOWER_US, self.slower_us)
        self._again()

    def _sort(self) -> None:
        self.table.sort(None if self.table.sorted_by == DURATION else DURATION)
        self._again()

    def _again(self) -> None:
        self.run_worker(later(self.read_now), group="read", exclusive=True)
        self._repaint_bar()

    async def _last_failed(self) -> None:
        newest: list[TraceRow] = []
        for outcome in FAILED:
            newest += await self.control.call(ListTraces(outcome=outcome, before_ms=self.shell.moment_ms, limit=1))
        if newest:
            self._open(max(newest, key=lambda each: each.started_ms).execution)
        else:
            self.shell.say(self.t(mark("No failed trace.")))

    @property
    def _trace(self) -> TraceRow | None:
        """The open or else the marked one."""
        return self.one.trace if self.one else self.traces.get(self.selected)

    def _replay(self) -> None:
        if (it := self._trace) is not None:
            self.shell.go("sandbox", Replayed(it.text, it.user, it.chat, bot=it.bot).target)

    def _explain_route(self) -> None:
        if (it := self._trace) is not None:
            self.shell.go("routes", "test " + write_asked(it.bot, it.chat, it.user, it.text))

    # The audit, and files.

    def _show_audit(self, *, shown: bool) -> None:
        if shown == self.auditing:
            return
        self.set_class(shown, "auditing")
        if self.is_mounted:
            (self.audit.table if shown else self.fall if self.opened else self.table).focus()
            self._again()

    async def _verify(self) -> None:
        self._show_audit(shown=True)
        await self.audit.verify()

    def _export(self) -> None:
        if self.auditing:
            self.start_as("audit.export", self._export_audit())
            return
        request = ListTraces(execution=self.opened, limit=1) if self.opened else self._request(LISTED)
        self._save("trace.export", "kagami-traces", "jsonl", self._pages(request))

    async def _export_audit(self) -> None:
        offers = [Offer("jsonl", "jsonl", self.t(mark("a JSON object each, for programs"))),
                  Offer("csv", "csv", self.t(mark("a table for a spreadsheet")))]  # fmt: skip
        pick = Pick(self.shell, self.t(mark("Export the audit")), offers)
        form = await cast("App[Leave]", self.app).push_screen_wait(pick)
        if form is not None:
            self._save("audit.export", "kagami-audit", form, self.audit.exported(form))

    def _save(self, action: str, stem: str, ending: str, pages: AsyncIterator[Saved]) -> None:
        found = next(each for each in self.ACTIONS if each.id == action)
        work = self.finish(found, self.saving.save(stem, ending, pages), self.t)
        self.run_worker(work, group="trace-save", exclusive=True)

    async def _pages(self, request: ListTraces) -> AsyncIterator[Saved]:
        wish = ExportTraces(**msgspec.structs.asdict(request))
        while True:
            page: Exported = await self.control.call(wish)
            yield Saved(page.text, page.rows)
            if not page.next or self.opened:
                return
            wish = msgspec.structs.replace(wish, before=page.next)

    def _repaint_bar(self) -> None:
        if self.is_mounted:
            self.bar.repaint()

    def _page(self, width: int) -> Sequence[Line]:
        if self.one is None:
            return ()
        leg = self.fall.leg
        head = stage_text(leg, width, self.looks, self.t) if leg else []
        return [*head, *receipt_lines(self.one, width, self.looks, self.t)]

    def _empty(self) -> Sequence[Line]:
        t = self.t
        if self.filter_text():
            how = t(mark("/ changes what is looked for, o the outcome, > the time."))
            return advice(self.shell, t(mark("No trace like this.")), how)
        told = t(mark("Each message that comes in leaves one here, with every stage it went through."))
        return [*advice(self.shell, t(mark("No traces yet.")), told), *first_keys(self.shell)]
