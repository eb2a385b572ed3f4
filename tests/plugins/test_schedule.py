from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from kagami.core.timetable import Missed
from kagami.meters import Meters
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.plugins.agenda import JOBS, JobRow
from kagami.plugins.jobs import PluginJobs
from kagami.plugins.schedule import RETRY_S, JobCall, Scheduler, decide, job_of
from kagami.ports import StorePut
from kagami.storage.store import SqlStore, open_store
from kagami.testing.clock import START_MS, FakeClock, settle
from tests.plugins.processes import HOUR, MINUTE, NINE, World, regular
from tests.zones import BERLIN


@pytest.fixture
def world() -> World:
    return World()


def moved_by(seconds: float) -> FakeClock:
    """A clock that was set anew."""
    return FakeClock(wall_ms=START_MS + int(seconds * 1000))


async def test_the_event_of_a_timetable(world: World) -> None:
    async with world.running(regular("0 9 * * *")):
        await world.advance(399)
        assert world.inbox.keys == []
        await world.advance(1)
    [event] = world.inbox.events.values()
    assert (event.kind, event.name, event.dedupe) == ("schedule", "book/morning", f"book//morning/{NINE}")
    assert tuple(event.session) == ("kagami:clock", "schedule:book", "morning")
    assert (event.time_ms, job_of(event)) == (NINE, JobCall("book", "morning", "/morning", NINE))


async def test_the_event_of_a_job(world: World) -> None:
    row = JobRow("book", "a", "remind", BotId("qq:1"), ChatId("group:5"), UserId("7"), NINE, START_MS, {"text": "茶"})
    async with world.running() as scheduler:
        scheduler.changed({row.name: msgspec.json.encode(row).decode()})
        await world.advance(HOUR)
        assert len(scheduler.agenda) == 0
    [event] = world.inbox.events.values()
    assert tuple(event.session) == ("qq:1", "group:5", "7")
    assert job_of(event) == JobCall("book", "remind", "a", NINE, {"text": "茶"})


async def test_a_job_that_is_done_is_gone_from_the_store(world: World) -> None:
    async with world.running() as scheduler:
        await PluginJobs("book", scheduler.agenda, None).put("a", "remind", after=5)
        assert len(world.values.kept) == 1
        await world.advance(5)
    assert (world.values.kept, len(world.inbox.keys)) == ({}, 1)


async def test_a_timetable_is_run_again_and_again(world: World) -> None:
    async with world.running(regular("every 10min")) as scheduler:
        await PluginJobs("book", scheduler.agenda, None).put("a", "remind", timetable="every 7min")
        await world.advance(21 * MINUTE)
    # Declared intervals lie on a grid, those of people begin when they ask.
    assert sorted(world.inbox.minutes()) == [pytest.approx(each) for each in (6 + 2 / 3, 7, 14, 16 + 2 / 3, 21)]


async def test_a_job_can_be_put_anew_and_dropped(world: World) -> None:
    async with world.running() as scheduler:
        jobs = PluginJobs("book", scheduler.agenda, None)
        await jobs.put("a", "remind", after=MINUTE)
        await jobs.put("b", "remind", after=MINUTE)
        await jobs.put("a", "remind", after=3 * MINUTE)
        await jobs.drop("b")
        await world.advance(HOUR)
    assert world.inbox.minutes() == [3]


async def test_a_handler_that_schedules_itself_anew_wins_over_the_end_of_its_row(world: World) -> None:
    async def handled_before_it_is_on_disk(event: Event, read_at: float) -> bool:
        await PluginJobs("book", scheduler.agenda, None).put("a", "remind", after=MINUTE)
        return await world.inbox.accept(event, read_at)

    async with world.running(intake=handled_before_it_is_on_disk) as scheduler:
        await PluginJobs("book", scheduler.agenda, None).put("a", "remind", after=MINUTE)
        await world.advance(3 * MINUTE)
    assert world.inbox.minutes() == [1, 2, 3]


