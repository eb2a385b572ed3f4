"""Applications at other processes, and what those have accepted, for applications that follow here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from typing import Protocol

from msgspec.structs import replace

from kagami import log
from kagami.clock import Clock, doze
from kagami.errors import KagamiError
from kagami.model.ids import BotId
from kagami.ports import Elsewhere, NodeRow, WorkerRow
from kagami.ports.state import Relay

# What the others are told of: events are in the store.
EVENTS = "events"
PAUSE_S = 0.5
# Within so many seconds a process has written what it had accepted before an account left it.
SETTLES_S = 0.1
# What is new here waits no longer than this for a slow database.
SETTLES_MOST_S = 1.0
_log = log.get("cluster")


class Following(Protocol):
    """The events of all, as far as they are here."""

    @property
    def followers(self) -> int: ...

    async def fetch(self) -> None: ...

    async def recall(self, bot: BotId) -> None:
        """Take what others have of this account; it is known from now on, should it come again."""
        ...

    def hold(self) -> AbstractContextManager[None]:
        """What is new here waits until it ends."""
        ...


# Of two connections of one application the later one stays; these are the others'.
GiveWay = Callable[[Sequence[WorkerRow]], None]


class Neighbours:
    """`run` in a task. `nap` says after how many seconds to look, whatever hints have told."""

    def __init__(self, relay: Relay, clock: Clock, *, nap: Callable[[], float]) -> None:
        self._relay = relay
        self._clock = clock
        self._nap = nap
        self._wake = asyncio.Event()
        self._tail: Following | None = None
        self._give_way: GiveWay | None = None
        self.followed = False  # whether applications at other processes want to know of events

    def serve(self, tail: Following, give_way: GiveWay) -> None:
        """Applications may come to this process."""
        self._tail, self._give_way = tail, give_way

    def opened(self) -> None:
        """This process has committed events."""
        if self.followed:
            self._relay.publish(EVENTS, b"")

    async def let_settle(self, bot: BotId, *, moved: bool) -> None:
        """An account has come here; where it has moved, what it brought to another process comes before what it brings
        here. What comes a second time is told by nobody.
        """
        if self._tail is None:
            return
        with self._tail.hold(), suppress(KagamiError, TimeoutError):
            if moved and self._tail.followers:
                await self._clock.sleep(SETTLES_S)
            async with asyncio.timeout(SETTLES_MOST_S):
                await self._tail.recall(bot)

    def meet(self, others: Sequence[NodeRow]) -> tuple[Elsewhere, ...]:
        """The applications that rules can lead events to there."""
        apps = [Elsewhere(each.slot, replace(row, node=each.node)) for each in others for row in each.state.apps]
        self.followed = any(not each.row.pool for each in apps)
        if self._give_way is not None:
            self._give_way([each.row for each in apps])
        # One that Kagami connects to hears of each account from the process that has it.
        return tuple(each for each in apps if each.row.feed is None or each.row.feed.side == "in")

    async def run(self) -> None:
        """Fetch, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._fetch())
            group.create_task(self._listen())
            group.create_task(self._sweep())

    async def _fetch(self) -> None:
        trouble = False
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._tail is None or not self._tail.followers:
                continue
            try:
                await self._tail.fetch()
                trouble = False
            except KagamiError as error:
                if not trouble:
                    _log.warning("cannot read what others have accepted", reason=error)
                trouble = True
                await self._clock.sleep(PAUSE_S)
                self._wake.set()

    async def _listen(self) -> None:
        async for _ in self._relay.subscribe((EVENTS,)):
            self._wake.set()

    async def _sweep(self) -> None:
        while True:
            await doze(self._clock, self._nap)
            self._wake.set()
