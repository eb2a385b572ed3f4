"""Patterns of plugins, matched by RE2: time is linear in the text, whatever the pattern."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any


@cache
def _library() -> ModuleType:
    """Only where a plugin has patterns: it is a mebibyte."""
    import re2  # noqa: PLC0415

    return re2  # type: ignore[no-any-return]


def _options() -> Any:
    options = _library().Options()
    options.log_errors = False
    return options


class Pattern:
    """One intent's pattern: any of the keywords, whatever their case, or the regular expression."""

    __slots__ = ("_compiled", "source")

    def __init__(self, keywords: Sequence[str], regex: str) -> None:
        re2 = _library()
        words = [re2.escape(word) for word in keywords if word]
        sources = [f"(?i:{'|'.join(words)})"] if words else []
        sources += [f"(?:{regex})"] if regex else []
        if not sources:
            raise ValueError("an intent needs keywords or a regex")
        self.source = "|".join(sources)
        try:
            self._compiled = re2.compile(self.source, options=_options())
        except re2.error as error:
            reason = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
            raise ValueError(f"the regex {regex!r} is not one of RE2: {reason}") from None

    def groups(self, text: str) -> dict[int | str, str] | None:
        """What the groups hold, by number and by name, where the pattern is found."""
        found = self._compiled.search(text)
        if found is None:
            return None
        groups: dict[int | str, str] = {0: found.group(0)}
        groups.update((number, value or "") for number, value in enumerate(found.groups(), 1))
        groups.update((name, value or "") for name, value in found.groupdict().items())
        return groups


class Patterns:
    """Many patterns searched in one pass."""

    __slots__ = ("_set",)

    def __init__(self, patterns: Sequence[Pattern]) -> None:
        self._set: Any = None
        if patterns:
            self._set = _library().Set.SearchSet(_options())
            for pattern in patterns:
                self._set.Add(pattern.source)
            self._set.Compile()

    def first(self, text: str) -> int | None:
        """The place of the first pattern that is found in `text`."""
        if self._set is None:
            return None
        found = self._set.Match(text)
        return min(found) if found else None
