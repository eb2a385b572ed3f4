"""Who handles an event, and why.

A rule matches one of the event's names, `user:10001`, `chat:group:123456`, `bot:qq:10001000`, `platform:qq`, exactly
or by a glob anchored at both ends (`*` and `?`). Exact beats glob, more literal characters beat fewer, then the
earlier rule wins.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

import msgspec

from kagami.model.event import Event
from kagami.model.ids import split_id

PLUGINS = "plugins"


class Rule(msgspec.Struct, frozen=True, omit_defaults=True):
    """`to` names a worker, a pool or `plugins`; when that is away an `exclusive` rule lets nobody else have it."""

    match: str
    to: str
    exclusive: bool = False


class Decision(msgspec.Struct, frozen=True):
    """`to` is empty when nobody may handle it; `reason` is for the trace."""

    to: str
    reason: str


class Member(msgspec.Struct, frozen=True):
    """A live member of a pool: its usual response time in seconds (0 when unknown) and its weight."""

    name: str
    seconds: float
    weight: float = 1.0


_NO_RULES = Decision(PLUGINS, "no rules")


def names(event: Event) -> tuple[str, ...]:
    """What rules can match of an event."""
    platform, _ = split_id(event.bot)
    return (f"user:{event.user}", f"chat:{event.chat}", f"bot:{event.bot}", f"platform:{platform}")


def decide(rules: Sequence[Rule], event: Event, live: Collection[str]) -> Decision:
    """The first rule by rank whose target is live, else the plugin host."""
    if not rules:
        return _NO_RULES
    passed = ""
    for number, rule in _ranked(rules, names(event)):
        if rule.to in live:
            return Decision(rule.to, f"rule {number} {rule.match}{passed}")
        if rule.exclusive:
            return Decision("", f"rule {number} {rule.match}: {rule.to} is away")
        passed += f", after rule {number}: {rule.to} is away"
    return Decision(PLUGINS, f"no rule matched{passed}")


def _ranked(rules: Sequence[Rule], wanted: Iterable[str]) -> list[tuple[int, Rule]]:
    candidates = tuple(wanted)
    found = [
        (is_glob(rule.match), -_literal(rule.match), number, rule)
        for number, rule in enumerate(rules, 1)
        if any(matches(rule.match, name) for name in candidates)
    ]
    found.sort(key=lambda row: row[:3])
    return [(number, rule) for _, _, number, rule in found]


def is_glob(pattern: str) -> bool:
    return "*" in pattern or "?" in pattern


def matches(pattern: str, name: str) -> bool:
    """Whether the whole name fits the pattern."""
    if not is_glob(pattern):
        return pattern == name
    return _compiled(pattern).fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    # Runs of `*` are one: `a**b` would otherwise backtrack twice over.
    pieces = re.split(r"(\*+|\?)", pattern)
    return re.compile("".join(_piece(piece) for piece in pieces), re.DOTALL)


def _piece(piece: str) -> str:
    if piece.startswith("*"):
        return ".*"
    return "." if piece == "?" else re.escape(piece)


def _literal(pattern: str) -> int:
    return len(pattern) - pattern.count("*") - pattern.count("?")


def balance(members: Sequence[Member], chance: float) -> Member | None:
    """One live member by `chance` (0 to 1), each with a share of weight / response time.

    A member without a known time is taken for the fastest known one, so that it gets measured.
    """
    known = [member.seconds for member in members if member.seconds > 0]
    fastest = min(known, default=1.0)
    shares = [member.weight / (member.seconds or fastest) for member in members]
    point = chance * sum(shares)
    for member, share in zip(members, shares, strict=True):
        point -= share
        if point < 0:
            return member
    return members[-1] if members else None


def sticky(holders: Mapping[str, str], chat: str, live: Collection[str]) -> str | None:
    """The member that holds a chat, while it is live."""
    holder = holders.get(chat)
    return holder if holder in live else None
