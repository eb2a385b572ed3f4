"""A store and an inbox, and the schedulers of the processes that come and go on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC
from itertools import count

import msgspec

from kagami.core.timetable import Missed, read_timetable
from kagami.errors import StoreClosed
from kagami.model.event import Event
from kagami.model.ids import ExecutionId
from kagami.plugins.agenda import JobRow
from kagami.plugins.plugin import Regular
from kagami.plugins.schedule import Intake, Scheduler
from kagami.testing.chat import MemoryValues
from kagami.testing.clock import START_MS, FakeClock, settle

# The clock begins at 2025-10-09 08:53:20.
MINUTE, HOUR = 60, 3_600
NINE = START_MS + 400_000


class Inbox:
    """Events by their dedupe key, as the ledger keeps them; `broken` while nothing can be kept."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.asked: list[str] = []
        self.broken = False

    async def accept(self, event: Event, read_at: float, *, once: bool = False) -> bool:
        self.asked.append(event.dedupe)
        if self.broken:
            raise StoreClosed(reason="the disk is full")
        new = event.dedupe not in self.events
        self.events.setdefault(event.dedupe, event)
        return new

    @property
    def keys(self) -> list[str]:
        return list(self.events)

    def minutes(self) -> list[float]:
        """When each was due, in minutes from the start."""
        return [(event.time_ms - START_MS) / 60_000 for event in self.events.values()]


class World:
    """One store and one inbox, and the schedulers of the processes that come and go on them."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.values = MemoryValues()
        self.inbox = Inbox()
        self._numbers = count(1)

    def scheduler(self) -> Scheduler:
        return Scheduler(
            self.values, self.clock, UTC, new_execution=lambda: ExecutionId(f"execution-{next(self._numbers)}")
        )

    @asynccontextmanager
    async def running(
        self, *regulars: Regular, jobs: Sequence[str] = ("remind",), intake: Intake | None = None
    ) -> AsyncIterator[Scheduler]:
        """A process that serves the plugin `book`."""
        scheduler = self.scheduler()
        await scheduler.open()
        await scheduler.serve("book", regulars, [*jobs, *(regular.job for regular in regulars)])
        task = asyncio.create_task(scheduler.run(intake or self.inbox.accept))
        await settle()
        try:
            yield scheduler
        finally:
            task.cancel()
            await asyncio.wait({task})

    async def advance(self, seconds: float) -> None:
        await settle()
        await self.clock.advance(seconds)

    def rows(self) -> list[JobRow]:
        return [msgspec.json.decode(text, type=JobRow) for text in self.values.kept.values()]


def regular(timetable: str, missed: Missed = "once", job: str = "morning") -> Regular:
    return Regular(job, read_timetable(timetable), missed)
