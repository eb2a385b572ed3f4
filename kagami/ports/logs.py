"""The engine's log lines, from the first that is kept to the newest."""

from __future__ import annotations

from typing import Protocol

import msgspec

from kagami.log import LogLine


class LogPage(msgspec.Struct, frozen=True):
    """`lines` are oldest first. `reached` is the number of the last line that was looked at; `done`: there are no
    more, or as many as were asked for; else the time was over and a next call goes on from `reached`.
    """

    lines: list[LogLine]
    reached: int
    done: bool


class Logs(Protocol):
    """`level` is the standard library's number, `words` a filter as of `kagami.logwords`, `seconds` the most that a
    search may take.
    """

    @property
    def newest(self) -> int:
        """Number of the newest line; 0 when there is none."""
        ...

    @property
    def oldest(self) -> int:
        """Number of the oldest line that is kept."""
        ...

    @property
    def counts(self) -> dict[int, int]:
        """Lines since the start by level."""
        ...

    async def back(self, level: int, words: str, *, before: int, limit: int, seconds: float) -> LogPage:
        """The newest wanted lines older than `before` (0: no bound)."""
        ...

    async def forth(self, level: int, words: str, *, after: int, limit: int, seconds: float) -> LogPage:
        """The oldest wanted lines newer than `after`."""
        ...

    async def at(self, time_ms: int) -> int:
        """Number of the first line that is not older; the newest one when all are."""
        ...

    async def histogram(
        self, level: int, words: str, *, since_ms: int, until_ms: int, buckets: int, seconds: float
    ) -> tuple[list[dict[int, int]], bool]:
        """Wanted lines by level in equal parts of a time; False when there was no time for all of them."""
        ...
