"""What a person can do with settings: how a value is typed, what is asked before, and how the answer is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from textual.app import App

from kagami.errors import Conflict, UsageError
from kagami.i18n import mark
from kagami.operations.settings import (
    ApplySettings,
    CheckSettings,
    ReloadSettings,
    SettingsFile,
    SettingsHistory,
    UndoSettings,
)
from kagami.ports import Applied, ChangeRow, ConfigPlace, SettingRow, Verdict
from kagami.tui import figures, setting_rows
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.dialogs.review import PageReader, Review
from kagami.tui.draft import Draft
from kagami.tui.format import visible
from kagami.tui.shell import Leave, Question, Shell


@dataclass(slots=True)
class SettingActs:
    """`app` shows the dialogs; `paint` shows the draft anew."""

    shell: Shell
    app: App[Leave]
    draft: Draft
    paint: Callable[[], None]

    # Wishing.

    def wish(self, row: SettingRow, value: Any) -> None:
        self.draft.wish(row.key, value)
        self.paint()

    def forget(self, row: SettingRow) -> None:
        self.draft.forget(row.key)
        self.paint()

    def cycle(self, row: SettingRow, step: int) -> None:
        """The other state, or the next choice."""
        now = self.draft.value(row.key)
        if row.kind == "bool":
            self.wish(row, not now)
        elif row.choices:
            place = row.choices.index(now) if now in row.choices else -step
            self.wish(row, row.choices[(place + step) % len(row.choices)])

    async def edit(self, row: SettingRow) -> None:
        """Type a value until it is one, or Esc."""
        if row.kind in ("bool", "choice"):
            self.cycle(row, 1)
            return
        before = self.draft.refused.get(row.key, "")
        text: str | None = setting_rows.typed(row, self.draft.value(row.key))
        while text is not None:
            text = await self.shell.prompt(
                row.key, text, changed=partial(self._judge_live, row), secret=row.kind == "secret"
            )
            if text is not None and self._judge(row, text):
                self.wish(row, setting_rows.read(row, text, self.shell.t))
                return
        self._refuse(row, before)

    def type_in(self, row: SettingRow, text: str) -> None:
        """A value that came as text, as by the command line; the reason stands beside it when it is none."""
        if self._judge(row, text):
            self.wish(row, setting_rows.read(row, text, self.shell.t))

    def _judge(self, row: SettingRow, text: str) -> bool:
        """Whether the text is a value; limits are checked as one types."""
        try:
            setting_rows.read(row, text, self.shell.t)
        except UsageError as error:
            self._refuse(row, error.text(self.shell.t))
            return False
        self._refuse(row, "")
        return True

    def _judge_live(self, row: SettingRow, text: str) -> None:
        self._judge(row, text)

    def _refuse(self, row: SettingRow, reason: str) -> None:
        self.draft.refused.pop(row.key, None)
        if reason:
            self.draft.refused[row.key] = reason
        self.paint()

    def discard(self) -> None:
        count = len(self.draft)
        self.draft.clear()
        self.paint()
        self.shell.say(self.shell.t(mark("Changes forgotten: {count}")).format(count=count))

    async def gives_up(self) -> bool:
        """Ask before pending changes are lost."""
        t = self.shell.t
        question = Question(
            t(mark("Discard the changes?")),
            (
                (t(mark("Changed")), ", ".join(visible(key) for key in self.draft.changes)),
                (t(mark("After")), t(mark("everything stays as it was"))),
            ),
            keep=t(mark("Keep editing")),
            go=t(mark("Discard")),
        )
        if not await self.shell.ask(question):
            return False
        self.draft.clear()
        self.paint()
        return True

    # Applying.

    async def apply(self) -> str:
        """Have all of it checked, show what would change, and do it. The key of the first wrong change, if any."""
        t, draft = self.shell.t, self.draft
        verdict: Verdict = await self.shell.control.call(CheckSettings(changes=dict(draft.changes)))
        draft.judge(verdict)
        self.paint()
        if not verdict.ok:
            wrong = next(iter(draft.refused))
            self.shell.say(t(mark("Nothing was applied")), f"{wrong}: {draft.refused[wrong]}", "error")
            return wrong
        head = (t(mark("What will change")), setting_rows.summary(draft, t))
        shown = Review(self.shell, head, lambda width: setting_rows.change_lines(self.shell, draft, width))
        if not await self.app.push_screen_wait(shown):
            return ""
        request = ApplySettings(changes=dict(draft.changes), file_version=verdict.version)
        try:
            applied: Applied = await self.shell.control.call(request)
        except Conflict as error:
            await self._conflict(error)
            return ""
        before = ", ".join(self._before(key) for key in draft.changes)
        draft.clear()
        await self._tell(applied, before)
        return ""

    def _before(self, key: str) -> str:
        row = self.draft.rows[key]
        return f"{key} {setting_rows.in_words(row, row.value, self.shell.t)}"

    async def _tell(self, applied: Applied, before: str = "") -> None:
        """What became of each key; a page to read when something waits for a restart. `before` is what `u` restores."""
        t, self.draft.applied = self.shell.t, applied
        self.paint()
        if not applied.change:
            self.shell.say(t(mark("Nothing was changed")))
            return
        if before:
            self.shell.changed(before, UndoSettings(change=applied.change))
        if any(each.result == "restart needed" for each in applied.keys):
            head = (t(mark("What became of it")), t(mark("U puts it back")))
            page = AnswerReader(self.shell, head[0], self._results(applied))
            await self.app.push_screen_wait(page)
            return
        self.shell.say(", ".join(self._results(applied)), t(mark("u puts it back")) if before else "")

    def _results(self, applied: Applied) -> list[str]:
        return [f"{visible(each.key)}: {self.shell.t(each.result)}" for each in applied.keys]

    async def _conflict(self, error: Conflict) -> None:
        """Somebody else has edited the file: what, and how to go on."""
        t = self.shell.t
        rows = [
            *error.text(t).splitlines(),
            "",
            t(mark("r reads the file as it is; your changes stay here meanwhile.")),
        ]
        await self.app.push_screen_wait(AnswerReader(self.shell, t(mark("Nothing was applied")), rows))

    # Going back, and looking.

    async def undo(self) -> None:
        """Bring the file back to what it was before the last change that still holds."""
        t = self.shell.t
        changes: list[ChangeRow] = await self.shell.control.call(SettingsHistory())
        last = next((each for each in changes if not each.undone and each.act != "undo"), None)
        if last is None:
            self.shell.say(t(mark("Nothing was changed here that could be undone.")))
            return
        to = self.shell.looks.glyphs.to
        told = [
            (each.key, f"{setting_rows.plain(each.after)} {to} {setting_rows.plain(each.before)}")
            for each in last.changes
        ]
        who = f"{figures.moment(last.at_ms)}  {last.who}  {last.act}"
        facts = ((t(mark("Change")), who), *told, (t(mark("File")), t(mark("byte for byte as it was before"))))
        question = Question(t(mark("Undo the last change?")), facts, t(mark("Keep it")), t(mark("Undo")))
        if await self.shell.ask(question):
            await self._undo(last.id)

    async def _undo(self, change: int) -> None:
        try:
            applied: Applied = await self.shell.control.call(UndoSettings(change=change))
        except Conflict as error:
            await self._conflict(error)
        else:
            await self._tell(applied)

    async def history(self, key: str) -> None:
        """Who changed this setting, and when."""
        changes: list[ChangeRow] = await self.shell.control.call(SettingsHistory(key=key))
        head = (f"{self.shell.t(mark('history of'))} {key}", "")
        await self.app.push_screen_wait(
            PageReader(self.shell, head, lambda width: setting_rows.history_lines(self.shell, changes, key, width))
        )

    async def file(self) -> None:
        """Where the file is, and whether somebody has edited it."""
        t = self.shell.t
        place: ConfigPlace = await self.shell.control.call(SettingsFile())
        rows = [place.path, ""]
        if not place.exists:
            rows.append(t(mark("It is not there yet: it comes with the first change.")))
        elif place.edited:
            rows.append(t(mark("Somebody has edited it since it was read: r reads it again.")))
        else:
            rows.append(t(mark("Edit it with any editor; r reads it again, and comments stay.")))
        self.shell.copy(place.path)
        await self.app.push_screen_wait(AnswerReader(self.shell, t(mark("The file of the settings")), rows))

    async def reload(self) -> None:
        await self._tell(await self.shell.control.call(ReloadSettings()))
