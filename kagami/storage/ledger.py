"""The one group-committing writer: the inbox, the outbox, outcomes and traces.

While one batch is being written the next one gathers. A batch that somebody waits for is given away as soon as the
database is free, any other one after `LINGER_S` or with `MOST_ROWS` rows. Calls come from the loop's thread only and
reach the disk in their order.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from kagami import log
from kagami.core.partition import part_of
from kagami.errors import Fenced, KagamiError, RowRefused, StoreClosed
from kagami.meters import Meters
from kagami.model.action import Receipt
from kagami.model.event import Event
from kagami.model.ids import ExecutionId
from kagami.model.trace import Trace
from kagami.ports import Commits, Fence, SendRow, StorePut
from kagami.storage.batch import FULL, Batch, Written, error_of, lowest, never, nothing, take_once, was_new
from kagami.storage.engine import Engine
from kagami.storage.rows import receipt_row, send_row, trace_row
from kagami.storage.spool import SILENT, Spool
from kagami.storage.unwritten import Unwritten

MOST_ROWS = 500
LINGER_S = 0.005
RETRY_S = 1.0
# A write that takes longer is as good as none to events that come once.
LATE_S = 1.0
# What may wait while the disk is full: beyond this nothing more is accepted.
WAITING_ROWS, WAITING_BYTES = 10_000, 64 << 20
ROW_BYTES = 512
# Beyond this, readers are asked to pause. What one of them has read already has to fit into the rest.
CROWDED_ROWS = 3_000

_log = log.get("store")


class BatchLedger:
    """Implements `ports.Ledger`. Made by the store, with the highest id that is in use.

    Where several processes write, `number` gives ids that are this one's alone while `numbers`; `commits` hears of all.
    """

    def __init__(self, engine: Engine, meters: Meters, newest: int, *, retry_s: float = RETRY_S) -> None:
        self._engine = engine
        self._meters = meters
        self._loop = asyncio.get_running_loop()
        self._retry_s = retry_s
        self._newest = newest
        self._gathering = Batch(1)
        self._queue: deque[Batch] = deque()
        self._flying: Batch | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._late: asyncio.TimerHandle | None = None
        self._called = False
        self._written = 0  # number of the newest batch that is committed
        self._synced = 0  # number of the newest batch that is on disk
        self._rows = self._bytes = self.lost = 0
        self._closed = ""
        self.unwritten = Unwritten()
        self.spool: Spool | None = None
        self.trouble = ""
        self.number: Callable[[int], int] = lambda newest: newest + 1
        self.numbers: Callable[[], bool] = lambda: True
        self.part: Callable[[Event], int] = lambda event: part_of(event.bot, event.chat)
        self.commits: Commits | None = None
        self._meters.gauge["ledger_healthy"] = 1.0

    @property
    def healthy(self) -> bool:
        """False while the database cannot be written."""
        return not self.trouble

    @property
    def takes(self) -> bool:
        return not self._closed and not self._full and self.numbers()

    @property
    def crowded(self) -> bool:
        # A database that cannot be written gets no better by waiting: then events are refused.
        return self._rows > CROWDED_ROWS and not self.trouble

    @property
    def newest(self) -> int:
        """The highest id given so far."""
        return self._newest

    @property
    def unwritten_from(self) -> int:
        """Below it no number comes to the disk any more: the lowest that waits, or the next one."""
        batches = [*filter(None, [self._flying]), *self._queue, self._gathering]
        return lowest(batches) or self.number(self._newest)

    @property
    def aside(self) -> Spool | None:
        return self.spool if self.spool is not None and (self.spool.active or not self.numbers()) else None

    def accept(self, event: Event, accepted_ms: int, *, once: bool = False) -> Awaitable[bool]:
        if (refused := self._refused()) is not None:
            return refused
        number, batch = self._next(), self._gathering
        batch.accept(number, event, accepted_ms, self.part(event))
        if once and self.spool is not None:
            batch.once.append((event, accepted_ms))
        if self.commits is not None:
            self._hasten(batch)  # whoever handles it waits for the disk
        self._added(batch, len(event.native) + 2 * len(event.message) + ROW_BYTES)
        return Written(batch, number, self._on_disk, was_new)

    def begin_send(self, row: SendRow, fence: Fence | None = None) -> Awaitable[None]:
        if row.attempt > 1 and self._gathering.lists["ended"]:
            self._seal()  # the end of the earlier attempt must not come after this beginning
        return self._send("begun", row, fence)

    def ask_send(self, row: SendRow, node: str, fence: Fence | None = None) -> Awaitable[None]:
        return self._send("asked", row, fence, node)

    def _send(self, name: str, row: SendRow, fence: Fence | None, *more: str) -> Awaitable[None]:
        if (refused := self._refused()) is not None:
            return refused
        number, batch = self._next(), self._gathering
        batch.add(name, (*send_row(number, row), *more), fence=fence)
        self._added(batch, len(row.text) + ROW_BYTES)
        return Written(batch, number, self._on_disk, nothing)

    def end_send(self, execution: ExecutionId, ordinal: int, receipt: Receipt, done_ms: int) -> None:
        self._gathering.add("ended", receipt_row(execution, ordinal, receipt, done_ms))
        self._added(self._gathering, ROW_BYTES)

    def finish(
        self,
        trace: Trace,
        *,
        attempts: int,
        effects: Sequence[StorePut] = (),
        answers: Sequence[Trace] = (),
        retry_at_ms: int = 0,
        fence: Fence | None = None,
    ) -> Awaitable[None]:
        batch = self._gathering
        if batch.finish(trace, attempts, retry_at_ms, fence):
            for write in effects:
                self._put(batch, write, fence)
            for answer in answers:
                batch.finish(answer, attempts, 0, fence)
        self._added(batch, ROW_BYTES * (1 + len(answers)))
        return Written(batch, 0, self._committed, nothing)

    def put(self, writes: Sequence[StorePut]) -> Awaitable[None]:
        """Values of plugins, outside of any event; on disk when it ends."""
        batch = self._gathering
        for write in writes:
            self._put(batch, write)
        self._added(batch, sum(len(write.value or "") for write in writes))
        return Written(batch, 0, self._on_disk, nothing)

    def record(self, trace: Trace) -> None:
        if not self._full:
            self._gathering.add("traces", trace_row(trace))
            self._added(self._gathering, len(trace.text) + ROW_BYTES)

    async def flush(self) -> None:
        if self._gathering.count or self._synced < self._gathering.number - 1:
            await self._on_disk(self._gathering)

    async def close(self) -> None:
        """Write what is left; what the database does not take now is given up, and counted in `lost`."""
        if self._closed:
            return
        self._closed = "it is closed"
        if self._gathering.count or self._written < self._gathering.number - 1:
            if self._retry is not None:
                self._again()
            with suppress(StoreClosed):
                await self._on_disk(self._gathering)
        if self._timer is not None:
            self._timer.cancel()

    # --- gathering ----------------------------------------------------------------------------------------------------

    @property
    def _full(self) -> bool:
        gathering = self._gathering
        return self._rows + gathering.count >= WAITING_ROWS or self._bytes + gathering.size >= WAITING_BYTES

    def _refused(self) -> Written[Any] | None:
        """An answer that fails, for what cannot be taken any more."""
        if self.takes:
            return None
        self._meters.count["ledger_refused", ""] += 1
        return never(self._closed or self.trouble or (FULL if self._full else SILENT))

    def _next(self) -> int:
        self._newest = self.number(self._newest)
        return self._newest

    def _put(self, batch: Batch, write: StorePut, fence: Fence | None = None) -> None:
        batch.put(write, fence)
        self.unwritten.put(batch, write)

    def _added(self, batch: Batch, size: int) -> None:
        batch.size += size
        if batch.count >= MOST_ROWS:
            self._seal()
            self._pump()
        elif self._timer is None:
            self._timer = self._loop.call_later(LINGER_S, self._due)

    def _due(self) -> None:
        self._timer = None
        self._gathering.urgent = True
        self._pump()

    def _hasten(self, batch: Batch) -> None:
        batch.urgent = True
        if not self._called:
            self._called = True
            self._loop.call_soon(self._pump)

    def _seal(self) -> None:
        batch = self._gathering
        self._queue.append(batch)
        self._rows += batch.count
        self._bytes += batch.size
        self._gathering = Batch(batch.number + 1)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- writing ------------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Give the next batch away when the database is free."""
        self._called = False
        if self._flying is not None or self._retry is not None:
            return
        if not self._queue:
            if not self._gathering.urgent:
                return
            self._seal()
        batch = self._flying = self._queue.popleft()
        if self.spool is not None:
            self._late = self._loop.call_later(LATE_S, self._put_aside, "the database does not answer")
        self._meters.gauge["ledger_waiting"] = self._rows + self._gathering.count
        started = self._loop.time()
        try:
            future = self._engine.write("batch", batch.params(), durable=batch.durable, fence=tuple(batch.fenced))
        except StoreClosed as error:
            self._stall(batch, error)
        else:
            future.add_done_callback(partial(self._landed, batch, started, batch.durable))

    def _landed(self, batch: Batch, started: float, durable: bool, future: asyncio.Future[int]) -> None:
        error = error_of(future)
        if self._late is not None:
            self._late.cancel()
        if error is None:
            self._meters.latency["ledger"].observe(self._loop.time() - started)
            self._meters.count["ledger_batches", ""] += 1
            self._meters.count["ledger_rows", ""] += batch.count
            self._mended()
            batch.synced = durable
            if batch.lists["events"] and future.result() < batch.expected:
                self._ask_for_stale(batch)
            else:
                self._done(batch)
        elif isinstance(error, Fenced):
            self._cut(batch, error)
        elif isinstance(error, KagamiError) and not isinstance(error, RowRefused):
            self._stall(batch, error)
        else:
            self._refuse(batch, error)

    def _ask_for_stale(self, batch: Batch) -> None:
        """Some row changed nothing: perhaps an event was known."""
        ids = [row[0] for row in batch.lists["events"]]
        future = self._engine.ask("stale_events", {"ids": ids})
        future.add_done_callback(partial(self._answered, batch))

    def _answered(self, batch: Batch, future: asyncio.Future[list[list[Any]]]) -> None:
        if (error := error_of(future)) is None:
            batch.stale.update(row[0] for row in future.result())
        else:
            _log.warning("cannot tell which events were known", reason=error)
        self._done(batch)

    def _done(self, batch: Batch) -> None:
        self._flying = None
        whole = batch.joined()
        if whole is not None:
            self._written = whole.number
            if whole.synced:
                self._synced = whole.number
            self._rows -= whole.count
            self._bytes -= whole.size
            self.unwritten.written(whole)
            whole.settle()
            if self.commits is not None:
                whole.tell(self.commits)
        self._pump()

    def _stall(self, batch: Batch, error: KagamiError) -> None:
        """The database cannot be written now: keep everything and try again, or give up when closing."""
        self._flying = None
        self._queue.appendleft(batch)
        if not self.trouble:
            self.trouble = str(error.details.get("reason", error))
            _log.error("the store cannot be written", reason=self.trouble)
        self._put_aside(self.trouble)
        if self._closed:
            self._give_up()
        else:
            self._retry = self._loop.call_later(self._retry_s, self._again)

    def _again(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._pump()

    def _put_aside(self, reason: str) -> None:
        """What comes once goes to disk from here on, and what is in memory of it: this process may not live on."""
        self._meters.gauge["ledger_healthy"] = 0.0
        if self.spool is not None:
            batches = [*filter(None, [self._flying]), *self._queue, self._gathering]
            self.spool.leave(take_once(batches), reason)

    def _mended(self) -> None:
        if self.spool is not None:
            self.spool.back()
        self._meters.gauge["ledger_healthy"] = 1.0
        if self.trouble:
            self.trouble = ""
            _log.info("the store can be written again", waiting=self._rows)

    def _cut(self, batch: Batch, error: Fenced) -> None:
        """Others do now what some of these rows tell of: the rest is written without them."""
        self._flying = None
        leases = [Fence(*each) for each in error.lost]
        gone = batch.cut(leases, str(error))
        self._rows -= 0 if batch.parent else gone
        self._queue.appendleft(batch)
        if self.commits is not None:
            self.commits.lost(leases)
        self._pump()

    def _refuse(self, batch: Batch, error: BaseException) -> None:
        """A row that is never taken must not hold up the others: find it, and leave it out."""
        if batch.count > 1 and batch.parent is None:
            self._flying = None
            self._queue.extendleft(reversed(list(batch.split())))
            self._pump()
            return
        _log.error("a row was refused by the store", cause=error, row=str(batch.params())[:500])
        self._meters.count["ledger_lost", ""] += batch.count
        batch.fail(str(error))
        self._done(batch)

    def _give_up(self) -> None:
        self._seal()
        self.lost = self._rows - (0 if self.spool is None else self.spool.copies)
        if self.lost:
            _log.error("rows are lost: the store is closed and cannot be written", rows=self.lost, reason=self.trouble)
        while self._queue:
            batch = self._queue.popleft()
            batch.lost = self.trouble
            (batch.parent or batch).lost = self.trouble
            (batch.parent or batch).settle()

    # --- waiting ------------------------------------------------------------------------------------------------------

    async def _committed(self, batch: Batch) -> None:
        """Until a batch is written, as far as a crash of this process goes."""
        if batch.number > self._written and not batch.lost:
            if batch is self._gathering:
                self._hasten(batch)
            waiter = self._loop.create_future()
            batch.waiters.append(waiter)
            await waiter
        if batch.lost:
            raise StoreClosed(reason=batch.lost)

    async def _on_disk(self, batch: Batch) -> None:
        """Until a batch is written, as far as a loss of power goes."""
        batch.durable = True
        await self._committed(batch)
        if batch.number > self._synced:
            # It was already being written, without a wait for the disk: the next one's wait covers it.
            later = self._gathering
            later.durable = True
            await self._committed(later)
