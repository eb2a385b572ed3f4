"""`ctx.jobs`: what a plugin schedules while it runs, under keys of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from kagami.core.timetable import Missed, read_timetable
from kagami.errors import UsageError
from kagami.i18n import mark
from kagami.model.ids import BotId, ChatId, UserId
from kagami.plugins.agenda import JOBS, Agenda, JobRow
from kagami.ports import Execution, StorePut

# Jobs of no conversation: declared timetables, and what a plugin schedules outside any event.
CLOCK_BOT = BotId("kagami:clock")
LONGEST_KEY = 256
LARGEST = 8 << 10  # characters of a row as JSON
FARTHEST_MS = 100 * 366 * 86_400_000
_SECOND = timedelta(seconds=1)


class Scheduled(NamedTuple):
    """`due` is in local time; `timetable` is empty for what is run once; `data` are plain JSON values."""

    key: str
    job: str
    due: datetime
    timetable: str
    data: Any


class PluginJobs:
    """Schedules what `@plugin.job` declared. A job is run in the conversation that scheduled it.

    Changes of a handler become real together with its event's completion and are seen by its own reads before.
    Without an event (`execution` is None: hooks, background tasks) a change is real when its `await` ends.
    """

    __slots__ = ("_agenda", "_plugin", "_whose", "execution")

    def __init__(self, plugin: str, agenda: Agenda, execution: Execution | None) -> None:
        self._plugin = plugin
        self._agenda = agenda
        self._whose = execution.event.session if execution else None
        self.execution = execution

    async def put(
        self,
        key: str,
        job: str,
        *,
        at: datetime | None = None,
        after: timedelta | float | None = None,
        timetable: str = "",
        data: Any = None,
        missed: Missed = "once",
    ) -> datetime:
        """Schedule a job in place of what this key had; tells when it is due first, in local time.

        One of: `at` a time (without a zone: local; a past one: now), `after` some seconds, or again and again by a
        `timetable`. `data` is anything that msgspec writes as JSON, at most 8 KiB. `UsageError` for a timetable that
        does not read, `Refused` when there are too many jobs.
        """
        if (at is not None) + (after is not None) + bool(timetable) != 1:
            raise TypeError("a job needs one of at, after and timetable")
        now = self._agenda.clock.wall_ms()
        due_ms = self._due(now, at, after, timetable)
        if due_ms - now > FARTHEST_MS:
            raise UsageError(reason=mark("A job cannot be more than a hundred years away."))
        row = JobRow(
            self._plugin,
            _checked(key),
            job,
            *(self._whose or (CLOCK_BOT, clock_chat(self._plugin), UserId(job))),
            due_ms=due_ms,
            made_ms=now,
            data=data,
            timetable=timetable,
            missed=missed,
            by=self.execution.event.execution if self.execution else "",
        )
        text = msgspec.json.encode(row).decode()
        if len(text) > LARGEST:
            raise UsageError(reason=mark("The data of a job is too large."))
        msgspec.json.decode(text, type=JobRow)  # what does not read must not be kept
        staged = self._staged()
        if staged.get(row.name, self._agenda.get(row.name)) is None:
            fresh = (name for name, value in staged.items() if value is not None and self._agenda.get(name) is None)
            self._agenda.check_room(row, sum(1 for _ in fresh))
        await self._write(row.name, text)
        return self._local(row.due_ms)

    async def drop(self, key: str) -> bool:
        """Forget a job; whether there was one."""
        name = f"{self._plugin}/{_checked(key)}"
        there = self._staged().get(name, self._agenda.get(name)) is not None
        if there:
            await self._write(name, None)
        return there

    async def list(self, prefix: str = "") -> Sequence[Scheduled]:
        """Jobs whose keys start with `prefix`, the next one first."""
        rows = {row.name: row for row in self._agenda.of(self._plugin)}
        for name, text in self._staged().items():
            rows.pop(name, None)
            if text is not None:
                rows[name] = msgspec.json.decode(text, type=JobRow)
        wanted = [row for row in rows.values() if row.key.startswith(prefix) and not row.declared]
        return [
            Scheduled(row.key, row.job, self._local(row.due_ms), row.timetable, row.data)
            for row in sorted(wanted, key=lambda row: (row.due_ms, row.key))
        ]

    def _due(self, now: int, at: datetime | None, after: timedelta | float | None, timetable: str) -> int:
        zone = self._agenda.zone
        if at is not None:
            aware = at if at.tzinfo else at.replace(tzinfo=zone)
            return max(now, int(aware.timestamp() * 1000))
        if after is not None:
            seconds = after / _SECOND if isinstance(after, timedelta) else after
            return now + max(0, round(seconds * 1000))
        try:
            return read_timetable(timetable).next_after(now, zone)
        except ValueError as error:
            raise UsageError(reason=str(error)) from None

    def _local(self, due_ms: int) -> datetime:
        return datetime.fromtimestamp(due_ms / 1000, UTC).astimezone(self._agenda.zone)

    def _staged(self) -> Mapping[str, str | None]:
        """What this execution changes, of this plugin's jobs, by name."""
        if self.execution is None:
            return {}
        mine = f"{self._plugin}/"
        return {name: text for name, text in self.execution.staged(JOBS).items() if name.startswith(mine)}

    async def _write(self, name: str, text: str | None) -> None:
        if self.execution is not None:
            self.execution.stage(StorePut(JOBS, name, text))
        else:
            await self._agenda.write({name: text})


def clock_chat(plugin: str) -> ChatId:
    return ChatId(f"schedule:{plugin}")


def _checked(key: str) -> str:
    if not key or len(key) > LONGEST_KEY or key.startswith("/"):
        raise UsageError(reason=mark("The key of a job has 1 to 256 characters and does not start with a slash."))
    return key
