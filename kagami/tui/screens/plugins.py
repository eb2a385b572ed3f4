"""Plugins: which version serves whom, how each does, and every way to change that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar, cast

from textual import events, on
from textual.app import App, ComposeResult
from textual.containers import Vertical

from kagami.i18n import mark
from kagami.operations.plugins import ListPlugins
from kagami.ports import PluginRow
from kagami.tui import market, plugin_page, plugin_rows
from kagami.tui.acting import Verb
from kagami.tui.dialogs.answer import AnswerReader
from kagami.tui.keys import Action
from kagami.tui.loads import Loads
from kagami.tui.pinning import Pinning
from kagami.tui.place import Place, beside
from kagami.tui.plugin_actions import ACTIONS, blocked
from kagami.tui.plugin_acts import PluginActs
from kagami.tui.shell import Leave, Shell
from kagami.tui.widgets.page import Page
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.slider import Applied, Slider
from kagami.tui.widgets.table import Chosen, LiveTable, Moved

WIDE = 120  # cells of the place from which the panel stands beside the list
LOW = 14
TALL = 20
LEAST_PANEL = 9
BESIDE = 44
FIRST_WEIGHT = 5


class Plugins(Place):
    """A list, and a panel of the selected plugin; Enter gives the panel the whole place."""

    DEFAULT_CSS = beside(__file__)
    NAME = "plugins"
    CHANGES = "plugins:write"
    PURPOSE = mark(
        "Plugins answer messages. A canary is a new version that only some chats get (its weight); Kagami takes it "
        "back by itself when it fails too often. What needs a person stands on top, with the reason and the key that "
        "mends it."
    )
    ACTIONS: ClassVar[tuple[Action, ...]] = ACTIONS

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.loads = Loads()
        self.acts = PluginActs(shell, cast("App[Leave]", self.app), self.loads)
        self.pinning = Pinning(shell, self.acts.app)
        self.table = LiveTable(shell, plugin_rows.COLUMNS, id="plugins-table")
        self.table.empty = self._empty
        self.page = Page(shell, id="plugins-page")
        self.slider = Slider(shell, id="plugins-slider")
        self.list_pane = Pane(shell, self.table, id="plugins-list")
        self.panel = Pane(shell, Vertical(self.page, self.slider), id="plugins-one")
        self.plugins: dict[str, PluginRow] = {}
        self.words = ""
        self.inside = False  # the panel has the whole place
        self._about = ""  # the plugin that the panel shows
        self._version = ""  # the one that the slider is about, when it is not the canary
        self._target = ""

    def compose(self) -> ComposeResult:
        yield self.list_pane
        yield self.panel

    def on_mount(self) -> None:
        super().on_mount()
        self._lay_out()

    def on_resize(self, _event: events.Resize) -> None:
        self._lay_out()
        self.call_after_refresh(self._show_panel)

    def verbs(self) -> Mapping[str, Verb]:
        acts = self.acts
        return {
            "plugin.open": self._open,
            "plugin.weight": self._choose_weight,
            "plugin.switch": lambda: self._changing(lambda it: acts.switch(it, on=it.state == "disabled")),
            "plugin.reload": lambda: self._changing(acts.reload),
            "plugin.rollback": lambda: self._changing(acts.roll_back),
            "plugin.promote": lambda: self._changing(acts.promote),
            "plugin.versions": self._versions,
            "plugin.settings": lambda: self._changing(acts.settings),
            "plugin.release": lambda: self._changing(acts.release),
            "plugin.install": self._install,
            "plugin.logs": lambda: self.shell.go("logs", f"plugin:{self.table.key}"),
            "plugin.try": self._try,
            "plugin.pin_chat": lambda: self._changing(self.pinning.of_plugin),
            "plugin.market": self._market,
            "plugin.filter": self._filter,
            "plugin.less": partial(self._move_weight, -1),
            "plugin.more": partial(self._move_weight, 1),
            "plugin.less10": partial(self._move_weight, -10),
            "plugin.more10": partial(self._move_weight, 10),
            "plugin.enable": lambda: self._changing(lambda it: acts.switch(it, on=True)),
            "plugin.disable": lambda: self._changing(lambda it: acts.switch(it, on=False)),
            "plugin.permissions": self._permissions,
            "plugin.sort": self._sort,
            "plugin.reverse": self._reverse,
            "plugin.copy": lambda: self.shell.copy(self.table.key),
        }

    def blocked(self, action: str) -> str:
        return blocked(action, self.selected, self.t)

    @property
    def selected(self) -> PluginRow | None:
        return self.plugins.get(self.table.key)

    def subject(self) -> str:
        return plugin_rows.title(self.selected) if self.selected else ""

    def crumbs(self) -> tuple[str, ...]:
        words = (f"/{self.words}",) if self.words else ()
        return (*words, self.subject()) if self.subject() else words

    def filter_text(self) -> str:
        return self.words

    def filter_by(self, text: str) -> None:
        self.words = text
        self._show()

    def open_at(self, target: str) -> None:
        """A plugin's id or name, or letters to look for; a number behind it is the weight to offer."""
        self._target = target
        self._find()

    def back(self) -> bool:
        """First what the slider wants, then the slider, then the panel, then the filter."""
        reverted = self.slider.revert()
        if reverted or self.slider.has_focus:
            self._version = ""
            self._home()
            return True
        if self.inside:
            self.inside = False
            self._home()
            return True
        if self.words:
            self.words = ""
            self._show()
            return True
        return False

    def relabel(self) -> None:
        self._show()

    # Reading and showing.

    async def refresh_now(self) -> None:
        rows: list[PluginRow] = await self.control.call(ListPlugins())
        self.plugins = {row.id: row for row in rows}
        self.loads.note(rows, self.shell.clock.monotonic())
        self._find()
        self._show()

    def _find(self) -> None:
        """Go to what was wanted, as soon as the plugins are known."""
        if not self._target or not self.plugins:
            return
        target, self._target = self._target, ""
        name, _, number = target.rpartition(" ")
        offers = bool(name) and number.isdecimal()
        wanted = name if offers else target
        found = next((row.id for row in self.plugins.values() if wanted in (row.id, row.name)), "")
        self.words = "" if found else wanted
        self._show()
        if found and self.table.select(found):
            self._offer(int(number)) if offers else self._open()

    def _offer(self, weight: int) -> None:
        """Open the slider at a weight that somebody may apply."""
        if not self.blocked("plugin.weight"):
            self._move_weight(0)
            self.slider.put(weight)

    def _show(self) -> None:
        words = self.words.casefold()
        rows = [row for row in plugin_rows.ordered(tuple(self.plugins.values())) if words in _text(row)]
        self.table.show([plugin_rows.row(self.shell, row, self.loads) for row in rows])
        count = f"{len(rows)}/{len(self.plugins)}" if words else str(len(rows))
        hint = f"/{self.words}" if words else plugin_rows.summary(rows, self.t)
        self.list_pane.label(f"{self.t(mark('Plugins'))} {count}", hint)
        self._lay_out()
        self._show_panel()

    def _show_panel(self) -> None:
        plugin = self.selected
        if plugin is None:
            self.panel.label("", "")
            self.page.show(lambda _: ())
            self.slider.display = False
            return
        same, self._about = self._about == plugin.id, plugin.id
        self._version = self._version if same else ""
        self._show_slider(plugin, same=same)
        tall = self.panel.size.height >= TALL and plugin_rows.serves(plugin)
        guard = plugin_page.guard_text(self.shell) if plugin.canary and not tall else ""
        state = plugin_rows.state_span(self.looks.glyphs, plugin_rows.state_of(plugin), self.t).text
        word = self.t(mark("canary")) if plugin.canary else state
        self.panel.label(f"{plugin_rows.title(plugin)} · {word}", guard)
        invited = plugin.builtin and all(row.builtin for row in self.plugins.values())
        subject = plugin_page.Subject(self.shell, plugin, self.loads, invited, tall)
        self.page.show(partial(plugin_page.page, subject), keep_place=same)

    def _show_slider(self, plugin: PluginRow, *, same: bool) -> None:
        """Without a canary it comes with the first key that is for it."""
        version = self._version or plugin_rows.candidate(plugin)
        if not same or version != self.slider.what:
            self.slider.wanted = None  # a wish for one version is none for another
        self.slider.display = bool(plugin.canary) or self.slider.wanted is not None
        self.slider.styles.height = self.slider.rows_for(self.panel.size.width - 2)
        self.slider.show(plugin.weight if version == plugin.canary else 0, version)

    def _empty(self) -> Sequence[Line]:
        if self.words:
            return [(), [Span("   " + self.t(mark("No plugin has these letters. Esc shows all.")), "dim")]]
        return [(), *plugin_page.invitation(self.shell, self.size.width - 4)]

    def _lay_out(self) -> None:
        """Beside the list, below it, or one of both alone; the list takes only what it needs."""
        width, height = self.size
        wide, low = width >= WIDE, height < LOW
        opened = self.inside or (low and self.slider.wanted is not None)
        alone = opened and self.selected is not None
        for name, there in (("wide", wide), ("low", low), ("inside", alone)):
            self.set_class(there, name)
        self._size_panel(alone=alone or low, wide=wide)
        self.panel.display = alone or not (low or not self.plugins)

    def _size_panel(self, *, alone: bool, wide: bool) -> None:
        width, height = self.size
        below = max(LEAST_PANEL, height * 9 // 20, height - len(self.table.rows) - 3)
        self.panel.styles.height = "1fr" if alone or wide else below
        self.panel.styles.width = max(BESIDE, width * 36 // 100) if wide and not alone else "1fr"

    # Doing.

    def _open(self) -> None:
        self.inside = True
        self._lay_out()
        self.page.focus()
        self.call_after_refresh(self._show_panel)

    def _home(self) -> None:
        """From the slider to the list, or to the panel when that has the whole place."""
        self._lay_out()
        (self.page if self.inside else self.table).focus()
        self._show_panel()

    @on(Chosen)
    def _chosen(self, event: Chosen) -> None:
        event.stop()
        self._open()

    @on(Moved)
    def _moved(self, event: Moved) -> None:
        event.stop()
        self._show_panel()

    def _choose_weight(self) -> None:
        self._move_weight(0)

    def _move_weight(self, step: int) -> None:
        self._show_panel()
        self.slider.move(step)
        self._lay_out()
        self._show_panel()
        self.slider.focus()

    @on(Applied)
    def _applied(self, event: Applied) -> None:
        event.stop()
        plugin = self.selected
        if plugin is None:
            return
        version, value = self.slider.what, event.value
        self.slider.revert()
        self._version = ""
        self._home()
        action = next(each for each in ACTIONS if each.id == "plugin.weight")
        if reason := self.refusal(action):
            self.refuse(action, reason)
        elif (value, version) != (plugin.weight, plugin.canary):
            self.start_as("plugin.weight", self._changing(lambda it: self.acts.weigh(it, value, version)))

    async def _changing(self, act: Callable[[PluginRow], Awaitable[None]]) -> None:
        """Do something with the selected plugin, then read how it is."""
        if self.selected is not None:
            await act(self.selected)
            await self.read_now()

    async def _versions(self) -> None:
        plugin = self.selected
        if plugin is None:
            return
        wish = await self.acts.versions(plugin)
        if wish is not None:
            self._version = wish.version
            self._move_weight(0)
            self.slider.put(plugin.weight or FIRST_WEIGHT)
            return
        await self.read_now()

    async def _install(self) -> None:
        found = await self.acts.install()
        self.words = "" if found else self.words
        await self.read_now()
        if found:
            self.table.select(found)

    async def _market(self) -> None:
        await market.sync(self.shell, self.acts.app)
        await self.read_now()

    def _try(self) -> None:
        """The first command of a plugin, ready to be sent."""
        commands = self.selected.commands if self.selected else ()
        self.shell.go("sandbox", f"{commands[0]} " if commands else "")

    async def _permissions(self) -> None:
        plugin = self.selected
        if plugin is not None:
            rows = plugin.permissions or (self.t(mark("only answer where it is asked")),)
            await self.app.push_screen_wait(
                AnswerReader(self.shell, f"{plugin_rows.title(plugin)}: {self.t(mark('may'))}", rows)
            )

    def _sort(self) -> None:
        self.table.sort_next()

    def _reverse(self) -> None:
        self.table.sort(self.table.sorted_by, descending=not self.table.descending)

    async def _filter(self) -> None:
        before = self.words
        words = await self.shell.prompt("/", before, changed=self._filter_live)
        self._filter_live(before if words is None else words)

    def _filter_live(self, words: str) -> None:
        self.words = words.strip()
        self._show()


def _text(plugin: PluginRow) -> str:
    return f"{plugin.name} {plugin.id} {plugin.state} {plugin.version} {plugin.canary} {plugin.author}".casefold()
