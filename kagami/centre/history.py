"""What was changed, when and by whom, with the whole file before and after, sealed. Kept in the facts `@settings`."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Protocol

import msgspec

from kagami.centre.seal import Seal
from kagami.ports import ChangeRow, SettingChange, StorePut

NAMESPACE = "@settings"
KEPT = 200
_DIGITS = 9


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """`before` and `after` are sealed file texts, empty where there was no file.

    `back_to` is the entry before which an undo has brought the file; 0 for everything else.
    """

    id: int
    at_ms: int
    who: str
    act: str
    changes: list[SettingChange]
    version_before: str
    version_after: str
    before: str = ""
    after: str = ""
    back_to: int = 0


class Values(Protocol):
    """What of the store is needed."""

    async def items(self, plugin: str, prefix: str = "") -> dict[str, str]: ...

    async def put_many(self, writes: list[StorePut]) -> None: ...


def version_of(raw: bytes | None) -> str:
    """A short name of a file's content; empty for no file."""
    return "" if raw is None else sha256(raw).hexdigest()[:16]


class History:
    """The newest entries, in memory and in the store. `seal` is made at the first use: it reads the key."""

    def __init__(self, store: Values, seal: Callable[[], Seal], *, kept: int = KEPT) -> None:
        self._store = store
        self._seal = seal
        self._kept = kept
        self.entries: list[Entry] = []

    async def open(self) -> None:
        found = await self._store.items(NAMESPACE, "change:")
        self.entries = sorted((msgspec.json.decode(text, type=Entry) for text in found.values()), key=lambda e: e.id)

    @property
    def last(self) -> Entry | None:
        return self.entries[-1] if self.entries else None

    @property
    def next_id(self) -> int:
        return self.entries[-1].id + 1 if self.entries else 1

    async def add(self, entry: Entry, before: bytes | None, after: bytes | None) -> Entry:
        """On disk when this returns, and the oldest ones beyond the bound are not any more."""
        sealed = msgspec.structs.replace(
            entry, before=self._closed(before, entry.id, "before"), after=self._closed(after, entry.id, "after")
        )
        gone = self.entries[: max(0, len(self.entries) + 1 - self._kept)]
        writes = [StorePut(NAMESPACE, _key(each.id), None) for each in gone]
        text = msgspec.json.encode(sealed).decode()
        await self._store.put_many([*writes, StorePut(NAMESPACE, _key(entry.id), text)])
        self.entries = [*self.entries[len(gone) :], sealed]
        return sealed

    async def drop(self, entry: Entry) -> None:
        """It did not come to it."""
        await self._store.put_many([StorePut(NAMESPACE, _key(entry.id), None)])
        self.entries = [each for each in self.entries if each.id != entry.id]

    def before(self, entry: Entry) -> bytes | None:
        return self._opened(entry.before, entry.id, "before")

    def after(self, entry: Entry) -> bytes | None:
        return self._opened(entry.after, entry.id, "after")

    def undone(self) -> set[int]:
        """Numbers of entries that do not hold any more."""
        now: set[int] = set()
        earlier: dict[int, set[int]] = {}
        for each in self.entries:
            earlier[each.id] = now
            if each.back_to:
                now = earlier.get(each.back_to, set()) | {known for known in earlier if known >= each.back_to} - {
                    each.id
                }
        return now

    def changed_at(self) -> dict[str, int]:
        """When each key was last changed here, wall milliseconds."""
        return {change.key: entry.at_ms for entry in self.entries for change in entry.changes}

    def rows(self, key: str = "") -> list[ChangeRow]:
        undone = self.undone()
        rows = []
        for each in reversed(self.entries):
            changes = [change for change in each.changes if not key or f"{change.key}.".startswith(f"{key}.")]
            if changes or not key:
                rows.append(ChangeRow(each.id, each.at_ms, each.who, each.act, changes, each.id in undone))
        return rows

    def _closed(self, raw: bytes | None, number: int, column: str) -> str:
        return "" if raw is None else self._seal().close(raw, f"{NAMESPACE} {number} {column}")

    def _opened(self, sealed: str, number: int, column: str) -> bytes | None:
        return self._seal().open(sealed, f"{NAMESPACE} {number} {column}") if sealed else None


def _key(number: int) -> str:
    return f"change:{number:0{_DIGITS}}"
