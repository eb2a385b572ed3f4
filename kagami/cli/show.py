"""Answers of operations as text. What came from outside is shown on one line, without control characters."""

from __future__ import annotations

import logging
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from kagami.i18n import Translate
from kagami.log import escape
from kagami.operations.cluster import STATE_WORDS, ProcessRow
from kagami.operations.worded import filled, ours
from kagami.ports import AlertRow, BotKind, BotRow, Field, Notice, PluginRow, VersionRow, WorkerRow
from kagami.reasons.say import say

GAP = "  "
LONGEST_CELL = 60
LEAST_CELL = 12
# So few rows are shown whole rather than cut.
FEW = 2
# What a field says that says nothing.
_NOTHING = ("", "no", "0")
# Of rows with many fields, the ones that a terminal has room for; `--json` has all.
_MAIN: Mapping[type, tuple[str, ...]] = {
    PluginRow: ("id", "version", "canary", "weight", "state", "handled", "failed", "p95_ms", "problems"),
    BotRow: ("id", "name", "health.state", "health.reason", "received", "sent", "failed", "p95_ms"),
    WorkerRow: (
        "name",
        "state",
        "node",
        "pool",
        "chats",
        "handled",
        "failed",
        "mean_ms",
        "feed.reason",
        "feed.behind_s",
    ),
    Field: ("name", "kind", "value", "default", "origin", "text"),
    ProcessRow: ("node", "role", "state", "partitions", "accounts", "lag_s", "duty", "trouble", "redis"),
}
# Keys of every kind of bots.
_SHARED = ("name", "enabled", "pace", "call_seconds")
# What stands for a row inside a row.
_SHORT: Mapping[type, tuple[str, ...]] = {VersionRow: ("version", "state")}
# A number of milliseconds above this is a moment (after 1973), below it a duration.
FIRST_MOMENT_MS = 100_000_000_000


def lines(value: Any, *, cut: bool, columns: int = 0, t: Translate = str) -> Iterator[str]:
    """An answer for people: lists as tables, Structs as names and values; reasons are said in the language of `t`.

    `cut` shortens what is very long. With the `columns` of a terminal a list of many fields shows the main ones, and
    what is still too wide becomes a block a row.
    """
    if isinstance(value, list | tuple):
        rows = [_kind(each) if isinstance(each, BotKind) else _said(each, flat(each, row=True), t) for each in value]
        yield from _fitted(_main(value, rows), columns) if columns else table(rows, cut=cut)
    elif isinstance(value, msgspec.Struct | Mapping):
        yield from _record(value, cut=cut, columns=columns, t=t)
    elif value is not None:
        yield cell(value)


def _kind(kind: BotKind) -> dict[str, str]:
    """What makes it another kind than the others; `--json` has all."""
    more = [
        each.key for each in kind.keys if each.key.partition(".")[0] not in _SHARED and each.key not in kind.required
    ]
    return {"kind": kind.kind, "required": ", ".join(kind.required), "also": ", ".join(more)}


def _said(value: Any, row: dict[str, str], t: Translate) -> dict[str, str]:
    if isinstance(value, ProcessRow):
        row["state"] = t(STATE_WORDS.get(value.state, value.state))
    if isinstance(value, AlertRow | Notice):
        told = {name: text for name, text in row.items() if name != "fields"}
        return told | {"text": escape(filled(value, t))}
    names = ours(value)
    return {name: say(text, t) if name.rpartition(".")[2] in names else text for name, text in row.items()}


def _record(value: msgspec.Struct | Mapping[str, Any], *, cut: bool, columns: int, t: Translate) -> Iterator[str]:
    tables = {name: each for name, each in _items(value) if _is_rows(each)}
    pairs = _said(value, flat({name: each for name, each in _items(value) if name not in tables}), t)
    widest = max((width(name) for name in pairs), default=0)
    for name, text in pairs.items():
        yield f"{pad(name, widest)}{GAP}{text}".rstrip()
    for name, rows in tables.items():
        yield ""
        yield f"{name}:"
        said = [_said(each, flat(each, row=True), t) for each in rows]
        yield from _fitted(_main(rows, said), columns) if columns else table(said, cut=cut)


def table(rows: Sequence[Mapping[str, str]], *, cut: bool) -> Iterator[str]:
    """Aligned columns under their names; columns in which nothing stands are left out.

    What is longer than a cell should be stands whole, and only its own row is moved by it.
    """
    names = [name for name in dict.fromkeys(chain.from_iterable(rows)) if any(row.get(name) for row in rows)]
    shape = shorten if cut else str
    cells = [names, *([shape(row.get(name, "")) for name in names] for row in rows)] if names else []
    widths = [min(max(map(width, column)), LONGEST_CELL) for column in zip(*cells, strict=True)]
    for row in cells:
        yield GAP.join(map(pad, row, widths)).rstrip()


