"""Reading what a child writes, however much and whatever it is: in bounded memory, at a bounded pace."""

from __future__ import annotations

from asyncio import StreamReader
from collections.abc import AsyncIterator, Callable, Mapping
from itertools import islice

from kagami.core.limits import Buckets
from kagami.log import Log, escape
from kagami.plugins.process.wire import LONGEST

CHUNK = 1 << 16
# More than any honest plugin says, little enough to decode beside everything else.
BYTES_PER_SECOND = 8 << 20
LOG_LINES_PER_SECOND = 50
LOG_BURST = 200
LONGEST_LOG = 2_000
MOST_FIELDS = 16
# After so many quiet seconds a flood of log lines is forgotten.
FORGET_S = 10.0
_NONE: Mapping[str, str] = {}


async def lines(reader: StreamReader) -> AsyncIterator[bytes | None]:
    """Lines without their ends; None for each MiB of a line that is too long, which is never held."""
    held = bytearray()
    skipping = False
    while chunk := await reader.read(CHUNK):
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            if not skipping:
                held += chunk[start:end]
                yield bytes(held)
            held.clear()
            skipping = False
            start = end + 1
        held += chunk[start:]
        if len(held) > LONGEST:
            held.clear()
            skipping = True
            yield None
    if held and not skipping:
        yield bytes(held)


class Gate:
    """How long to wait so that no more than `rate` a second pass in the long run; a second's worth may come at once."""

    __slots__ = ("_full_at", "_rate")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._full_at = 0.0

    def wait(self, weight: float, now: float) -> float:
        self._full_at = max(self._full_at, now) + weight / self._rate
        return max(0.0, self._full_at - now - 1.0)


class Pace:
    """The two gates of one child: lines and bytes, of all its streams together."""

    __slots__ = ("_bytes", "_lines")

    def __init__(self, lines_per_second: float) -> None:
        self._lines = Gate(lines_per_second)
        self._bytes = Gate(BYTES_PER_SECOND)

    def wait(self, size: int, now: float) -> float:
        """Seconds to wait before the next line is read, after one of `size` bytes."""
        return max(self._lines.wait(1, now), self._bytes.wait(size, now))


class Chatter:
    """Log lines of a child: cut, escaped, and no more than somebody could read. `dropped` were left out."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._budget = Buckets(LOG_LINES_PER_SECOND, LOG_BURST)
        self._untold = 0
        self._last = 0.0
        self.dropped = 0

    def say(self, level: str, text: str, now: float, fields: Mapping[str, str] = _NONE) -> bool:
        """Whether it was logged."""
        if not self._budget.take("", now):
            if now - self._last > FORGET_S:
                self.dropped = 0
            self._last = now
            self.dropped += 1
            self._untold += 1
            return False
        if self._untold:
            self._log.warning("log lines of the plugin were left out", lines=self._untold)
            self._untold = 0
        shown = escape(text[:LONGEST_LOG])
        # Names of fields are the child's own words: they must not become keywords of a call.
        told = " ".join(f"{key[:40]}={value[:200]}" for key, value in islice(fields.items(), MOST_FIELDS))
        rest: dict[str, object] = {"fields": escape(told)} if told else {}
        voices: dict[str, Callable[..., None]] = {
            "debug": self._log.debug,
            "warning": self._log.warning,
            "error": self._log.error,
        }
        voices.get(level, self._log.info)(shown, **rest)
        return True
