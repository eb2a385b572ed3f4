"""Events whose handler failed, until their next try is due."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable, Collection
from itertools import count

from kagami.clock import Clock
from kagami.hub.execution import Execution
from kagami.model.ids import SessionKey
from kagami.ports import Open

HOLD_S = 1.0
# What those wait for that nobody has tried in vain; no plugin is called so.
STORE = "@store"


class Retries:
    """`again` takes up an event whose time has come, and behind it the answers that its failed try had used."""

    def __init__(self, clock: Clock, again: Callable[[Open], None]) -> None:
        self._clock = clock
        self._again = again
        self._due: list[tuple[float, int, str, list[Open]]] = []
        self._number = count()
        self._held: dict[SessionKey, list[Open]] = {}
        self.parked: Counter[str] = Counter()
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._due)

    def put(self, execution: Execution, at_ms: int, *, plugin: str = "") -> None:
        """`at_ms` is wall time as the store keeps it; the wait for it is not moved by a clock that is set.

        With `plugin` the event waits for that plugin, which is none of its tries.
        """
        due = self._clock.monotonic() + (at_ms - self._clock.wall_ms()) / 1000
        self._push(due, plugin, _opened(execution, execution.attempts + (not plugin)))

    def hold(self, execution: Execution) -> None:
        """The store is away: it begins again soon, and behind it what its conversation has said since."""
        execution.holds += 1
        events, session = _opened(execution, execution.attempts), execution.event.session
        waiting = self._held.get(session)
        if waiting is not None:
            waiting += events
        else:
            self._held[session] = events
            self._push(self._clock.monotonic() + HOLD_S, STORE, events)

    def holds(self, session: SessionKey) -> bool:
        """Whether something that was said earlier there waits for the store."""
        return session in self._held

    def _push(self, due: float, plugin: str, events: list[Open]) -> None:
        heapq.heappush(self._due, (due, next(self._number), plugin, events))
        self.parked[plugin] += 1
        self._changed.set()

    def hasten(self, plugin: str) -> None:
        """What waits for this plugin is due now."""
        now = self._clock.monotonic()
        self._due = [(now if each[2] == plugin else each[0], *each[1:]) for each in self._due]
        heapq.heapify(self._due)
        self._changed.set()

    def drop(self, leases: Collection[str]) -> None:
        """Forget what was to be tried under these."""
        for each in self._due:
            self.parked[each[2]] -= _is_under(each[3][0], leases)
        self._due = [each for each in self._due if not _is_under(each[3][0], leases)]
        self._held = {session: events for session, events in self._held.items() if not _is_under(events[0], leases)}
        heapq.heapify(self._due)

    def due(self, now: float) -> list[Open]:
        """Take out what is due at `now`, in monotonic seconds."""
        found: list[Open] = []
        while self._due and self._due[0][0] <= now:
            _, _, plugin, events = heapq.heappop(self._due)
            self.parked[plugin] -= 1
            if plugin == STORE:
                self._held.pop(events[0].event.session, None)
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


def _opened(execution: Execution, attempts: int) -> list[Open]:
    """It as the store would give it, and behind it the answers that its failed try had used."""
    found = Open(
        execution.event,
        execution.accepted_ms,
        attempts,
        dict(execution.journal),
        execution.error,
        execution.restarted,
        execution.fence,
        execution.holds,
    )
    return [found, *(Open(answer.event, answer.accepted_ms, 0, fence=answer.fence) for answer in execution.answers)]


def _is_under(found: Open, leases: Collection[str]) -> bool:
    return found.fence is not None and found.fence.name in leases
