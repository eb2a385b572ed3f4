"""How far an application has come: what it has certainly taken is kept in the store, wherever it connects next."""

from __future__ import annotations

import msgspec

from kagami.core.position import Position
from kagami.ports import Reader, Store, StorePut
from kagami.ports.routing import WORKERS

CURSOR = "cursor:"


class _Kept(msgspec.Struct, frozen=True, omit_defaults=True):
    """`slots` are the numbers of a position where several processes number events; the highest is `number`.

    One that was kept without them has taken everything up to its number: it was told of no other event before that.
    """

    number: int
    at_ms: int
    slots: tuple[int, ...] = ()

    def position(self, slots: int) -> Position:
        return Position(self.slots) if len(self.slots) == slots else Position.at(self.number, slots)


class Cursor:
    """Of one connection: `sent` was written to it, `taken` it has answered for. Times are wall milliseconds."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self._key = f"{CURSOR}{name}"
        self.name = name
        # Knows where it stands; another one goes on from here.
        self.opened = self.followed = False
        self.began: tuple[Position, int] | None = None
        self._kept: Position | None = None
        self.reader = Reader(Position([0]))
        self.taken = Position([0])
        self.taken_ms = 0
        self.sent_events = self.taken_events = 0
        self._sent_ms = 0

    @property
    def sent(self) -> Position:
        return self.reader.position

    def begin(self, newest: Position, now_ms: int, before: Cursor | None = None) -> None:
        """Where it stands when nothing is kept of it; `before` may have ended before it could find out."""
        waited = before.began if before is not None and not before.opened else None
        self.began = waited or (newest.copy(), now_ms)

    async def open(self, newest: Position, now_ms: int, before: Cursor | None = None) -> bool:
        """Where it was; True when it is here for the first time, and begins with what is new.

        `before` is that of the connection before it: what it knows may not be on disk yet.
        """
        if self.began is None:
            self.begin(newest, now_ms, before)
        if before is not None and before.opened:
            await self._go_on(before, newest)
            return False
        kept = await self._read(newest)
        found = kept or self.began or (newest, now_ms)
        self._stand(*found)
        self._kept = self.taken.copy() if kept is not None else None
        return kept is None and not found[0].behind(newest)

    async def _go_on(self, before: Cursor, newest: Position) -> None:
        """Alone, what the one before knows is the newest there is; else it may have been somewhere else since."""
        kept = await self._read(newest) if len(newest.numbers) > 1 else None
        self._stand(before.taken, before.taken_ms)
        if kept is not None:
            self.taken.lift(kept[0])
            self.sent.lift(kept[0])
        before.followed = True

    async def _read(self, newest: Position) -> tuple[Position, int] | None:
        text = await self._store.get(WORKERS, self._key)
        kept = msgspec.json.decode(text, type=_Kept) if text else None
        if kept is None or (len(newest.numbers) == 1 and kept.number > newest.highest):
            return None  # never seen, or in a file that was newer than this one
        return kept.position(len(newest.numbers)), kept.at_ms

    def _stand(self, position: Position, at_ms: int) -> None:
        self.reader, self.taken = Reader(position.copy()), position.copy()
        self.taken_ms = self._sent_ms = at_ms
        self.opened = True

    def advance(self, number: int, at_ms: int) -> None:
        """This event was sent, or is none of its."""
        self.sent.advance(number)
        self._sent_ms = at_ms
        self.sent_events += 1

    @property
    def waits(self) -> bool:
        """Whether something was sent that it has not answered for."""
        return self.taken_events < self.sent_events

    def confirm(self, position: Position, events: int) -> None:
        """It has read what was sent up to here, so many events."""
        self.taken.lift(position)
        self.taken_events = max(self.taken_events, events)
        self.rest()

    def rest(self) -> None:
        """Once it has answered for everything, what it was given nothing of is behind it, too."""
        if not self.waits:
            self.taken.lift(self.sent)
            self.taken_ms = self._sent_ms

    async def save(self) -> None:
        """On disk when it ends, and never before the events that it stands behind."""
        if self.opened and not self.followed and self.taken != self._kept:
            self._kept = self.taken.copy()
            position = self.taken.copy()
            several = len(position.numbers) > 1
            if several and (text := await self._store.get(WORKERS, self._key)):
                # It may have gone on somewhere else since: nothing is taken back.
                position.lift(msgspec.json.decode(text, type=_Kept).position(len(position.numbers)))
            found = _Kept(position.highest, self.taken_ms, position.numbers if several else ())
            kept = msgspec.json.encode(found).decode()
            await self._store.put_many([StorePut(WORKERS, self._key, kept)])
