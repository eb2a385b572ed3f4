"""Which lines are wanted: level and filter as they are asked for, kept under a name, and chosen again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, cast

from textual.app import App

from kagami.i18n import mark
from kagami.operations.logs import Level
from kagami.operations.plugins import ListPlugins
from kagami.ports import PluginRow
from kagami.tui.dialogs.levels import LevelSheet
from kagami.tui.dialogs.pick import Offer, Pick
from kagami.tui.log_actions import DEFAULT, LEVELS, NAMED, find_view, read_view, spell
from kagami.tui.shell import Leave, Shell
from kagami.tui.tail import Tail

MOST = 30  # filters, and views
FIELDS = ("source:", "plugin:", "bot:", "chat:", "execution:")
PLACE = "logs"


class Wanting(Protocol):
    """The place that shows the lines."""

    tail: Tail

    @property
    def app(self) -> App[object]: ...

    def show_only(self, level: Level, words: str) -> None: ...


class LogViews:
    """Of one place."""

    def __init__(self, shell: Shell, place: Wanting) -> None:
        self._shell = shell
        self._place = place
        self._before: Level = DEFAULT  # the level before only errors were shown

    @property
    def kept(self) -> list[str]:
        """Views as `name = W words`, or without a name."""
        return self._shell.state.views.get(PLACE, [])

    async def ask_filter(self) -> None:
        """A filter, or the name of a kept view."""
        t, tail, state = self._shell.t, self._place.tail, self._shell.state
        history = state.typed.get(PLACE, [])
        names = [view.partition(NAMED)[0] for view in self.kept if NAMED in view]
        words = (*names, *reversed(history), *FIELDS)
        text = await self._shell.prompt(t(mark("filter")), tail.words, words=words, history=history)
        if text is None:
            return
        if text.strip():
            state.typed = {**state.typed, PLACE: [*(each for each in history if each != text), text][-MOST:]}
        view = find_view(text, self.kept)
        self._place.show_only(*(read_view(view) if view else (tail.level, text)))

    async def ask_level(self) -> None:
        tail = self._place.tail
        chosen = await self._open(LevelSheet(self._shell, tail.level, tail.counts))
        if chosen is not None:
            self._place.show_only(next(level for level, _ in LEVELS if level == chosen), tail.words)

    def only_errors(self) -> None:
        tail = self._place.tail
        if tail.level == "error":
            self._place.show_only(self._before, tail.words)
        else:
            self._before = tail.level
            self._place.show_only("error", tail.words)

    async def only_canary(self) -> None:
        """Of one plugin that has a canary: of several, one is chosen."""
        t = self._shell.t
        rows: list[PluginRow] = await self._shell.control.call(ListPlugins())
        offers = [
            Offer(f"{row.id}@{row.canary}", row.name, f"{row.canary}  {row.weight}%") for row in rows if row.canary
        ]
        if not offers:
            self._shell.say(t(mark("No version is a canary now.")))
            return
        title = t(mark("Lines of which canary?"))
        chosen = offers[0].key if len(offers) == 1 else await self._open(Pick(self._shell, title, offers))
        if chosen is not None:
            self._place.show_only(self._place.tail.level, f"plugin:{chosen}")

    async def save(self) -> None:
        """Keep what is shown under a name."""
        t, tail, state = self._shell.t, self._place.tail, self._shell.state
        name = await self._shell.prompt(t(mark("name of the view")))
        if not name or not name.strip():
            return
        name = name.replace(NAMED, " ").strip()
        view = f"{name}{NAMED}{spell(tail.level, tail.words) or 'I'}"
        others = [each for each in self.kept if each.partition(NAMED)[0] != name]
        state.views = {**state.views, PLACE: [*others, view][-MOST:]}
        self._shell.say(
            t(mark("Kept: {view}")).format(view=name), t(mark("V, & with its name, and the palette show it."))
        )

    async def choose(self) -> None:
        views: Sequence[tuple[str, str]] = [
            ("I", self._shell.t(mark("everything"))),
            ("E", self._shell.t(mark("only errors"))),
            *((view, view.partition(NAMED)[0]) for view in self.kept),
        ]
        offers = [Offer(view, name, spell(*read_view(view)) or "*") for view, name in views]
        chosen = await self._open(Pick(self._shell, self._shell.t(mark("Views")), offers))
        if chosen is not None:
            self._place.show_only(*read_view(chosen))

    async def _open(self, dialog: Pick) -> str | None:
        return await cast("App[Leave]", self._place.app).push_screen_wait(dialog)
