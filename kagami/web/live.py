"""What changes while somebody looks: the engine's state as a stream of small items.

The state is read when the reader asks for more: a slow reader gets fewer items, never old ones, and nothing waits for
it in a queue. What comes in great numbers comes in portions that say how much was left out.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, Literal, Protocol, get_args

import msgspec

from kagami.log import LEVELS, LogLine
from kagami.logwords import matcher
from kagami.model.ids import ExecutionId
from kagami.model.trace import Trace
from kagami.operations.logs import Level
from kagami.operations.paging import Words
from kagami.operations.privacy import veiled_audit, veiled_traces
from kagami.ports import AuditRow, BotRow, Feed, Notice, Parts

Topic = Literal["pulse", "bots", "notice", "logs", "traces", "audit"]
TOPICS: tuple[str, ...] = get_args(Topic)
# What needs which right.
SCOPES = {
    "pulse": "system:read",
    "bots": "bots:read",
    "notice": "system:read",
    "logs": "logs:read",
    "traces": "traces:read",
    "audit": "audit:read",
}
TICK_S = 0.5  # bots at most twice a second, the pulse at every second tick
# Of log lines that came between two looks, so many are looked through, and so many told.
LOOKED_THROUGH = 5_000
PORTION = 200
# Among so many traces of the latest beginnings are those looked for that have ended since.
WINDOW = 200


class Subscription(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client of the live feed says first. `level` and `filter` are of log lines, as `logs.window` has them."""

    topics: tuple[Topic, ...] = ("pulse", "bots", "notice")
    level: Level = "debug"
    filter: Words = ""


class LogTail(msgspec.Struct, frozen=True):
    """New lines, oldest first; `missed` older ones came too fast."""

    lines: list[LogLine]
    missed: int = 0


class Source(Protocol):
    """One topic for one reader: what is new since the last look."""

    async def news(self, beat: int) -> list[Any]: ...


class Pulses:
    def __init__(self, parts: Parts, _: Subscription) -> None:
        self._parts = parts

    async def news(self, beat: int) -> list[Any]:
        return [self._parts.house.pulse()] if beat % 2 == 0 else []


class Accounts:
    """The rows of all bots when one of them changed."""

    def __init__(self, parts: Parts, _: Subscription) -> None:
        self._parts = parts
        self._rows: list[BotRow] | None = None

    async def news(self, beat: int) -> list[Any]:  # noqa: ARG002
        rows = self._parts.bots.listed()
        if rows == self._rows:
            return []
        self._rows = rows
        return [rows]


class Notices:
    def __init__(self, parts: Parts, _: Subscription) -> None:
        self._parts = parts
        self._known: list[Notice] = parts.house.notices()

    async def news(self, beat: int) -> list[Any]:  # noqa: ARG002
        notices = self._parts.house.notices()
        fresh, self._known = [each for each in notices if each not in self._known], notices
        return fresh


class Lines:
    """Log lines that pass the subscription's filter."""

    def __init__(self, parts: Parts, wishes: Subscription) -> None:
        self._ring = parts.ring
        self._wanted = matcher(LEVELS[wishes.level], wishes.filter)
        self._seen = parts.ring.newest

    async def news(self, beat: int) -> list[Any]:  # noqa: ARG002
        newest = self._ring.newest
        after = max(self._seen, newest - LOOKED_THROUGH)
        lines = self._ring.since(wanted=self._wanted, after=after, limit=LOOKED_THROUGH)
        missed = after - self._seen + max(0, len(lines) - PORTION)
        self._seen = max(newest, lines[-1].seq if lines else 0)
        return [LogTail(lines[-PORTION:], missed)] if lines or missed else []


class Executions:
    """Traces of executions that ended, oldest first."""

    def __init__(self, parts: Parts, _: Subscription) -> None:
        self._parts = parts
        self._known: set[ExecutionId] | None = None

    async def news(self, beat: int) -> list[Any]:
        if beat % 2:
            return []
        rows = await self._parts.store.traces(limit=WINDOW)
        known, self._known = self._known, {each.execution for each in rows}
        fresh: list[Trace] = [each for each in reversed(rows) if known is not None and each.execution not in known]
        return [veiled_traces(self._parts, fresh)] if fresh else []


class Audit:
    """Rows of the audit, oldest first: what one operator does, the others see within a second."""

    def __init__(self, parts: Parts, _: Subscription) -> None:
        self._parts, self._store = parts, parts.store
        self._seen = -1

    async def news(self, beat: int) -> list[Any]:  # noqa: ARG002
        if self._seen < 0:
            newest = await self._store.audits(limit=1)
            self._seen = newest[0].seq if newest else 0
            return []
        fresh: list[AuditRow] = await self._store.audits_after(self._seen, PORTION)
        self._seen = fresh[-1].seq if fresh else self._seen
        return [veiled_audit(self._parts, fresh)] if fresh else []


SOURCES: dict[str, Callable[[Parts, Subscription], Source]] = {
    "bots": Accounts,
    "pulse": Pulses,
    "notice": Notices,
    "logs": Lines,
    "traces": Executions,
    "audit": Audit,
}


async def feed(parts: Parts, topics: Sequence[str], wishes: Subscription | None = None) -> AsyncGenerator[Feed, None]:
    """Items of `topics` for `parts.who` until it is closed; a topic that is not known says nothing."""
    wishes = wishes or Subscription()
    sources = {name: make(parts, wishes) for name, make in SOURCES.items() if name in topics}
    beat = 0
    while True:
        for name, source in sources.items():
            for each in await source.news(beat):
                yield Feed(name, each)
        beat += 1
        await parts.clock.sleep(TICK_S)
