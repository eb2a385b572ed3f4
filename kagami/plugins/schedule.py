"""Makes an event of every job that is due.

The event goes the way of all events and is named by its due time, and by the execution that asked for it. A row moves
on only when its event is on disk: after a crash in between, the same event is made again and known already. So nothing
is lost, and nothing is run twice by several processes on one store, or by a clock that goes back.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import tzinfo
from typing import Any, NamedTuple

import msgspec

from kagami import log
from kagami.clock import Clock
from kagami.core.timetable import read_timetable
from kagami.errors import KagamiError
from kagami.model.event import Event
from kagami.model.ids import ExecutionId, UserId
from kagami.plugins.agenda import Agenda, JobRow
from kagami.plugins.jobs import CLOCK_BOT, clock_chat
from kagami.plugins.plugin import Regular
from kagami.plugins.scope import alarm
from kagami.plugins.values import Values

# As `ports.Intake.accept`: the event, and the monotonic time when it came; ends when it is on disk.
Intake = Callable[[Event, float], Awaitable[bool]]

GRACE_MS = 60_000
MOST_MISSED = 100
# So many events are on their way to the disk at once.
BATCH = 200
RETRY_S = 5.0
# No sleep is longer: wall time may be set, and a machine that was suspended does not count that time.
NAP_S = 60.0
_log = log.get("schedule")


class JobCall(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the event of a job carries, as its `native` JSON. `data` are plain JSON values."""

    plugin: str
    job: str
    key: str
    due_ms: int
    data: Any = None


def job_of(event: Event) -> JobCall:
    """What a `schedule` event asks for."""
    return msgspec.json.decode(event.native, type=JobCall)


class Step(NamedTuple):
    """What becomes of a row whose time has come: it is run for each of `runs` and due again at `then`, if ever."""

    row: JobRow
    runs: list[int]
    then: int | None


def decide(row: JobRow, now_ms: int, zone: tzinfo) -> Step:
    """Follow the row's rule for what was missed. Of several times that have come, only `all` runs more than one.

    `skip` runs none that is later than a minute: that is a machine which was away, not a busy one.
    """
    timetable = read_timetable(row.timetable) if row.timetable else None
    runs = [row.due_ms]
    if timetable is not None:
        runs = [*runs, *timetable.missed(row.due_ms, now_ms, zone, MOST_MISSED)][-MOST_MISSED:]
    last = runs[-1]
    if row.missed != "all":
        runs = [last]
    if row.missed == "skip" and now_ms - last > GRACE_MS:
        runs = []
    return Step(row, runs, timetable.next_after(last, zone) if timetable else None)


