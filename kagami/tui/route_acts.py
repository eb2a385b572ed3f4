"""What a person can do with rules, workers and guard lines: what is asked, what is sent, what `u` sends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textual.app import App

from kagami.core.routing import DROP, Rule
from kagami.errors import Conflict
from kagami.i18n import mark
from kagami.operations.guard import HOUR_MS, AddGuard, GuardRow, Imported, ImportGuard, RemoveGuard
from kagami.operations.routes import ListRoutes, ReplaceRoutes, RouteList, Tested, TryRoutes
from kagami.operations.workers import Drain, Resume, WeighWorker
from kagami.ports import WorkerRow
from kagami.tui import figures
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.format import visible
from kagami.tui.route_ask import to_text
from kagami.tui.route_draft import Draft, differences, spelled
from kagami.tui.route_rows import does
from kagami.tui.shell import Leave, Question, Shell

MOST_SHOWN = 8
MOST_TESTED = 1_000


def rules_of(found: RouteList) -> list[Rule]:
    return [Rule(row.match, row.to, row.exclusive, row.enabled, row.note) for row in found.rules]


@dataclass(frozen=True, slots=True)
class RouteActs:
    """`app` shows the dialogs."""

    shell: Shell
    app: App[Leave]
    draft: Draft

    # Rules: pending until they are saved whole.

    async def save(self) -> None:
        """Ask with what changes, then send the list."""
        t, draft = self.shell.t, self.draft
        question = Question(
            t(mark("Save the rules?")),
            (
                *self._listed(t(mark("Changes")), self._edits(draft.rules)),
                (t(mark("After")), t(mark("the next message is led by them; what is open stays where it is"))),
                (t(mark("Undo")), t(mark("yes: u"))),
            ),
            keep=t(mark("Keep editing")),
            go=t(mark("Save")),
        )
        if await self.shell.ask(question):
            await self.send()

    async def send(self) -> bool:
        """Save without a question; when somebody else saved meanwhile, that is shown. Whether nothing is pending."""
        try:
            await self._replace(self.draft.version)
        except Conflict:
            return await self._settle()
        return True

    async def _replace(self, version: int) -> None:
        t, before = self.shell.t, self.draft.saved
        saved: RouteList = await self.shell.control.call(ReplaceRoutes(rules=self.draft.rules, version=version))
        self.draft.take(saved.version, rules_of(saved))
        self.shell.changed(t(mark("the rules before")), ReplaceRoutes(rules=before, version=saved.version))
        told = t(mark("Saved. Rules from now on: {count}")).format(count=len(saved.rules))
        self.shell.say(told, t(mark("u puts it back")))

    async def _settle(self) -> bool:
        """Two people changed the list."""
        t, draft = self.shell.t, self.draft
        theirs: RouteList = await self.shell.control.call(ListRoutes())
        question = Question(
            t(mark("The rules were changed meanwhile")),
            (
                *self._listed(t(mark("Meanwhile")), self._edits(rules_of(theirs))),
                *self._listed(t(mark("Mine")), self._edits(draft.rules)),
            ),
            keep=t(mark("Keep editing")),
            go=t(mark("Save mine")),
        )
        chosen = await self.shell.choose(question, (question.keep, t(mark("Take theirs")), question.go))
        if chosen == 1:
            draft.take(theirs.version, rules_of(theirs))
        elif chosen:
            await self._replace(theirs.version)
        return bool(chosen)

    async def may_leave(self) -> bool:
        """Ask what becomes of the edits; False to stay."""
        t, draft = self.shell.t, self.draft
        question = Question(
            t(mark("Leave with unsaved rules?")),
            tuple(self._listed(t(mark("Changes")), self._edits(draft.rules))),
            keep=t(mark("Keep editing")),
            go=t(mark("Save")),
        )
        chosen = await self.shell.choose(question, (question.keep, t(mark("Discard")), question.go))
        if chosen == 1:
            draft.discard()
        return chosen == 1 or (bool(chosen) and await self.send())

    async def discard(self) -> None:
        t, draft = self.shell.t, self.draft
        question = Question(
            t(mark("Discard the changes?")),
            (
                *self._listed(t(mark("Changes")), self._edits(draft.rules)),
                (t(mark("After")), t(mark("everything stays as it was"))),
            ),
            keep=t(mark("Keep editing")),
            go=t(mark("Discard")),
        )
        if await self.shell.ask(question):
            draft.discard()

    async def delete(self, key: str) -> None:
        t, rule = self.shell.t, self.draft.rule(key)
        if rule is None:
            return
        facts = (
            (t(mark("Rule")), spelled(rule, self._arrow, t(mark("(off)")))),
            (t(mark("After")), t(mark("it is gone once the list is saved (S); Z brings it back until then"))),
        )
        if await self.shell.ask(Question(t(mark("Delete this rule?")), facts, t(mark("Keep it")), t(mark("Delete")))):
            self.draft.remove(key)

    async def test(self) -> None:
        """Show which of the latest messages the rules as they stand here would lead elsewhere."""
        t = self.shell.t
        typed = await self.shell.prompt(t(mark("how many of the latest messages")), "200")
        if typed is None:
            return
        last = min(MOST_TESTED, int(typed)) if typed.strip().isdecimal() and int(typed) else 200
        found: Tested = await self.shell.control.call(TryRoutes(rules=self.draft.rules, last=last))
        head = t(mark("{moved} of {count} messages would go elsewhere"))
        rows = [head.format(moved=len(found.moved), count=found.messages), ""]
        for row in found.moved:
            before, after = self._decided(row.before, row.before_rule), self._decided(row.after, row.after_rule)
            rows.append(f"{figures.moment(row.time_ms)}  {row.chat}  {row.text}")
            rows.append(f"    {before} {self._arrow} {after}")
        await self.app.push_screen_wait(AnswerReader(self.shell, t(mark("Test of the unsaved rules")), rows))

    def _decided(self, to: str, number: int) -> str:
        t = self.shell.t
        rule = t(mark("rule {number}")).format(number=number) if number else t(mark("no rule"))
        return f"{to_text(self.shell, to)} ({rule})"

    def _edits(self, rules: Sequence[Rule]) -> list[str]:
        """What came and went since the list was read."""
        return differences(self.draft.saved, rules, self._arrow, self.shell.t(mark("(off)")))

    def _listed(self, label: str, rows: Sequence[str]) -> list[tuple[str, str]]:
        """Rows of a question, the first with its label; too many end in a count."""
        more = self.shell.t(mark("and {count} more")).format(count=len(rows) - MOST_SHOWN)
        shown = [*rows[:MOST_SHOWN], *([more] if len(rows) > MOST_SHOWN else [])]
        return [(label if place == 0 else "", row) for place, row in enumerate(shown)]

    @property
    def _arrow(self) -> str:
        return self.shell.looks.glyphs.to

    # Workers: at once, with a way back.

    async def drain(self, worker: WorkerRow) -> None:
        t, name = self.shell.t, visible(worker.name)
        facts = (
            (t(mark("Now")), t(mark("chats {chats}, open events {busy}")).format(chats=worker.chats, busy=worker.busy)),
            (t(mark("After")), t(mark("what is open finishes; its chats go to others, or to what the rules say next"))),
            (t(mark("Undo")), t(mark("yes: u, or x again"))),
        )
        question = Question(
            t(mark("Drain {worker}?")).format(worker=name), facts, t(mark("Leave it")), t(mark("Drain"))
        )
        if await self.shell.ask(question):
            await self.shell.control.call(Drain(worker=worker.name))
            self._said(t(mark("{worker} gets no more events")).format(worker=name), worker.name, Resume(worker.name))

    async def resume(self, worker: WorkerRow) -> None:
        await self.shell.control.call(Resume(worker=worker.name))
        told = self.shell.t(mark("{worker} gets events again")).format(worker=visible(worker.name))
        self._said(told, worker.name, Drain(worker.name))

    async def weigh(self, worker: WorkerRow, weight: float) -> None:
        await self.shell.control.call(WeighWorker(worker=worker.name, weight=weight))
        told = f"{visible(worker.name)}: {worker.weight:g} {self._arrow} {weight:g}"
        self._said(told, f"{worker.name} {worker.weight:g}", WeighWorker(worker.name, worker.weight))

    # Guard lists: at once, with a way back.

    async def guard_add(self, values: Mapping[str, str], before: GuardRow | None) -> GuardRow:
        """Put a line in; `before` is the one that it replaces."""
        t = self.shell.t
        words = {name: value for name, value in values.items() if name != "hours"}
        row: GuardRow = await self.shell.control.call(AddGuard(**words, hours=hours_of(values["hours"])))  # type: ignore[arg-type]
        remove = RemoveGuard(row.kind, row.value, row.where)  # type: ignore[arg-type]
        way_back = self._again(before) if before else remove
        self._said(f"{visible(row.value)}: {does(row, t)}", row.value, way_back)
        return row

    async def guard_remove(self, row: GuardRow) -> None:
        t = self.shell.t
        facts = (
            (t(mark("Line")), f"{row.kind} {row.value} {row.where}"),
            (t(mark("After")), t(mark("it is no longer looked for, from the next message on"))),
            (t(mark("Undo")), t(mark("yes: u"))),
        )
        question = Question(t(mark("Take this line out?")), facts, t(mark("Keep it")), t(mark("Take it out")))
        if await self.shell.ask(question):
            await self.shell.control.call(RemoveGuard(row.kind, row.value, row.where))  # type: ignore[arg-type]
            self._said(t(mark("{value} was taken out")).format(value=visible(row.value)), row.value, self._again(row))

    async def guard_import(self, values: Mapping[str, str], lines: Sequence[str]) -> None:
        t = self.shell.t
        words = {name: value for name, value in values.items() if name != "lines"}
        found: Imported = await self.shell.control.call(ImportGuard(lines="\n".join(lines), **words))  # type: ignore[arg-type]
        head = t(mark("Lines added: {added}, known before: {known}")).format(added=found.added, known=found.known)
        if not found.refused:
            self.shell.say(head)
            return
        rows = [head, "", *(f"{value}: {t(reason)}" for value, reason in found.refused)]
        await self.app.push_screen_wait(AnswerReader(self.shell, t(mark("Some lines were refused")), rows))

    def _again(self, row: GuardRow) -> AddGuard:
        """The request that makes a line as it is."""
        left = max(1, row.until_ms - self.shell.clock.wall_ms()) / HOUR_MS if row.until_ms else 0.0
        return AddGuard(row.kind, row.value, row.act, row.action, row.where, left, row.note)  # type: ignore[arg-type]

    def _said(self, told: str, words: str, way_back: Resume | Drain | WeighWorker | AddGuard | RemoveGuard) -> None:
        self.shell.changed(words, way_back)
        self.shell.say(told, self.shell.t(mark("u puts it back")))


def hours_of(text: str) -> float:
    """Hours as typed; 0, for ever, for nothing. `ValueError` for what is no number."""
    hours = float(text or 0)
    if not 0 <= hours <= 1_000_000:  # noqa: PLR2004 - the operation's own limit
        raise ValueError(text)
    return hours


def is_known(rule: Rule, targets: Sequence[str]) -> bool:
    """Whether somebody stands where a rule leads."""
    return rule.to == DROP or rule.to in targets
