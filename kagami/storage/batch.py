"""What goes to disk together, and what one waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
from typing import Any, Generic, TypeVar

from kagami.errors import StoreClosed
from kagami.model.ids import ExecutionId
from kagami.storage.engine import Params, Row

Value = TypeVar("Value")

# In the order of the statements in `batch.sql`.
LISTS = ("events", "opened", "begun", "ended", "traces", "kept", "closed", "written")


class Batch:
    """Rows by list, in order of the calls. `durable`: somebody waits for the disk, not only for the commit."""

    __slots__ = (
        "count",
        "dropped",
        "durable",
        "failed",
        "lists",
        "lost",
        "number",
        "opened",
        "parent",
        "parts",
        "size",
        "stale",
        "synced",
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
        self.failed: dict[int, str] = {}
        self.waiters: list[asyncio.Future[None]] = []

    def add(self, name: str, row: Any, size: int = 0) -> None:
        self.lists[name].append(row)
        self.count += 1
        self.size += size

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
        for name in LISTS:
            for row in lists[name]:
                part = Batch(self.number, self)
                part.add(name, row)
                if name == "events" and (opened := self.opened.get(row[1])) is not None:
                    part.opened[row[1]] = opened
                part.dropped = int(name == "written" and row[2] is None)
                part.durable = self.durable
                self.parts += 1
                yield part

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
        for name in ("events", "begun"):
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


def was_new(batch: Batch, key: int) -> bool:
    return key not in batch.stale


def nothing(_batch: Batch, _key: int) -> None:
    """The answer of what has none."""
