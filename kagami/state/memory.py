"""What is shared within one process; in tests also between several, by one `Hub`."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import suppress

from kagami.clock import Clock, SystemClock
from kagami.core import limits
from kagami.errors import Unavailable
from kagami.meters import Meters
from kagami.ports import State
from kagami.state.queue import Bounded

ROUND_S = 2.0
# A topic that nobody hears keeps so many hints.
TOPIC_HINTS = 50_000
FEED_ITEMS = 1_000
BATCH = 500
# Sessions that ended are looked for when there are this many, and whenever their number has doubled.
MANY_SESSIONS = 10_000


class Hub:
    """What the buses of several processes stand on. `trouble` plays an outage: what is posted meanwhile is lost."""

    def __init__(self, *, clock: Clock | None = None, meters: Meters | None = None) -> None:
        self.clock = clock or SystemClock()
        self.meters = meters or Meters()
        self.trouble = ""
        self.topics: defaultdict[str, Bounded[str]] = defaultdict(
            lambda: Bounded(TOPIC_HINTS, self.meters, "unheard hints")
        )
        self.posted = asyncio.Event()
        self.readers: set[tuple[frozenset[str], Bounded[tuple[str, bytes]]]] = set()
        self.sessions: dict[str, tuple[bytes, float]] = {}
        self.buckets: dict[tuple[float, float], limits.Buckets] = {}
        self.closed = False

    def close(self) -> None:
        """Whoever listens on it ends."""
        self.closed = True
        self.posted.set()
        for _, items in self.readers:
            items.wake()

    def wipe(self) -> None:
        """As when what is shared loses everything."""
        self.topics.clear()
        self.sessions.clear()
        self.buckets.clear()

    def state(self) -> State:
        """What one process is given."""
        return State(MemoryBus(self), MemoryBuckets(self), MemorySessions(self), MemoryRelay(self))


class MemoryBus:
    """Implements `ports.Bus`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    @property
    def healthy(self) -> bool:
        return not self._hub.trouble

    @property
    def trouble(self) -> str:
        return self._hub.trouble

    def post(self, topic: str, hints: Sequence[str]) -> None:
        if self._hub.trouble:
            self._hub.meters.count["state_lost", "hints"] += len(hints)
            return
        if hints:
            self._hub.topics[topic].put(hints)
            self._hub.posted.set()
            self._hub.posted = asyncio.Event()

    async def hear(self, topics: Callable[[], Collection[str]]) -> AsyncGenerator[tuple[str, list[str]], None]:
        hub = self._hub
        while not hub.closed:
            posted = hub.posted
            heard = False
            for topic in () if hub.trouble else tuple(topics()):
                if topic in hub.topics and (hints := hub.topics[topic].pop(BATCH)):
                    heard = True
                    yield topic, hints
            if not heard:
                with suppress(TimeoutError):  # whose topics they are may have changed by then
                    async with asyncio.timeout(ROUND_S):
                        await posted.wait()


class MemoryBuckets:
    """Implements `ports.Buckets`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def take(self, key: str, rate: float, burst: float, amount: float = 1.0) -> float:
        buckets = self._hub.buckets.setdefault((rate, burst), limits.Buckets(rate, burst))
        return buckets.draw(key, self._hub.clock.monotonic(), amount)

    async def charge(self, amounts: Mapping[str, float], rate: float) -> dict[str, float]:
        buckets, now = self._hub.buckets.setdefault((rate, 0), limits.Buckets(rate, 0)), self._hub.clock.monotonic()
        return {key: buckets.charge(key, now, amount) for key, amount in amounts.items()}


class MemorySessions:
    """Implements `ports.Sessions`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._most = MANY_SESSIONS

    async def get(self, key: str) -> bytes | None:
        self._check()
        value, ends = self._hub.sessions.get(key, (None, 0.0))
        return value if ends > self._hub.clock.monotonic() else None

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        self._check()
        now = self._hub.clock.monotonic()
        self._hub.sessions[key] = (value, now + seconds)
        if len(self._hub.sessions) > self._most:
            for each in [each for each, (_, ends) in self._hub.sessions.items() if ends <= now]:
                del self._hub.sessions[each]
            self._most = max(MANY_SESSIONS, 2 * len(self._hub.sessions))

    async def add(self, key: str, value: bytes, seconds: float) -> bool:
        if await self.get(key) is not None:
            return False
        await self.put(key, value, seconds)
        return True

    async def drop(self, key: str) -> None:
        self._check()
        self._hub.sessions.pop(key, None)

    def _check(self) -> None:
        if self._hub.trouble:
            raise Unavailable(what="what is shared", reason=self._hub.trouble)


class MemoryRelay:
    """Implements `ports.Relay`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def publish(self, topic: str, item: bytes) -> None:
        if not self._hub.trouble:
            for topics, items in self._hub.readers:
                if topic in topics:
                    items.put([(topic, item)])

    async def subscribe(self, topics: Collection[str]) -> AsyncGenerator[tuple[str, bytes], None]:
        items: Bounded[tuple[str, bytes]] = Bounded(FEED_ITEMS, self._hub.meters, "slow feed")
        reader = (frozenset(topics), items)
        self._hub.readers.add(reader)
        try:
            while not self._hub.closed:
                await items.some()
                for item in items.pop(BATCH):
                    yield item
        finally:
            self._hub.readers.discard(reader)