def _main(values: Sequence[Any], rows: Sequence[Mapping[str, str]]) -> Sequence[Mapping[str, str]]:
    """The fields of known rows that a terminal has room for, and none that says nothing in all rows."""
    main = _MAIN.get(type(values[0]), ()) if values else ()
    names = main or dict.fromkeys(chain.from_iterable(rows))
    said = [name for name in names if any(row.get(name, "") not in _NOTHING for row in rows)]
    return [{name: row.get(name, "") for name in said} for row in rows]


def _fitted(rows: Sequence[Mapping[str, str]], columns: int) -> Iterator[str]:
    """A table that a terminal has room for, long columns cut; else blocks. All rows have the same fields."""
    names = list(rows[0]) if rows else []
    widths = {name: max(width(name), *(width(row[name]) for row in rows)) for name in names}
    room = columns - len(GAP) * (len(widths) - 1)
    while sum(widths.values()) > room:
        widest = max(widths, key=lambda name: widths[name])
        if widths[widest] <= LEAST_CELL or len(rows) <= FEW:
            yield from _blocks(rows, columns)
            return
        widths[widest] -= 1
    for texts in (dict(zip(names, names, strict=True)), *rows):
        yield GAP.join(pad(_fit(texts[name], size), size) for name, size in widths.items()).rstrip()


def _blocks(rows: Sequence[Mapping[str, str]], columns: int) -> Iterator[str]:
    """A block a row: its first field as a head, the others below it, whole."""
    for number, row in enumerate(rows):
        (_, head), *rest = row.items()
        told = {name: text for name, text in rest if text not in _NOTHING}
        widest = max(map(width, told), default=0)
        yield from [""] * bool(number)
        yield _fit(head or "-", columns)
        for name, text in told.items():
            lead = f"  {pad(name, widest)}{GAP}"
            for piece in _worded_pieces(text, max(LEAST_CELL, columns - width(lead))):
                yield lead + piece
                lead = " " * width(lead)


def _fit(text: str, columns: int) -> str:
    return text if width(text) <= columns else f"{_pieces(text, columns - 1)[0]}…"


def _worded_pieces(text: str, columns: int) -> Iterator[str]:
    """The same, broken between words where one of them has room."""
    while width(text) > columns:
        piece = _pieces(text, columns)[0]
        space = piece.rfind(" ") if text[len(piece)] != " " else len(piece)
        piece = piece[:space] if space > 0 else piece
        yield piece
        text = text[len(piece) :].lstrip()
    yield text


def _pieces(text: str, columns: int) -> list[str]:
    """A text in pieces of at most so many columns."""
    pieces, used = [""], 0
    for each in text:
        used += width(each)
        if used > columns:
            pieces.append("")
            used = width(each)
        pieces[-1] += each
    return pieces


def flat(value: Any, prefix: str = "", *, row: bool = False) -> dict[str, str]:
    """Names and texts of a value; nested Structs become `outer.inner`, and so do mappings except in a `row`."""
    if not isinstance(value, msgspec.Struct | Mapping) or (row and prefix and isinstance(value, Mapping)):
        return {prefix or "value": cell(value, prefix)}
    found: dict[str, str] = {}
    for name, each in _items(value):
        found |= flat(each, f"{prefix}.{name}" if prefix else name, row=row)
    return found


def cell(value: Any, name: str = "") -> str:
    """One value on one line. Moments (`…_ms`, `since`) are local time, levels are words."""
    if isinstance(value, msgspec.Struct):
        fields = _SHORT.get(type(value), ())
        told = (cell(each, field) for field, each in _items(value) if not fields or field in fields)
        return " ".join(filter(None, told))
    if isinstance(value, Mapping):
        return " ".join(f"{escape(str(key))}={cell(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(filter(None, (cell(each, name) for each in value)))
    return "" if value is None else escape(_scalar(value, name))


def _scalar(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, int) and name.endswith(("_ms", "since")) and value > FIRST_MOMENT_MS:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(value / 1000))
    if value == 0 and name == "at_ms":
        return ""
    if isinstance(value, int) and name == "level":
        return logging.getLevelName(value).lower()
    return str(value)


def shorten(text: str) -> str:
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


def width(text: str) -> int:
    """Columns that a terminal gives to a text without control characters."""
    return sum(
        2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text if not unicodedata.combining(each)
    )


def pad(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def _items(value: msgspec.Struct | Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from (value if isinstance(value, Mapping) else msgspec.structs.asdict(value)).items()


def _is_rows(value: Any) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(each, msgspec.Struct) for each in value)
