"""Backups: which there are, what each holds, how one is put back, and when they are made."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from kagami.i18n import mark
from kagami.operations.backup import DeleteBackup, ListBackups, MakeBackup, VerifyBackup
from kagami.ports.backups import BackupRow
from kagami.tui import figures
from kagami.tui.draft import Draft
from kagami.tui.format import visible
from kagami.tui.setting_list import SettingList
from kagami.tui.shell import Question, Shell
from kagami.tui.tabs.tab import Tab
from kagami.tui.widgets.page import Page, fact, paragraph
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.table import Column, LiveTable, Row

GROUP = "backup"
COLUMNS = (
    Column(mark("backup"), 33, grow=True),
    Column(mark("age"), 5, "right"),
    Column(mark("size"), 6, "right"),
    Column(mark("messages"), 9, "right", drop=2),
    Column(mark("why"), 10, drop=3),
    Column(mark("state"), 11, drop=1),
)
_REASONS = {
    "asked": mark("asked for"),
    "scheduled": mark("by itself"),
    "before migration": mark("upgrade"),
    "before restore": mark("restore"),
    "before move": mark("move"),
}


class BackupsTab(Tab):
    """`verified` holds the backups that were opened and checked in this session."""

    def __init__(self, shell: Shell, draft: Draft) -> None:
        super().__init__(shell, id="settings-backups")
        self.draft = draft
        self.settings = self.form = SettingList(shell, draft, id="backups-form")
        self.table = LiveTable(shell, COLUMNS, id="backups-rows")
        self.table.empty = self._empty
        self.card = Page(shell, id="backups-card")
        self.table_pane = Pane(shell, self.table, id="backups-rows-pane")
        self.card_pane = Pane(shell, self.card, id="backups-card-pane")
        self.form_pane = Pane(shell, self.form, id="backups-form-pane")
        self.backups: dict[str, BackupRow] = {}
        self.verified: set[str] = set()

    def compose(self) -> ComposeResult:
        yield self.table_pane
        with Container(id="backups-beside"):
            yield self.card_pane
            yield self.form_pane

    @property
    def selected(self) -> BackupRow | None:
        return self.backups.get(self.table.key)

    def first(self) -> Widget:
        return self.table

    def subject(self) -> str:
        return self.form.table.key if self.form.table.has_focus else self.table.key

    async def read(self) -> None:
        rows: list[BackupRow] = await self.shell.control.call(ListBackups())
        self.backups = {row.name: row for row in rows}
        self.show()

    def paint(self) -> None:
        self.form.show([row for row in self.draft.rows.values() if row.group == GROUP])
        self.form_pane.label(self.shell.t(mark("When they are made, and how long they stay")))
        self.show()

    def show(self) -> None:
        t = self.shell.t
        self.table.show([self._row(row) for row in self.backups.values()])
        total = figures.size(sum(row.bytes for row in self.backups.values()))
        self.table_pane.label(f"{t(mark('Backups'))} {len(self.backups)}", total if self.backups else "")
        self.set_class(not self.backups, "empty")
        self.card_pane.label(t(mark("to put it back")))
        self.card.show(self._card)

    def on_moved(self) -> None:
        self.card.show(self._card)

    # Doing.

    async def make(self) -> None:
        shell, t = self.shell, self.shell.t
        shell.say(t(mark("A backup is being made")), t(mark("everything goes on meanwhile")))
        made: BackupRow = await shell.control.call(MakeBackup())
        self.verified.add(made.name)
        shell.say(t(mark("Backup made and verified")), f"{visible(made.name)}  {figures.size(made.bytes)}")
        await self.read()
        self.table.select(made.name)

    async def verify(self) -> None:
        row = self.selected
        if row is None:
            return
        found: BackupRow = await self.shell.control.call(VerifyBackup(name=row.name))
        self.verified.add(row.name)
        told = self.shell.t(mark("{count} messages, all of it is there")).format(count=figures.count(found.messages))
        self.shell.say(visible(row.name), told)
        self.show()

    async def delete(self) -> None:
        row, t = self.selected, self.shell.t
        if row is None:
            return
        facts = (
            (t(mark("What")), f"{row.name}  {figures.size(row.bytes)}"),
            (t(mark("Stays")), t(mark("{count} other backups")).format(count=len(self.backups) - 1)),
            (t(mark("Undo")), t(mark("no: it is gone for good"))),
        )
        if await self.shell.ask(Question(t(mark("Delete this backup?")), facts, t(mark("Keep it")), t(mark("Delete")))):
            await self.shell.control.call(DeleteBackup(name=row.name))
            self.shell.say(t(mark("{name} was deleted")).format(name=visible(row.name)))
            await self.read()

    def command(self) -> str:
        """What puts the marked backup back, to be run in the home's folder."""
        return f"kagami restore backups/{self.table.key}" if self.selected else ""

    # Painting.

    def _row(self, row: BackupRow) -> Row:
        t, glyphs = self.shell.t, self.shell.looks.glyphs
        age = (self.shell.clock.wall_ms() - row.made_ms) / 1000
        state = Span("-", "dim")
        if row.trouble:
            state = Span(f"{glyphs.failed} {t(mark('broken'))}", "bad")
        elif row.name in self.verified:
            state = Span(f"{glyphs.ok} {t(mark('verified'))}", "good")
        cells = (
            Span(row.name, "strong"),
            Span(figures.age(age) if row.made_ms else "-"),
            Span(figures.size(row.bytes)),
            Span("-" if row.trouble else figures.count(row.messages)),
            Span(t(_REASONS[row.reason]) if row.reason in _REASONS else row.reason or "-", "dim"),
            state,
        )
        return Row(row.name, cells, (row.name, age, row.bytes, row.messages, row.reason, state.text))

    def _card(self, width: int) -> Sequence[Line]:
        row, looks, t = self.selected, self.shell.looks, self.shell.t
        if row is None:
            return []
        if row.trouble:
            return paragraph(row.trouble, width, looks, "bad")
        holds = t(mark("the database and the secrets")) if row.secrets else t(mark("the database, no secrets"))
        return [
            *paragraph(t(mark("Stop Kagami, then run this in its home folder (y copies it):")), width, looks, "dim"),
            *paragraph(self.command(), width, looks, "key", indent=3),
            *fact(t(mark("holds")), holds, width, looks),
            *fact(t(mark("made")), f"{figures.moment(row.made_ms)}  Kagami {row.version}", width, looks),
        ]

    def _empty(self) -> Sequence[Line]:
        t, width = self.shell.t, self.table.size.width
        told = (
            (mark("No backup yet"), "strong"),
            (mark("A backup is one file with the whole database. It is made while everything goes on."), "text"),
            (mark("B   makes one now"), "key"),
        )
        return [(), *(line for text, role in told for line in paragraph(t(text), width, self.shell.looks, role, 3))]
