"""Applications outside as workers: what they read of the house, and the numbers that they know it by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from kagami.core.position import Position
from kagami.model.event import Event
from kagami.model.ids import BotId
from kagami.ports.routing import Worker


class Happened(msgspec.Struct, frozen=True):
    """An accepted event. Its `number` is higher than that of every event before it by the same process."""

    number: int
    event: Event
    accepted_ms: int


class Passed(msgspec.Struct, frozen=True):
    """Events that nobody will be told of any more: how many, and of each process the number of the last.

    Where several processes write, it is at least so many: no more are counted than can be read quickly.
    """

    amount: int = 0
    numbers: tuple[int, ...] = ()


class History(Protocol):
    """Accepted events on disk."""

    @property
    def slots(self) -> int:
        """How many slots a position in it has."""
        ...

    async def after(self, position: Position, limit: int, *, without: int | None = None) -> list[Happened]:
        """The oldest `limit` events behind a position, without those of plugins' timetables, nor of one slot."""
        ...

    async def passed(self, position: Position, before_ms: int, most: int) -> Passed:
        """Of those behind a position, the ones accepted before a moment, or before the newest `most`."""
        ...

    async def keys(self, bot: BotId, most: int, *, without: int) -> list[str]:
        """The dedupe keys of an account among the newest `most` events, without those of one slot, oldest first."""
        ...

    async def heads(self) -> Position:
        """What other processes have on disk: their last events."""
        ...


class Reader(msgspec.Struct):
    """Who follows a stream: how far it is, and how much of what has arrived here it was given."""

    position: Position
    given: int = 0


class Stream(Protocol):
    """Accepted events, live: the newest are in memory, older ones come from the disk."""

    @property
    def slots(self) -> int: ...

    @property
    def reached(self) -> Position:
        """What was told so far, and sends that have numbers too."""
        ...

    def follow(self) -> AbstractAsyncContextManager[Position]:
        """Somebody follows until it ends: `reached`, with what other processes have by now."""
        ...

    async def after(self, reader: Reader, idle: Callable[[], None] = lambda: None) -> list[Happened]:
        """The next few events for a reader, in the order in which they came here; waits until there is one.

        Moves its position over what is no event. `idle` hears that it waits: nothing is left, whatever has higher
        numbers.
        """
        ...

    async def passed(self, position: Position, before_ms: int, most: int) -> Passed: ...

    def hides(self, event: Event) -> bool:
        """Whether it is nobody's outside: kept out by the guard, or an operator's command."""
        ...


class Named(msgspec.Struct, frozen=True):
    """What a number stands for; of a message also its chat."""

    text: str
    chat: str = ""


class Numbers(Protocol):
    """Integers for ids that are none (`kagami.core.numbers`), the same for ever."""

    async def give(self, texts: Mapping[str, str]) -> dict[str, int]:
        """The number of each text, on disk when it ends. Values are the chats of messages, empty for what lasts."""
        ...

    async def find(self, numbers: Iterable[int]) -> dict[int, Named]:
        """What was given these numbers; unknown ones are left out."""
        ...


class Posts(Protocol):
    """Where workers stand: rules lead events to them."""

    def attach(self, worker: Worker) -> None: ...

    def detach(self, worker: Worker) -> None:
        """This very worker is gone for good."""
        ...

    def note(self, worker: str, seconds: float) -> None:
        """It took so long to answer."""
        ...

    def drained(self, worker: str) -> bool:
        """Whether an operator wants it to get no events."""
        ...
