"""The live feed between nodes, by publishing and subscribing in a Redis."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection
from itertools import count

from redis.exceptions import ResponseError

from kagami.meters import Meters
from kagami.net.supervise import Nursery
from kagami.state.line import PROBE_S, Line, pauses
from kagami.state.queue import Bounded
from kagami.state.trouble import ERRORS
from kagami.state.wire import Wire

QUEUE = 1_000
BATCH = 200
# The probe of any process is heard every 2 s.
SILENCE_S = PROBE_S + 2.5
Item = tuple[str, bytes]


class RedisRelay:
    """Implements `ports.Relay`. `run` sends what is published."""

    def __init__(self, line: Line, nursery: Nursery, meters: Meters) -> None:
        self._line = line
        self._nursery = nursery
        self._meters = meters
        self._waiting: Bounded[Item] = Bounded(QUEUE, meters, "feed")
        self._numbers = count(1)

    def publish(self, topic: str, item: bytes) -> None:
        if self._line.healthy:
            self._waiting.put([(topic, item)])

    async def run(self) -> None:
        """Send until cancelled."""
        wire = self._line.wire()
        try:
            while True:
                await self._waiting.some()
                items = self._waiting.pop(BATCH)
                try:
                    await self._line.used(wire.ask([("PUBLISH", self._channel(topic), item) for topic, item in items]))
                except ERRORS:
                    self._meters.count["state_lost", "feed"] += len(items)
                    await wire.close()
        finally:
            await wire.close()

    async def subscribe(self, topics: Collection[str]) -> AsyncGenerator[Item, None]:
        items: Bounded[Item] = Bounded(QUEUE, self._meters, "slow feed")
        task = self._nursery.start(f"live feed {next(self._numbers)}", self._pump(tuple(topics), items))
        try:
            while not self._line.closed:
                await items.some()
                for item in items.pop(BATCH):
                    yield item
        finally:
            task.cancel()

    async def _pump(self, topics: Collection[str], items: Bounded[Item]) -> None:
        line, backoff = self._line, pauses()
        wire = line.wire(SILENCE_S)
        try:
            while not line.closed:
                generation = line.generation
                try:
                    await line.used(self._read(wire, topics, items))
                except ERRORS:
                    await wire.close()
                    await line.again(generation, backoff)
        finally:
            items.wake()
            await wire.close()

    async def _read(self, wire: Wire, topics: Collection[str], items: Bounded[Item]) -> None:
        names = {self._channel(topic).encode(): topic for topic in topics}
        await wire.send([("SUBSCRIBE", self._line.key("probe"), *names)])
        while True:
            answer = await wire.answer()
            if isinstance(answer, ResponseError):
                raise answer
            kind, channel, item = answer
            if kind == b"message" and channel in names:
                items.put([(names[channel], item)])

    def _channel(self, topic: str) -> str:
        return self._line.key(f"f:{topic}")
