"""The partitions that this process serves: taken, read, and given back.

What is open in them is read from the store alone, the oldest first; hints only say when to look. So nothing is lost
with a hint, and nothing overtakes: an account's events are committed in order by the one process that has it.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import aclosing, suppress
from typing import Protocol

import msgspec

from kagami import log
from kagami.clock import Clock, doze
from kagami.cluster.membership import Membership
from kagami.core.partition import PARTITIONS, own_part, surplus
from kagami.errors import KagamiError
from kagami.model.ids import ExecutionId
from kagami.ports import Backlog, Due, Fence, Open
from kagami.ports.state import Bus

PREFIX, TOPIC = "part:", "part@"
# How many open events are read at once, and how many may wait here.
PAGE, MOST_WAITING = 500, 2_000
# Of one partition, however many are served.
LEAST_SHARE = 64
BALANCE_S = 1.0
# What a handler has to end in when its partition moves to another process.
HANDOVER_S = 2.0
PAUSE_S = 0.5
# Others may not know yet who has what was just taken: for so long it is looked at often, as no hint may come.
UNKNOWN_S, LOOK_S = 3.0, 0.25
_log = log.get("cluster")


class Shop(Protocol):
    """Who handles events."""

    @property
    def waiting(self) -> int: ...

    def take(self, found: Open) -> None: ...

    def drop(self, leases: Collection[str]) -> None:
        """What runs under them is cancelled, what waits is forgotten."""
        ...

    async def finish(self, leases: Collection[str], seconds: float) -> None:
        """Let what runs under them end, and what it did be on disk; `drop` what does not in so many seconds."""
        ...


class Partitions:
    """`run` in a task; `opened` and `closed` as `ports.Commits` has them.

    `nap` says after how many seconds to look at everything, whatever hints have told. One that `serves` has a share of
    all chats; one that `adopts` takes up what was only another process' to handle and is left when that is gone. Called
    whenever it has taken some, `changed` lets the others hear of it: they send their hints to who has a partition.
    """

    def __init__(
        self,
        member: Membership,
        backlog: Backlog,
        shop: Shop,
        bus: Bus,
        clock: Clock,
        *,
        nap: Callable[[], float],
        changed: Callable[[], Awaitable[None]],
        serves: bool = True,
        adopts: bool = True,
    ) -> None:
        self._member = member
        self._backlog = backlog
        self._shop = shop
        self._bus = bus
        self._clock = clock
        self._nap = nap
        self._changed = changed
        self._known_at = 0.0
        self._serves = serves
        self._adopts = adopts
        self._fences: dict[int, Fence] = {}
        self._numbers: defaultdict[int, set[int]] = defaultdict(set)
        self._places: dict[ExecutionId, tuple[int, int]] = {}
        self._dirty: set[int] = set()
        self._unread: set[int] = set()  # taken over, with events that their last owner may have begun
        self._wake = asyncio.Event()
        self._leaving = self._resting = False
        member.lost.append(self._lost)

    @property
    def held(self) -> tuple[int, ...]:
        """Those of chats."""
        return tuple(sorted(self._chats))

    @property
    def parts(self) -> Collection[int]:
        """All of them, its own and those of processes that are gone, too."""
        return self._fences.keys()

    # --- ports.Commits ---

    def opened(self, rows: Sequence[tuple[int, int]]) -> None:
        parts = {part for _, part in rows}
        self._look(parts)
        elsewhere: defaultdict[str, list[str]] = defaultdict(list)
        for part in parts - self._fences.keys():
            # What nobody has is read by who takes it.
            if (node := self._member.holder(part)) is not None:
                elsewhere[node].append(str(part))
        for node, hinted in elsewhere.items():
            self._bus.post(f"{TOPIC}{node}", [" ".join(hinted)])

    def closed(self, executions: Sequence[ExecutionId]) -> None:
        for execution in executions:
            if (place := self._places.pop(execution, None)) is not None:
                part, number = place
                self._numbers[part].discard(number)
        if self._dirty:
            self._wake.set()

    # --- tasks ---

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pull())
            group.create_task(self._listen())
            group.create_task(self._sweep())
            group.create_task(self._balance())

    def rest(self, *, resting: bool) -> None:
        """Hold none from the next look on, or a fair share again."""
        self._resting = resting

    async def leave(self) -> None:
        """Give all of them back, after what runs has ended."""
        self._leaving = True
        await self._give(self._fences)

    async def _pull(self) -> None:
        trouble = False
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                while self._dirty and await self._read():
                    pass
                trouble = False
            except KagamiError as error:
                if not trouble:
                    _log.warning("cannot read what is open", reason=error)
                trouble = True
                await self._clock.sleep(PAUSE_S)
                self._wake.set()

    async def _read(self) -> bool:
        """One page of what is open; False when there is no more, or no room for it."""
        # One that has its share of the room waits until some of that is done: the others have room all the same.
        share = max(LEAST_SHARE, MOST_WAITING // max(1, len(self._fences)))
        parts = {part for part in self._dirty & self._fences.keys() if len(self._numbers[part]) < share}
        room = min(PAGE, MOST_WAITING - self._shop.waiting)
        if not parts or room <= 0 or not self._member.sure:
            return False
        self._dirty -= parts
        held = [number for part in parts for number in self._numbers[part]]
        most = max(1, room // len(parts))
        try:
            found = await self._backlog.open_events(parts, held, most)
        except KagamiError:
            self._dirty |= parts
            raise
        for due in found:
            self._take(due)
        counts = Counter(due.part for due in found)
        full = {part for part in parts if counts[part] == most}
        self._dirty |= full
        self._unread -= parts - full
        return True

    def _take(self, due: Due) -> None:
        fence = self._fences.get(due.part)
        if fence is None or due.number in self._numbers[due.part]:
            return  # it moved while it was read
        self._numbers[due.part].add(due.number)
        self._places[due.found.event.execution] = (due.part, due.number)
        begun = due.part in self._unread or bool(due.found.attempts or due.found.sends)
        self._shop.take(msgspec.structs.replace(due.found, fence=fence, restarted=begun))

    async def _listen(self) -> None:
        topic = f"{TOPIC}{self._member.node}"
        hints: AsyncGenerator[tuple[str, list[str]], None] = self._bus.hear(lambda: [topic])
        async with aclosing(hints):
            async for _, texts in hints:
                self._look(int(part) for text in texts for part in text.split() if part.isdecimal())

    async def _sweep(self) -> None:
        while True:
            await doze(self._clock, self._until_a_look)
            self._look(self._fences)

    def _until_a_look(self) -> float:
        nap = self._nap()
        return nap if self._clock.monotonic() >= self._known_at else min(nap, LOOK_S)

    def _look(self, parts: Iterable[int]) -> None:
        mine = self._fences.keys() & set(parts)
        if mine:
            self._dirty |= mine
            self._wake.set()

    # --- who has which ---

    async def _balance(self) -> None:
        while True:
            with suppress(KagamiError):
                await self.balance()
            await self._clock.sleep(BALANCE_S)

    async def balance(self) -> None:
        """Give back what is more than a fair share, take what nobody has up to it."""
        if self._is_leaving():
            return
        await self._take_own()
        serves = self._serves and not self._resting
        share = self._member.share(PARTITIONS, "all", "worker") if serves else 0
        if more := surplus(self._fences, share):
            await self._give(more)
        if (room := share - len(self._chats)) > 0:
            await self._take_more(room)

    async def _take_more(self, room: int) -> None:
        busy = {row.name for row in await self._member.leases() if row.left_s > 0}
        free = [name for part in range(PARTITIONS) if (name := f"{PREFIX}{part}") not in busy]
        random.shuffle(free)  # so that two who look at once do not ask for the same ones
        taken = await self._member.take(free[:room])
        if self._is_leaving():  # meanwhile: nobody here handles them any more
            await self._member.release([fence.name for fence in taken])
        elif taken:
            _log.info("serving more partitions", taken=len(taken), now=len(self._chats) + len(taken))
            self._served(taken)
            await self._changed()

    def _is_leaving(self) -> bool:
        return self._leaving

    async def _take_own(self) -> None:
        """Its own is its own, whoever had the slot before; and those that nobody has any more are some gateway's."""
        own = own_part(self._member.slot)
        if own not in self._fences:
            self._served([await self._member.seize(f"{PREFIX}{own}")])
        if self._adopts:
            left = [row.name for row in await self._member.leases() if row.left_s < 0 and row.name.startswith(PREFIX)]
            self._served(await self._member.take([name for name in left if _part(name) >= PARTITIONS]))

    def _served(self, fences: Iterable[Fence]) -> None:
        taken = {_part(fence.name): fence for fence in fences}
        if taken:
            self._known_at = self._clock.monotonic() + UNKNOWN_S
        self._fences |= taken
        self._unread |= taken.keys()
        self._look(taken)

    @property
    def _chats(self) -> list[int]:
        return [part for part in self._fences if part < PARTITIONS]

    async def _give(self, parts: Iterable[int]) -> None:
        given = {part: self._fences.pop(part) for part in list(parts) if part in self._fences}
        if not given:
            return
        names = [fence.name for fence in given.values()]
        await self._shop.finish(names, HANDOVER_S)
        self._forget(given)
        await self._member.release(names)
        if chats := given.keys() & set(range(PARTITIONS)):  # its own part is told to nobody
            _log.info("gave partitions back", given=len(chats), now=len(self._chats))
        await self._changed()

    def _lost(self, names: Sequence[str]) -> None:
        """Others have them: what runs here changes nothing any more, as its fence has fallen."""
        gone = {_part(name) for name in names if name.startswith(PREFIX)}
        for part in gone:
            self._fences.pop(part, None)
        if gone:
            self._shop.drop([f"{PREFIX}{part}" for part in gone])
            self._forget(gone)

    def _forget(self, parts: Iterable[int]) -> None:
        mine = set(parts)
        self._unread -= mine
        self._dirty -= mine
        for part in mine:
            self._numbers.pop(part, None)
        gone = [execution for execution, (part, _) in self._places.items() if part in mine]
        for execution in gone:
            del self._places[execution]


def _part(name: str) -> int:
    return int(name.removeprefix(PREFIX))
