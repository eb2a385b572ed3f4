"""Applications outside as workers: what they read of the house, and the numbers that they know it by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import msgspec

from kagami.model.event import Event
from kagami.ports.routing import Worker


class Happened(msgspec.Struct, frozen=True):
    """An accepted event. Its `number` is higher than that of every event before it."""

    number: int
    event: Event
    accepted_ms: int


class Passed(msgspec.Struct, frozen=True):
    """Events that nobody will be told of any more: how many, and the number of the last (0 for none)."""

    amount: int = 0
    number: int = 0


class History(Protocol):
    """Accepted events on disk."""

    async def after(self, number: int, limit: int) -> list[Happened]:
        """The oldest `limit` events behind a number, without those of plugins' timetables."""
        ...

    async def passed(self, number: int, before_ms: int, most: int) -> Passed:
        """Of those behind a number, the ones accepted before a moment, or before the newest `most`."""
        ...


class Stream(Protocol):
    """Accepted events, live: the newest are in memory, older ones come from the disk."""

    @property
    def newest(self) -> int:
        """The highest number given so far."""
        ...

    async def after(self, number: int, idle: Callable[[], None] = lambda: None) -> list[Happened]:
        """The next few events behind a number, oldest first; waits until there is one. `idle` hears that it waits:
        there is nothing left, whatever has higher numbers.
        """
        ...

    async def passed(self, number: int, before_ms: int, most: int) -> Passed: ...

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
