"""What several processes share for a moment: hints, sessions, token buckets, the live feed.

Nothing here is the truth. Losing all of it costs time, never an event.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class Bus(Protocol):
    """Hints between processes: they may be lost, doubled or late. Nobody may rely on one."""

    def post(self, topic: str, hints: Sequence[str]) -> None:
        """Returns at once and never raises. What waits to be sent is bounded: the oldest gives way, and is counted."""
        ...

    def hear(self, topics: Callable[[], Collection[str]]) -> AsyncGenerator[tuple[str, list[str]], None]:
        """What is posted to these topics, oldest first, and what was posted before while nobody heard it.

        `topics` is asked again at least every 2 s. A topic has one reader at a time: of two, each hint reaches one or
        both. Goes on through every outage, until it is closed.
        """
        ...

    @property
    def healthy(self) -> bool:
        """Whether hints go out at the moment."""
        ...

    @property
    def trouble(self) -> str:
        """Why it is not healthy, in English and without secrets; empty when it is."""
        ...


class Buckets(Protocol):
    """Token buckets that processes share. When nothing is shared at the moment, each process has its own."""

    async def take(self, key: str, rate: float, burst: float, amount: float = 1.0) -> float:
        """Seconds to wait before so many tokens could be had; 0.0 when they are taken now. Never raises.

        `rate` is tokens a second, `burst` the most at once; a rate of 0 sets no limit.
        """
        ...

    async def charge(self, amounts: Mapping[str, float], rate: float) -> dict[str, float]:
        """Take so many tokens from each bucket, even future ones: they were spent. Never raises.

        Seconds until each would be full again; nothing of those that are not shared at the moment.
        """
        ...


class Sessions(Protocol):
    """Values with a deadline. Every method raises `Unavailable` while what is shared is away."""

    async def get(self, key: str) -> bytes | None: ...

    async def put(self, key: str, value: bytes, seconds: float) -> None: ...

    async def add(self, key: str, value: bytes, seconds: float) -> bool:
        """Only where nothing is; whether it was put."""
        ...

    async def drop(self, key: str) -> None: ...


class Relay(Protocol):
    """The live feed between nodes: who does not hear it at the moment never does."""

    def publish(self, topic: str, item: bytes) -> None:
        """Returns at once and never raises; bounded as a `Bus` is."""
        ...

    def subscribe(self, topics: Collection[str]) -> AsyncGenerator[tuple[str, bytes], None]:
        """What is published from now on. A slow reader misses the oldest, which is counted."""
        ...


@dataclass(frozen=True, slots=True)
class State:
    """All that is shared."""

    bus: Bus
    buckets: Buckets
    sessions: Sessions
    relay: Relay
