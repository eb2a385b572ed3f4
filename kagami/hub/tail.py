"""The newest accepted events in memory, for whoever follows all of them; what is older comes from the disk.

Events of this process are told as they are accepted. Those of others on the same database are fetched from there, as
long as somebody follows here, and stand in the order in which they arrive.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import islice

from kagami.core.dedupe import Window
from kagami.core.partition import slot_of
from kagami.core.position import Position
from kagami.model.event import Event
from kagami.model.ids import BotId
from kagami.ports import Happened, History, Passed, Reader

MOST_EVENTS = 1_000
MOST_BYTES = 8 << 20
EVENT_BYTES = 1_024
# Events by whose keys a second one is known that a platform brings to another process.
MOST_KEYS = 10_000
# What is read at a time: a slow application holds no more than these.
STEP = 100


class Tail:
    """Implements `ports.Stream`. Whoever falls behind what is kept here reads on from the store at its own pace.

    `slot` is this process' own among several.
    """

    def __init__(
        self,
        history: History,
        newest: Callable[[], int],
        hides: Callable[[Event], bool],
        slot: Callable[[], int] = lambda: 0,
    ) -> None:
        self._history = history
        self._newest = newest
        self._hides = hides
        self._slot = slot
        self._opened = False
        self._floor = Position.at(-1, history.slots)
        self._reached = Position.at(-1, history.slots)
        self._kept: deque[Happened] = deque()
        self._keys = Window(MOST_KEYS)  # among several processes
        self._arrived = 0  # how many ever were kept
        self._bytes = 0
        self._waiting: list[asyncio.Future[None]] = []
        self.followers = 0
        self._current = False  # whether what others have done is here, up to the last look
        self._fetching = asyncio.Lock()
        self._holds = 0
        self._held: list[Happened] = []

    @property
    def slots(self) -> int:
        return self._history.slots

    @property
    def reached(self) -> Position:
        if self.slots == 1:
            return Position([self._newest()])
        found, newest = self._reached.copy(), self._newest()
        if slot_of(newest) == self._slot():  # else it was another process' before this one began
            found.advance(newest)
        return found

    def open(self) -> None:
        """From now on it is told of everything; what was before is on disk."""
        if not self._opened:
            self._opened = True
            before = [-1] * self.slots
            before[self._slot()] = self._newest()
            self._floor.lift(Position(before))
            self._reached.lift(self._floor)

    def put(self, number: int, event: Event, accepted_ms: int) -> None:
        """A new event of this process; its numbers only rise."""
        if event.kind == "schedule":
            return
        happened = Happened(number, event, accepted_ms)
        if self._holds:
            self._held.append(happened)
        else:
            self._add(happened)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """What is new here waits until it ends: something of other processes has to come before it."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            held, self._held = ([], self._held) if self._holds else (self._held, [])
            for each in held:
                self._add(each)

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[Position]:
        self.followers += 1
        try:
            await self.fetch()
            yield self.reached
        finally:
            self.followers -= 1
            self._current = self._current and self.followers > 0

    async def fetch(self) -> None:
        """Take what other processes have accepted, where somebody follows."""
        if self.slots == 1 or not self.followers:
            return
        async with self._fetching:
            if not self._current:
                await self._begin()
            while await self._page() == STEP:
                pass

    async def recall(self, bot: BotId) -> None:
        """An account has come here: what another process has of it may be brought again."""
        keys = await self._history.keys(bot, MOST_KEYS, without=self._slot())
        await self.fetch()  # before its keys are known, or it would be taken for its own second coming
        for key in keys:
            self._keys.add(bot, key)

    async def _page(self) -> int:
        rows = await self._history.after(self._reached, STEP, without=self._slot())
        for each in rows:
            if not self._reached.has(each.number):
                self._add(each)
        return len(rows)

    async def after(self, reader: Reader, idle: Callable[[], None] = lambda: None) -> list[Happened]:
        while True:
            floor = self._floor.copy()
            if reader.position.behind(floor):
                if older := await self._history.after(reader.position, STEP):
                    return older
                reader.position.lift(floor)  # everything up to there was on disk, and is none of an event
            elif found := self._fresh(reader):
                return found
            else:
                # What was left out had come before: from the disk it would come again, here or at another process.
                reader.position.lift(self._reached)
                idle()
                await self._arrival()

    async def passed(self, position: Position, before_ms: int, most: int) -> Passed:
        return await self._history.passed(position, before_ms, most)

    def hides(self, event: Event) -> bool:
        return self._hides(event)

    async def _begin(self) -> None:
        """What others did while nobody followed is read from the disk, by those whom it concerns."""
        heads, mine = await self._history.heads(), self._slot()
        theirs = Position([-1 if slot == mine else number for slot, number in enumerate(heads.numbers)])
        self._kept = deque(each for each in self._kept if not theirs.has(each.number))
        self._bytes = sum(_size(each.event) for each in self._kept)
        self._floor.lift(theirs)
        self._reached.lift(theirs)
        self._current = self.followers > 0

    def _add(self, happened: Happened) -> None:
        self._reached.advance(happened.number)
        if not self._is_new(happened.event):
            return
        self._kept.append(happened)
        self._arrived += 1
        self._bytes += _size(happened.event)
        while len(self._kept) > MOST_EVENTS or (self._bytes > MOST_BYTES and len(self._kept) > 1):
            gone = self._kept.popleft()
            self._floor.advance(gone.number)
            self._bytes -= _size(gone.event)
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    def _is_new(self, event: Event) -> bool:
        """A platform may bring to another process what this one has from it already: one of both is in the store."""
        return self.slots == 1 or self._keys.add(event.bot, event.dedupe)

    def _fresh(self, reader: Reader) -> list[Happened]:
        """What has arrived since the reader was given something, without what it has from the disk."""
        new = list(islice(reversed(self._kept), self._arrived - reader.given))[::-1]
        found: list[Happened] = []
        reader.given = self._arrived - len(new)
        for each in new:
            if len(found) == STEP:
                break
            reader.given += 1
            if not reader.position.has(each.number):
                found.append(each)
        return found

    async def _arrival(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)


def _size(event: Event) -> int:
    return EVENT_BYTES + len(event.native) + 64 * len(event.message)
