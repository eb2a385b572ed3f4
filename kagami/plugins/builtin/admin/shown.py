"""Answers of operations as short text for a chat."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from kagami.i18n import Translate
from kagami.log import escape
from kagami.operations.worded import filled, ours
from kagami.ports import AlertRow, Notice
from kagami.reasons.say import say

MOST_LINES = 20
LONGEST_LINE = 200
_NOTHING: tuple[Any, ...] = ("", 0, (), [], {}, None)
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def shown(value: Any, t: Translate) -> str:
    """A struct as `name: value` lines, a list as one line an item, at most twenty of them."""
    if value is None:
        return t("Done.")
    if isinstance(value, msgspec.Struct):
        return "\n".join(_clipped(f"{name}: {each}") for name, each in _told(value, t)) or t("Nothing.")
    if isinstance(value, list | tuple):
        return _listed(value, t)
    return _clipped(_word(value, t))


def _listed(items: Sequence[Any], t: Translate) -> str:
    if not items:
        return t("Nothing.")
    lines = [_clipped(_line(item, t)) for item in items[:MOST_LINES]]
    if len(items) > MOST_LINES:
        lines.append(t("… and {count} more").format(count=len(items) - MOST_LINES))
    return "\n".join(lines)


def _line(item: Any, t: Translate) -> str:
    if not isinstance(item, msgspec.Struct):
        return _word(item, t)
    return " · ".join(f"{name} {each}" for name, each in _told(item, t))


def _told(row: msgspec.Struct, t: Translate) -> Iterator[tuple[str, str]]:
    """What is not empty, in the order of the fields; texts of ours are in the reader's language."""
    fields = msgspec.structs.asdict(row)
    if isinstance(row, AlertRow | Notice):
        fields |= {"text": filled(row, t), "fields": {}}
    for name, each in fields.items():
        if each not in _NOTHING:
            yield name, _word(say(each, t) if name in ours(row) and isinstance(each, str) else each, t)


def _word(value: Any, t: Translate) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3g}"
        case msgspec.Struct():
            return f"({_line(value, t)})"
        case Mapping():
            return _joined(f"{key} {_word(each, t)}" for key, each in value.items())
        case list() | tuple():
            return _joined(_word(each, t) for each in value)
        case _:
            return escape(str(value))


def _joined(words: Iterable[str]) -> str:
    return ", ".join(words) or "-"


def _clipped(line: str) -> str:
    line = " ".join(line.split("\n"))
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"


def shown_bytes(amount: float) -> str:
    """`512 B`, `1.5 MB`: powers of 1024."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(amount) < 1024:  # noqa: PLR2004 - the step between units
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TB"


def shown_span(seconds: float) -> str:
    """The two largest units: `3d 4h`, `5m 12s`."""
    left = max(0, math.floor(seconds))
    words: list[str] = []
    for unit, size in _UNITS:
        amount, left = divmod(left, size)
        if amount or (unit == "s" and not words):
            words.append(f"{amount}{unit}")
    return " ".join(words[:2])
