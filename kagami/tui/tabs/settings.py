"""All settings: groups at the left, the form, and at the right what will change and what was changed."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from kagami.i18n import mark
from kagami.operations.settings import SettingsHistory
from kagami.ports import ChangeRow, SettingRow
from kagami.tui.draft import Draft
from kagami.tui.setting_list import SettingList
from kagami.tui.setting_rows import (
    applied_lines,
    change_lines,
    changed_sign,
    group_title,
    history_lines,
    legend,
    matching,
)
from kagami.tui.shell import Shell
from kagami.tui.tabs.tab import Tab
from kagami.tui.widgets.page import Page, paragraph
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.table import Chosen, Column, LiveTable, Moved, Row

COLUMNS = (Column("", 11, grow=True), Column("", 2, "right"), Column("", 3, "right"))


class SettingsTab(Tab):
    """`words` and `only_modified` choose among all groups; without them one group is shown."""

    def __init__(self, shell: Shell, draft: Draft) -> None:
        super().__init__(shell, id="settings-all")
        self.draft = draft
        self.words = ""
        self.only_modified = False
        self.groups = LiveTable(shell, COLUMNS, id="settings-groups")
        self.settings = self.form = SettingList(shell, draft, id="settings-form")
        self.coming = Page(shell, id="settings-coming")
        self.past = Page(shell, id="settings-past")
        self.groups_pane = Pane(shell, self.groups, id="settings-groups-pane")
        self.form_pane = Pane(shell, self.form, id="settings-form-pane")
        self.coming_pane = Pane(shell, self.coming, id="settings-coming-pane")
        self.past_pane = Pane(shell, self.past, id="settings-past-pane")
        self.changes: Sequence[ChangeRow] = ()

    def compose(self) -> ComposeResult:
        yield self.groups_pane
        yield self.form_pane
        with Container(id="settings-beside"):
            yield self.coming_pane
            yield self.past_pane

    @property
    def searching(self) -> bool:
        """Several groups stand together."""
        return bool(self.words) or self.only_modified

    def found(self) -> list[SettingRow]:
        """What passes the search, of all groups."""
        rows = [row for row in self.draft.rows.values() if row.modified or row.key in self.draft.changes]
        return matching(rows if self.only_modified else self.draft.rows.values(), self.words, self.shell.t)

    def subject(self) -> str:
        return self.form.table.key if self.form.table.has_focus else group_title(self.groups.key, self.shell.t)

    def first(self) -> Widget:
        return self.form.table if self.searching or self.has_class("inside") else self.groups

    def back(self) -> bool:
        if self.searching:
            self.search("")
            return True
        if self.form.table.has_focus:
            self.leave_form()
            return True
        return False

    def search(self, words: str, *, only_modified: bool = False) -> None:
        self.words, self.only_modified = words, only_modified
        self.set_class(self.searching, "inside")
        self.paint()

    def open(self, key: str) -> bool:
        """Mark a setting in its group; False when there is none."""
        row = self.draft.rows.get(key)
        if row is None:
            return False
        self.words, self.only_modified = "", False
        self.paint()
        self.groups.select(row.group)
        self.paint()
        self.form.table.select(key)
        self.enter_form()
        return True

    def enter_form(self) -> None:
        self.add_class("inside")
        self.form.table.focus()

    def leave_form(self) -> None:
        self.remove_class("inside")
        self.groups.focus()

    async def read(self) -> None:
        """The history, where there is room for it."""
        if self.has_class("wide"):
            self.changes = await self.shell.control.call(SettingsHistory())
            self._show_past()

    # Painting.

    def paint(self) -> None:
        t, found = self.shell.t, self.found()
        groups = dict.fromkeys(row.group for row in self.draft.rows.values())
        self.groups.show([self._group(group, found) for group in groups])
        group = self.groups.key
        shown = found if self.searching else [row for row in found if row.group == group]
        self.form.show(shown, whole=self.searching)
        self.groups_pane.label(t(mark("Groups")), str(len(self.draft.rows)))
        self.form_pane.label(*self._form_title(group, len(shown)))
        self.coming_pane.label(t(mark("what will change")), t(mark("A applies")) if len(self.draft) else "")
        self.coming.show(self._coming, keep_place=True)
        self._show_past()

    def _group(self, group: str, found: Sequence[SettingRow]) -> Row:
        pending, count = self.draft.of(group), sum(row.group == group for row in found)
        sign = f"{changed_sign(self.shell.looks)}{pending}" if pending else ""
        name = group_title(group, self.shell.t)
        return Row(group, (Span(name, "text" if count else "dim"), Span(sign, "warn"), Span(str(count), "dim")))

    def _form_title(self, group: str, count: int) -> tuple[str, str]:
        t, hint = self.shell.t, legend(self.shell.looks, self.shell.t)
        if self.words:
            return f"/{self.words} {count}", hint
        if self.only_modified:
            return f"{t(mark('Modified'))} {count}", hint
        return group_title(group, t), hint

    def _coming(self, width: int) -> Sequence[Line]:
        shell, looks = self.shell, self.shell.looks
        if len(self.draft):
            return change_lines(shell, self.draft, width)
        done = applied_lines(shell, self.draft, width)
        nothing = shell.t(mark("Nothing is changed. What you type waits here until A applies it."))
        return [*done, *([()] if done else []), *paragraph(nothing, width, looks, "dim")]

    def _show_past(self) -> None:
        key = self.form.table.key
        self.past_pane.label(f"{self.shell.t(mark('history of'))} {key}" if key else self.shell.t(mark("history")))
        of_it = [
            each for each in self.changes if any(f"{change.key}.".startswith(f"{key}.") for change in each.changes)
        ]
        self.past.show(lambda width: history_lines(self.shell, of_it, key, width))

    @on(Moved, "#settings-groups")
    def _other_group(self) -> None:
        if not self.searching:
            self.paint()

    @on(Moved, "#settings-form-rows")
    def _other_setting(self) -> None:
        self._show_past()

    @on(Chosen, "#settings-groups")
    def _chosen_group(self, event: Chosen) -> None:
        event.stop()
        self.enter_form()
