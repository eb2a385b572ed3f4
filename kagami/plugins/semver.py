"""Versions as https://semver.org (2.0.0) writes and orders them."""

from __future__ import annotations

import re
from functools import total_ordering
from typing import NamedTuple

_NUMBER = r"(0|[1-9]\d{0,8})"
_SEMVER = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-([0-9A-Za-z.-]{{1,64}}))?(?:\+([0-9A-Za-z.-]{{1,64}}))?")


class _Core(NamedTuple):
    major: int
    minor: int
    patch: int


@total_ordering
class Version:
    """A parsed version. Build metadata is shown but plays no part in the order."""

    __slots__ = ("_key", "pre", "text")

    def __init__(self, text: str) -> None:
        found = _SEMVER.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not a version like 1.2.0 or 1.2.0-beta.1")
        self.text = text
        self.pre: str = found[4] or ""
        core = _Core(int(found[1]), int(found[2]), int(found[3]))
        self._key = (core, not self.pre, [_identifier(each) for each in self.pre.split(".")] if self.pre else [])

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key == other._key

    def __lt__(self, other: Version) -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash((self._key[0], self.pre))


def _identifier(text: str) -> tuple[bool, int, str]:
    """Numbers come before words and are compared as numbers."""
    return (False, int(text), "") if text.isdecimal() else (True, 0, text)
