"""A log of a million lines on disk, behind an engine of its own thread, as the console meets it."""

from __future__ import annotations

import asyncio
import gzip
import logging
import threading
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from kagami.log import LogLine, Ring
from kagami.operations import logs
from kagami.operations.registry import Operation
from kagami.storage.logbook import Logbook
from tests.tui.engine import FakeControl

LINES = 1_000_000
PER_FILE = 50_000
RARE = 234_567
RARE_WORD = "needle-in-the-stack"


class Parts:
    """All that the operations of logs use of an engine."""

    def __init__(self, book: Logbook, clock: Any) -> None:
        self.logs = book
        self.clock = clock


def write_files(folder: Path, first_ms: int) -> None:
    """One line a millisecond; each thousandth is an error."""
    folder.mkdir()
    for begin in range(1, LINES + 1, PER_FILE):
        rows = (
            b'{"seq":%d,"time_ms":%d,"level":%d,"source":"hub","text":"recv message %d %s","fields":{"chat":"group:1"}}'
            % (
                seq,
                first_ms + seq,
                20 if seq % 1_000 else 40,
                seq,
                b"needle-in-the-stack" if seq == RARE else b"of many",
            )
            for seq in range(begin, begin + PER_FILE)
        )
        errors = PER_FILE // 1_000
        name = f"{begin:012d}-{first_ms + begin:013d}-0-{PER_FILE - errors}-0-{errors}.jsonl.gz"
        (folder / name).write_bytes(gzip.compress(b"\n".join(rows), 1))


class EngineThread(FakeControl):
    """Logs come from the real logbook, in a thread and loop of its own; everything else is made up."""

    def __init__(self, folder: Path, clock: Any) -> None:
        super().__init__()
        self.ring = Ring(capacity=20_000)
        self.book = Logbook(self.ring, folder)
        self._parts: Any = Parts(self.book, clock)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        for each in logs.OPERATIONS:
            self.answers[each.request] = self._asking(each)

    def _asking(self, operation: Operation) -> Any:
        return lambda request: asyncio.wrap_future(self._send(operation.function(self._parts, request)))

    def _send(self, work: Coroutine[Any, Any, Any] | Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def call(self, request: msgspec.Struct) -> Any:
        self.calls.append(request)
        answer = self.answers[type(request)](request)
        return await answer if isinstance(answer, asyncio.Future) else answer

    @asynccontextmanager
    async def running(self) -> AsyncIterator[EngineThread]:
        self._thread.start()
        try:
            await asyncio.wrap_future(self._send(self.book.open()))
            yield self
            await asyncio.wrap_future(self._send(self.book.close()))
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            await asyncio.to_thread(self._thread.join)
            self._loop.close()

    def say(self, text: str, time_ms: int) -> LogLine:
        made = logging.LogRecord("kagami.hub", logging.INFO, "x.py", 1, "%s", (text,), None)
        made.created = time_ms / 1_000
        self.ring.handle(made)
        return self.ring.lines()[-1]


class Gaps:
    """How long a loop stood still at most, by its own heartbeat."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def beat(self) -> None:
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.005)
            now = time.perf_counter()
            self.longest, last = max(self.longest, now - last - 0.005), now


@contextmanager
def beating() -> Iterator[Gaps]:
    """Watches the loop that runs now."""
    gaps = Gaps()
    task = asyncio.ensure_future(gaps.beat())
    try:
        yield gaps
    finally:
        task.cancel()
