"""The ring of log lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import msgspec

from kagami.log import LEVELS, LogLine
from kagami.operations.registry import Request, operation
from kagami.ports import Parts

# An optional minus and field name, then a quoted phrase or one word.
_WORD = re.compile(r'(-?(?:\w+:)?)(?:"([^"]*)"?|(\S+))')

Level = Literal["debug", "info", "warning", "error"]


class Window(Request, frozen=True):
    """Either the newest lines older than `before` (0: the end), or, with `after`, the oldest lines newer than it.

    `filter` is words that a line must contain in its source, text or fields, regardless of case; `-word` excludes,
    `field:word` looks into one field or into `source`, quotes hold a phrase together.
    """

    before: int = 0
    after: int = 0
    limit: int = 200
    level: Level = "debug"
    filter: str = ""


class Windowed(msgspec.Struct, frozen=True):
    """`kept` lines are in the ring, `newest` is the last sequence number, `counts` are by level since start."""

    lines: list[LogLine]
    kept: int
    newest: int
    counts: dict[str, int]


@operation("logs.window", "logs:read")
async def window(parts: Parts, request: Window) -> Windowed:
    """Log lines by place, level and words."""
    ring = parts.ring
    wanted = matcher(LEVELS[request.level], request.filter)
    limit = max(1, min(request.limit, 2_000))
    if request.after:
        lines = ring.since(wanted=wanted, after=request.after, limit=limit)
    else:
        lines = ring.window(wanted=wanted, before=request.before, limit=limit)
    counts = {name: ring.counts.get(number, 0) for name, number in LEVELS.items()}
    return Windowed(lines, ring.kept, ring.newest, counts)


def matcher(level: int, words: str) -> Callable[[LogLine], bool]:
    """The test for a filter as `Window` describes it."""
    terms = [_term(word) for word in _split(words)]

    def wanted(line: LogLine) -> bool:
        return line.level >= level and all(term(line) for term in terms)

    return wanted


def _split(words: str) -> list[str]:
    return [prefix + (phrase or word) for prefix, phrase, word in _WORD.findall(words)]


def _term(word: str) -> Callable[[LogLine], bool]:
    if word.startswith("-") and len(word) > 1:
        inner = _term(word[1:])
        return lambda line: not inner(line)
    name, colon, value = word.partition(":")
    if colon and name and value:
        needle = value.lower()
        return lambda line: needle in (line.source if name == "source" else line.fields.get(name, "")).lower()
    needle = word.lower()
    return lambda line: (
        needle in line.text.lower()
        or needle in line.source.lower()
        or any(needle in each.lower() for each in line.fields.values())
    )


OPERATIONS = (window,)