class Scheduler:
    """Owns everything that is due. `open` before plugins are loaded, `run` when events are taken.

    `agenda` is what `PluginJobs` needs.
    """

    def __init__(
        self,
        values: Values,
        clock: Clock,
        zone: tzinfo | None = None,
        *,
        new_execution: Callable[[], ExecutionId],
    ) -> None:
        self.agenda = Agenda(values, clock, zone)
        self._clock = clock
        self._new_execution = new_execution

    async def open(self) -> None:
        """Read what earlier runs have left."""
        await self.agenda.open()

    async def serve(self, plugin: str, regulars: Sequence[Regular], jobs: Collection[str]) -> None:
        """The stable version has these timetables; the versions that serve have these `jobs`, by name.

        A timetable that is new counts from now; one that was known goes on where it was. Call it at every switch.
        """
        now, writes = self._clock.wall_ms(), dict[str, str | None]()
        held = {row.name: row for row in self.agenda.of(plugin) if row.declared}
        for regular in regulars:
            row = self._first(plugin, regular, now)
            known = held.pop(row.name, None)
            if known is not None and known.timetable == row.timetable:
                row = msgspec.structs.replace(known, missed=regular.missed)
            if row != known:
                writes[row.name] = _text(row)
        writes.update(dict.fromkeys(held))
        self.agenda.serve(plugin, jobs)
        if writes:
            await self.agenda.write(writes)

    def withdraw(self, plugin: str) -> None:
        """No version of it serves: what it has scheduled waits for one."""
        self.agenda.withdraw(plugin)

    def changed(self, writes: Mapping[str, str | None]) -> None:
        """What an execution that is done has staged in the namespace `JOBS` (`execution.staged(JOBS)`)."""
        self.agenda.changed(writes)

    async def run(self, intake: Intake) -> None:
        """Hand over what is due, for ever."""
        self.agenda.queue_all()  # what was taken when this was interrupted
        while True:
            self.agenda.woken.clear()
            await self._sleep(await self._round(intake))

    async def _round(self, intake: Intake) -> float:
        """Hand over what is due now, up to a batch; seconds until there may be more."""
        now = self._clock.wall_ms()
        steps = self._due(now)
        if not steps:
            due = self.agenda.next_ms
            return math.inf if due is None else min(NAP_S, (due - now) / 1000)
        # First all of them, then the waiting: the ledger writes them as one.
        read_at = self._clock.monotonic()
        asked = [(step, [intake(self._event(step.row, due), read_at) for due in step.runs]) for step in steps]
        done = [(step, await _on_disk(step.row, answers)) for step, answers in asked]
        return RETRY_S if await self._move_on(done) else 0.0

    async def _move_on(self, done: Sequence[tuple[Step, bool]]) -> int:
        """Keep what became of the rows whose events are on disk; how many are not, and will be tried again."""
        # Of some the handler, or another one, was quicker and has written them anew.
        done = [(step, kept) for step, kept in done if self.agenda.get(step.row.name) is step.row]
        failed = [step.row for step, kept in done if not kept]
        for row in failed:
            self.agenda.queue(row)
        if moves := {step.row.name: _moved(step) for step, kept in done if kept}:
            await self.agenda.write(moves)
        return len(failed)

    def _due(self, now: int) -> list[Step]:
        """What has come by now, a batch of it."""
        steps, size = list[Step](), 0
        while size < BATCH and (row := self.agenda.take(now)) is not None:
            steps.append(decide(row, now, self.agenda.zone))
            size += 1 + len(steps[-1].runs)
        return steps

    async def _sleep(self, seconds: float) -> None:
        """Until so much time has passed, or something has changed."""
        if seconds == math.inf:
            await self.agenda.woken.wait()
        if seconds <= 0 or self.agenda.woken.is_set():
            return
        bell = alarm(self._clock, seconds, self.agenda.woken.set)
        try:
            await self.agenda.woken.wait()
        finally:
            bell.cancel()

    def _first(self, plugin: str, regular: Regular, now: int) -> JobRow:
        timetable = regular.timetable
        # Intervals lie on a grid that is the same for every process.
        start = now - now % (timetable.seconds * 1000) if timetable.seconds else now
        return JobRow(
            plugin,
            f"/{regular.job}",
            regular.job,
            CLOCK_BOT,
            clock_chat(plugin),
            UserId(regular.job),
            due_ms=timetable.next_after(start, self.agenda.zone),
            made_ms=now,
            timetable=timetable.text,
            missed=regular.missed,
        )

    def _event(self, row: JobRow, due_ms: int) -> Event:
        call = JobCall(row.plugin, row.job, row.key, due_ms, row.data)
        return Event(
            self._new_execution(),
            row.bot,
            "schedule",
            f"{row.plugin}/{row.job}",
            row.chat,
            row.user,
            time_ms=due_ms,
            dedupe=f"{row.plugin}/{row.key}/{due_ms}" + (f"/{row.by}" if row.by else ""),
            native=msgspec.json.encode(call).decode(),
        )


async def _on_disk(row: JobRow, answers: Sequence[Awaitable[bool]]) -> bool:
    """Whether all events of a row are kept, by this process or another."""
    kept = True
    for answer in answers:
        try:
            await answer
        except KagamiError as error:
            kept = False
            _log.warning("a job is due, but its event cannot be kept now", job=row.name, error=error)
    return kept


def _moved(step: Step) -> str | None:
    """The row as it is from now on; None when it is done."""
    row = step.row
    if step.runs != [row.due_ms]:
        _log.info("a job was late", plugin=row.plugin, job=row.job, missed=row.missed, runs=len(step.runs))
    return None if step.then is None else _text(msgspec.structs.replace(row, due_ms=step.then))


def _text(row: JobRow) -> str:
    return msgspec.json.encode(row).decode()
