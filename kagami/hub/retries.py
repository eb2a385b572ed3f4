"""Events whose handler failed, until their next try is due."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable
from itertools import count

from kagami.clock import Clock
from kagami.hub.execution import Execution
from kagami.ports import Open


class Retries:
    """`again` takes up an event whose time has come, and behind it the answers that its failed try had used."""

    def __init__(self, clock: Clock, again: Callable[[Open], None]) -> None:
        self._clock = clock
        self._again = again
        self._due: list[tuple[float, int, str, list[Open]]] = []
        self._number = count()
        self.parked: Counter[str] = Counter()
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._due)

    def put(self, execution: Execution, at_ms: int, *, plugin: str = "") -> None:
        """`at_ms` is wall time as the store keeps it; the wait for it is not moved by a clock that is set.

        With `plugin` the event waits for that plugin, which is none of its tries.
        """
        found = Open(
            execution.event,
            execution.accepted_ms,
            execution.attempts + (not plugin),
            dict(execution.journal),
            execution.error,
            execution.restarted,
        )
        answers = [Open(answer.event, answer.accepted_ms, 0) for answer in execution.answers]
        due = self._clock.monotonic() + (at_ms - self._clock.wall_ms()) / 1000
        heapq.heappush(self._due, (due, next(self._number), plugin, [found, *answers]))
        self.parked[plugin] += 1
        self._changed.set()

    def hasten(self, plugin: str) -> None:
        """What waits for this plugin is due now."""
        now = self._clock.monotonic()
        self._due = [(now if each[2] == plugin else each[0], *each[1:]) for each in self._due]
        heapq.heapify(self._due)
        self._changed.set()

    def due(self, now: float) -> list[Open]:
        """Take out what is due at `now`, in monotonic seconds."""
        found: list[Open] = []
        while self._due and self._due[0][0] <= now:
            _, _, plugin, events = heapq.heappop(self._due)
            self.parked[plugin] -= 1
            found += events
        return found

    async def run(self) -> None:
        """Hand out what is due, until cancelled."""
        while True:
            for found in self.due(self._clock.monotonic()):
                self._again(found)
            self._changed.clear()
            if self._due:
                await self._clock.sleep(min(1.0, max(0.0, self._due[0][0] - self._clock.monotonic())))
            else:
                await self._changed.wait()
