"""What plugins have scheduled, in memory: by name, by plugin and by time. The store holds the same, for the next start.

Changes are made here first and then written: the ledger keeps their order, so both end up alike.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import msgspec

from kagami import log
from kagami.clock import Clock
from kagami.core.timetable import Missed, read_timetable
from kagami.errors import Refused
from kagami.i18n import mark
from kagami.model.ids import BotId, ChatId, UserId
from kagami.plugins.facts import read_facts
from kagami.plugins.values import Values
from kagami.ports import StorePut

JOBS = "@jobs"
MOST_JOBS = 100_000
MOST_PER_CHAT = 1_000
# Entries of the heap that mean nothing any more are swept out when they are more than the others.
SWEEP = 64
_log = log.get("schedule")


class JobRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One job as it is stored, under `name`. `key` is unique in the plugin; that of a declared timetable is `/<job>`.

    `due_ms` is the next time; a row without a timetable goes when that has come. `by` is the execution that scheduled
    it, if one did: the same key at the same time is another run when another execution asks for it.
    """

    plugin: str
    key: str
    job: str
    bot: BotId
    chat: ChatId
    user: UserId
    due_ms: int
    made_ms: int
    data: Any = None
    timetable: str = ""
    missed: Missed = "once"
    by: str = ""

    @property
    def name(self) -> str:
        return f"{self.plugin}/{self.key}"

    @property
    def declared(self) -> bool:
        return self.key.startswith("/")

    @property
    def place(self) -> tuple[str, str, str]:
        """What the bound of a chat counts."""
        return self.plugin, self.bot, self.chat


class LocalZone(tzinfo):
    """The machine's time zone, with all its changes: `datetime.astimezone()` knows only the offset of one moment."""

    def utcoffset(self, when: datetime | None) -> timedelta:
        if when is None:
            return timedelta()
        plain = when.replace(tzinfo=None)
        return plain.replace(tzinfo=UTC) - datetime.fromtimestamp(plain.timestamp(), UTC)

    def dst(self, when: datetime | None) -> None:
        """Unknown, and of no use here."""

    def tzname(self, when: datetime | None) -> str:
        return when.replace(tzinfo=None).astimezone().tzname() or "" if when else ""

    def fromutc(self, when: datetime) -> datetime:
        # Without a zone it is the machine's, and `fold` says which of two equal times it is.
        return datetime.fromtimestamp(when.replace(tzinfo=UTC).timestamp()).replace(tzinfo=self)  # noqa: DTZ006


class Agenda:
    """Holds every job; a job is due only while a version that has it serves. `woken` is set by every change."""

    def __init__(self, values: Values, clock: Clock, zone: tzinfo | None = None) -> None:
        self._values = values
        self.clock = clock
        self.zone = zone or LocalZone()
        self.woken = asyncio.Event()
        self._rows: dict[str, JobRow] = {}
        self._plugins: dict[str, dict[str, None]] = {}
        self._chats: Counter[tuple[str, str, str]] = Counter()
        self._served: dict[str, frozenset[str]] = {}
        self._heap: list[tuple[int, str]] = []
        self._queued: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._rows)

    async def open(self) -> None:
        """Read what is stored. A row that does not read is logged, left out and left where it is."""
        for name, row in (await read_facts(self._values, JOBS, JobRow)).items():
            try:
                if row.timetable:
                    read_timetable(row.timetable)
            except ValueError as error:
                _log.warning("a job has a timetable that does not read", job=name, error=error)
            else:
                self._set(name, row)

    def get(self, name: str) -> JobRow | None:
        return self._rows.get(name)

    def of(self, plugin: str) -> list[JobRow]:
        return [self._rows[name] for name in self._plugins.get(plugin, ())]

    def check_room(self, row: JobRow, staged: int) -> None:
        """`Refused` when one job more, besides so many that are staged, would be too many."""
        if len(self._rows) + staged >= MOST_JOBS:
            raise Refused(reason=mark("Too many jobs are scheduled. Wait until some are done."))
        if self._chats[row.place] + staged >= MOST_PER_CHAT:
            raise Refused(reason=mark("Too many jobs are scheduled in this chat. Drop some of them first."))

    async def write(self, writes: Mapping[str, str | None]) -> None:
        """Change now; on disk when it ends. By name: the row as JSON text, None for no row."""
        self.changed(writes)
        await self._values.put_many([StorePut(JOBS, name, text) for name, text in writes.items()])

    def changed(self, writes: Mapping[str, str | None]) -> None:
        """What is being written by somebody else."""
        for name, text in writes.items():
            self._set(name, None if text is None else msgspec.json.decode(text, type=JobRow))
        self.woken.set()

    # --- time ---------------------------------------------------------------------------------------------------------

    def serve(self, plugin: str, jobs: Collection[str]) -> None:
        """From here on these jobs of a plugin can be run."""
        before, self._served[plugin] = self._served.get(plugin), frozenset(jobs)
        if before != self._served[plugin]:
            for row in self.of(plugin):
                self.queue(row)
            self.woken.set()

    def withdraw(self, plugin: str) -> None:
        """Nobody runs its jobs any more; they stay."""
        self._served.pop(plugin, None)

    def queue(self, row: JobRow) -> None:
        """Let `take` give it when it is due, if somebody serves its plugin."""
        if self._queued.get(row.name) == row.due_ms or row.plugin not in self._served:
            return
        self._queued[row.name] = row.due_ms
        heapq.heappush(self._heap, (row.due_ms, row.name))
        if len(self._heap) > 2 * len(self._queued) + SWEEP:
            self._heap = [(due, name) for name, due in self._queued.items()]
            heapq.heapify(self._heap)

    def queue_all(self) -> None:
        for row in self._rows.values():
            self.queue(row)

    def take(self, now_ms: int) -> JobRow | None:
        """A job that is due, once: whoever takes it writes its row anew, or queues it again."""
        while self._heap and self._heap[0][0] <= now_ms:
            due, name = heapq.heappop(self._heap)
            if self._queued.get(name) != due:
                continue
            del self._queued[name]
            row = self._rows[name]
            jobs = self._served.get(row.plugin)
            if jobs is not None and row.job in jobs:
                return row
            if jobs is not None:
                _log.warning("a job is due that no version has", plugin=row.plugin, job=row.job, key=row.key)
        return None

    @property
    def next_ms(self) -> int | None:
        """When to look again at the latest."""
        return self._heap[0][0] if self._heap else None

    def _set(self, name: str, row: JobRow | None) -> None:
        before = self._rows.pop(name, None)
        if before is not None:
            self._chats[before.place] -= 1
            if not self._chats[before.place]:
                del self._chats[before.place]
            del self._plugins[before.plugin][name]
        self._queued.pop(name, None)
        if row is not None:
            self._rows[name] = row
            self._chats[row.place] += 1
            self._plugins.setdefault(row.plugin, {})[name] = None
            self.queue(row)
