"""Finds forbidden words, however they are dressed up: `ＶＸ`, `广.告`, `F u c k`.

Width, case, accents and everything that is neither letter nor digit are ignored. A word of Latin letters has to stand
alone, so that `ass` is not found in `class`; one of Chinese is found anywhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

# A message longer than this is searched up to here.
LONGEST_TEXT = 5_000


def plain(word: str) -> str:
    """The form in which words are compared; empty for one without letters and digits."""
    return "".join(sign for sign, _ in _letters(word))


class WordList:
    """Many words at once: a text costs a look-up a letter, however many words there are."""

    __slots__ = ("_lengths", "_words")

    def __init__(self, words: Iterable[str]) -> None:
        self._words = {bare: word for word in words if (bare := plain(word))}
        lengths: dict[str, set[int]] = {}
        for bare in self._words:
            lengths.setdefault(bare[:1], set()).add(len(bare))
        self._lengths = {first: tuple(sorted(found)) for first, found in lengths.items()}

    def __len__(self) -> int:
        return len(self._words)

    def find(self, text: str) -> str | None:
        """The first word that is in `text`, as it was given."""
        if not self._words:
            return None
        read = list(_letters(text[:LONGEST_TEXT]))
        letters = "".join(sign for sign, _ in read)
        edges = [*(edge for _, edge in read), True]
        for start, sign in enumerate(letters):
            for length in self._lengths.get(sign, ()):
                bare = letters[start : start + length]
                if bare in self._words and _stands(bare, start, edges):
                    return self._words[bare]
        return None


def _letters(text: str) -> Iterator[tuple[str, bool]]:
    """Letters and digits, each with whether a word may begin there. Accents of Latin letters are left out."""
    last, edge = "", True
    for sign in unicodedata.normalize("NFKD", text).casefold():
        accent = bool(unicodedata.combining(sign))
        if sign.isalnum() or (accent and not last.isascii()):
            yield sign, edge or last.isascii() != sign.isascii()
            last, edge = sign, False
        elif not accent:
            edge = True


def _stands(bare: str, start: int, edges: Sequence[bool]) -> bool:
    """Whether a word of Latin letters does not begin or end inside another."""
    return not bare.isascii() or (edges[start] and edges[start + len(bare)])
