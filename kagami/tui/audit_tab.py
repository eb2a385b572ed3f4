"""The audit: who did what, the newest first, one row in full, and whether the chain still holds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical

from kagami.core.chain import Verdict
from kagami.i18n import mark
from kagami.operations.audit import ExportAudit, Exported, VerifyAudit
from kagami.ports import AuditRow
from kagami.tui.audit_rows import COLUMNS, FIELDS, RESULTS, audit_row, earlier, record, verdict_words, wanted, who
from kagami.tui.figures import clock
from kagami.tui.format import fit
from kagami.tui.saving import Page as Saved
from kagami.tui.shell import Shell
from kagami.tui.talk import advice
from kagami.tui.widgets.listing import Chosen, Moved
from kagami.tui.widgets.page import Page
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.rows import Rows
from kagami.tui.widgets.table import LiveTable

PAGE = 200
MOST = 1_000


class AuditTab(Vertical):
    """A list with one row beside or over it. `read` when it is seen; it posts nothing of its own."""

    def __init__(self, shell: Shell) -> None:
        super().__init__(id="audit")
        self.shell = shell
        self.words = ""
        self.verdict: Verdict | None = None
        self.verified_ms = 0
        self._limit = PAGE
        self._rows: dict[str, AuditRow] = {}

    def compose(self) -> ComposeResult:
        self.table = LiveTable(self.shell, COLUMNS, id="audit-table")
        self.table.empty = self._empty
        self.list_pane = Pane(self.shell, self.table, id="audit-list")
        self.page = Page(self.shell, id="audit-page")
        self.page_pane = Pane(self.shell, self.page, id="audit-page-pane")
        self.bar = Rows(self.shell, self._bar, id="audit-bar")
        yield self.bar
        with Container(id="audit-body"):
            yield self.list_pane
            yield self.page_pane

    @property
    def row(self) -> AuditRow | None:
        return self._rows.get(self.table.key)

    async def read(self) -> None:
        request = msgspec.structs.replace(wanted(self.words), until_ms=self.shell.moment_ms, limit=self._limit)
        rows: list[AuditRow] = await self.shell.control.call(request)
        self._rows = {str(each.seq): each for each in rows}
        self.table.show([audit_row(self.shell, each) for each in rows])
        more = "+" if len(rows) == self._limit else ""
        self.list_pane.label(f"{self.shell.t(mark('Audit'))} {len(rows)}{more}", self.shell.t(mark("newest first")))
        self._show()

    def search(self, words: str) -> None:
        self.words, self._limit = words.strip(), PAGE
        self.bar.repaint()

    def words_to_type(self) -> tuple[str, ...]:
        """What may be typed next, for completion."""
        seen = {f"who:{who(each)}" for each in self._rows.values()}
        seen |= {f"operation:{each.operation}" for each in self._rows.values()}
        return (*(f"{name}:" for name in FIELDS), *(f"result:{each}" for each in RESULTS), *sorted(seen))

    async def verify(self) -> None:
        """Follow the whole chain; what is found stays in the bar."""
        shell = self.shell
        self.verdict = await shell.control.call(VerifyAudit())
        self.verified_ms = shell.clock.wall_ms()
        if not self.verdict.ok:
            shell.say(shell.t(mark("The audit was changed")), verdict_words(self.verdict, shell.t), "error")
        self.bar.repaint()

    async def exported(self, form: str) -> AsyncIterator[Saved]:
        """All rows, the oldest first."""
        after = 0
        while True:
            request = ExportAudit("csv" if form == "csv" else "jsonl", after, MOST)
            page: Exported = await self.shell.control.call(request)
            yield Saved(page.text, page.rows)
            if not page.next:
                return
            after = page.next

    def back(self) -> bool:
        if not self.has_class("inside"):
            return False
        self.remove_class("inside")
        self.table.focus()
        return True

    @on(Chosen, "#audit-table")
    def open_row(self) -> None:
        if self.row is not None:
            self.add_class("inside")
            self._show()
            self.page.focus()

    @on(Moved, "#audit-table")
    async def _moved(self, message: Moved) -> None:
        self._show()
        last = next(reversed(self._rows), "")
        if message.key == last and len(self._rows) == self._limit < MOST:
            self._limit = min(MOST, self._limit + PAGE)

    def _show(self) -> None:
        row = self.row
        if row is None:
            self.page_pane.label(self.shell.t(mark("row")))
            self.page.show(lambda _: ())
            return
        before = earlier(row, self._rows.values())
        self.page_pane.label(f"{self.shell.t(mark('row'))} {row.seq}", self.shell.t(mark("y copy")))
        shell = self.shell
        self.page.show(lambda width: record(row, before, width, shell.looks, shell.t), keep_place=True)

    def _bar(self, width: int) -> Sequence[Line]:
        t, looks = self.shell.t, self.shell.looks
        spans = [Span(f" {t(mark('SEARCH'))} ", "dim")]
        room = max(10, width // 3)
        spans.append(Span(fit(self.words or "*", room, looks.text), "key", "app.place('trace.search')"))
        if self.verdict is None:
            return [[*spans, Span(f"   v {t(mark('verify'))}", "dim", "app.place('audit.verify')")]]
        sign, role = (looks.glyphs.ok, "good") if self.verdict.ok else (looks.glyphs.failed, "bad")
        return [
            [
                *spans,
                Span(
                    f"   {sign} {clock(self.verified_ms)}  {verdict_words(self.verdict, t)}",
                    role,
                    "app.place('audit.verify')",
                ),
            ]
        ]

    def _empty(self) -> Sequence[Line]:
        t = self.shell.t
        if self.words or self.shell.moment_ms:
            return advice(
                self.shell, t(mark("No row of the audit like this.")), t(mark("/ changes what is looked for."))
            )
        told = t(mark("Every change that a person, a token or a chat command makes leaves a row here."))
        return advice(self.shell, t(mark("The audit is empty.")), told)
