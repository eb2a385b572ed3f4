"""Stand-ins: `[phone-1]` stands for the first phone number of a chat, there and back."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kagami.core.privacy.finding import Known, Rules, find
from kagami.core.privacy.span import Plain, Span

MOST_VALUES = 2_000
# As a language model may write it: another case, spaces, other brackets and dashes, escaped.
_MARK = re.compile(r"\\?[\[【［〔]\s{0,3}([^\W\d_][\w.-]{0,31}?)\s{0,3}[-_‐‑–—－ ]\s{0,3}(\d{1,9})\s{0,3}\\?[\]】］〕]")
_NUMBERS = frozenset({"phone", "id", "card"})
# What somebody wrote that looks like one of ours.
LOOKALIKE = "mark"


class Book:
    """What one chat's stand-ins stand for. The same value keeps its stand-in; the oldest values are forgotten."""

    __slots__ = ("_counts", "_marks", "_values", "known")

    def __init__(self) -> None:
        self.known = Known()
        self._marks: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._counts: dict[str, int] = {}

    def mark(self, kind: str, value: str) -> str:
        key = (kind, _same(kind, value))
        mark = self._marks.pop(key, None)
        if mark is None:
            self._counts[kind] = number = self._counts.get(kind, 0) + 1
            mark = f"[{kind}-{number}]"
        self._marks[key] = mark  # at the end: the one that was used last
        self._values[mark] = value
        if len(self._marks) > MOST_VALUES:
            self._values.pop(self._marks.pop(next(iter(self._marks))), None)
        return mark

    def value(self, mark: str) -> str | None:
        return self._values.get(mark)


def _same(kind: str, value: str) -> str:
    """What all spellings of a value have in common."""
    plain = Plain(value).text.casefold()
    if kind not in _NUMBERS:
        return plain
    digits = "".join(sign for sign in plain if sign.isalnum())
    return digits.removeprefix("00").removeprefix("86") if kind == "phone" else digits


def mask(text: str, book: Book, rules: Rules | None = None, *others: Known, both_ways: bool = False) -> str:
    """The text with stand-ins. With `both_ways` what looks like one already gets one itself, so that
    `restore` gives back what was there, and nobody can ask for another's value by writing its stand-in.
    """
    found = find(text, rules, book.known, *others)
    if both_ways:
        found = _with_lookalikes(text, found)
    return replace(text, found, book) if found else text


def replace(text: str, found: Iterable[Span], book: Book) -> str:
    parts: list[str] = []
    place = 0
    for each in found:
        parts += (text[place : each.start], book.mark(each.kind, text[each.start : each.end]))
        place = each.end
    return "".join((*parts, text[place:]))


def _with_lookalikes(text: str, found: list[Span]) -> list[Span]:
    marks = [Span(LOOKALIKE, *each.span()) for each in _MARK.finditer(text)]
    if not marks:
        return found
    kept = [each for each in found if all(each.end <= other.start or other.end <= each.start for other in marks)]
    return sorted([*kept, *marks], key=lambda each: each.start)


def restore(text: str, book: Book) -> str:
    """The text with what this book's stand-ins stand for; all others stay as they are."""

    def one(found: re.Match[str]) -> str:
        value = book.value(f"[{found[1].lower()}-{int(found[2])}]")
        return found[0] if value is None else value

    return _MARK.sub(one, text)
