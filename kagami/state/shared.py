"""Token buckets and sessions in a Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.commands.core import AsyncScript

from kagami.errors import Unavailable
from kagami.ports import Buckets
from kagami.state.line import Line
from kagami.state.trouble import ERRORS, told
from kagami.state.wire import ANSWER_S, options

CONNECTIONS, ROOM_S = 8, 1.0
# As `core.limits.Buckets`: one number a key, the time at which it would be full again, in microseconds of the server.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval, slack, amount = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = full - now + interval * (amount - 1) - slack
if wait > 0 then return math.ceil(wait) end
full = full + interval * amount
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
return 0
"""
_CHARGE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now) + ARGV[1] * ARGV[2]
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
return math.ceil(full - now)
"""
T = TypeVar("T")


class Shelf:
    """The connections for single commands, each answered before the caller goes on."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self._generation = 0
        self._pool = BlockingConnectionPool(max_connections=CONNECTIONS, timeout=ROOM_S, **options(line.url))
        self.client: Redis = Redis(connection_pool=self._pool)
        self.take: AsyncScript = self.client.register_script(_TAKE)
        self.charge: AsyncScript = self.client.register_script(_CHARGE)

    async def ask(self, ask: Callable[[], Awaitable[T]]) -> T:
        """`Unavailable` when that fails; at once while the Redis is known to be away."""
        if not self.line.healthy:
            raise Unavailable(what="Redis", reason=self.line.trouble)
        if self._generation != self.line.generation:
            self._generation = self.line.generation
            await self._pool.disconnect(inuse_connections=False)
        try:
            return await self.line.used(_soon(ask()))
        except ERRORS as error:
            raise Unavailable(what="Redis", reason=told(error)) from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.aclose()
        await self._pool.disconnect()


async def _soon(work: Awaitable[T]) -> T:
    async with asyncio.timeout(ANSWER_S):
        return await work


class RedisBuckets:
    """Implements `ports.Buckets`; `own` are this process' for the time of an outage."""

    def __init__(self, shelf: Shelf, own: Buckets) -> None:
        self._shelf = shelf
        self._own = own

    async def take(self, key: str, rate: float, burst: float, amount: float = 1.0) -> float:
        if not rate:
            return 0.0
        interval = 1_000_000 / rate
        keys, numbers = [self._shelf.line.key(f"b:{key}")], [interval, interval * max(0.0, burst - 1), amount]
        try:
            micros: Any = await self._shelf.ask(lambda: self._shelf.take(keys=keys, args=numbers))
        except Unavailable:
            return await self._own.take(key, rate, burst, amount)
        return int(micros) / 1_000_000

    async def charge(self, amounts: Mapping[str, float], rate: float) -> dict[str, float]:
        async def ask() -> list[Any]:
            async with self._shelf.client.pipeline(transaction=False) as pipe:
                for key, amount in amounts.items():
                    numbers = [1_000_000 / rate, amount]
                    await self._shelf.charge(keys=[self._shelf.line.key(f"b:{key}")], args=numbers, client=pipe)
                return await pipe.execute()

        try:
            levels = await self._shelf.ask(ask)
        except Unavailable:
            return {}
        return {key: int(micros) / 1_000_000 for key, micros in zip(amounts, levels, strict=True)}


class RedisSessions:
    """Implements `ports.Sessions`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._client = shelf.client

    async def get(self, key: str) -> bytes | None:
        value: Any = await self._shelf.ask(lambda: self._client.get(self._key(key)))
        return value if isinstance(value, bytes) else None

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._shelf.ask(lambda: self._client.set(self._key(key), value, px=_millis(seconds)))

    async def add(self, key: str, value: bytes, seconds: float) -> bool:
        put: Any = await self._shelf.ask(lambda: self._client.set(self._key(key), value, px=_millis(seconds), nx=True))
        return bool(put)

    async def drop(self, key: str) -> None:
        await self._shelf.ask(lambda: self._client.delete(self._key(key)))

    def _key(self, key: str) -> str:
        return self._shelf.line.key(f"s:{key}")


def _millis(seconds: float) -> int:
    return max(1, round(seconds * 1000))
