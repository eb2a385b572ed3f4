"""The privacy guard: its settings, a box that shows what it would hide, and who has looked behind it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Input

from kagami.errors import KagamiError
from kagami.i18n import mark
from kagami.operations.audit import ListAudit
from kagami.operations.privacy import Mask, Masked
from kagami.ports import AuditRow
from kagami.tui import figures
from kagami.tui.draft import Draft
from kagami.tui.format import fold, visible
from kagami.tui.later import later
from kagami.tui.setting_list import SettingList
from kagami.tui.shell import Shell
from kagami.tui.tabs.tab import Tab
from kagami.tui.widgets.box import Box
from kagami.tui.widgets.page import Page, paragraph
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane

GROUP = "privacy"
PAUSE_S = 0.3
MOST_REVEALS = 50


class PrivacyTab(Tab):
    """Nothing that is typed into the box is kept anywhere."""

    def __init__(self, shell: Shell, draft: Draft) -> None:
        super().__init__(shell, id="settings-privacy")
        self.draft = draft
        self.settings = self.form = SettingList(shell, draft, id="privacy-form")
        self.box = Box(id="privacy-box")
        self.masked = Page(shell, id="privacy-masked")
        self.reveals = Page(shell, id="privacy-reveals")
        self.form_pane = Pane(shell, self.form, id="privacy-form-pane")
        self.box_pane = Pane(shell, self.box, id="privacy-box-pane")
        self.masked_pane = Pane(shell, self.masked, id="privacy-masked-pane")
        self.reveals_pane = Pane(shell, self.reveals, id="privacy-reveals-pane")

    def compose(self) -> ComposeResult:
        yield self.form_pane
        with Container(id="privacy-beside"):
            yield self.box_pane
            yield self.masked_pane
            yield self.reveals_pane

    def first(self) -> Widget:
        return self.form.table

    def subject(self) -> str:
        return self.form.table.key

    def back(self) -> bool:
        if self.box.has_focus:
            self.form.table.focus()
            return True
        return False

    async def read(self) -> None:
        rows: list[AuditRow] = await self.shell.control.call(ListAudit(operation="messages.reveal", limit=MOST_REVEALS))
        self.reveals_pane.label(f"{self.shell.t(mark('who looked behind it'))} {len(rows)}")
        self.reveals.show(lambda width: self._reveals(rows, width), keep_place=True)

    def paint(self) -> None:
        t = self.shell.t
        rows = [row for row in self.draft.rows.values() if row.group == GROUP]
        self.form.show(rows)
        on = any(row.key == f"{GROUP}.enabled" and row.value for row in rows)
        self.form_pane.label(t(mark("Privacy")), t(mark("it is on")) if on else t(mark("it is off")))
        self.box_pane.label(t(mark("what would be masked?")), t(mark("i types here")))
        if not self.box.value:
            self._show_masked(None)

    @on(Input.Changed, "#privacy-box")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.run_worker(later(partial(self._mask, event.value)), group="mask", exclusive=True)

    @on(Input.Submitted, "#privacy-box")
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()

    async def _mask(self, text: str) -> None:
        """After a pause, so that typing fast asks once."""
        await self.shell.clock.sleep(PAUSE_S)
        if not text:
            self._show_masked(None)
            return
        try:
            self._show_masked(await self.shell.control.call(Mask(text=text)))
        except KagamiError as error:
            told = error.text(self.shell.t)
            self.masked.show(lambda width: paragraph(told, width, self.shell.looks, "bad"))

    def _show_masked(self, masked: Masked | None) -> None:
        kinds = ", ".join(sorted({each.kind for each in masked.found})) if masked else ""
        self.masked_pane.label(self.shell.t(mark("as others see it")), kinds)
        self.masked.show(lambda width: self._masked(masked, width))

    def _masked(self, masked: Masked | None, width: int) -> Sequence[Line]:
        looks, t = self.shell.looks, self.shell.t
        if masked is None:
            told = t(mark("Phone numbers, names and the like become placeholders here. Nothing typed is kept."))
            return paragraph(told, width, looks, "dim")
        nothing = (
            [] if masked.found else [(), *paragraph(t(mark("Nothing in it would be hidden.")), width, looks, "dim")]
        )
        return [*paragraph(masked.text, width, looks, "strong"), *nothing]

    def _reveals(self, rows: Sequence[AuditRow], width: int) -> list[Line]:
        looks, t = self.shell.looks, self.shell.t
        if not rows:
            return paragraph(t(mark("Nobody has looked at a hidden text yet.")), width, looks, "dim")
        lines: list[Line] = []
        for row in rows:
            told = f"{figures.moment(row.at_ms)}  {row.kind} {row.name}  {_target(row.target)}  {row.result}"
            role = "text" if row.result == "ok" else "dim"
            lines += [[Span(f" {piece}", role)] for piece in fold(visible(told, looks.text), width - 2)]
        return lines


def _target(json: str) -> str:
    """`message:41`."""
    return json.strip("{}").replace('"', "")
