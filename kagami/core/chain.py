"""The chain of the audit: each row holds a link, made of the link before it, of the row and of a key. Pure.

`hash(n) = HMAC-SHA-256(key, hash(n - 1) || canonical form of row n)` in lower-case hexadecimal digits; before row 1
stands the empty text. The canonical form is a JSON list of `FIELDS`. Signed anchors say which hash a row had at some
time: with them it also shows when the end is missing, or when everything is an older copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from kagami.i18n import mark

FIELDS = ("seq", "at_ms", "kind", "name", "address", "operation", "target", "result")
# The operation whose row says that older rows were removed: `{"seq": <the last one of them>}`.
CUT = "audit.cut"

GAP = mark("rows before this one are missing")
MOVED = mark("it is not the row that belongs here")
CHANGED = mark("it does not fit the row before it: one of them was changed, or it was written without the key")
OTHER = mark("its signed anchor says that it was another row")
SHORT = mark("this row and perhaps more are missing: a signed anchor knows them")
UNSAID = mark("the rows before this one were removed, and no row of the audit says so")

BLOCK = 64  # bytes that SHA-256 takes at a time

_encoder = msgspec.json.Encoder()


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a verification found. When it is not `ok`, `row` or `anchor` is the first broken one and `why` says why.

    `first` and `last` are the numbers of the rows that hold together, `anchors` counts those that were compared.
    """

    ok: bool
    rows: int = 0
    first: int = 0
    last: int = 0
    anchors: int = 0
    row: int = 0
    anchor: int = 0
    why: str = ""


def canonical(fields: Sequence[Any]) -> bytes:
    """The bytes that stand for a row; `fields` in the order of `FIELDS`."""
    return _encoder.encode(fields)


class Links:
    """Makes links with one key: HMAC-SHA-256 (RFC 2104), its two halves begun once, which is twice as fast."""

    def __init__(self, key: bytes) -> None:
        block = (key if len(key) <= BLOCK else sha256(key).digest()).ljust(BLOCK, b"\0")
        self._inner = sha256(bytes(each ^ 0x36 for each in block))
        self._outer = sha256(bytes(each ^ 0x5C for each in block))

    def link(self, before: str, fields: Sequence[Any]) -> str:
        """The hash of a row behind the hash `before`."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(before.encode() + canonical(fields))
        outer.update(inner.digest())
        return outer.hexdigest()


def link(key: bytes, before: str, fields: Sequence[Any]) -> str:
    """As `Links.link`, for one row."""
    return Links(key).link(before, fields)


def fits(key: bytes, rows: Sequence[Sequence[Any]]) -> bool:
    """Whether one of these rows at least was sealed with the key: the newest first, each the `FIELDS` and the hash.

    True of none, and of a single row whose forerunner was removed.
    """
    befores = [row[-1] for row in rows[1:]] + ([""] if rows and rows[-1][0] == 1 else [])
    pairs = list(zip(rows, befores, strict=False))
    links = Links(key)
    return not pairs or any(links.link(before, row[:-1]) == row[-1] for row, before in pairs)


class Walk:
    """Follows a chain from its first row to its last. `anchors` are hashes by the number of their row."""

    def __init__(self, key: bytes, anchors: Mapping[int, str]) -> None:
        self._links = Links(key)
        self._anchors = anchors
        self._before = ""
        self._next = 0
        self._cuts: set[int] = set()
        self._met = 0
        self.rows = 0
        self.first = 0
        self.row = 0
        self.why = ""

    @property
    def last(self) -> int:
        return self._next - 1 if self._next else 0

    def take(self, rows: Iterable[Sequence[Any]]) -> bool:
        """Follow these rows, each the `FIELDS` and the hash; False from the first broken one on."""
        for row in rows:
            fields, stored = row[:-1], row[-1]
            if not self._next:
                self._begin(fields[0])
            if why := self._amiss(fields, stored):
                self.spoil(self._next, why)
            if self.why:
                return False
            self._before, self._next = stored, self._next + 1
            self.rows += 1
            if fields[5] == CUT:
                self._cuts.add(cut_of(fields[6]))
        return not self.why

    def spoil(self, row: int, why: str) -> None:
        """A row that could not even be read."""
        if not self.why:
            self.row, self.why = row, why

    def finish(self) -> Verdict:
        """The verdict, after the last row."""
        newest = max(self._anchors, default=0)
        if not self.why and newest > self.last:
            self.spoil(self.last + 1, SHORT)
        if not self.why and self.first > 1 and self.first - 1 not in self._cuts:
            self.spoil(self.first, UNSAID)
        return Verdict(not self.why, self.rows, self.first, self.last, self._met, self.row, 0, self.why)

    def _amiss(self, fields: Sequence[Any], stored: Any) -> str:
        """What is wrong with the next row; empty when it belongs there."""
        seq = fields[0]
        if seq != self._next:
            return MOVED if seq < self._next else GAP
        if self._links.link(self._before, fields) != stored:
            return CHANGED
        if seq in self._anchors:
            self._met += 1
            return "" if self._anchors[seq] == stored else OTHER
        return ""

    def _begin(self, seq: int) -> None:
        """A chain begins with row 1, or behind an anchored row, up to which the rows were removed."""
        self._next = self.first = seq
        self._before = self._anchors.get(seq - 1, "")
        if seq != 1 and not self._before:
            self._next = 1


def cut_of(target: str) -> int:
    """The last row that a cut removed; 0 when its row does not say."""
    try:
        return int(msgspec.json.decode(target, type=dict[str, int]).get("seq", 0))
    except msgspec.MsgspecError:
        return 0