@pytest.mark.parametrize(
    ("missed", "minutes"),
    [("skip", [190]), ("once", [180, 190]), ("all", [*range(20, 190, 10), 190])],
)
async def test_what_was_missed_while_nobody_ran(missed: Missed, minutes: list[int]) -> None:
    world = World(FakeClock(wall_ms=NINE))
    timetable = regular("*/10 * * * *", missed)
    async with world.running(timetable):
        await world.advance(10 * MINUTE)
    await world.advance(175 * MINUTE)
    before = len(world.inbox.keys)
    async with world.running(timetable):
        await world.advance(5 * MINUTE)
    assert [(event.time_ms - NINE) / 60_000 for event in world.inbox.events.values()][before:] == minutes


@pytest.mark.parametrize(("missed", "runs"), [("skip", 0), ("once", 1), ("all", 1)])
async def test_a_single_job_that_was_missed(world: World, missed: Missed, runs: int) -> None:
    async with world.running() as scheduler:
        await PluginJobs("book", scheduler.agenda, None).put("a", "remind", after=MINUTE, missed=missed)
    await world.advance(HOUR)
    async with world.running():
        await settle()
    assert (len(world.inbox.keys), world.values.kept) == (runs, {})


async def test_a_run_that_is_a_little_late_is_not_missed(world: World) -> None:
    async with world.running(regular("0 9 * * *", "skip")):
        pass
    await world.advance(400 + 59)
    async with world.running(regular("0 9 * * *", "skip")):
        await settle()
    assert world.inbox.keys == [f"book//morning/{NINE}"]


def test_not_more_than_a_hundred_missed_runs_are_made_up_for() -> None:
    row = JobRow("book", "a", "remind", BotId("qq:1"), ChatId("group:5"), UserId("7"), START_MS, START_MS, None)
    weekly = msgspec.structs.replace(row, timetable="every 1min", missed="all")
    step = decide(weekly, START_MS + 7 * 24 * 60 * 60_000, UTC)
    assert (len(step.runs), step.runs[-1], step.then) == (100, START_MS + 604_800_000, START_MS + 604_860_000)


async def test_what_is_missed_counts_from_the_first_time_that_a_timetable_was_served(world: World) -> None:
    async with world.running(regular("0 9 * * *")):
        pass
    await world.advance(HOUR)
    async with world.running(regular("0 9 * * *"), regular("0 9 * * *", job="new")):
        await settle()
    assert [job_of(event).job for event in world.inbox.events.values()] == ["morning"]


async def test_a_timetable_that_was_changed_counts_anew(world: World) -> None:
    async with world.running(regular("0 9 * * *")):
        pass
    await world.advance(HOUR)
    async with world.running(regular("30 9 * * *")):
        await settle()
        assert world.inbox.keys == []
    assert [row.due_ms for row in world.rows()] == [START_MS + 36 * MINUTE * 1000 + 40_000 + 24 * HOUR * 1000]


async def test_a_timetable_that_is_no_longer_declared_goes(world: World) -> None:
    async with world.running(regular("0 9 * * *"), regular("@daily", job="night")) as scheduler:
        await PluginJobs("book", scheduler.agenda, None).put("a", "remind", after=MINUTE)
        await scheduler.serve("book", [regular("@daily", job="night")], ["night", "remind"])
        assert sorted(row.key for row in world.rows()) == ["/night", "a"]


async def test_another_rule_for_missed_runs_keeps_the_time(world: World) -> None:
    async with world.running(regular("0 9 * * *")) as scheduler:
        before = world.rows()
        await scheduler.serve("book", [regular("0 9 * * *", "all")], ["morning"])
        assert world.rows() == [msgspec.structs.replace(row, missed="all") for row in before]


async def test_a_switch_that_changes_nothing_writes_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async with world.running(regular("0 9 * * *")) as scheduler:

        async def refuse(writes: Sequence[StorePut]) -> None:
            raise AssertionError(writes)

        monkeypatch.setattr(world.values, "put_many", refuse)
        await scheduler.serve("book", [regular("0 9 * * *")], ["remind", "morning"])


