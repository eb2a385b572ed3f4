"""Opens what processes share, and moves it to another address while it is used."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kagami.meters import Meters
from kagami.net.supervise import Nursery
from kagami.ports import State
from kagami.state.config import RedisConfig
from kagami.state.memory import Hub
from kagami.state.server import Flaw

if TYPE_CHECKING:
    from kagami.state.line import Line


@dataclass(frozen=True, slots=True)
class Shared(State):
    """`configure` moves it; it raises `Unusable` and changes nothing when the new address does not work.

    `flaws` is what the Redis of the moment works in spite of; there is none where `named` is empty.
    """

    configure: Callable[[RedisConfig], Awaitable[None]]
    flaws: Callable[[], Sequence[Flaw]]
    named: Callable[[], str]


@asynccontextmanager
async def open_state(config: RedisConfig, meters: Meters) -> AsyncIterator[Shared]:
    """In the Redis that is configured, also when it is away at the moment; else in this process."""
    room = _Room(meters)
    await room.move(config)
    parts = (_Bus(room), _Buckets(room), _Sessions(room), _Relay(room))
    try:
        yield Shared(*parts, room.configure, room.flaws, room.named)
    finally:
        await room.close()


class _Room:
    """Where everything is at the moment."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters
        self._stack = AsyncExitStack()
        self._config = RedisConfig()
        self._place: Hub | Line = Hub(meters=meters)
        self.now = self._place.state()

    def flaws(self) -> Sequence[Flaw]:
        return () if isinstance(self._place, Hub) else tuple(self._place.server.flaws())

    def named(self) -> str:
        return "" if isinstance(self._place, Hub) else self._place.named

    async def configure(self, config: RedisConfig) -> None:
        if config == self._config:
            return
        if config.url:
            from kagami.state.trial import try_redis  # noqa: PLC0415 (loads the driver)

            await try_redis(config.url.reveal(), config.prefix)
        await self.move(config)

    async def move(self, config: RedisConfig) -> None:
        stack, before, left = AsyncExitStack(), self._stack, self._place
        if config.url:
            self.now, self._place = await open_redis(stack, config, self._meters)
        else:
            self._place = hub = Hub(meters=self._meters)
            self.now = hub.state()
        self._stack, self._config = stack, config
        left.close()
        await before.aclose()
        if not config.url:
            self._meters.gauge.pop("redis_healthy", None)

    async def close(self) -> None:
        self._place.close()
        await self._stack.aclose()


async def open_redis(stack: AsyncExitStack, config: RedisConfig, meters: Meters) -> tuple[State, Line]:
    """Everything on one Redis. Returns when it is known how the Redis is."""
    from kagami.state.line import Line  # noqa: PLC0415 (loads the driver)
    from kagami.state.redis import RedisBus  # noqa: PLC0415
    from kagami.state.relay import RedisRelay  # noqa: PLC0415
    from kagami.state.shared import RedisBuckets, RedisSessions, Shelf  # noqa: PLC0415
    from kagami.state.wire import named  # noqa: PLC0415

    url = config.url.reveal()
    line = Line(url, config.prefix, named(url), meters)
    shelf = await stack.enter_async_context(Shelf(line))
    nursery = await stack.enter_async_context(Nursery())
    bus, relay = RedisBus(line, meters), RedisRelay(line, nursery, meters)
    nursery.keep("state line", line.run)
    nursery.keep("state hints", bus.run)
    nursery.keep("state feed", relay.run)
    await line.asked()
    own = Hub(meters=meters).state().buckets
    return State(bus, RedisBuckets(shelf, own), RedisSessions(shelf), relay), line


class _Bus:
    """Implements `ports.Bus`."""

    def __init__(self, room: _Room) -> None:
        self._room = room

    @property
    def healthy(self) -> bool:
        return self._room.now.bus.healthy

    @property
    def trouble(self) -> str:
        return self._room.now.bus.trouble

    def post(self, topic: str, hints: Sequence[str]) -> None:
        self._room.now.bus.post(topic, hints)

    async def hear(self, topics: Callable[[], Collection[str]]) -> AsyncGenerator[tuple[str, list[str]], None]:
        while True:
            state = self._room.now
            async with aclosing(state.bus.hear(topics)) as heard:
                async for each in heard:
                    yield each
            if state is self._room.now:
                return


class _Buckets:
    """Implements `ports.Buckets`."""

    def __init__(self, room: _Room) -> None:
        self._room = room

    async def take(self, key: str, rate: float, burst: float, amount: float = 1.0) -> float:
        return await self._room.now.buckets.take(key, rate, burst, amount)

    async def charge(self, amounts: Mapping[str, float], rate: float) -> dict[str, float]:
        return await self._room.now.buckets.charge(amounts, rate)


class _Sessions:
    """Implements `ports.Sessions`."""

    def __init__(self, room: _Room) -> None:
        self._room = room

    async def get(self, key: str) -> bytes | None:
        return await self._room.now.sessions.get(key)

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._room.now.sessions.put(key, value, seconds)

    async def add(self, key: str, value: bytes, seconds: float) -> bool:
        return await self._room.now.sessions.add(key, value, seconds)

    async def drop(self, key: str) -> None:
        await self._room.now.sessions.drop(key)


class _Relay:
    """Implements `ports.Relay`."""

    def __init__(self, room: _Room) -> None:
        self._room = room

    def publish(self, topic: str, item: bytes) -> None:
        self._room.now.relay.publish(topic, item)

    async def subscribe(self, topics: Collection[str]) -> AsyncGenerator[tuple[str, bytes], None]:
        while True:
            state = self._room.now
            async with aclosing(state.relay.subscribe(topics)) as items:
                async for each in items:
                    yield each
            if state is self._room.now:
                return
