"""Makes the sends that any process has asked for, through the accounts that this one has."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager, suppress
from typing import Protocol

from kagami import log
from kagami.clock import Clock, doze
from kagami.cluster.asking import ANSWERED, ASKED, Told, hint
from kagami.cluster.membership import Membership
from kagami.errors import KagamiError, StoreClosed
from kagami.model.action import Receipt
from kagami.model.ids import BotId, ChatId
from kagami.net.supervise import Nursery
from kagami.ports import Backlog, Fence, SendRow
from kagami.ports.state import Bus

PREFIX = "bot:"
PAGE, MOST_MAKING = 200, 1_000
PAUSE_S, NAP_S = 0.5, 0.02
MOVED = "the process that was sending it lost the account"
_log = log.get("cluster")


class Carrier(Protocol):
    """Who makes sends, at the pace of each account."""

    def room(self, bot: BotId) -> int:
        """How many may begin now."""
        ...

    def rest(self, bot: BotId) -> float:
        """Seconds until there is room."""
        ...

    def reserve(self, bot: BotId, chat: ChatId) -> float:
        """One begins now; seconds until the next one may in that chat."""
        ...

    async def carry(self, row: SendRow) -> Receipt | None:
        """Make it: it is `sending` on disk. What came of it is kept; None when it has not begun."""
        ...


class Courier:
    """`run` in a task. An account that comes here is this process' from then on, whoever had it before.

    `settled` ends when what came of every send that was made is on disk.
    """

    def __init__(
        self,
        member: Membership,
        backlog: Backlog,
        bus: Bus,
        nursery: Nursery,
        clock: Clock,
        carrier: Carrier,
        *,
        reachable: Callable[[BotId], bool],
        settled: Callable[[], Awaitable[None]],
        nap: Callable[[], float],
        key: bytes,
    ) -> None:
        self._member = member
        self._backlog = backlog
        self._bus = bus
        self._nursery = nursery
        self._clock = clock
        self._carrier = carrier
        self._reachable = reachable
        self._settled = settled
        # The store was away in the middle of something: what it says of these is being sent and is not waits again.
        self._doubtful: set[BotId] = set()
        self._nap = nap
        self._key = key
        self._accounts: set[BotId] = set()
        self._coming: list[BotId] = []
        self._known: set[BotId] = set()  # all that ever came, also those that are another process' by now
        self._busy: set[tuple[BotId, ChatId]] = set()  # chats in which something is being said: one at a time
        # Accounts and chats, `<BotId>|<ChatId>`, whose turn is later. What is for them waits in the store until then:
        # when this process ends, or the account moves, it was certainly not begun.
        self._resting: set[str] = set()
        self._leaving = False
        self._wake = asyncio.Event()
        self.answered: Callable[[Told], None] = lambda _: None  # hears of what this process itself waits for
        member.lost.append(self._lost)

    def attach(self, bot: BotId) -> None:
        self._known.add(bot)
        if bot not in self._accounts:  # else it only connects again
            self._coming.append(bot)
        self._wake.set()

    def asked(self, bots: Collection[BotId]) -> None:
        """Sends wait for these, here or elsewhere."""
        for bot in bots:
            if bot in self._accounts:
                self._wake.set()
            else:
                self._bus.post(f"{ASKED}{bot}", ["send"])

    async def leave(self, seconds: float) -> None:
        """Take no more, and let what has begun end within so many seconds."""
        self._leaving = True
        until = self._clock.monotonic() + seconds
        while self._busy and self._clock.monotonic() < until:
            await self._clock.sleep(NAP_S)

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._serve())
            group.create_task(self._listen())
            group.create_task(self._sweep())

    async def _serve(self) -> None:
        trouble = False
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._receive()
                while await self._take():
                    pass
                trouble = False
            except KagamiError as error:
                if not trouble:
                    _log.warning("cannot take sends", reason=error)
                trouble = True
                await self._clock.sleep(PAUSE_S)
                self._wake.set()

    async def _receive(self) -> None:
        """Accounts that have come: whoever had one before sends no more by it."""
        while self._coming:
            bot = self._coming[0]
            await self._member.seize(f"{PREFIX}{bot}")
            left = await self._backlog.give_up(bot, MOVED)
            if left:
                _log.warning("sends were under way when an account moved", bot=bot, sends=left)
            self._accounts.add(bot)
            self._coming.pop(0)

    async def _take(self) -> bool:
        """One page of what waits; False when there is no more, or no room for it."""
        most = min(PAGE, MOST_MAKING - len(self._busy))
        here = [bot for bot in self._accounts if self._reachable(bot)]
        leases = {fence: bot for bot in here if (fence := self._member.fence(f"{PREFIX}{bot}"))}
        if most <= 0 or not leases or self._leaving:
            return False
        busy = [f"{bot}|{chat}" for bot, chat in self._busy]
        await self._reclaim(leases, busy)
        rooms = {fence: room for fence, bot in leases.items() if (room := self._room(bot)) > 0}
        if not rooms:
            return False
        with self._whole([leases[fence] for fence in rooms]):
            found = await self._backlog.take_sends(rooms, [*busy, *self._resting], most)
        self._begin(found, {leases[fence]: fence for fence in rooms})
        return len(found) == most

    def _begin(self, found: Sequence[tuple[SendRow, str]], leases: Mapping[BotId, Fence]) -> None:
        for row, node in found:
            self._rest(f"{row.bot}|{row.chat}", self._carrier.reserve(row.bot, row.chat))
            self._busy.add((row.bot, row.chat))
            self._nursery.start("courier", self._make(row, node, leases[row.bot]))

    async def _reclaim(self, leases: Mapping[Fence, BotId], busy: Collection[str]) -> None:
        doubtful = {fence: bot for fence, bot in leases.items() if bot in self._doubtful}
        if doubtful:
            self._doubtful.difference_update(doubtful.values())
            with self._whole(doubtful.values()):
                await self._settled()
                await self._backlog.reclaim([*doubtful], busy)

    @contextmanager
    def _whole(self, bots: Collection[BotId]) -> Iterator[None]:
        """Unless this comes to its end nobody here knows what the store says of these."""
        ended = False
        try:
            yield
            ended = True
        finally:
            if not ended:
                self._doubtful.update(bots)

    def _room(self, bot: BotId) -> int:
        if bot in self._resting:
            return 0
        if not (room := self._carrier.room(bot)):
            self._rest(bot, self._carrier.rest(bot) or NAP_S)
        return room

    def _rest(self, name: str, seconds: float) -> None:
        if seconds > 0 and name not in self._resting:
            self._resting.add(name)
            self._nursery.start("courier", self._rested(name, seconds))

    async def _rested(self, name: str, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._resting.discard(name)
        self._wake.set()

    async def _make(self, row: SendRow, node: str, lease: Fence) -> None:
        try:
            receipt = await self._carrier.carry(row)
            if receipt is None:
                await self._backlog.give_back(lease, [(row.execution, row.ordinal)])
                if not self._leaving:
                    await self._clock.sleep(PAUSE_S)
            else:
                self._tell(row, node, receipt)
        except StoreClosed:
            self._doubtful.add(row.bot)
        finally:
            self._busy.discard((row.bot, row.chat))
            self._wake.set()  # the next of that chat

    def _tell(self, row: SendRow, node: str, receipt: Receipt) -> None:
        told = Told(row.execution, row.ordinal, receipt, row.attempt)
        if node == self._member.node:
            self.answered(told)
        else:
            self._bus.post(f"{ANSWERED}{node}", [hint(told, self._key)])

    async def _listen(self) -> None:
        hints: AsyncGenerator[tuple[str, list[str]], None] = self._bus.hear(
            lambda: [f"{ASKED}{bot}" for bot in self._accounts]
        )
        async with aclosing(hints):
            async for _ in hints:
                self._wake.set()

    async def _sweep(self) -> None:
        while True:
            await doze(self._clock, self._nap)
            with suppress(KagamiError):
                await self._inherit()
            self._wake.set()

    async def _inherit(self) -> None:
        """Accounts that are connected here and that nobody has any more: the process that had them is gone."""
        lone = [bot for bot in self._known - self._accounts if self._reachable(bot) and bot not in self._coming]
        if lone and not self._leaving:
            taken = await self._member.take([f"{PREFIX}{bot}" for bot in lone])
            self._coming += [BotId(fence.name.removeprefix(PREFIX)) for fence in taken]

    def _lost(self, names: Sequence[str]) -> None:
        self._accounts -= {BotId(name.removeprefix(PREFIX)) for name in names if name.startswith(PREFIX)}
