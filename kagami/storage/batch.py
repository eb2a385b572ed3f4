"""What goes to disk together, and what one waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Generator, Iterable, Iterator
from typing import Any, Generic, TypeVar

from kagami.errors import StoreClosed
from kagami.model.event import Event
from kagami.model.ids import ExecutionId
from kagami.model.trace import Trace
from kagami.ports import Commits, Fence, StorePut
from kagami.storage.engine import Params, Row
from kagami.storage.rows import event_row, trace_row

Value = TypeVar("Value")

# In the order of the statements in `batch.sql`.
LISTS = ("events", "opened", "begun", "asked", "ended", "traces", "kept", "closed", "written")
FULL = "too much is waiting to be written"
# Those whose rows begin with a number that somebody may wait for.
NUMBERED = ("events", "begun", "asked")


class Batch:
    """Rows by list, in order of the calls. `durable`: somebody waits for the disk, not only for the commit.

    `fenced` are those rows that are written only while a lease is held, by lease.
    """

    __slots__ = (
        "count",
        "dropped",
        "durable",
        "failed",
        "fenced",
        "lists",
        "lost",
        "number",
        "once",
        "opened",
        "parent",
        "parts",
        "size",
        "stale",
        "synced",
        "touched",
        "urgent",
        "waiters",
    )

    def __init__(self, number: int, parent: Batch | None = None) -> None:
        self.number = number
        self.parent = parent
        self.lists: dict[str, list[Any]] = {name: [] for name in LISTS if name != "opened"}
        self.opened: dict[ExecutionId, Row] = {}
        self.count = 0
        self.size = 0
        self.dropped = 0
        self.durable = False
        self.urgent = False
        self.parts = 0
        self.lost = ""
        self.synced = False
        self.stale: set[int] = set()
        self.touched: set[tuple[str, str]] = set()
        self.failed: dict[int, str] = {}
        self.fenced: dict[Fence, list[tuple[str, Row]]] = {}
        self.waiters: list[asyncio.Future[None]] = []
        # Of its events those that nobody brings again, with the moment of their acceptance.
        self.once: list[tuple[Event, int]] = []

    def accept(self, number: int, event: Event, accepted_ms: int, part: int) -> None:
        self.add("events", event_row(number, event, accepted_ms))
        self.opened[event.execution] = (event.execution, number, part)

    def finish(self, trace: Trace, attempts: int, retry_at_ms: int, fence: Fence | None) -> bool:
        """Whether that is the event's end."""
        self.add("traces", trace_row(trace), fence=fence)
        if trace.outcome in ("retry", "parked", "dead"):
            state = "dead" if trace.outcome == "dead" else "open"
            self.add("kept", (trace.execution, state, attempts, retry_at_ms, trace.error), fence=fence)
            return False
        self.close(trace.execution, fence)
        return True

    def close(self, execution: ExecutionId, fence: Fence | None) -> None:
        # Opened in this very batch: it need not be opened at all.
        if self.opened.pop(execution, None) is None:
            self.add("closed", (execution,), fence=fence)

    def put(self, write: StorePut, fence: Fence | None = None) -> None:
        self.add("written", (write.plugin, write.key, write.value), fence=fence)
        self.dropped += write.value is None

    def add(self, name: str, row: Any, size: int = 0, fence: Fence | None = None) -> None:
        self.lists[name].append(row)
        self.count += 1
        self.size += size
        if fence is not None:
            self.fenced.setdefault(fence, []).append((name, row))

    def params(self) -> Params:
        """For the bundle `batch`; empty lists are left out. An empty batch still commits something."""
        given: dict[str, Any] = {name: rows for name, rows in self.lists.items() if rows}
        if self.opened:
            given["opened"] = list(self.opened.values())
        return given or {"barrier": [(1,)]}

    @property
    def expected(self) -> int:
        """How many rows change when every event is new; never less than what really can."""
        rows = sum(map(len, self.lists.values()))
        return rows + len(self.opened) + self.dropped if rows else 1

    def split(self) -> Iterator[Batch]:
        """One batch for each row, in the order of the statements, that together are this one."""
        lists = {**self.lists, "opened": []}
        fences = {id(row): fence for fence, rows in self.fenced.items() for _, row in rows}
        for name in LISTS:
            for row in lists[name]:
                part = Batch(self.number, self)
                part.add(name, row, fence=fences.get(id(row)))
                if name == "events" and (opened := self.opened.get(row[1])) is not None:
                    part.opened[row[1]] = opened
                part.dropped = int(name == "written" and row[2] is None)
                part.durable = self.durable
                self.parts += 1
                yield part

    def cut(self, leases: Collection[Fence], reason: str) -> int:
        """Leave out what was to be written under these leases; how many rows that was."""
        before = self.count
        for fence in [each for each in self.fenced if each in leases]:
            for name, row in self.fenced.pop(fence):
                self.lists[name].remove(row)
                self.count -= 1
                self.dropped -= int(name == "written" and row[2] is None)
                if name in NUMBERED:
                    self.failed[row[0]] = reason
        return before - self.count

    def tell(self, commits: Commits) -> None:
        """It is on disk."""
        lists = self.lists
        if self.opened:
            commits.opened([(row[1], row[2]) for row in self.opened.values() if row[1] not in self.stale])
        if lists["closed"] or lists["kept"]:
            dead = [row[0] for row in lists["kept"] if row[1] == "dead"]
            commits.closed([*(row[0] for row in lists["closed"]), *dead])
        if lists["asked"]:
            commits.asked({row[4] for row in lists["asked"]})

    def joined(self) -> Batch | None:
        """This batch, or the one that it was the last part of."""
        whole = self.parent
        if whole is None:
            return self
        whole.stale |= self.stale
        whole.failed |= self.failed
        whole.synced = self.synced
        whole.parts -= 1
        return None if whole.parts else whole

    def fail(self, reason: str) -> None:
        """Remember that its only row was refused; events and sends have a number that somebody may wait for."""
        for name in NUMBERED:
            self.failed |= {row[0]: reason for row in self.lists[name]}

    def settle(self) -> None:
        """Everything is known: wake who waits."""
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)
        self.waiters.clear()


