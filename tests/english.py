"""Finds English in what is shown in Chinese: texts that were shown as they are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from kagami.i18n import translator

# What touches one of these is a part of an identifier, a path or a field.
_JOINED = r"[\w.:=/@$'\"-]"
_RUN = re.compile(r"[A-Za-z]*[a-z]{2,}(?:,? [a-z']+)+")
_WORD = re.compile(rf"(?<!{_JOINED})[a-z]{{3,}}(?!{_JOINED})")


def english(lines: Iterable[str], foreign: Iterable[str] = ()) -> list[str]:
    """Runs of two and more words, and single ones for which there is Chinese; `foreign` is what came from outside."""
    return list(dict.fromkeys(each for line in lines for each in _found(line, foreign)))


def _found(line: str, foreign: Iterable[str]) -> Iterator[str]:
    for each in foreign:
        line = line.replace(each, "·")
    yield from (found[0] for found in _RUN.finditer(line))
    yield from (found[0] for found in _WORD.finditer(line) if translator("zh")(found[0]) != found[0])
