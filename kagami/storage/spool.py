"""Events that come once, kept in a file of this process while the database cannot be written.

Their platforms do not bring them again: what nobody can write down now must not be in memory alone. When the database
is back they are accepted in the order of their coming, and what comes meanwhile goes behind them. Some may be accepted
twice, after a crash: then they are known by their key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Protocol

from kagami import log
from kagami.errors import StoreClosed
from kagami.meters import Meters
from kagami.model.event import Event
from kagami.ports import Ledger
from kagami.storage.batch import never
from kagami.storage.spoolfile import SpoolFile, read_record, record

MOST_EVENTS = 50_000
MOST_BYTES = 64 << 20
# How many are accepted at a time.
PAGE = 500
RETRY_S = 1.0
# What comes here while the store is not away.
SILENT = "this process was silent for so long that another one may have its numbers"

_log = log.get("store")


class Give(Protocol):
    """Accepts an event at the ledger, with the moment at which it came. An earlier run has `left` it, or this one."""

    def __call__(self, event: Event, accepted_ms: int, *, left: bool) -> object: ...


class Spool:
    """Implements `ports.Aside`. `open` it first; `run` brings back what it keeps."""

    def __init__(self, path: Path, meters: Meters, *, retry_s: float = RETRY_S) -> None:
        self._file = SpoolFile(path)
        self._meters = meters
        self._retry_s = retry_s
        self._loop = asyncio.get_running_loop()
        # One thread, so that what is asked of the file is done in that order.
        self._disk = ThreadPoolExecutor(1, "kagami-spool")
        self._new: list[bytes] = []  # not given to the disk yet
        self._group: asyncio.Future[bool] = self._loop.create_future()
        self._writing: asyncio.Future[int] | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._start = 0  # of what has to be brought back
        self._end = 0  # of what is on disk
        self._left = 0  # the end of what an earlier run has left
        self._events = 0
        self.copies = 0  # of those that are in memory, too
        self._bytes = 0
        self._oldest_ms = 0
        self._away = False
        self._reason = SILENT
        self._broken = False
        self._wake = asyncio.Event()
        self._show()

    @property
    def active(self) -> bool:
        """Whether events that come once come here."""
        return self._away or self._bytes > 0

    @property
    def takes(self) -> bool:
        return self._events < MOST_EVENTS and self._bytes < MOST_BYTES

    async def open(self) -> None:
        found = await self._loop.run_in_executor(self._disk, self._file.find)
        self._events, self._oldest_ms = found.events, found.oldest_ms
        self._bytes = self._end = self._left = found.size
        if found.events:
            _log.info("events of an earlier run are kept on disk", events=found.events)
            self._wake.set()
        self._show()

    def accept(self, event: Event, accepted_ms: int) -> Awaitable[bool]:
        """On disk here when it ends. One too many is refused: the awaitable fails."""
        if not self.takes:
            self._meters.count["ledger_refused", ""] += 1
            return never("too much is kept on disk")
        self._add(event, accepted_ms)
        if not self._away:
            self._wake.set()
        landing = self._group
        self._write()
        self._show()
        return landing

    def leave(self, waiting: Iterable[tuple[Event, int]], reason: str) -> None:
        """The store cannot be written. `waiting` are in memory: here they are kept for the next run alone."""
        if self._away:
            return
        self._away = True
        self._wake.clear()
        self._reason = reason
        alone = not self._bytes
        for event, accepted_ms in waiting:
            self._add(event, accepted_ms)
        if alone:
            self._start, self.copies = self._bytes, self._events
        self._write()
        self._show()

    def back(self) -> None:
        """The store can be written again."""
        if self._away:
            self._away = False
            self._wake.set()

    async def run(self, ledger: Ledger, give: Give) -> None:
        """Bring back what is kept, whenever the store is back; until cancelled."""
        while True:
            await self._wake.wait()
            try:
                await self._bring_back(ledger, give)
            except StoreClosed as error:
                _log.debug("events stay on disk", reason=error)
                await asyncio.sleep(self._retry_s)

    async def close(self) -> None:
        """What is not on disk yet is written, if that can be."""
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._write()
        while (writing := self._writing) is not None and not self._broken:
            await asyncio.wait([writing])
            await asyncio.sleep(0)  # its callback
        await self._loop.run_in_executor(self._disk, self._file.close)
        self._disk.shutdown(wait=False)

    # --- to the disk --------------------------------------------------------------------------------------------------

    def _add(self, event: Event, accepted_ms: int) -> None:
        if not self._bytes:
            _log.warning("events that come once are kept on disk", reason=self._reason)
        framed = record(event, accepted_ms)
        self._new.append(framed)
        self._events += 1
        self._bytes += len(framed)
        self._oldest_ms = self._oldest_ms or accepted_ms

    def _write(self) -> None:
        """Give what is new to the disk, all at once, when it is free."""
        if self._writing is not None or self._retry is not None or not self._new:
            return
        records, self._new = self._new, []
        landing, self._group = self._group, self._loop.create_future()
        self._writing = self._loop.run_in_executor(self._disk, self._file.append, records)
        self._writing.add_done_callback(partial(self._wrote, records, landing))

    def _wrote(self, records: list[bytes], landing: asyncio.Future[bool], future: asyncio.Future[int]) -> None:
        self._writing = None
        error = future.exception()
        if error is None:
            self._end, self._broken = future.result(), False
            _settle(landing)
            self._write()
            return
        self._new = records + self._new
        self._group.add_done_callback(partial(_settle, landing))
        if not self._broken:
            self._broken = True
            _log.error("events cannot be kept on disk", reason=error)
        self._retry = self._loop.call_later(self._retry_s, self._again)

    def _again(self) -> None:
        self._retry = None
        self._write()

    def _show(self) -> None:
        gauge = self._meters.gauge
        gauge["spool_events"], gauge["spool_bytes"] = self._events, self._bytes
        gauge["spool_oldest_timestamp_seconds"] = self._oldest_ms / 1000 if self._events else 0.0

    # --- back to the store --------------------------------------------------------------------------------------------

    async def _bring_back(self, ledger: Ledger, give: Give) -> None:
        brought = 0
        await ledger.flush()  # what waited in memory was there first
        self._events, self.copies = self._events - self.copies, 0
        while not self._away:
            if not ledger.takes:
                raise StoreClosed(reason="it takes nothing now")
            if self._start < self._end:
                brought += await self._bring_page(ledger, give)
            elif self._writing is not None:
                await asyncio.wait([self._writing])
            elif self._new:
                brought += await self._bring_straight(ledger, give)
            else:
                self._forget(brought)
                return

    async def _bring_page(self, ledger: Ledger, give: Give) -> int:
        """Some from disk, behind which it goes on once they are in the store; how many."""
        found = await self._loop.run_in_executor(self._disk, self._file.read, self._start, PAGE)
        if not found:
            _log.error("the file of kept events is damaged", bytes=self._end - self._start)
        given, reached = 0, self._start if found else self._end
        for end, kept in found:
            if not ledger.takes:
                break  # what it refused nobody would have
            if kept is not None:
                give(kept.event, kept.accepted_ms, left=end <= self._left)
            given, reached = given + 1, end
        await self._landed(ledger, given)
        self._start = reached
        return given

    async def _bring_straight(self, ledger: Ledger, give: Give) -> int:
        """Some that the disk does not take."""
        given = 0
        for framed in self._new[:PAGE]:
            if not ledger.takes:
                break
            if (kept := read_record(framed)) is not None:
                give(kept.event, kept.accepted_ms, left=False)
            given += 1
        straight, self._new = self._new[:given], self._new[given:]
        self._bytes -= sum(map(len, straight))
        await self._landed(ledger, given)
        return given

    async def _landed(self, ledger: Ledger, given: int) -> None:
        await ledger.flush()
        self._events -= given
        self._show()

    def _forget(self, brought: int) -> None:
        """Everything is in the store: from here on events go there directly."""
        if self._bytes:
            _log.info("events that were kept on disk are in the store", events=brought)
        self._wake.clear()
        self._reason = SILENT
        self._start = self._end = self._left = self._events = self._bytes = self._oldest_ms = 0
        emptied = self._loop.run_in_executor(self._disk, self._file.empty)
        emptied.add_done_callback(_emptied)
        self._show()


def _settle(landing: asyncio.Future[bool], *_: object) -> None:
    if not landing.done():
        landing.set_result(True)


def _emptied(future: asyncio.Future[None]) -> None:
    if (error := future.exception()) is not None:
        _log.warning("the file of kept events cannot be emptied", reason=error)
