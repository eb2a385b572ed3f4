"""How the Routes place is laid out: three lists, the bar below them, and one rule or a form beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import cast

from textual import events, on
from textual.app import App, ComposeResult
from textual.containers import Container, Vertical

from kagami.errors import Denied
from kagami.i18n import mark
from kagami.operations.guard import GuardRow, ListGuard
from kagami.operations.routes import ListRoutes, RouteList
from kagami.operations.workers import ListWorkers
from kagami.ports import WorkerRow
from kagami.tui import route_rows, worker_rows
from kagami.tui.format import visible
from kagami.tui.later import later
from kagami.tui.place import Place
from kagami.tui.route_acts import RouteActs, rules_of
from kagami.tui.route_bar import AskBar
from kagami.tui.route_draft import Draft
from kagami.tui.route_forms import Form
from kagami.tui.shell import Leave, Shell
from kagami.tui.widgets.fieldset import Fieldset
from kagami.tui.widgets.page import Page
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.rows import Rows
from kagami.tui.widgets.table import LiveTable, Moved
from kagami.tui.worker_acts import Tables, WorkerActs

WIDE = 100
LOW = 15
TALL = 30
MOST_LINES = 1_000
ENTRIES_S = 10.0  # seconds between two looks at the entries of workers
GUARD_S = 10.0  # seconds between two looks at guard lists of more lines than that
TITLES = {"rules": mark("Rules"), "workers": mark("Workers"), "guard": mark("Guard lists")}
_KEYS = (("rules", "r"), ("workers", "w"), ("guard", "l"))
Done = Callable[[Mapping[str, str]], Awaitable[None]]


class RouteView(Place):
    """Reads and shows; what can be done with it is the place's own."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.tab = "rules"
        self.words = ""
        self.draft = Draft()
        self.acts = RouteActs(shell, cast("App[Leave]", self.app), self.draft)
        self.worker_acts = WorkerActs(shell, cast("App[Leave]", self.app))
        self.past = route_rows.HitsPast()
        self.newest = 0  # version of the rules in force
        self.posts: dict[str, WorkerRow] = {}
        self.entries: Tables = {}  # of the workers, in kagami.toml
        self.guard: dict[str, GuardRow] = {}
        self._entries_at = float("-inf")
        self._guard_at = float("-inf")
        self.target = ""  # what was wanted before the rules were known
        self.done: Done | None = None

    def compose(self) -> ComposeResult:
        shell = self.shell
        self.tables = {
            "rules": LiveTable(shell, route_rows.RULE_COLUMNS, id="routes-rules"),
            "workers": LiveTable(shell, worker_rows.COLUMNS, id="routes-workers"),
            "guard": LiveTable(shell, route_rows.GUARD_COLUMNS, id="routes-guard"),
        }
        self.tables["rules"].empty = lambda: route_rows.no_rules(shell, self.words)
        self.tables["workers"].empty = lambda: worker_rows.none(shell)
        self.tables["guard"].empty = lambda: route_rows.no_guard(shell, self.words)
        self.panes = {
            tab: Pane(shell, table, id=f"routes-{tab}-pane", classes="routes-list")
            for tab, table in self.tables.items()
        }
        self.bar = AskBar(shell, self.draft, id="routes-ask")
        self.ask_pane = Pane(shell, self.bar, id="routes-ask-pane")
        self.page = Page(shell, id="routes-one")
        self.one_pane = Pane(shell, self.page, id="routes-one-pane")
        self.holder = Vertical(id="routes-form")
        self.form_pane = Pane(shell, self.holder, id="routes-form-pane")
        yield Rows(shell, self.tab_line, id="routes-tabs")
        with Container(id="routes-body"):
            with Container(id="routes-left"):
                yield from self.panes.values()
                yield self.ask_pane
            yield self.one_pane
            yield self.form_pane

    def on_mount(self) -> None:
        super().on_mount()
        self.add_class("rules")

    def on_resize(self, event: events.Resize) -> None:
        for name, there in (
            ("wide", event.size.width >= WIDE),
            ("low", event.size.height < LOW),
            ("tall", event.size.height >= TALL),
        ):
            self.set_class(there, name)

    @property
    def table(self) -> LiveTable:
        return self.tables[self.tab]

    @property
    def filling(self) -> bool:
        """Whether a form is open."""
        return self.done is not None

    def take_focus(self) -> None:
        if self.has_class("asking"):
            self.bar.box.focus()
        elif not self.filling:
            self.table.focus()

    # Reading and showing.

    async def refresh_now(self) -> None:
        found: RouteList = await self.control.call(ListRoutes())
        self.past.note(found)
        self.newest = found.version
        if not self.draft.pending and found.version != self.draft.version:
            self.draft.take(found.version, rules_of(found))
        self._find()
        self.show()
        with suppress(Denied):  # who may see rules alone sees rules
            await self._read_others()
        self.show()

    async def _read_others(self) -> None:
        workers: list[WorkerRow] = await self.control.call(ListWorkers())
        self.posts = {row.name: row for row in workers}
        now = self.shell.clock.monotonic()
        if self.tab == "workers" and now - self._entries_at >= ENTRIES_S:
            self._entries_at = now
            self.entries = await self.worker_acts.tables()
        if self.tab == "guard" and (len(self.guard) <= MOST_LINES or now - self._guard_at >= GUARD_S):
            self._guard_at = now
            rows: list[GuardRow] = await self.control.call(ListGuard(contains=self.words))
            self.guard = {route_rows.guard_key(row): row for row in rows}

    async def read_workers(self) -> None:
        """Their entries were changed from here."""
        self._entries_at = float("-inf")
        await self.read_now()

    async def read_guard(self) -> None:
        """The lists were changed from here."""
        self._guard_at = float("-inf")
        await self.read_now()
        self.bar.judge()

    def _find(self) -> None:
        """Go to the rule that was wanted, as soon as the rules are known."""
        target, self.target = self.target, ""
        if not target:
            return
        place = int(target) - 1 if target.isdecimal() else -1
        self.words = "" if 0 <= place < len(self.draft.items) else target.casefold()
        self.show()
        if not self.words:
            self.tables["rules"].select(self.draft.items[place].key)

    def show(self) -> None:
        """Paint everything from what is known."""
        shell, t = self.shell, self.t
        rules = route_rows.rule_rows(shell, self.draft, self.past, self.words if self.tab == "rules" else "")
        self.tables["rules"].show(rules)
        pending = len(self.draft.pending)
        hint = t(mark("unsaved: {count}")).format(count=pending) if pending else ""
        if pending and self.newest != self.draft.version:
            hint = t(mark("unsaved: {count}; somebody else saved meanwhile")).format(count=pending)
        self.panes["rules"].label(f"{t(mark('Routing rules'))} {self._count(len(rules), len(self.draft.items))}", hint)
        self.tables["workers"].show(worker_rows.rows(shell, tuple(self.posts.values()), self.entries))
        self.panes["workers"].label(
            f"{t(mark('Workers'))} {len(self.posts)}", t(mark("x drains   Enter weighs   a adds"))
        )
        self.tables["guard"].show([route_rows.guard_row(shell, row) for row in list(self.guard.values())[:MOST_LINES]])
        more = t(mark("the first {count} are shown")).format(count=MOST_LINES) if len(self.guard) > MOST_LINES else ""
        self.panes["guard"].label(f"{t(mark('Guard lists'))} {len(self.guard)}", more or t(mark("before all rules")))
        title = mark("What would the guard do with…") if self.tab == "guard" else mark("Explain: what would happen to…")
        self.ask_pane.label(t(title), t(mark("Enter: run it in the Sandbox")))
        self.query_one("#routes-tabs", Rows).repaint()
        self._show_one()

    def _count(self, shown: int, there: int) -> str:
        return f"{shown}/{there}" if self.words else str(there)

    def _show_one(self) -> None:
        """The selected rule or worker in full, where there is room for it."""
        t, shell = self.t, self.shell
        worker = self.posts.get(self.table.key) if self.tab == "workers" else None
        if self.tab == "workers":
            self.one_pane.label(visible(worker.name) if worker else t(mark("Worker")))
            table = self.entries.get(worker.name, {}) if worker else {}
            whole = partial(worker_rows.page, shell, worker, table) if worker else lambda _: ()
            self.page.show(whole, keep_place=True)
            return
        key = self.tables["rules"].key
        rule = self.draft.rule(key)
        number = self.draft.place(key) + 1
        self.one_pane.label(t(mark("Rule {number}")).format(number=number) if rule else t(mark("How rules win")))
        about = partial(route_rows.rule_page, shell, rule, self.past) if rule else None
        self.page.show(about or partial(route_rows.how_rules_win, shell), keep_place=True)

    def tab_line(self, width: int) -> Sequence[Line]:  # noqa: ARG002
        counts = {"rules": len(self.draft.items), "workers": len(self.posts), "guard": len(self.guard)}
        spans: list[Span] = []
        for tab, key in _KEYS:
            text = f"{self.t(TITLES[tab])} {counts[tab]}" if counts[tab] else self.t(TITLES[tab])
            here = tab == self.tab
            spans += [
                Span(f" {key} ", "key"),
                Span(f"[{text}]" if here else f" {text} ", "title" if here else "text", f"app.place('route.{tab}')"),
            ]
        return [spans]

    def show_tab(self, tab: str) -> None:
        self.close_form()
        self.words = self.words if tab == self.tab else ""
        self.tab = tab
        self.bar.by_guard = tab == "guard"
        for name in TITLES:
            self.set_class(name == tab, name)
        self._guard_at = self._entries_at = float("-inf")
        self.table.focus()
        self.show()
        self.bar.judge()
        self.run_worker(later(self.read_now), group="read", exclusive=True)

    def show_bar(self) -> None:
        self.add_class("asking")
        self.call_after_refresh(self.bar.box.focus)
        self.run_worker(later(self.bar.remember), group="past", exclusive=True)
        self.bar.judge()

    # Forms.

    async def open_form(self, form: Form, done: Done) -> None:
        """Let a form be filled in; `done` gets its values."""
        self.done = done
        self.form_pane.label(form.title)
        self.add_class("filling")
        await self.holder.remove_children()
        await self.holder.mount(Fieldset(self.shell, form.slots, form.check, form.foot))

    def close_form(self) -> None:
        if self.filling:
            self.done = None
            self.remove_class("filling")
            self.holder.remove_children()
            self.table.focus()

    @on(Moved)
    def _moved(self) -> None:
        self._show_one()
