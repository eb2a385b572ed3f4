"""What a database has to offer, small enough for two of them.

Everything is a named query of `kagami.storage.queries`. Rows go in and come out as lists in one step: with a busy
interpreter each step of a driver costs a turn of its lock, so that rows must not be steps.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from kagami.ports import Fence

Row = Sequence[Any]
Value = str | int | None
Params = Mapping[str, Value | Sequence[Row] | Sequence[Value]]

# What neither UTF-8 nor PostgreSQL's text can hold; SQLite's JSON ends a string at U+0000.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_encoder = msgspec.json.Encoder()


class Questions(Protocol):
    """What is asked by name. Raises what an `Engine` raises."""

    async def ask(self, query: str, params: Params | None = None) -> list[list[Any]]:
        """All rows of a query that may also write; on disk when it ends."""
        ...

    async def fetch(self, query: str, params: Params | None = None) -> list[list[Any]]:
        """All rows of a query that only reads. `StoreSlow` when it takes too long."""
        ...


class Engine(Protocol):
    """A database. Futures of `write` end in the order of the calls; closing waits for what was given.

    Both raise `StoreClosed` when the database cannot be used now (full disk, failing disk, locked) and `RowRefused`
    when it never will take these values.
    """

    def write(
        self, bundle: str, params: Params, *, durable: bool = False, fence: Sequence[Fence] = ()
    ) -> asyncio.Future[int]:
        """Run all statements of a bundle in one transaction; the number of rows that changed.

        A parameter that is not given is NULL. `durable`: on disk when the future ends, with all that came before.
        `Fenced`, with nothing written, when one of the leases in `fence` is not held any more.
        """
        ...

    def write_after(self, query: str, bundle: str, prepare: Callable[[list[list[Any]]], Params]) -> asyncio.Future[int]:
        """As a durable `write`, of what `prepare` makes of the rows of a query, in the same transaction.

        `prepare` may run in another thread.
        """
        ...

    def ask(self, query: str, params: Params | None = None) -> asyncio.Future[list[list[Any]]]:
        """All rows of a query, after every write that was given before."""
        ...

    async def fetch(self, query: str, params: Params | None = None) -> list[list[Any]]:
        """All rows of a query, beside the writing. `StoreSlow` when it takes too long."""
        ...

    async def compact(self, pages: int) -> int:
        """Give up to so many free pages back to the file system; how many are left."""
        ...

    async def tidy(self) -> None:
        """What the database wants done now and then, beside the writing."""
        ...

    async def used(self) -> int:
        """Bytes of content, without free pages."""
        ...

    async def size(self) -> int:
        """Bytes on disk."""
        ...

    async def close(self) -> None: ...


def sound(rows: Sequence[Row]) -> Sequence[Row]:
    """Rows for a driver that takes any text: with U+FFFD for what no database stores."""
    try:
        odd = b"\\u0000" in _encoder.encode(rows)
    except UnicodeEncodeError:
        odd = True
    return storable(rows) if odd else rows


def encode(rows: Sequence[object]) -> str:
    """Rows as JSON text. Characters that no database stores become U+FFFD."""
    try:
        encoded = _encoder.encode(rows)
    except UnicodeEncodeError:
        return _encoder.encode(storable(rows)).decode()
    if b"\\u0000" in encoded:
        return _encoder.encode(storable(rows)).decode()
    return encoded.decode()


def storable(value: Any) -> Any:
    """The same value with U+FFFD for every lone surrogate and U+0000 in its texts."""
    match value:
        case str():
            return _UNSTORABLE.sub("\ufffd", value)
        case list() | tuple():
            return [storable(item) for item in value]
        case dict():
            return {storable(key): storable(item) for key, item in value.items()}
        case _:
            return value
