"""Text as Telegram counts it: lengths and offsets are UTF-16 code units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

LONGEST_TEXT = 4096
LONGEST_CAPTION = 1024
_WIDE = "\uffff"


class Linked(NamedTuple):
    """A stretch of a text that names a user."""

    offset: int
    length: int
    user: int


class Piece(NamedTuple):
    text: str
    links: tuple[Linked, ...] = ()


def units(text: str) -> int:
    """`"😀a"` has 3."""
    return len(text) if text.isascii() else len(text) + sum(each > _WIDE for each in text)


def place(text: str, offset: int) -> int:
    """Which character begins at a number of code units; the end of the text when it is shorter."""
    if text.isascii():
        return min(offset, len(text))
    seen = 0
    for at, each in enumerate(text):
        if seen >= offset:
            return at
        seen += 1 + (each > _WIDE)
    return len(text)


def sound(text: str) -> str:
    """The text without halves of characters, which cannot be sent."""
    return text.encode("utf-8", "replace").decode() if any("\ud800" <= each <= "\udfff" for each in text) else text


def split(whole: Piece, longest: int = LONGEST_TEXT) -> Iterator[Piece]:
    """Pieces of at most so many code units, cut at the ends of lines, else between words, else anywhere but in a name.

    What is blank is left out: Telegram takes no empty message.
    """
    text, links = whole
    # A longer text has at least as many units: it is not counted again for each piece.
    while len(text) > longest or units(text) > longest:
        at = _cut(text, links, longest)
        yield from _shown(Piece(text[:at], links))
        gone = units(text[:at])
        text = text[at:]
        links = tuple(each._replace(offset=each.offset - gone) for each in links if each.offset >= gone)
    yield from _shown(Piece(text, links))


def _cut(text: str, links: tuple[Linked, ...], longest: int) -> int:
    end = place(text, longest)
    if units(text[:end]) > longest:
        end -= 1
    at = max(text.rfind("\n", 0, end), 0) or max(text.rfind(" ", 0, end), 0)
    at = at + 1 if at >= end // 2 else end  # what a line further up would leave is too little for a message
    before = units(text[:at])
    inside = next((each for each in links if each.offset < before < each.offset + each.length), None)
    return place(text, inside.offset) if inside and inside.offset else at


def _shown(piece: Piece) -> Iterator[Piece]:
    """The piece without the line ends around it; nothing for a blank one."""
    text = piece.text.rstrip()
    if not text.strip():
        return
    ends = units(text)
    yield Piece(text, tuple(each for each in piece.links if each.offset + each.length <= ends))
