"""Processes that share something, played in one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import aclosing, asynccontextmanager

from kagami.core.secrets import Secret
from kagami.meters import Meters
from kagami.net.supervise import Nursery
from kagami.ports import Bus
from kagami.state.config import RedisConfig
from kagami.state.rooms import Shared, open_state

SOON_S = 20.0
LOOK_S = 0.01


@asynccontextmanager
async def node(url: str, meters: Meters | None = None, prefix: str = "kg") -> AsyncIterator[Shared]:
    async with open_state(RedisConfig(url=Secret(url), prefix=prefix), meters or Meters()) as state:
        yield state


async def until(true: Callable[[], object], seconds: float = SOON_S) -> float:
    """Wait for something of another process' or task's; the seconds that it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(LOOK_S)
    return loop.time() - began


async def away(*buses: Bus) -> None:
    """Wait until it is noticed that the server is away: soon, as something is sent."""
    for bus in buses:
        bus.post("nobody hears this", [""])
    await until(lambda: not any(bus.healthy for bus in buses))


class Heard:
    """What a reader of these topics has got so far, by topic."""

    def __init__(self, *topics: str) -> None:
        self.wanted: Collection[str] = topics
        self.topics: dict[str, list[str]] = {}

    @property
    def hints(self) -> list[str]:
        return [hint for hints in self.topics.values() for hint in hints]

    async def read(self, bus: Bus) -> None:
        async with aclosing(bus.hear(lambda: self.wanted)) as heard:
            async for topic, hints in heard:
                self.topics.setdefault(topic, []).extend(hints)

    async def got(self, *hints: str) -> None:
        await until(lambda: set(hints) <= set(self.hints))


@asynccontextmanager
async def hearing(bus: Bus, *topics: str) -> AsyncIterator[Heard]:
    heard = Heard(*topics)
    async with Nursery() as nursery:
        task = nursery.start("reader", heard.read(bus))
        yield heard
        assert not task.done(), "the reader has ended"


async def first(items: AsyncGenerator[tuple[str, bytes], None]) -> tuple[str, bytes]:
    async with asyncio.timeout(SOON_S):
        return await anext(items)
