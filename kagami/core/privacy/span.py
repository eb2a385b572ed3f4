"""What is found in a text, and the text as patterns see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from kagami.core.privacy.config import ALL_KINDS

# In this order the equally long win over one another; custom patterns follow.
KINDS: tuple[str, ...] = ALL_KINDS

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63"
_SPACES = "\u00a0\u2002\u2003\u2009\u202f\u3000"
_INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])
_PLAIN: dict[int, str] = (
    {0xFF00 + sign: chr(0x20 + sign) for sign in range(1, 0x5F)}
    | {ord(sign): "-" for sign in _DASHES}
    | {ord(sign): " " for sign in _SPACES}
    | {zero + digit: str(digit) for zero in (0x660, 0x6F0) for digit in range(10)}
    | {0x2019: "'", 0xFFE5: "¥"}
)


class Span(msgspec.Struct, frozen=True, gc=False):
    """`text[start:end]` is of this kind; in characters."""

    kind: str
    start: int
    end: int


class Plain:
    """A text with full-width signs, dashes and spaces made plain and invisible signs left out."""

    __slots__ = ("_places", "text")

    def __init__(self, text: str) -> None:
        self._places: list[int] | None = None
        if not text.isascii():
            if not _INVISIBLE.keys().isdisjoint(map(ord, set(text))):
                self._places = [place for place, sign in enumerate(text) if ord(sign) not in _INVISIBLE]
                text = text.translate(_INVISIBLE)
            text = text.translate(_PLAIN)
        self.text = text

    def span(self, kind: str, start: int, end: int) -> Span:
        """In the text that was given."""
        places = self._places
        return Span(kind, start, end) if places is None else Span(kind, places[start], places[end - 1] + 1)


def settle(found: Iterable[Span], order: Iterable[str] = KINDS) -> list[Span]:
    """Of those that overlap the longest stays, of equally long ones the first in `order`; sorted by place."""
    rank = {kind: place for place, kind in enumerate(order)}
    taken: list[Span] = []
    for group in _clusters(sorted(found, key=lambda each: each.start)):
        group.sort(key=lambda each: (each.start - each.end, rank.get(each.kind, len(rank)), each.start))
        kept: list[Span] = []
        for each in group:
            if all(each.end <= other.start or other.end <= each.start for other in kept):
                kept.append(each)
        taken += kept
    return sorted(taken, key=lambda each: each.start)


def _clusters(found: Iterable[Span]) -> Iterator[list[Span]]:
    """Runs of spans that touch one another: what is far apart is never compared."""
    group: list[Span] = []
    end = 0
    for each in found:
        if group and each.start >= end:
            yield group
            group = []
        group.append(each)
        end = max(end, each.end)
    if group:
        yield group