async def test_a_job_waits_while_nobody_serves_its_plugin(world: World) -> None:
    async with world.running(regular("0 9 * * *")) as scheduler:
        await PluginJobs("book", scheduler.agenda, None).put("a", "remind", after=MINUTE)
        scheduler.withdraw("book")
        await world.advance(HOUR)
        assert world.inbox.keys == []
        assert [each.key for each in await PluginJobs("book", scheduler.agenda, None).list()] == ["a"]
        await scheduler.serve("book", [regular("0 9 * * *")], ["morning", "remind"])
        await settle()
    assert sorted(world.inbox.keys) == [f"book//morning/{NINE}", f"book/a/{START_MS + 60_000}"]


async def test_a_kill_between_the_event_and_the_row_makes_the_same_event_again(world: World) -> None:
    async with world.running(regular("0 9 * * *")):
        before = dict(world.values.kept)
        await world.advance(400)
    world.values.kept = before  # what the disk holds when the process dies just after the event was kept
    async with world.running(regular("0 9 * * *")):
        await world.advance(MINUTE)
    key = f"book//morning/{NINE}"
    assert (world.inbox.asked, world.inbox.keys) == ([key, key], [key])
    assert [row.due_ms for row in world.rows()] == [NINE + 24 * HOUR * 1000]


async def test_a_row_moves_on_only_when_its_event_is_on_disk(world: World) -> None:
    on_disk = asyncio.get_running_loop().create_future()
    async with world.running(regular("0 9 * * *"), intake=lambda event, read_at: on_disk):
        before = world.rows()
        await world.advance(400)
        assert world.rows() == before
        on_disk.set_result(True)
        await settle()
        assert [row.due_ms for row in world.rows()] == [NINE + 24 * HOUR * 1000]


async def test_what_cannot_be_kept_is_tried_again(world: World) -> None:
    async with world.running() as scheduler:
        await PluginJobs("book", scheduler.agenda, None).put("a", "remind", after=1)
        world.inbox.broken = True
        await world.advance(1 + RETRY_S)
        world.inbox.broken = False
        assert world.inbox.keys == []
        await world.advance(RETRY_S)
    assert (len(world.inbox.asked), len(world.inbox.keys), world.values.kept) == (3, 1, {})


async def test_what_was_taken_when_the_loop_broke_is_taken_again(world: World) -> None:
    def breaks(event: Event, read_at: float) -> asyncio.Future[bool]:
        raise LookupError

    scheduler = world.scheduler()
    await scheduler.serve("book", [], ["remind"])
    await PluginJobs("book", scheduler.agenda, None).put("a", "remind", after=0)
    with pytest.raises(LookupError):
        await scheduler.run(breaks)
    task = asyncio.create_task(scheduler.run(world.inbox.accept))
    await settle()
    task.cancel()
    assert len(world.inbox.keys) == 1


async def test_a_clock_that_goes_back_runs_nothing_twice(world: World) -> None:
    async with world.running(regular("*/10 * * * *")):
        await world.advance(25 * MINUTE)
    keys = world.inbox.keys
    assert len(keys) == 2
    world.clock = moved_by(-5 * HOUR)
    async with world.running(regular("*/10 * * * *")):
        await world.advance(5 * HOUR + 25 * MINUTE)
        assert world.inbox.keys == keys
        await world.advance(5 * MINUTE)
    assert len(world.inbox.keys) == 3


async def test_a_clock_that_is_set_forward_is_noticed(world: World) -> None:
    class Jumping(FakeClock):
        jump = 0

        def wall_ms(self) -> int:
            return super().wall_ms() + self.jump

    world.clock = clock = Jumping()
    async with world.running(regular("0 9 * * *")):
        clock.jump = HOUR * 1000  # the machine was suspended: no sleeper has noticed
        await world.advance(MINUTE)
    assert world.inbox.keys == [f"book//morning/{NINE}"]


async def test_of_two_processes_on_one_store_one_makes_the_event(world: World) -> None:
    async with world.running(regular("every 10min")), world.running(regular("every 10min")) as second:
        await PluginJobs("book", second.agenda, None).put("a", "remind", after=MINUTE)
        await world.advance(30 * MINUTE)
    assert len(world.inbox.asked) == 7
    assert len(world.inbox.keys) == 4


