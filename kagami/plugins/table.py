"""Who handles what: a snapshot over running versions, made anew when one of them changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kagami.core.command import find_call
from kagami.model.event import Event
from kagami.plugins.active import Active
from kagami.plugins.context import CommandLine
from kagami.plugins.patterns import Patterns
from kagami.plugins.plugin import Command, Handler, Intent, Watcher

OPERATOR = "#"
Renames = Mapping[str, Mapping[str, str]]


class Choice(NamedTuple):
    """Who gets a message: a command with the place in `text` where its words begin, or an intent."""

    active: Active
    text: str
    command: Command | None = None
    word: str = ""
    end: int = 0
    intent: Intent | None = None


class Conflict(NamedTuple):
    """A command that another plugin has already."""

    plugin: str
    name: str
    owner: str

    def text(self) -> str:
        remedy = f"give it another name in plugins.rename.{self.plugin}"
        return f"the command {self.name} belongs to {self.owner}: {remedy}"


class Names:
    """Commands by casefolded name."""

    def __init__(self) -> None:
        self.by_name: dict[str, tuple[Active, Command]] = {}
        self.lengths: tuple[int, ...] = ()
        self.conflicts: list[Conflict] = []

    def add(self, active: Active, command: Command, names: Iterable[str]) -> None:
        """Who came first keeps a name; the other hears of it."""
        for name in names:
            owner, _ = self.by_name.setdefault(name.casefold(), (active, command))
            if owner is not active:
                self.conflicts.append(Conflict(active.id, name, owner.id))
        self.lengths = tuple(sorted({len(name) for name in self.by_name if name}, reverse=True))

    def find(self, text: str, prefix: str) -> Choice | None:
        called = find_call(text, prefix, self.by_name, self.lengths)
        if called is None:
            return None
        active, command = self.by_name[called.name]
        return Choice(active, text, command, called.name, called.end)


class Table:
    """`actives` in their order of precedence; `renames` give commands other names, by plugin."""

    def __init__(self, actives: Iterable[Active], prefix: str, renames: Renames | None = None) -> None:
        self.commands = Names()
        self.operators = Names()
        self.by_id: dict[str, Active] = {}
        self._intents: list[tuple[Active, Intent]] = []
        self._watchers: dict[str, list[tuple[Active, Watcher]]] = {}
        lines: list[CommandLine] = []
        for active in actives:
            self.by_id[active.id] = active
            others = (renames or {}).get(active.id, {})
            for command in active.plugin.declared.commands:
                names = tuple(others.get(name, name) for name in command.names)
                (self.operators if command.operator else self.commands).add(active, command, names)
                lines.append(_line(active, command, names, prefix))
            self._intents += ((active, intent) for intent in active.plugin.declared.intents)
            for watcher in active.plugin.declared.watchers:
                self._watchers.setdefault(watcher.event, []).append((active, watcher))
        self._patterns = Patterns([intent.pattern for _, intent in self._intents])
        self.lines = tuple(lines)

    @property
    def conflicts(self) -> list[Conflict]:
        return [*self.commands.conflicts, *self.operators.conflicts]

    def choose(self, event: Event, prefix: str, *, operator: bool) -> Choice | None:
        """The command or else the intent that gets a message."""
        text = event.text
        if operator:
            return self.operators.find(text, OPERATOR) or self._fallback(text)
        found = self.commands.find(text, prefix)
        if found is not None:
            return found
        place = self._patterns.first(text)
        if place is None:
            return None
        active, intent = self._intents[place]
        return Choice(active, text, intent=intent)

    def watchers(self, event: Event) -> list[tuple[Active, Handler]]:
        """Who asked for events of this kind, of this very name, or of the name that this one narrows."""
        if not self._watchers:
            return []
        wanted, narrow = self._watchers, event.name.partition(".")
        found = (
            *wanted.get(event.kind, ()),
            *wanted.get(event.name, ()),
            *(wanted.get(narrow[0], ()) if narrow[1] else ()),
        )
        return [(active, watcher.handler) for active, watcher in found]

    def is_command(self, event: Event, prefix: str) -> bool:
        """Whether a message calls a command that somebody has."""
        text = event.text
        return self.commands.find(text, prefix) is not None or self.operators.find(text, OPERATOR) is not None

    def _fallback(self, text: str) -> Choice | None:
        found = self.operators.by_name.get("")
        return Choice(found[0], text, found[1]) if found else None


def _line(active: Active, command: Command, names: tuple[str, ...], prefix: str) -> CommandLine:
    sign = OPERATOR if command.operator else prefix
    usage = f"{sign}{names[0]} {command.grammar.usage}".rstrip()
    summary = command.summary_in(active.kit.language)
    return CommandLine(active.id, names[0], names[1:], usage, summary, command.operator)
