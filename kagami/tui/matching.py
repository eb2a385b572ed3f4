"""Fuzzy search: every letter in its order, better the earlier, the closer together, and at the beginning of words."""

from __future__ import annotations

from collections.abc import Iterable


def score(wanted: str, text: str) -> float:
    """0 for no match; more is better."""
    wanted, text = wanted.casefold().replace(" ", ""), text.casefold()
    if not wanted:
        return 1.0
    whole = text.find(wanted)
    if whole >= 0:
        starts = whole == 0 or not text[whole - 1].isalnum()
        return 100.0 + (50.0 if starts else 0.0) - whole / 10 - len(text) / 100
    return _scattered(wanted, text)


def _scattered(wanted: str, text: str) -> float:
    place, total = -1, 0.0
    for letter in wanted:
        found = text.find(letter, place + 1)
        if found < 0:
            return 0.0
        if found == 0 or not text[found - 1].isalnum():
            total += 3.0
        elif found == place + 1:
            total += 2.0
        total += 1.0 / (1 + found - place)
        place = found
    # Letters strewn all over a sentence are chance, not what was meant.
    return total if total >= 1.5 * len(wanted) else 0.0


def best(wanted: str, texts: Iterable[str]) -> float:
    """The best score among several spellings of one thing."""
    return max((score(wanted, text) for text in texts), default=0.0)
