"""Settings: every key of the configuration, people, the privacy guard, backups and processes, each in a tab."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar, cast

from textual import events, on
from textual.app import App, ComposeResult

from kagami.i18n import mark
from kagami.operations.settings import ListSettings
from kagami.ports import PersonRow, SettingRow
from kagami.tui import setting_actions
from kagami.tui.acting import Verb
from kagami.tui.draft import Draft
from kagami.tui.keymap import Keymap
from kagami.tui.keys import Action
from kagami.tui.later import later
from kagami.tui.people_acts import PeopleActs
from kagami.tui.place import Place, beside
from kagami.tui.setting_acts import SettingActs
from kagami.tui.setting_rows import changed_sign, in_words, lock
from kagami.tui.shell import Leave, Shell
from kagami.tui.tabs.backups import BackupsTab
from kagami.tui.tabs.people import ADMINS, PeopleTab
from kagami.tui.tabs.privacy import PrivacyTab
from kagami.tui.tabs.processes import ProcessesTab
from kagami.tui.tabs.settings import SettingsTab
from kagami.tui.tabs.tab import Tab
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.rows import Rows
from kagami.tui.widgets.table import Chosen

_WORDS = {
    "people": mark("people"),
    "privacy": mark("privacy"),
    "backups": mark("backups"),
    "processes": mark("processes"),
}
_OF_A_SETTING = ("set.edit", "set.reset", "set.forget", "set.history")
ROOMY = 70  # cells from which the tabs stand apart


class Settings(Place):
    """Changes wait in one draft, whichever tab they are typed in, until they are applied together."""

    DEFAULT_CSS = beside(__file__)
    NAME = "settings"
    CHANGES = "settings:write"
    PURPOSE = mark(
        "Every setting with its value, where that comes from and what changing it does. What you type waits until A "
        "applies it; U undoes it, byte for byte. Further tabs: people with their sessions and tokens, the privacy "
        "guard, backups, and the processes that share the work."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = setting_actions.ACTIONS
    PERIOD = 3.0
    tab = "settings"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        app = cast("App[Leave]", self.app)
        self.draft = Draft()
        self.acts = SettingActs(shell, app, self.draft, self._paint)
        self.staff = PeopleActs(shell, app)
        self.all = SettingsTab(shell, self.draft)
        self.people = PeopleTab(shell, self.draft)
        self.privacy = PrivacyTab(shell, self.draft)
        self.backups = BackupsTab(shell, self.draft)
        self.processes = ProcessesTab(shell)
        self.bar = Rows(shell, self._bar, id="settings-bar")
        self.tabs: dict[str, Tab] = {
            "settings": self.all,
            "people": self.people,
            "privacy": self.privacy,
            "backups": self.backups,
            "processes": self.processes,
        }
        self._target = ""

    def compose(self) -> ComposeResult:
        yield self.bar
        for name, tab in self.tabs.items():
            tab.display = name == self.tab
            yield tab

    def on_resize(self, event: events.Resize) -> None:
        for tab in self.tabs.values():
            tab.lay_out(event.size.width)
        if self.seen:
            self.run_worker(later(self.read_now), group="read", exclusive=True)

    def verbs(self) -> Mapping[str, Verb]:
        acts = self.acts
        return {
            "set.list": partial(self.show_tab, "settings"),
            "op.list": partial(self.show_tab, "people"),
            "privacy.open": partial(self.show_tab, "privacy"),
            "backup.list": partial(self.show_tab, "backups"),
            "node.list": partial(self.show_tab, "processes"),
            "set.edit": lambda: self._with(acts.edit),
            "set.apply": self._apply,
            "set.discard": acts.discard,
            "set.search": self._search,
            "set.modified": self._modified,
            "set.reset": lambda: self._mark(lambda row: acts.wish(row, None)),
            "set.forget": lambda: self._mark(acts.forget),
            "set.undo": lambda: self._then_read(acts.undo()),
            "set.history": lambda: self._with(lambda row: acts.history(row.key)),
            "set.openfile": acts.file,
            "set.reload": lambda: self._then_read(acts.reload()),
            "set.less": partial(self._sideways, -1),
            "set.more": partial(self._sideways, 1),
            "set.copy": self._copy,
            "privacy.try": self._try_text,
            "engine.backup": self._back_up,
            "backup.verify": self.backups.verify,
            "backup.delete": self.backups.delete,
            "node.switch": self.processes.switch,
            **self._of_people(),
        }

    def _of_people(self) -> Mapping[str, Verb]:
        staff, there = self.staff, self.people
        return {
            "op.add": self._add_person,
            "op.role": lambda: self._with_person(
                lambda each: staff.change_role(each, len(there.sessions_of(each.name)))
            ),
            "op.password": lambda: self._with_person(
                lambda each: staff.set_password(each, len(there.sessions_of(each.name)))
            ),
            "op.switch": lambda: self._with_person(
                lambda each: staff.switch(each, len(there.sessions_of(each.name)), len(there.tokens_of(each.name)))
            ),
            "op.token": self._make_token,
            "op.kick": self._kick,
            "op.admins": self._admins,
        }

    def hinted(self) -> list[Action]:
        return self.processes.worded(super().hinted())

    # Reasons.

    def blocked(self, action: str) -> str:
        reason = setting_actions.elsewhere(action, self.tab)
        if reason:
            return self.t(reason)
        if action in _OF_A_SETTING:
            return self._not_here(action)
        if action == "node.switch":
            return self.t(self.processes.blocked())
        there = self.people
        missing = (
            (("set.apply", "set.discard"), not len(self.draft), mark("nothing is changed")),
            (("op.role", "op.password", "op.switch"), there.person is None, mark("no person is marked")),
            (("op.kick",), not there.ends, mark("neither a person nor a session nor a token is marked")),
            (("backup.verify", "backup.delete"), self.backups.selected is None, mark("there is no backup yet")),
        )
        return next((self.t(told) for actions, so, told in missing if so and action in actions), "")

    def _not_here(self, action: str) -> str:
        row = self.setting
        if row is None:
            return self.t(mark("no setting is marked"))
        if action == "set.edit":
            return lock(row, self.t)
        if action == "set.forget" and row.key not in self.draft.changes:
            return self.t(mark("it is not changed"))
        if action == "set.reset" and not row.modified:
            return lock(row, self.t) or self.t(mark("it has its default"))
        return lock(row, self.t) if action == "set.reset" else ""

    # Where one is.

    @property
    def here(self) -> Tab:
        return self.tabs[self.tab]

    @property
    def setting(self) -> SettingRow | None:
        """The marked one of the form that has the focus, or of the tab that is all form."""
        form = self.here.settings
        return form.setting if form and (form.table.has_focus or self.here is self.privacy) else None

    def subject(self) -> str:
        return self.here.subject()

    def crumbs(self) -> tuple[str, ...]:
        inside = (self.t(_WORDS[self.tab]),) if self.tab in _WORDS else ()
        return (*inside, self.subject()) if self.subject() else inside

    def show_tab(self, tab: str) -> None:
        self.tab = tab
        self._arrange()
        for name, each in self.tabs.items():
            each.display = name == tab
        self.here.first().focus(scroll_visible=False)
        self._paint()
        self.run_worker(later(self.read_now), group="read", exclusive=True)

    def rekey(self, keymap: Keymap) -> None:
        super().rekey(keymap)
        self._keyed = self.actions
        self._arrange()

    def _arrange(self) -> None:
        self.actions = setting_actions.arranged(self._keyed, self.tab)

    def take_focus(self) -> None:
        self.here.first().focus(scroll_visible=False)

    def open_at(self, target: str) -> None:
        """A tab, a key, a key with a value that waits from then on, or letters to search."""
        self._target = target
        self._find()

    def back(self) -> bool:
        if self.here.back():
            return True
        if self.tab != "settings":
            self.show_tab("settings")
            return True
        return False

    async def may_leave(self) -> bool:
        return not len(self.draft) or await self.acts.gives_up()

    def on_descendant_focus(self) -> None:
        """What can be done depends on where the focus is."""
        self.call_after_refresh(self.shell.refresh_chrome)

    def relabel(self) -> None:
        self._paint()

    # Reading and showing.

    async def refresh_now(self) -> None:
        rows: list[SettingRow] = await self.control.call(ListSettings())
        self.draft.read(rows)
        self._paint()
        self._find()
        await self.here.read()

    def _paint(self) -> None:
        self.here.paint()
        self.bar.repaint()

    def _bar(self, width: int) -> Sequence[Line]:
        names = (
            ("settings", "c", mark("Settings"), "set.list"),
            ("people", "o", mark("People"), "op.list"),
            ("privacy", "v", mark("Privacy"), "privacy.open"),
            ("backups", "b", mark("Backups"), "backup.list"),
            ("processes", "P", mark("Processes"), "node.list"),
        )
        gap = " " if width >= ROOMY else ""
        spans: list[Span] = []
        for tab, key, title, action in names:
            pending = f" {changed_sign(self.looks)}{len(self.draft)}" if tab == "settings" and len(self.draft) else ""
            text, here = f"{self.t(title)}{pending}", tab == self.tab
            role = "warn" if pending else "title" if here else "text"
            click = f"app.place('{action}')"
            spans += [Span(f" {key} ", "key", click), Span(f"[{text}]" if here else f"{gap}{text}{gap}", role, click)]
        return [spans]

    def _find(self) -> None:
        """Go to what was wanted, as soon as the settings are known."""
        if not self._target or not self.draft.rows:
            return
        target, self._target = self._target, ""
        if target in self.tabs:
            self.show_tab(target)
            return
        key, _, value = target.partition(" ")
        if self.tab != "settings":
            self.show_tab("settings")
        if not self.all.open(key):
            self.all.search(target)
            self.all.first().focus(scroll_visible=False)
        elif value:
            row = self.draft.rows[key]
            edit = next(each for each in self.ACTIONS if each.id == "set.edit")
            reason = lock(row, self.t) or self.shell.lacks(self.CHANGES)
            if reason:
                self.refuse(edit, reason)
            else:
                self.acts.type_in(row, value)
        self.shell.refresh_chrome()

    # Doing.

    @on(Chosen)
    def _chosen(self, event: Chosen) -> None:
        event.stop()
        if event.listing is self.people.table and self.people.admin:
            self.action_act("op.admins")
        elif self.here.settings and event.listing is self.here.settings.table:
            self.action_act("set.edit")

    def _mark(self, act: Callable[[SettingRow], None]) -> None:
        row = self.setting
        if row is not None:
            act(row)

    async def _with(self, act: Callable[[SettingRow], Awaitable[None]]) -> None:
        row = self.setting
        if row is not None:
            await act(row)

    async def _with_person(self, act: Callable[[PersonRow], Awaitable[None]]) -> None:
        person = self.people.person
        if person is not None:
            await self._then_read(act(person))

    async def _then_read(self, work: Awaitable[None]) -> None:
        await work
        await self.read_now()

    async def _apply(self) -> None:
        wrong = await self.acts.apply()
        if wrong and self.tab == "settings":
            self.all.open(wrong)
        await self.read_now()

    def _sideways(self, step: int) -> None:
        """A choice to the side; where there is none, from the groups into the form and back."""
        row = self.setting
        if row is not None and row.kind in ("bool", "choice"):
            edit = next(each for each in self.ACTIONS if each.id == "set.edit")
            reason = self.refusal(edit)
            if reason:
                self.refuse(edit, reason)
            else:
                self.acts.cycle(row, step)
        elif self.here is self.all:
            (self.all.enter_form if step > 0 else self.all.leave_form)()

    async def _search(self) -> None:
        if self.tab != "settings":
            self.show_tab("settings")
        before = self.all.words
        words = await self.shell.prompt("/", before, changed=lambda words: self.all.search(words.strip()))
        self.all.search(before if words is None else words.strip())
        self.all.first().focus(scroll_visible=False)

    def _modified(self) -> None:
        if self.tab != "settings":
            self.show_tab("settings")
        self.all.search("", only_modified=not self.all.only_modified)
        self.all.first().focus(scroll_visible=False)

    def _copy(self) -> None:
        row = self.setting
        if row is not None:
            self.shell.copy(f"{row.key} = {in_words(row, row.value, self.t)}")
        else:
            self.shell.copy(self.backups.command() if self.here is self.backups else self.subject())

    def _try_text(self) -> None:
        self.show_tab("privacy")
        self.privacy.box.focus()

    async def _back_up(self) -> None:
        if self.tab != "backups":
            self.show_tab("backups")
        await self.backups.make()

    async def _add_person(self) -> None:
        if self.tab != "people":
            self.show_tab("people")
        name = await self.staff.add()
        await self.read_now()
        self.people.table.select(f"person:{name}")

    async def _make_token(self) -> None:
        if self.tab != "people":
            self.show_tab("people")
        made = await self.staff.make_token()
        await self.read_now()
        self.people.table.select(f"token:{made}")

    async def _kick(self) -> None:
        """Whatever is marked: a person is removed, a token revoked, a session ended."""
        there, staff = self.people, self.staff
        if there.person is not None:
            name = there.person.name
            await staff.remove(there.person, len(there.sessions_of(name)), len(there.tokens_of(name)))
        elif there.token is not None:
            await staff.revoke(there.token)
        elif there.session is not None:
            await staff.end(there.session)
        await self.read_now()

    async def _admins(self) -> None:
        self.show_tab("settings")
        if self.all.open(ADMINS):
            await self.acts.edit(self.draft.rows[ADMINS])