class Written(Generic[Value]):
    """Ends when its row is written. Not awaiting it costs nothing; awaiting it hastens the batch.

    With `key`, a row that was refused raises `StoreClosed`.
    """

    __slots__ = ("_answer", "_batch", "_key", "_wait")

    def __init__(
        self,
        batch: Batch,
        key: int,
        wait: Callable[[Batch], Coroutine[Any, Any, None]],
        answer: Callable[[Batch, int], Value],
    ) -> None:
        self._batch = batch
        self._key = key
        self._wait = wait
        self._answer = answer

    def __await__(self) -> Generator[Any, None, Value]:
        return self._settled().__await__()

    async def _settled(self) -> Value:
        await self._wait(self._batch)
        if (reason := self._batch.failed.get(self._key)) is not None:
            raise StoreClosed(reason=reason)
        return self._answer(self._batch, self._key)


def take_once(batches: Iterable[Batch]) -> list[tuple[Event, int]]:
    """Out of them the events that nobody brings again, in their order; their rows stay."""
    wholes = dict.fromkeys(each.parent or each for each in batches)
    found = [each for whole in wholes for each in whole.once]
    for whole in wholes:
        whole.once.clear()
    return found


def lowest(batches: Iterable[Batch]) -> int:
    """The lowest number in them, 0 when there is none: in each list they grow."""
    return min((rows[0][0] for each in batches for name in NUMBERED if (rows := each.lists[name])), default=0)


def error_of(future: asyncio.Future[Any]) -> BaseException | None:
    return StoreClosed(reason="interrupted") if future.cancelled() else future.exception()


def was_new(batch: Batch, key: int) -> bool:
    return key not in batch.stale


def nothing(_batch: Batch, _key: int) -> None:
    """The answer of what has none."""


def never(reason: str) -> Written[Any]:
    """The answer to what is not taken: awaiting it raises `StoreClosed`."""
    refused = Batch(0)
    refused.lost = reason
    return Written(refused, 0, _lost, nothing)


async def _lost(batch: Batch) -> None:
    raise StoreClosed(reason=batch.lost)
