"""Live secrets in texts, found by their value: a key hides wherever it turns up, in whatever form."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from kagami.core.secrets import HIDDEN, WELL_KNOWN

# Shorter ones are words that mean something else most of the time.
LEAST_SECRET = 8


class Redactor:
    """Hides the values it was given, and their forms in URLs, JSON and base64."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._tree: Any = None
        self.add(*secrets)

    def add(self, *secrets: str) -> None:
        """Hide these as well; short and well-known ones are left out."""
        new = {
            each for each in secrets if len(each) >= LEAST_SECRET and each.casefold() not in WELL_KNOWN
        } - self._known
        if not new:
            return
        self._known |= new
        import ahocorasick  # noqa: PLC0415 - a command without secrets does not load it

        tree = ahocorasick.Automaton()
        for secret in self._known:
            for form in forms(secret):
                tree.add_word(form, len(form))
        tree.make_automaton()
        # Replaced whole: another thread may be reading with the one before.
        self._tree = tree

    def hide(self, text: str) -> str:
        if self._tree is None:
            return text
        found = [(last + 1 - length, last + 1) for last, length in self._tree.iter(text)]
        if not found:
            return text
        parts: list[str] = []
        place = 0
        for start, end in _merged(found):
            parts += (text[place:start], HIDDEN)
            place = end
        return "".join((*parts, text[place:]))


def forms(secret: str) -> set[str]:
    """How a secret may be written."""
    found = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret)}
    found |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
    content = secret.encode(errors="surrogatepass")
    for before in range(3):
        # In a longer text the first and the last sign also hold bits of its neighbours.
        coded = b64encode(b"\0" * before + content).decode().rstrip("=")
        inner = coded[-(-8 * before // 6) : len(coded) - bool((before + len(content)) % 3)]
        found |= {inner, inner.replace("+", "-").replace("/", "_")}
    return {each for each in found if len(each) >= LEAST_SECRET}


def _merged(found: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    found.sort()
    start, end = found[0]
    for each in found[1:]:
        if each[0] > end:
            yield start, end
            start, end = each
        end = max(end, each[1])
    yield start, end
