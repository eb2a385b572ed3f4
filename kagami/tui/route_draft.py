"""The rules as an operator edits them: pending until the whole list is saved."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from difflib import unified_diff
from typing import NamedTuple

import msgspec

from kagami.core.routing import Rule
from kagami.errors import UsageError
from kagami.i18n import mark

ARROW = "=>"
_ENDS = frozenset("!-")


class Item(NamedTuple):
    """`key` stays the same however the rule moves or changes."""

    key: str
    rule: Rule


class Draft:
    """A list that began as the engine has it, in a `version`."""

    def __init__(self) -> None:
        self.version = 0
        self.items: list[Item] = []
        self._base: tuple[Item, ...] = ()
        self._made = 0

    def take(self, version: int, rules: Sequence[Rule]) -> None:
        """Begin anew with what the engine has; a rule that is still there keeps its key."""
        known: dict[Rule, list[str]] = {}
        for item in reversed(self.items):
            known.setdefault(item.rule, []).append(item.key)
        self.version = version
        self.items = [Item(known[rule].pop() if known.get(rule) else self._new_key(), rule) for rule in rules]
        self._base = tuple(self.items)

    @property
    def rules(self) -> list[Rule]:
        return [item.rule for item in self.items]

    @property
    def saved(self) -> list[Rule]:
        """What it began with."""
        return [item.rule for item in self._base]

    def place(self, key: str) -> int:
        """Where a rule stands, from 0; -1 when it is gone."""
        return next((place for place, item in enumerate(self.items) if item.key == key), -1)

    def rule(self, key: str) -> Rule | None:
        place = self.place(key)
        return self.items[place].rule if place >= 0 else None

    # Edits.

    def add(self, rule: Rule, after: str = "") -> str:
        """Put a rule behind another one, or behind all; its key."""
        item = Item(self._new_key(), rule)
        place = self.place(after)
        self.items.insert(place + 1 if place >= 0 else len(self.items), item)
        return item.key

    def change(self, key: str, rule: Rule) -> None:
        place = self.place(key)
        if place >= 0:
            self.items[place] = Item(key, rule)

    def move(self, key: str, step: int) -> None:
        """One row up (-1) or down (1), as far as there are rows."""
        place = self.place(key)
        if place >= 0 and 0 <= place + step < len(self.items):
            self.items.insert(place + step, self.items.pop(place))

    def remove(self, key: str) -> None:
        self.items = [item for item in self.items if item.key != key]

    def discard(self) -> None:
        self.items = list(self._base)

    # What is pending.

    @property
    def pending(self) -> frozenset[str]:
        """Keys of the rules that are new, changed, moved or gone."""
        before = {item.key: item.rule for item in self._base}
        now = {item.key for item in self.items}
        changed = {item.key for item in self.items if before.get(item.key) != item.rule}
        return frozenset(changed | (before.keys() - now) | self._moved(before))

    def _moved(self, before: dict[str, Rule]) -> set[str]:
        """The fewest rules whose moving makes the new order of the old one."""
        places = {item.key: place for place, item in enumerate(self._base)}
        kept = [item.key for item in self.items if item.key in before]
        return {kept[each] for each in set(range(len(kept))) - _rising([places[key] for key in kept])}

    def _new_key(self) -> str:
        self._made += 1
        return str(self._made)


def _rising(numbers: Sequence[int]) -> set[int]:
    """The places of a longest rising run among `numbers`, which are all different."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left(tails, number)
        before.append(ends[length - 1] if length else -1)
        tails[length:] = [number, *tails[length + 1 :]]
        ends[length:] = [place, *ends[length + 1 :]]
    found, place = set[int](), ends[-1] if ends else -1
    while place >= 0:
        found.add(place)
        place = before[place]
    return found


def spelled(rule: Rule, arrow: str = ARROW, off: str = "-") -> str:
    """A rule in one line, as it can be imported: `!` for exclusive, `-` for off. People get another arrow and word."""
    words = [rule.match, arrow, rule.to]
    words += ["!"] if rule.exclusive else []
    words += [off] if not rule.enabled else []
    return " ".join(words)


def read_rules(lines: Sequence[str]) -> list[Rule]:
    """Rules from lines like `spelled` writes, or from the JSON of `kagami routes list`; `UsageError` names the line."""
    text = "".join(lines).strip()
    if text.startswith(("[", "{")):
        try:
            found = msgspec.json.decode(text)
            rows = found["rules"] if isinstance(found, dict) else found
            return msgspec.convert(rows, list[Rule])
        except (msgspec.MsgspecError, KeyError):
            raise UsageError(reason=mark("This is no JSON list of rules.")) from None
    return [_read(line) for line in map(str.strip, lines) if line]


def _read(line: str) -> Rule:
    match, arrow, rest = line.rpartition(f" {ARROW} ")
    to, *ends = rest.split() or [""]
    if not arrow or set(ends) - _ENDS:
        raise UsageError(reason=mark("Write a rule as  text:天气* => plugin:weather"))
    return Rule(match.strip(), to, exclusive="!" in ends, enabled="-" not in ends)


def differences(before: Sequence[Rule], after: Sequence[Rule], arrow: str = ARROW, off: str = "-") -> list[str]:
    """`+ …` and `- …` for what came and went; a rule that moved is both."""
    old, new = ([spelled(rule, arrow, off) for rule in rules] for rules in (before, after))
    rows = list(unified_diff(old, new, n=0, lineterm=""))[2:]
    return [f"{row[0]} {row[1:]}" for row in rows if not row.startswith("@@")]
