"""The log as one long list: the newest lines in memory, all that are kept on disk, both by the same numbers.

Lines are written every half second by a thread. Searches walk files in a thread too, from where somebody looks, for as
long as they are given, and say how far they came.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from kagami import log
from kagami.clock import Clock
from kagami.log import LogLine, Ring
from kagami.logwords import matcher, needles
from kagami.ports import LogPage
from kagami.storage.logfiles import LogFiles, Segment, decode, place_by_number, place_by_time

FLUSH_S = 0.5
TIDY_S = 60.0
DAY_MS = 86_400_000
# Lines that wait while the disk takes none.
MOST_WAITING = 50_000
# Between two looks at the clock.
LOOKS = 512
T = TypeVar("T")
_log = log.get("logs")
_encode = msgspec.json.Encoder().encode


class Logbook:
    """Implements `ports.Logs`. Without a folder there is what the ring holds."""

    def __init__(
        self,
        ring: Ring,
        folder: Path | None = None,
        *,
        keep_mb: float = 256,
        keep_days: float = 14,
        clock: Clock | None = None,
    ) -> None:
        self._ring = ring
        self._clock = clock
        self._files = LogFiles(folder) if folder else None
        self._keep = (int(keep_mb * (1 << 20)), int(keep_days * DAY_MS))
        self._waiting: deque[bytes] = deque(maxlen=MOST_WAITING)
        self._disk = asyncio.Lock()
        self._in_thread = threading.Lock()

    async def open(self) -> None:
        """Go on with the numbers of an earlier run."""
        if self._files is None:
            return
        try:
            await self._on_disk(self._files.open)
        except OSError as error:
            _log.warning("log lines are kept in memory only", reason=error.strerror)
            self._files = None
            return
        self._ring.renumber(self._files.newest, self._put)

    async def run(self) -> None:
        """Until cancelled: write what was said."""
        tidy_at = 0.0
        while self._files is not None and self._clock is not None:
            await self._clock.sleep(FLUSH_S)
            await self.flush()
            if self._clock.monotonic() >= tidy_at:
                tidy_at = self._clock.monotonic() + TIDY_S
                await self._on_disk(self._tidy)

    async def close(self) -> None:
        self._ring.tell = None
        await self.flush()

    async def flush(self) -> None:
        """Everything said so far is in the files, unless the disk takes nothing."""
        if self._files is not None and self._waiting:
            await self._on_disk(self._write)

    # --- ports.Logs ---

    @property
    def newest(self) -> int:
        return self._ring.newest

    @property
    def oldest(self) -> int:
        kept = self._files.oldest if self._files else 0
        return kept or self._ring.oldest

    @property
    def counts(self) -> dict[int, int]:
        return self._ring.counts

    async def back(self, level: int, words: str, *, before: int, limit: int, seconds: float) -> LogPage:
        wanted = matcher(level, words)
        oldest = self._ring.oldest
        found = self._ring.window(wanted=wanted, before=before, limit=limit)
        if len(found) >= limit or self._files is None:
            return LogPage(found, found[0].seq if len(found) >= limit else oldest, done=True)
        before = min(before or oldest, oldest)
        look = Look(self._files, level, words, limit - len(found), seconds)
        await self.flush()
        older = await self._on_disk(lambda: look.back(before))
        return LogPage([*older, *found], look.reached or before, done=look.done)

    async def forth(self, level: int, words: str, *, after: int, limit: int, seconds: float) -> LogPage:
        found: list[LogLine] = []
        if self._files is not None and after + 1 < self._ring.oldest:
            look = Look(self._files, level, words, limit, seconds)
            await self.flush()
            until = self._ring.oldest
            found = await self._on_disk(lambda: look.forth(after, until))
            if len(found) >= limit or not look.done:
                return LogPage(found, look.reached or after, done=look.done)
            after = max(after, until - 1)
        newest = self.newest
        found += self._ring.since(wanted=matcher(level, words), after=after, limit=limit - len(found))
        return LogPage(found, found[-1].seq if len(found) >= limit else newest, done=True)

    async def at(self, time_ms: int) -> int:
        first = next(iter(self._ring.lines()), None)
        if self._files is not None and (first is None or time_ms <= first.time_ms):
            await self.flush()
            files = self._files
            number = await self._on_disk(lambda: _number_at(files, time_ms))
            if number:
                return number
        return next((line.seq for line in self._ring.lines() if line.time_ms >= time_ms), self.newest)

    async def histogram(
        self, level: int, words: str, *, since_ms: int, until_ms: int, buckets: int, seconds: float
    ) -> tuple[list[dict[int, int]], bool]:
        parts: list[dict[int, int]] = [{} for _ in range(buckets)]
        width = max(1, until_ms - since_ms) / buckets
        deadline, wanted = time.monotonic() + seconds, matcher(level, words)

        def count(lines: Iterator[LogLine]) -> bool:
            for place, line in enumerate(lines):
                if place % LOOKS == 0 and time.monotonic() > deadline:
                    return False
                if since_ms <= line.time_ms < until_ms and wanted(line):
                    part = parts[int((line.time_ms - since_ms) / width)]
                    part[line.level] = part.get(line.level, 0) + 1
            return True

        ring = self._ring.lines()
        until = ring[0].seq if ring else self.newest + 1
        whole = count(iter(ring))
        if self._files is not None and (not ring or since_ms < ring[0].time_ms):
            await self.flush()
            files = self._files
            whole = await self._on_disk(lambda: count(_between(files, since_ms, until_ms, until))) and whole
        return parts, whole

    # --- inside ---

    def _put(self, line: LogLine) -> None:
        # Called in any thread, one at a time; deque.append is atomic.
        self._waiting.append(_encode(line) + b"\n")

    def _write(self) -> None:
        if self._files is None:
            return
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        closed = len(self._files.segments)
        try:
            self._files.append(lines)
        except OSError:
            # A full disk: the store tells people. What is newer stays when not all of it can.
            room = max(0, MOST_WAITING - len(self._waiting))
            self._waiting.extendleft(reversed(lines[len(lines) - min(room, len(lines)) :]))
        if len(self._files.segments) > closed:
            self._tidy()  # a flood does not wait for the next round

    def _tidy(self) -> None:
        if self._files is not None and self._clock is not None:
            most, span_ms = self._keep
            self._files.tidy(most, self._clock.wall_ms() - span_ms)

    async def _on_disk(self, work: Callable[[], T]) -> T:
        async with self._disk:
            return await asyncio.to_thread(self._alone, work)

    def _alone(self, work: Callable[[], T]) -> T:
        """Who does not wait any more leaves a thread at its work: the next one must not come between."""
        with self._in_thread:
            return work()


class Look:
    """One search through the files. `reached` is the number of the last line that was looked at, 0 for none."""

    def __init__(self, files: LogFiles, level: int, words: str, limit: int, seconds: float) -> None:
        self._files = files
        self._level = level
        self._wanted = matcher(level, words)
        self._needles = needles(words)
        self._limit = limit
        self._deadline = time.monotonic() + seconds
        self.reached = 0
        self.done = True

    def back(self, before: int) -> list[LogLine]:
        """The newest wanted lines older than `before`, oldest first."""
        found: list[LogLine] = []
        for segment in (None, *reversed(self._files.segments)):
            if segment is not None and segment.first >= before:
                continue
            lines = self._lines(segment)
            end = place_by_number(lines, before)
            if not self._take(lines[:end][::-1], found, step=1):
                break
        found.reverse()
        return found

    def forth(self, after: int, until: int) -> list[LogLine]:
        """The oldest wanted lines newer than `after` and older than `until`, oldest first."""
        found: list[LogLine] = []
        for segment, following in _with_next(self._files.segments):
            if following is not None and following.first <= after + 1:
                continue
            lines = self._lines(segment)
            begin, end = place_by_number(lines, after + 1), place_by_number(lines, until)
            if not self._take(lines[begin:end], found, step=-1):
                break
        return found

    def _lines(self, segment: Segment | None) -> list[bytes]:
        if segment is not None and not segment.may_hold(self._level):
            return []
        return self._files.lines(segment)

    def _take(self, lines: Sequence[bytes], found: list[LogLine], *, step: int) -> bool:
        """Look at lines in their order; False when there is enough, or no time left. `step` leads one back."""
        for place, raw in enumerate(lines):
            if place % LOOKS == 0 and time.monotonic() > self._deadline:
                self.reached, self.done = decode(raw).seq + step, False  # this one was not looked at
                return False
            if self._needles:
                low = raw.lower()
                if not all(needle in low for needle in self._needles):
                    continue
            line = decode(raw)
            if self._wanted(line):
                found.append(line)
                if len(found) >= self._limit:
                    self.reached = line.seq
                    return False
        return True


def _with_next(segments: Sequence[Segment]) -> Iterator[tuple[Segment | None, Segment | None]]:
    """Each closed file with the one after it, then the open one."""
    yield from zip(segments, [*segments[1:], None], strict=False)  # without segments there is no pair
    yield None, None


def _number_at(files: LogFiles, time_ms: int) -> int:
    """Number of the first line on disk that is not older; 0 when all are."""
    older = [each for each in files.segments if each.first_ms < time_ms]
    begin = len(older) - 1 if older else 0
    for segment in (*files.segments[begin:], None):
        lines = files.lines(segment)
        place = place_by_time(lines, time_ms)
        if place < len(lines):
            return decode(lines[place]).seq
    return 0


def _between(files: LogFiles, since_ms: int, until_ms: int, until: int) -> Iterator[LogLine]:
    """Lines on disk of a time, and older than the number `until`."""
    for segment, following in _with_next(files.segments):
        if (following is not None and following.first_ms < since_ms) or (segment and segment.first_ms >= until_ms):
            continue
        lines = files.lines(segment)
        for raw in lines[place_by_time(lines, since_ms) : place_by_number(lines, until)]:
            yield decode(raw)
