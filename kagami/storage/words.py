"""Text as the search index keeps it. Pure.

A message contains a searched text when the normal form of the one contains the normal form of the other: no words, no
languages. The index holds overlapping pieces of each text: from every place one piece, of two characters where an
ideograph or the like begins, else of three. A piece is written in ASCII, four digits a character, so that whatever a
text holds, the index sees one word, and no query can be taken for its syntax.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from zlib import crc32

# From here on a character says as much as a short word of an alphabet (CJK radicals begin here).
WIDE_FROM = "\u2e80"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
# Pieces begin with 0 to n, since characters end at U+10FFFF.
NAME_LETTERS = {"bot": "x", "chat": "y", "user": "z"}
# A long text is indexed as far as this; longer ones are found by their beginning.
MOST_CHARACTERS = 10_000
# More pieces than this narrow a search no further: every hit is compared with the text anyway.
MOST_PIECES = 8


def normal(text: str) -> str:
    """Compatibility forms and case folded away, each run of white space one space."""
    folded = text.casefold() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    if not folded.isascii():
        folded = unicodedata.normalize("NFKC", folded)
    return " ".join(folded.split())


def contains(text: str, wanted: str) -> bool:
    """What a search means. `wanted` is a normal form."""
    return wanted in normal(text)[:MOST_CHARACTERS]


def index(text: str, *, bot: str, chat: str, user: str) -> str:
    """The pieces of a text and one word for each name, each once, with spaces between."""
    shown = normal(text)[:MOST_CHARACTERS]
    pieces = {_written(shown[place : place + _width(shown[place])]) for place in range(len(shown))}
    return " ".join((*pieces, *_names(bot=bot, chat=chat, user=user)))


def query(wanted: str, *, bot: str = "", chat: str = "", user: str = "") -> str:
    """What to ask the index for: every message of these that contains `wanted` (a normal form) matches.

    An FTS5 expression of quoted words; when the text is shorter than one piece, all pieces that begin with it.
    """
    words = [f'"{name}"' for name in _names(bot=bot, chat=chat, user=user)]
    if not is_short(wanted):
        words += [f'"{_written(piece)}"' for piece in _spread(_whole(wanted))]
    elif wanted:
        words.append(f'"{_written(wanted)}"*')
    return " AND ".join(words)


def _names(**names: str) -> list[str]:
    """Words for names that are not empty. They begin with a letter that no piece begins with."""
    given = ((NAME_LETTERS[kind], name.encode("utf-8", "replace")) for kind, name in names.items() if name)
    return [f"{letter}{crc32(name):08x}" for letter, name in given]


def is_short(wanted: str) -> bool:
    """Shorter than a piece, so that the index has to join many pieces."""
    return not _whole(wanted)


def _whole(wanted: str) -> list[str]:
    found = (wanted[place : place + _width(start)] for place, start in enumerate(wanted))
    return [piece for piece in found if len(piece) == _width(piece[0])]


def _spread(pieces: list[str]) -> list[str]:
    """At most `MOST_PIECES` different ones, from all over the text."""
    step = -(-len(pieces) // MOST_PIECES)
    return list(dict.fromkeys((*pieces[::step], pieces[-1])))


def _width(start: str) -> int:
    return 2 if start >= WIDE_FROM else 3


@lru_cache(maxsize=16_384)
def _written(piece: str) -> str:
    return "".join(map(_digits, piece))


def _digits(character: str) -> str:
    rest, last = divmod(ord(character), 36)
    rest, third = divmod(rest, 36)
    first, second = divmod(rest, 36)
    return DIGITS[first] + DIGITS[second] + DIGITS[third] + DIGITS[last]
