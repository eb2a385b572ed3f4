"""Who handles an event, and why.

A rule matches an event's names, each exactly or by a glob anchored at both ends (`*` any run, `?` one character):
`user:10001`, `chat:group:123456`, `bot:qq:10001000`, `platform:qq`, and of messages `text:天气*`. Several conditions
joined by ` & ` have to fit all; `*` alone fits everything. Exact beats glob, more literal characters beat fewer (a
platform's name counts for next to nothing), then the earlier rule wins.
Globs are matched by RE2: the time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import msgspec

from kagami.i18n import mark
from kagami.model.event import Event
from kagami.model.ids import split_id

PLUGINS = "plugins"
DROP = "drop"
PLUGIN = "plugin:"
KINDS = ("user", "chat", "bot", "platform", "text")
LONGEST = 500
AWAY = mark("What it leads to is away.")

_JOINT = re.compile(rf" & (?=(?:{'|'.join(KINDS)}):)")
_TARGET = re.compile(r"[\w.:@/-]{1,128}")
Live = Callable[[str], bool]
Verdict = Literal["wins", "beaten", "away", "no match", "off"]


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """`to` names a worker, a pool, `plugins`, one of them (`plugin:weather`), or `drop`.

    When that is away the next rule that matches has its turn; an `exclusive` rule lets nobody else have the event.
    """

    match: str
    to: str
    exclusive: bool = False
    enabled: bool = True
    note: str = ""


class Decision(msgspec.Struct, frozen=True):
    """`to` is empty when nobody may handle it; `number` counts from 1, 0 for no rule; `reason` is for the trace."""

    to: str
    reason: str
    number: int = 0


class Judged(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one rule has to do with an event. `reason` says why one that matches does not win."""

    number: int
    rule: Rule
    verdict: Verdict
    reason: str = ""


class Condition(NamedTuple):
    """`place` is the kind's place in `names`, -1 for any; `compiled` is None for an exact pattern."""

    pattern: str
    place: int
    compiled: Any

    def fits(self, known: Sequence[str]) -> bool:
        if self.compiled is None:
            return self.pattern in known
        candidates = known if self.place < 0 else known[self.place : self.place + 1]
        return any(self.compiled.fullmatch(name) is not None for name in candidates)


class Ready(NamedTuple):
    """An enabled rule with its rank, the smallest first."""

    rank: tuple[bool, int, int]
    rule: Rule
    conditions: tuple[Condition, ...]

    @property
    def number(self) -> int:
        return self.rank[2]


class Router:
    """A list of rules, made ready to decide by. Never changed: replaced whole."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self._exact: dict[str, list[Ready]] = {}
        self._globs: list[Ready] = []
        self._reads_text = False
        for ready in sorted(_ready(self.rules)):
            self._reads_text |= any(each.place in (-1, KINDS.index("text")) for each in ready.conditions)
            if ready.rank[0]:
                self._globs.append(ready)
            else:
                # What most events have not is looked up: a platform only when there is nothing else.
                key = min(ready.conditions, key=lambda each: each.place == KINDS.index("platform"))
                self._exact.setdefault(key.pattern, []).append(ready)

    def decide(self, event: Event, live: Live) -> Decision:
        """The first rule by rank whose target is live, else the plugin host."""
        passed = ""
        for ready in self._matching(event):
            number, rule = ready.number, ready.rule
            if live(rule.to):
                return Decision(rule.to, f"rule {number} {rule.match}{passed}", number)
            if rule.exclusive:
                return Decision("", f"rule {number} {rule.match}: {rule.to} is away", number)
            passed += f", after rule {number}: {rule.to} is away"
        return Decision(PLUGINS, f"no rule matched{passed}")

    def explain(self, event: Event, live: Live) -> tuple[Decision, list[Judged]]:
        """The same decision, and every rule's part in it."""
        decision = self.decide(event, live)
        matching = {ready.number: ready for ready in self._matching(event)}
        winner = matching.get(decision.number)
        return decision, [
            _judged(number, rule, matching.get(number), winner) for number, rule in enumerate(self.rules, 1)
        ]

    def _matching(self, event: Event) -> Iterable[Ready]:
        """Rules that match, by rank. An exact one comes before all globs."""
        known: tuple[str, ...] = names(event)
        if self._reads_text and event.kind == "message":
            known = (*known, f"text:{event.text}")
        found = [ready for name in known for ready in self._exact.get(name, ())]
        if len(found) > 1:
            found.sort()
        yield from (ready for ready in found if all(each.fits(known) for each in ready.conditions))
        yield from (ready for ready in self._globs if all(each.fits(known) for each in ready.conditions))


