"""Everything private in a text."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import ahocorasick
import re2

from kagami.core.privacy.addresses import addresses, mails
from kagami.core.privacy.names import names
from kagami.core.privacy.numbers import Found, cards, ids, phones
from kagami.core.privacy.span import KINDS, Plain, Span, settle

LEAST_NAME = 2
MOST_NAMES = 2_000
_FINDERS: dict[str, Callable[[str], Iterator[Found]]] = {
    "id": ids,
    "card": cards,
    "phone": phones,
    "mail": mails,
    "ip": addresses,
    "name": names,
}
# Names that people give themselves and that everybody says.
_NO_NAMES = frozenset(
    {
        "me",
        "admin",
        "user",
        "bot",
        "all",
        "test",
        "hello",
        "ok",
        "the",
        "管理员",
        "机器人",
        "匿名",
        "群主",
        "用户",
        "大家",
        "好的",
    }
)


class BadPattern(ValueError):
    """A custom pattern that RE2 does not take; and why."""


class Rules:
    """What is looked for: `kinds` of `KINDS`, and patterns by names of their own, which are kinds too."""

    def __init__(self, kinds: Collection[str] = KINDS, patterns: Mapping[str, str] | None = None) -> None:
        self.kinds = tuple(kind for kind in KINDS if kind in kinds)
        self.patterns = {name: _compile(source) for name, source in (patterns or {}).items()}
        self.order = (*self.kinds, *self.patterns)


def _compile(source: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(source, options=options)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        raise BadPattern(reason) from None


class Known:
    """Names of people who are known in one chat. The oldest are forgotten when there are too many."""

    def __init__(self, given: Iterable[str] = ()) -> None:
        self._names: dict[str, None] = {}
        self._tree: Any = None
        for name in given:
            self.meet(name)

    def meet(self, name: str) -> None:
        plain = Plain(name).text.strip().casefold()
        if plain in self._names or len(plain) < LEAST_NAME or plain in _NO_NAMES or not any(map(str.isalpha, plain)):
            return
        if plain.isascii() and len(plain) <= LEAST_NAME:
            return
        self._names[plain] = None
        if len(self._names) > MOST_NAMES:
            del self._names[next(iter(self._names))]
        self._tree = None

    def find(self, text: str) -> Iterator[Found]:
        """Whole words, whatever their case."""
        if not self._names:
            return
        if self._tree is None:
            self._tree = ahocorasick.Automaton()
            for name in self._names:
                self._tree.add_word(name, len(name))
            self._tree.make_automaton()
        # A text whose length changes with its case has no place to tell.
        lowered = text.casefold()
        if len(lowered) != len(text):
            lowered = text
        for last, length in self._tree.iter(lowered):
            start, end = last + 1 - length, last + 1
            if not (_joined(lowered, start) or _joined(lowered, end)):
                yield start, end


def _joined(text: str, place: int) -> bool:
    """Whether two Latin letters or digits meet here."""
    if not 0 < place < len(text):
        return False
    left, right = text[place - 1], text[place]
    return left.isascii() and right.isascii() and left.isalnum() and right.isalnum()


@cache
def every() -> Rules:
    return Rules()


def find(text: str, rules: Rules | None = None, *known: Known) -> list[Span]:
    """Sorted by place; none overlaps another. Time is linear in the text."""
    rules = rules or every()
    plain = Plain(text)
    found = [plain.span(kind, *place) for kind in rules.kinds for place in _FINDERS[kind](plain.text)]
    if "name" in rules.kinds:
        found += [plain.span("name", *place) for each in known for place in each.find(plain.text)]
    for kind, pattern in rules.patterns.items():
        found += [Span(kind, *match.span()) for match in pattern.finditer(text) if match.end() > match.start()]
    return settle(found, rules.order) if found else []
