"""What is done once for all processes, by one of them: timetables, clean-ups, backups."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from kagami import log
from kagami.clock import Clock
from kagami.cluster.membership import Membership
from kagami.errors import KagamiError
from kagami.net.supervise import Nursery

LEASE = "duty"
LOOK_S = 1.0
_log = log.get("cluster")


class Duty:
    """`run` in a task. What is given to `keep` runs while the duty is this process'."""

    def __init__(self, member: Membership, nursery: Nursery, clock: Clock) -> None:
        self._member = member
        self._nursery = nursery
        self._clock = clock
        self._work: list[tuple[str, Callable[[], Awaitable[None]]]] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._leaving = False

    @property
    def ours(self) -> bool:
        return self._member.fence(LEASE) is not None

    def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self._work.append((name, work))
        if self._tasks:
            self._tasks.append(self._nursery.keep(name, work))

    async def run(self) -> None:
        """Have it when nobody has, until cancelled."""
        while True:
            if not self.ours and not self._leaving:
                await self._stop()
                with suppress(KagamiError):
                    if await self._member.take([LEASE]):
                        _log.info("does now what one does for all", node=self._member.node)
            if self.ours and not self._tasks:
                self._tasks = [self._nursery.keep(name, work) for name, work in self._work]
            await self._clock.sleep(LOOK_S)

    async def leave(self) -> None:
        self._leaving = True
        await self._stop()
        await self._member.release([LEASE])

    async def _stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
