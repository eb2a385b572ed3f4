"""How far an application has come: what it has certainly taken is kept in the store."""

from __future__ import annotations

import msgspec

from kagami.ports import Store, StorePut
from kagami.ports.routing import WORKERS

CURSOR = "cursor:"


class _Kept(msgspec.Struct, frozen=True):
    number: int
    at_ms: int


class Cursor:
    """Of one connection: `sent` was written to it, `taken` it has answered for. Times are wall milliseconds."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._key = f"{CURSOR}{name}"
        self.name = name
        # Knows where it stands; another one goes on from here.
        self.opened = self.followed = False
        self.began: _Kept | None = None
        self._kept = 0
        self.sent = self.taken = 0
        self.taken_ms = 0
        self._sent_ms = 0

    def begin(self, newest: int, now_ms: int, before: Cursor | None = None) -> None:
        """Where it stands when nothing is kept of it; `before` may have ended before it could find out."""
        waited = before.began if before is not None and not before.opened else None
        self.began = waited or _Kept(newest, now_ms)

    async def open(self, newest: int, now_ms: int, before: Cursor | None = None) -> bool:
        """Where it was; True when it is here for the first time, and begins with what is new.

        `before` is that of the connection before it: what it knows may not be on disk yet.
        """
        if self.began is None:
            self.begin(newest, now_ms, before)
        if before is not None and before.opened:
            self.sent = self.taken = before.taken
            self.taken_ms = self._sent_ms = before.taken_ms
            self.opened, before.followed = True, True
            return False
        text = await self._store.get(WORKERS, self._key)
        kept = msgspec.json.decode(text, type=_Kept) if text else None
        if kept is not None and kept.number > newest:
            kept = None  # from a store that was newer than this one
        found = kept or self.began or _Kept(newest, now_ms)
        self.sent = self.taken = found.number
        self.taken_ms = self._sent_ms = found.at_ms
        self._kept = kept.number if kept else -1
        self.opened = True
        return kept is None and found.number == newest

    def advance(self, number: int, at_ms: int) -> None:
        """Everything up to this event was sent, or is none of its."""
        self.sent, self._sent_ms = number, at_ms

    def confirm(self, number: int) -> None:
        """It has read what was sent up to here."""
        self.taken = max(self.taken, number)
        if self.taken == self.sent:
            self.taken_ms = self._sent_ms

    async def save(self) -> None:
        """On disk when it ends, and never before the events that it stands behind."""
        if self.opened and not self.followed and self.taken != self._kept:
            self._kept = self.taken
            kept = msgspec.json.encode(_Kept(self.taken, self.taken_ms)).decode()
            await self._store.put_many([StorePut(WORKERS, self._key, kept)])
