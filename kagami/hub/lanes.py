"""Conversations side by side, each in order.

A lane exists while its conversation has something to do. Its reader never waits: when a lane or the house is full,
something is shed, a notice before a message.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from kagami import log
from kagami.hub.execution import Execution, Slots
from kagami.model.ids import SessionKey
from kagami.net.supervise import Nursery

Walk = Callable[[Execution], Awaitable[None]]
_log = log.get("hub")


class Lanes:
    """`walk` handles one execution; `shed` is told what had no room; `failed` what `walk` could not handle."""

    def __init__(
        self,
        nursery: Nursery,
        slots: Slots,
        *,
        length: int,
        total: int,
        walk: Walk,
        shed: Callable[[Execution], None],
        failed: Callable[[Execution, Exception], None],
    ) -> None:
        self._nursery = nursery
        self._slots = slots
        self._length = length
        self._total = total
        self._walk = walk
        self._shed = shed
        self._failed = failed
        self._draining = False
        self._lanes: dict[SessionKey, deque[Execution]] = {}
        self.waiting = 0

    @property
    def active(self) -> int:
        return len(self._lanes)

    def put(self, execution: Execution, *, force: bool = False) -> None:
        """Queue behind what its conversation already has. `force` skips the bounds, for what is already accepted."""
        if self._draining:
            return
        key = execution.event.session
        lane = self._lanes.get(key)
        if lane is not None and not force and not self._room(lane, execution):
            return
        self.waiting += 1
        if lane is None:
            if self.waiting > self._total and not force:
                self.waiting -= 1
                self._shed(execution)
                return
            self._lanes[key] = lane = deque((execution,))
            self._nursery.start("lane", self._run(key, lane))
        else:
            lane.append(execution)

    def take_first(self, session: SessionKey, take: Callable[[Execution], bool]) -> None:
        """Remove the first of what waits in a conversation that `take` takes."""
        lane = self._lanes.get(session, deque())
        taken = next((each for each in lane if take(each)), None)
        if taken is not None:
            lane.remove(taken)
            self.waiting -= 1

    def drain(self) -> None:
        """Drop what waits and what still comes (it is on disk); what runs goes on."""
        self._draining = True
        for lane in self._lanes.values():
            self.waiting -= len(lane)
            lane.clear()

    def _room(self, lane: deque[Execution], newcomer: Execution) -> bool:
        """Make room for `newcomer`, or shed it."""
        if len(lane) < self._length and self.waiting < self._total:
            return True
        notice = next((each for each in lane if each.event.kind != "message"), None)
        if notice is None or newcomer.event.kind != "message":
            self._shed(newcomer)
            return False
        lane.remove(notice)
        self.waiting -= 1
        self._shed(notice)
        return True

    async def _run(self, key: SessionKey, lane: deque[Execution]) -> None:
        try:
            while lane:
                # What waits for a slot still counts as waiting: the bounds are of everything that no handler has.
                await self._slots.take()
                try:
                    if lane:
                        await self._one(lane.popleft())
                finally:
                    self._slots.give()
        finally:
            self.waiting -= len(lane)
            del self._lanes[key]

    async def _one(self, execution: Execution) -> None:
        self.waiting -= 1
        try:
            await self._walk(execution)
        except Exception as error:  # noqa: BLE001 - one event's failure must not end its conversation
            self._failed(execution, error)