def names(event: Event) -> tuple[str, str, str, str]:
    """What rules can match of an event, beside its text: in the order of `KINDS`."""
    platform, _ = split_id(event.bot)
    return (f"user:{event.user}", f"chat:{event.chat}", f"bot:{event.bot}", f"platform:{platform}")


def fault(rule: Rule) -> str:
    """Why a rule cannot be, as a translation key; empty when it can."""
    if not 0 < len(rule.match) <= LONGEST:
        return mark("Give a rule something to match, at most 500 characters.")
    for pattern in _JOINT.split(rule.match):
        kind, colon, name = pattern.partition(":")
        if pattern != "*" and not (colon and kind in KINDS and name and name == name.strip()):
            return mark(
                "A rule matches user:…, chat:…, bot:…, platform:… or text:…, several joined by ' & ', or * alone."
            )
    if _TARGET.fullmatch(rule.to) is None or rule.to == PLUGIN:
        return mark("A rule leads to plugins, plugin:<id>, drop, or the name of a worker or a pool.")
    return ""


def is_glob(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def matches(pattern: str, name: str) -> bool:
    """Whether the whole name fits the pattern."""
    if not is_glob(pattern):
        return pattern == name
    return _compiled(pattern).fullmatch(name) is not None


def _ready(rules: Sequence[Rule]) -> Iterable[Ready]:
    for number, rule in enumerate(rules, 1):
        if rule.enabled:
            patterns = _JOINT.split(rule.match)
            literal = sum(map(_weight, patterns))
            conditions = tuple(_condition(each) for each in patterns)
            yield Ready((any(map(is_glob, patterns)), -literal, number), rule, conditions)


def _weight(pattern: str) -> int:
    """How much a condition says: `*` alone nothing, a platform next to nothing, a name its literal characters."""
    kind, colon, name = pattern.partition(":")
    return len(colon) if kind == "platform" else len(colon) + len(name) - name.count("*") - name.count("?")


def _condition(pattern: str) -> Condition:
    kind = pattern.partition(":")[0]
    place = KINDS.index(kind) if kind in KINDS else -1
    return Condition(pattern, place, _compiled(pattern) if is_glob(pattern) else None)


def _judged(number: int, rule: Rule, ready: Ready | None, winner: Ready | None) -> Judged:
    if ready is None:
        return Judged(number, rule, "no match" if rule.enabled else "off")
    if winner is ready:
        return Judged(number, rule, "wins")
    if winner is None or ready.rank < winner.rank:
        return Judged(number, rule, "away", AWAY)
    if ready.rank[0] and not winner.rank[0]:
        reason = mark("An exact rule beats one with * or ?.")
    elif ready.rank[1] != winner.rank[1]:
        reason = mark("A rule that says more beats one that says less.")
    else:
        reason = mark("Of two that say as much the earlier wins.")
    return Judged(number, rule, "beaten", reason)


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Any:
    import re2  # noqa: PLC0415 - a wildcard alone needs it

    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    pieces = re.split(r"(\*+|\?)", pattern)
    return re2.compile("".join(_piece(piece) for piece in pieces), options=options)


def _piece(piece: str) -> str:
    if piece.startswith("*"):
        return ".*"
    return "." if piece == "?" else re.escape(piece)
