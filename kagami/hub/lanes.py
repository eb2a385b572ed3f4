"""Conversations side by side, each in order.

A lane exists while its conversation has something to do. Its reader never waits: when a lane or the house is full,
something is shed, a notice before a message. Most of what is said concerns nobody: that ends where it begins, without
a lane, a task or a slot.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection

from kagami import log
from kagami.hub.execution import Execution, Slots
from kagami.model.ids import SessionKey
from kagami.net.supervise import Nursery

_log = log.get("hub")


class Lanes:
    """`begin` does what needs no waiting and says whether there is more to do; `handle` does that.

    `shed` is told what had no room, `failed` what the other two could not do.
    """

    def __init__(
        self,
        nursery: Nursery,
        slots: Slots,
        *,
        length: int,
        total: int,
        begin: Callable[[Execution], bool],
        handle: Callable[[Execution], Awaitable[None]],
        shed: Callable[[Execution], None],
        failed: Callable[[Execution, Exception], None],
    ) -> None:
        self._nursery = nursery
        self._slots = slots
        self._length = length
        self._total = total
        self._begin = begin
        self._handle = handle
        self._shed = shed
        self._failed = failed
        self._draining = False
        self._lanes: dict[SessionKey, deque[Execution]] = {}
        self._fenced: dict[SessionKey, tuple[str, asyncio.Task[None]]] = {}
        self.waiting = 0

    @property
    def active(self) -> int:
        return len(self._lanes)

    @property
    def oldest_ms(self) -> int:
        """When the oldest of what waits was accepted (wall time); 0 when nothing waits."""
        return min((lane[0].accepted_ms for lane in self._lanes.values() if lane), default=0)

    def configure(self, *, length: int, total: int) -> None:
        """Go on with other bounds, for what comes from now on."""
        self._length, self._total = length, total

    def put(self, execution: Execution, *, force: bool = False) -> None:
        """Queue behind what its conversation already has. `force` skips the bounds, for what is already accepted."""
        if self._draining:
            return
        key = execution.event.session
        lane = self._lanes.get(key)
        if lane is not None:
            if force or self._room(lane, execution):
                self.waiting += 1
                lane.append(execution)
        elif self.waiting >= self._total and not force:
            self._shed(execution)
        elif self._begins(execution):
            self.waiting += 1
            self._lanes[key] = lane = deque((execution,))
            task = self._nursery.start("lane", self._run(key, lane, execution))
            if execution.fence is not None:
                self._fenced[key] = execution.fence.name, task

    def take_first(self, session: SessionKey, take: Callable[[Execution], bool]) -> None:
        """Remove the first of what waits in a conversation that `take` takes."""
        lane = self._lanes.get(session, deque())
        taken = next((each for each in lane if take(each)), None)
        if taken is not None:
            lane.remove(taken)
            self.waiting -= 1

    def drop(self, leases: Collection[str]) -> None:
        """Cancel what runs under these, forget what waits."""
        for key in self._under(leases):
            # Out of the way at once: its events may come again before it has ended.
            self._forget(self._lanes.pop(key))
            self._fenced.pop(key)[1].cancel()

    async def finish(self, leases: Collection[str], seconds: float) -> None:
        """Forget what waits under these, let what runs end; `drop` what does not in so many seconds."""
        mine = self._under(leases)
        for key in mine:
            self._forget(self._lanes[key])
        if mine:
            await asyncio.wait([self._fenced[key][1] for key in mine], timeout=seconds)
        self.drop(leases)

    def _under(self, leases: Collection[str]) -> list[SessionKey]:
        return [key for key, (lease, _) in self._fenced.items() if lease in leases]

    def _forget(self, lane: deque[Execution]) -> None:
        self.waiting -= len(lane)
        lane.clear()

    def drain(self) -> None:
        """Drop what waits and what still comes (it is on disk); what runs goes on."""
        self._draining = True
        for lane in self._lanes.values():
            self._forget(lane)

    def _room(self, lane: deque[Execution], newcomer: Execution) -> bool:
        """Make room for `newcomer`, or shed it."""
        if len(lane) < self._length and self.waiting < self._total:
            return True
        notice = next((each for each in lane if each.event.kind not in ("message", "schedule")), None)
        if notice is None or newcomer.event.kind != "message":
            self._shed(newcomer)
            return False
        lane.remove(notice)
        self.waiting -= 1
        self._shed(notice)
        return True

    async def _run(self, key: SessionKey, lane: deque[Execution], begun: Execution) -> None:
        try:
            while lane:
                # What waits for a slot still counts as waiting: the bounds are of everything that no handler has.
                if not self._slots.take_free():
                    await self._slots.take((key.bot, key.chat))
                try:
                    if lane:
                        await self._one(lane.popleft(), begun)
                finally:
                    self._slots.give()
        finally:
            self._forget(lane)
            if self._lanes.get(key) is lane:
                del self._lanes[key]
                self._fenced.pop(key, None)

    async def _one(self, execution: Execution, begun: Execution) -> None:
        self.waiting -= 1
        if execution is begun or self._begins(execution):
            with _Care(execution, self._failed):
                await self._handle(execution)

    def _begins(self, execution: Execution) -> bool:
        with _Care(execution, self._failed):
            return self._begin(execution)
        return False


class _Care:
    """Around the work on one event: its failure must end neither its conversation nor the reader that brought it."""

    __slots__ = ("_execution", "_failed")

    def __init__(self, execution: Execution, failed: Callable[[Execution, Exception], None]) -> None:
        self._execution = execution
        self._failed = failed

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if not isinstance(error, Exception):
            return False
        self._failed(self._execution, error)
        return True
