"""Routes: the rules that lead messages, the workers they lead to, and what the guard keeps out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import ClassVar

import msgspec
from textual import on
from textual.widget import Widget

from kagami.errors import KagamiError
from kagami.i18n import mark
from kagami.operations.guard import GuardRow
from kagami.ports import WorkerRow
from kagami.tui import route_forms, route_rows, worker_rows
from kagami.tui.acting import Verb
from kagami.tui.dialogs.pick import Offer, Pick
from kagami.tui.keys import Action
from kagami.tui.later import later
from kagami.tui.place import beside
from kagami.tui.route_actions import ACTIONS, SCOPES, Situation, reason
from kagami.tui.route_acts import is_known
from kagami.tui.route_ask import line_of
from kagami.tui.route_draft import read_rules, spelled
from kagami.tui.route_view import TITLES, RouteView
from kagami.tui.widgets.fieldset import Kept
from kagami.tui.widgets.table import Chosen


class Routes(RouteView):
    """Three tabs with a list each, a bar that explains, and a form beside the list or in place of it."""

    DEFAULT_CSS = beside(__file__)
    NAME = "routes"
    PURPOSE = mark(
        "Rules decide who gets a message: all plugins, one of them, a worker, or nobody. Edits count once they are "
        "saved (S); E says before that what would happen to a message, and why. The guard comes before all rules."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = ACTIONS

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "route.edit": self._edit,
            "route.add": self._add,
            "route.move": lambda: self._edited(lambda key: self.draft.move(key, 1)),
            "route.raise": lambda: self._edited(lambda key: self.draft.move(key, -1)),
            "route.toggle": self._toggle,
            "route.explain": self._ask,
            "route.delete": self._delete,
            "route.save": lambda: self._with_rules(self.acts.save),
            "route.discard": lambda: self._with_rules(self.acts.discard),
            "route.test": self.acts.test,
            "route.recent": self._recent,
            "route.import": self._import,
            "route.filter": self._filter,
            "route.rules": lambda: self.show_tab("rules"),
            "route.workers": lambda: self.show_tab("workers"),
            "route.guard": lambda: self.show_tab("guard"),
            "route.copy": self._copy,
            "worker.drain": self._toggle,
            "worker.resume": self._toggle,
            "worker.weigh": self._edit,
            "worker.edit": lambda: self._with_worker(self.worker_acts.edit),
            "worker.pause": self._pause,
            "worker.paste": lambda: self._with_worker(lambda worker: self.worker_acts.paste(worker.name)),
            "guard.add": lambda: self._on("guard", self._add),
            "guard.remove": self._delete,
            "guard.import": lambda: self._on("guard", self._import),
            "guard.check": lambda: self._on("guard", self._ask),
        }

    # What the console asks.

    def refusal(self, action: Action) -> str:
        """Each tab needs a right of its own. In the bar, Enter is not for the list."""
        if action.id == "route.edit" and self._asks_here():
            return self.t(mark("Enter: run it in the Sandbox"))
        topic = action.id.partition(".")[0]
        scope = action.scope or {"guard": SCOPES["guard"], "worker": SCOPES["workers"]}.get(topic) or SCOPES[self.tab]
        return super().refusal(replace(action, scope=scope) if action.changes else action)

    def blocked(self, action: str) -> str:
        now = Situation(
            self.tab,
            self.table.key,
            len(self.draft.pending),
            bool(self.words),
            self.filling,
            self.posts.get(self.table.key) if self.tab == "workers" else None,
        )
        return self.t(reason(next(each for each in ACTIONS if each.id == action), now))

    def _asks_here(self) -> bool:
        return self.has_class("asking") and self.ask_pane.has_focus_within

    def crumbs(self) -> tuple[str, ...]:
        inner = (self.t(mark("explain")),) if self._asks_here() else ()
        words = (f"/{self.words}",) if self.words else ()
        return (self.t(TITLES[self.tab]), *words, *inner)

    def subject(self) -> str:
        rule = self.draft.rule(self.table.key)
        if self.tab == "rules":
            return spelled(rule, self.looks.glyphs.to) if rule else ""
        row = self.guard.get(self.table.key)
        return row.value if row else self.table.key

    def open_at(self, target: str) -> None:
        """`test …` explains a message, `rules`, `workers`, `guard` are tabs, a number is a rule; else letters."""
        head, _, rest = target.partition(" ")
        if head == "test":
            self.show_tab("rules")
            self.show_bar()
            self.bar.box.write(rest)
        elif head in TITLES:
            self.show_tab(head)
        else:
            self.target = target
            self.show_tab("rules")

    def back(self) -> bool:
        """First the form, then the bar, then the filter, then the other tabs."""
        if self.filling:
            self.close_form()
        elif self.has_class("asking"):
            self.remove_class("asking")
            self.table.focus()
        elif self.words:
            self.words = ""
            self.show()
        elif self.tab != "rules":
            self.show_tab("rules")
        else:
            return False
        return True

    def filter_text(self) -> str:
        return self.words

    def filter_by(self, text: str) -> None:
        self._filter_live(text)

    def inspector(self) -> Widget:
        return self.one_pane

    async def may_leave(self) -> bool:
        if not self.draft.pending:
            return True
        try:
            return await self.acts.may_leave()
        except KagamiError as error:
            self.shell.say(self.t(mark("The rules were not saved")), error.text(self.t), "warning")
            return False

    def relabel(self) -> None:
        self.show()

    # Explaining.

    def _ask(self) -> None:
        if self.tab == "workers":
            self.show_tab("rules")
        self.show_bar()

    async def _recent(self) -> None:
        rows = await self.bar.said()
        if not rows:
            self.shell.say(self.t(mark("No message came yet.")))
            return
        offers = [
            Offer(line_of(row), row.text, f"{row.sender or row.user}  {row.chat_name or row.chat}") for row in rows
        ]
        line = await self.app.push_screen_wait(Pick(self.shell, self.t(mark("Explain which message?")), offers))
        if line is not None:
            self._ask()
            self.bar.box.write(line)

    # Editing.

    @on(Chosen)
    def _chosen(self, event: Chosen) -> None:
        event.stop()
        self.action_act("route.edit")

    def _edited(self, edit: Callable[[str], None]) -> None:
        edit(self.table.key)
        self.show()
        self.bar.judge()

    async def _with_rules(self, act: Callable[[], Awaitable[None]]) -> None:
        await act()
        self.show()
        self.bar.judge()

    async def _on(self, tab: str, verb: Callable[[], Awaitable[None] | None]) -> None:
        if self.tab != tab:
            self.show_tab(tab)
        done = verb()
        if done is not None:
            await done

    async def _toggle(self) -> None:
        worker = self.posts.get(self.table.key)
        if self.tab == "workers" and worker is not None:
            await (self.acts.resume(worker) if worker.state == "drained" else self.acts.drain(worker))
            await self.read_now()
            return
        rule = self.draft.rule(self.table.key)
        if rule is not None:
            changed = msgspec.structs.replace(rule, enabled=not rule.enabled)
            self._edited(lambda key: self.draft.change(key, changed))

    async def _delete(self) -> None:
        row = self.guard.get(self.table.key)
        if self.tab == "workers":
            await self._with_worker(self.worker_acts.remove)
        elif self.tab == "guard" and row is not None:
            await self.acts.guard_remove(row)
            await self.read_guard()
        else:
            await self._with_rules(partial(self.acts.delete, self.table.key))

    async def _with_worker(self, act: Callable[[WorkerRow], Awaitable[None]]) -> None:
        worker = self.posts.get(self.table.key)
        if worker is not None:
            await act(worker)
            await self.read_workers()

    async def _pause(self) -> None:
        paused = worker_rows.paused(self.entries.get(self.table.key, {}))
        await self._with_worker(self.worker_acts.let_in if paused else self.worker_acts.pause)

    def _copy(self) -> None:
        rule = self.draft.rule(self.table.key)
        self.shell.copy(spelled(rule) if self.tab == "rules" and rule else self.subject())

    async def _filter(self) -> None:
        before = self.words
        words = await self.shell.prompt("/", before, changed=self._filter_live)
        self._filter_live(before if words is None else words)

    def _filter_live(self, words: str) -> None:
        self.words = words.strip().casefold()
        self.show()
        if self.tab == "guard":
            self.run_worker(later(self.read_guard), group="read", exclusive=True)

    # Forms.

    @on(Kept)
    def _kept(self, event: Kept) -> None:
        event.stop()
        done = self.done
        if done is not None:
            self.start_as("route.edit", done(event.values))

    async def _add(self) -> None:
        if self.tab == "workers":
            await self.worker_acts.add()
            await self.read_workers()
            return
        words = await route_forms.known(self.control)
        if self.tab == "guard":
            await self.open_form(route_forms.guard_form(self.t, None, words, 0), partial(self._keep_guard, None))
        else:
            await self.open_form(route_forms.rule_form(self.t, None, 0, words), partial(self._keep_rule, "", words))

    async def _edit(self) -> None:
        key, t = self.table.key, self.t
        worker, row = self.posts.get(key), self.guard.get(key)
        if self.tab == "workers" and worker is not None:
            await self.open_form(route_forms.weight_form(t, worker), partial(self._keep_weight, worker))
            return
        words = await route_forms.known(self.control)
        if self.tab == "guard" and row is not None:
            form = route_forms.guard_form(t, row, words, self.shell.clock.wall_ms())
            await self.open_form(form, partial(self._keep_guard, row))
        elif rule := self.draft.rule(key):
            form = route_forms.rule_form(t, rule, self.draft.place(key) + 1, words)
            await self.open_form(form, partial(self._keep_rule, key, words))

    async def _keep_rule(self, key: str, words: route_forms.Known, values: Mapping[str, str]) -> None:
        rule = route_forms.made_rule(values, self.draft.rule(key))
        if key:
            self.draft.change(key, rule)
        else:
            key = self.draft.add(rule, self.tables["rules"].key)
        self.close_form()
        self._edited(lambda _: None)
        self.tables["rules"].select(key)
        if not is_known(rule, words.targets):
            told = self.t(mark("nothing is called {name} yet; until it comes, the rule is passed")).format(name=rule.to)
            self.shell.say(spelled(rule, self.looks.glyphs.to), told, "warning")

    async def _keep_weight(self, worker: WorkerRow, values: Mapping[str, str]) -> None:
        await self.acts.weigh(worker, float(values["weight"]))
        self.close_form()
        await self.read_now()

    async def _keep_guard(self, before: GuardRow | None, values: Mapping[str, str]) -> None:
        row = await self.acts.guard_add(values, before or self.guard.get(_key_of(values)))
        self.close_form()
        await self.read_guard()
        self.table.select(route_rows.guard_key(row))

    async def _import(self) -> None:
        if self.tab == "guard":
            form = route_forms.guard_import_form(self.t, await route_forms.known(self.control))
            await self.open_form(form, self._keep_lines)
        else:
            await self.open_form(route_forms.import_form(self.t), self._keep_rules)

    async def _keep_rules(self, values: Mapping[str, str]) -> None:
        for rule in read_rules(route_forms.lines_of(values)):
            self.draft.add(rule)
        self.close_form()
        self._edited(lambda _: None)

    async def _keep_lines(self, values: Mapping[str, str]) -> None:
        await self.acts.guard_import(values, route_forms.lines_of(values))
        self.close_form()
        await self.read_guard()


def _key_of(values: Mapping[str, str]) -> str:
    return f"{values['kind']}|{values['where'].strip()}|{values['value'].strip()}"
