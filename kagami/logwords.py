"""Which log lines somebody wants to see: from a level on, and with the words of a filter.

A filter is words that a line must contain in its source, text or fields, regardless of case; `-word` excludes,
`field:word` looks into one field or into `source`, quotes hold a phrase together.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from kagami.log import LogLine

# An optional minus and field name, then a quoted phrase or one word.
_WORD = re.compile(r'(-?(?:\w+:)?)(?:"([^"]*)"?|(\S+))')


def matcher(level: int, words: str) -> Callable[[LogLine], bool]:
    """The test for a filter."""
    terms = [_term(word) for word in _split(words)]

    def wanted(line: LogLine) -> bool:
        return line.level >= level and all(term(line) for term in terms)

    return wanted


def needles(words: str) -> tuple[bytes, ...]:
    """What a wanted line holds in any case, written as JSON in lower case: a quick look before it is read.

    Only words that lower case and JSON leave alone: others are for the whole test.
    """
    found = []
    for word in _split(words):
        value = word.partition(":")[2] or word
        plain = value.isascii() or value.lower() == value.upper()
        if not word.startswith("-") and plain and value.isprintable() and '"' not in value and "\\" not in value:
            found.append(value.lower().encode())
    return tuple(found)


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
