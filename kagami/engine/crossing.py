"""From a console's loop to the engine's: the same process, two threads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Any, Protocol, TypeVar

import msgspec

from kagami.core.scopes import allowed
from kagami.errors import EngineAway
from kagami.model.principal import Principal
from kagami.ports import Feed, Presence
from kagami.web.live import SCOPES

# Items that wait for a slow console; each replaces the one before.
MOST_ITEMS = 64
T = TypeVar("T")


class Callee(Protocol):
    """An engine inside its loop."""

    async def call(self, request: msgspec.Struct, who: Principal) -> Any: ...

    def feed(self, topics: Sequence[str], who: Principal) -> AsyncGenerator[Feed, None]: ...

    def attend(self, who: Principal, session: str = "") -> AbstractContextManager[Presence]: ...


class Crossing:
    """Implements `ports.Control` for `who`, awaited in the console's loop; `loop` is that of `engine`.

    `session` is the login that a console in a browser came with.
    """

    def __init__(self, engine: Callee, loop: asyncio.AbstractEventLoop, who: Principal, session: str = "") -> None:
        self._engine = engine
        self._loop = loop
        self._who = who
        self._session = session

    async def call(self, request: msgspec.Struct) -> Any:
        return await self._cross(self._engine.call(request, self._who))

    async def feed(self, topics: Sequence[str]) -> AsyncGenerator[Feed, None]:
        """Items as they come. When the console is slow the oldest are dropped."""
        inbox: asyncio.Queue[Feed | None] = asyncio.Queue(MOST_ITEMS)
        pumping = self._start(self._pump(topics, asyncio.get_running_loop(), inbox))
        try:
            while (item := await inbox.get()) is not None:
                yield item
        finally:
            pumping.cancel()
        raise _away()

    async def close(self) -> None:
        return

    async def _pump(
        self, topics: Sequence[str], there: asyncio.AbstractEventLoop, inbox: asyncio.Queue[Feed | None]
    ) -> None:
        """In the engine's loop: hand every item over, and None at the end."""
        try:
            seen = [each for each in topics if allowed(self._who, SCOPES.get(each, "*"))]
            with self._engine.attend(self._who, self._session):
                async for item in self._engine.feed(seen, self._who):
                    there.call_soon_threadsafe(_put, inbox, item)
        finally:
            with suppress(RuntimeError):  # the console's loop has ended first
                there.call_soon_threadsafe(_put, inbox, None)

    async def _cross(self, work: Coroutine[Any, Any, T]) -> T:
        own = asyncio.current_task()
        try:
            return await asyncio.wrap_future(self._start(work))
        except asyncio.CancelledError:
            if own is None or own.cancelling():
                raise
            # Not the caller was cancelled but the work: its loop has ended.
            raise _away() from None

    def _start(self, work: Coroutine[Any, Any, T]) -> Any:
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # that loop is closed
            work.close()
            raise _away() from None


def _put(inbox: asyncio.Queue[Feed | None], item: Feed | None) -> None:
    if inbox.full():
        inbox.get_nowait()
    inbox.put_nowait(item)


def _away() -> EngineAway:
    return EngineAway(address="this process")