async def test_every_day_at_eight_over_a_change_of_the_clock() -> None:
    world = World(FakeClock(wall_ms=int(datetime(2026, 10, 23, 12, tzinfo=UTC).timestamp() * 1000)))
    scheduler = Scheduler(world.values, world.clock, BERLIN, new_execution=lambda: ExecutionId("1"))
    await scheduler.serve("book", [regular("0 8 * * *")], ["morning"])
    task = asyncio.create_task(scheduler.run(world.inbox.accept))
    await settle()
    await world.advance(timedelta(days=3).total_seconds())
    task.cancel()
    times = [datetime.fromtimestamp(event.time_ms / 1000, BERLIN) for event in world.inbox.events.values()]
    assert [each.strftime("%d %H:%M %z") for each in times] == ["24 08:00 +0200", "25 08:00 +0100", "26 08:00 +0100"]


async def test_ten_thousand_jobs_at_one_moment(world: World) -> None:
    row = JobRow("book", "", "remind", BotId("qq:1"), ChatId("group:5"), UserId("7"), NINE, START_MS)
    rows = [msgspec.structs.replace(row, key=str(number)) for number in range(10_000)]
    async with world.running() as scheduler:
        scheduler.changed({each.name: msgspec.json.encode(each).decode() for each in rows})
        started = time.process_time()
        await world.advance(400)
        assert len(scheduler.agenda) == 0
    assert len(world.inbox.keys) == 10_000
    assert time.process_time() - started < 5.0


async def test_a_process_without_jobs_sleeps(world: World) -> None:
    async with world.running():
        assert world.clock.sleeping == 0


async def test_rows_are_read_from_the_store_by_the_next_process(world: World) -> None:
    async with world.running() as scheduler:
        await PluginJobs("book", scheduler.agenda, None).put("a", "remind", after=HOUR)
    assert [key for _, key in world.values.kept] == ["book/a"]
    assert {plugin for plugin, _ in world.values.kept} == {JOBS}
    async with world.running():
        await world.advance(HOUR)
    assert len(world.inbox.keys) == 1


async def test_on_a_real_store_a_kill_before_the_row_has_moved_doubles_nothing(tmp_path: Path) -> None:
    world, path = World(), str(tmp_path / "kagami.db")
    made: list[bool] = []

    @asynccontextmanager
    async def process() -> AsyncIterator[tuple[SqlStore, Scheduler]]:
        async with open_store(path, clock=world.clock, meters=Meters()) as store:
            scheduler = Scheduler(store, world.clock, UTC, new_execution=lambda: ExecutionId(f"e{len(made)}"))
            await scheduler.open()
            await scheduler.serve("book", [], ["remind"])
            yield store, scheduler

    async with process() as (store, scheduler):

        async def killed_when_it_is_on_disk(event: Event, read_at: float) -> bool:
            made.append(await store.ledger.accept(event, START_MS))
            raise LookupError

        await PluginJobs("book", scheduler.agenda, None).put("a", "remind", after=0)
        with pytest.raises(LookupError):
            await scheduler.run(killed_when_it_is_on_disk)

    async with process() as (store, scheduler), asyncio.timeout(10):

        async def accept(event: Event, read_at: float) -> bool:
            made.append(await store.ledger.accept(event, START_MS))
            return made[-1]

        task = asyncio.create_task(scheduler.run(accept))
        while await store.items(JOBS):
            await asyncio.sleep(0)
        task.cancel()
        assert made == [True, False]
        assert [each.event.dedupe for each in await store.recover(START_MS)] == [f"book/a/{START_MS}"]


async def test_the_same_time_asked_for_by_another_execution_is_another_run(world: World) -> None:
    row = JobRow("book", "a", "remind", BotId("qq:1"), ChatId("group:5"), UserId("7"), START_MS, START_MS, by="1")
    async with world.running() as scheduler:
        for by in ("1", "2"):
            again = msgspec.structs.replace(row, by=by)
            scheduler.changed({row.name: msgspec.json.encode(again).decode()})
            await settle()
    assert world.inbox.keys == [f"book/a/{START_MS}/1", f"book/a/{START_MS}/2"]
