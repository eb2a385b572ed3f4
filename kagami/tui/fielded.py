"""A line of search words: `chat:123456 outcome:dead >50ms "two words"` is fields, a time, and what is left."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

# A field's name with a quoted phrase or a word, a quoted phrase, or a word.
_WORD = re.compile(r'(?:(\w+):)?(?:"([^"]*)"?|(\S+))')
_SLOWER = re.compile(r">(\d+(?:\.\d+)?)(us|µs|ms|s)?")
_UNITS_US = {"us": 1, "µs": 1, "ms": 1_000, "s": 1_000_000}
LONGEST_US = 1 << 50


class Fielded(NamedTuple):
    """`slower_us` is 0 when no time was named; a number without a unit is milliseconds."""

    fields: dict[str, str]
    text: str
    slower_us: int = 0


def fielded(line: str, names: Collection[str]) -> Fielded:
    """Split a line; a word with a colon whose field is none of `names` is a word."""
    fields: dict[str, str] = {}
    words: list[str] = []
    slower_us = 0
    for found in _WORD.finditer(line):
        name, phrase, word = found.groups()
        said = word if phrase is None else phrase
        slower = None if name else _SLOWER.fullmatch(word or "")
        if name and name.lower() in names:
            fields[name.lower()] = said
        elif slower:
            slower_us = _microseconds(*slower.groups("ms"))
        else:
            words.append(f"{name}:{said}" if name else said)
    return Fielded(fields, " ".join(filter(None, words)), slower_us)


def _microseconds(number: str, unit: str) -> int:
    return min(LONGEST_US, int(float(number) * _UNITS_US[unit]))
