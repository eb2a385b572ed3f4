from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from kagami.errors import Refused
from kagami.model.ids import BotId, ChatId, UserId
from kagami.plugins import agenda as module
from kagami.plugins.agenda import JOBS, Agenda, JobRow, LocalZone
from kagami.testing.chat import MemoryValues
from kagami.testing.clock import FakeClock


def row(key: str, due_ms: int, *, plugin: str = "book", job: str = "remind", chat: str = "group:1") -> JobRow:
    return JobRow(plugin, key, job, BotId("qq:1"), ChatId(chat), UserId("7"), due_ms, 0)


def text(each: JobRow) -> str:
    return msgspec.json.encode(each).decode()


@pytest.fixture
def values() -> MemoryValues:
    return MemoryValues()


@pytest.fixture
def agenda(values: MemoryValues) -> Agenda:
    made = Agenda(values, FakeClock())
    made.serve("book", {"remind"})
    return made


async def test_a_job_is_given_when_it_is_due_and_only_once(agenda: Agenda) -> None:
    agenda.changed({"book/b": text(row("b", 20)), "book/a": text(row("a", 10))})
    assert (agenda.take(9), agenda.next_ms) == (None, 10)
    assert [agenda.take(20), agenda.take(20), agenda.take(20)] == [row("a", 10), row("b", 20), None]


async def test_the_newest_row_of_a_key_counts(agenda: Agenda) -> None:
    for due in (10, 30, 10, 40):
        agenda.changed({"book/a": text(row("a", due))})
    assert agenda.take(39) is None
    assert agenda.take(40) == row("a", 40)
    assert agenda.take(99) is None


async def test_a_dropped_job_is_not_given(agenda: Agenda) -> None:
    agenda.changed({"book/a": text(row("a", 10))})
    agenda.changed({"book/a": None, "book/unknown": None})
    assert (agenda.take(99), len(agenda), agenda.of("book")) == (None, 0, [])


async def test_a_job_waits_for_a_version_that_serves(agenda: Agenda) -> None:
    agenda.withdraw("book")
    agenda.changed({"book/a": text(row("a", 10))})
    assert agenda.take(99) is None
    agenda.serve("book", {"remind"})
    assert agenda.take(99) == row("a", 10)


async def test_a_job_that_the_version_does_not_have_waits_for_one_that_does(agenda: Agenda) -> None:
    agenda.changed({"book/a": text(row("a", 10, job="gone"))})
    assert (agenda.take(99), agenda.get("book/a")) == (None, row("a", 10, job="gone"))
    agenda.serve("book", {"remind", "gone"})
    assert agenda.take(99) == row("a", 10, job="gone")


async def test_what_was_taken_can_be_queued_again(agenda: Agenda) -> None:
    agenda.changed({"book/a": text(row("a", 10))})
    agenda.take(10)
    agenda.queue_all()
    assert agenda.take(10) == row("a", 10)


async def test_a_write_is_in_memory_and_in_the_store(agenda: Agenda, values: MemoryValues) -> None:
    await agenda.write({"book/a": text(row("a", 10)), "book/b": None})
    assert values.kept == {(JOBS, "book/a"): text(row("a", 10))}
    again = Agenda(values, FakeClock())
    await again.open()
    assert again.of("book") == agenda.of("book") == [row("a", 10)]


async def test_a_row_that_does_not_read_is_left_where_it_is(agenda: Agenda, values: MemoryValues) -> None:
    broken = {(JOBS, "book/x"): "{}", (JOBS, "book/y"): text(msgspec.structs.replace(row("y", 1), timetable="never"))}
    values.kept |= broken
    await agenda.open()
    assert (len(agenda), values.kept) == (0, broken)


async def test_a_chat_and_the_whole_have_bounds(agenda: Agenda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PER_CHAT", 2)
    monkeypatch.setattr(module, "MOST_JOBS", 4)
    agenda.changed({"book/a": text(row("a", 1)), "book/b": text(row("b", 1))})
    agenda.check_room(row("c", 1, chat="group:2"), 0)
    with pytest.raises(Refused, match="in this chat"):
        agenda.check_room(row("c", 1), 0)
    with pytest.raises(Refused, match="Wait until some are done"):
        agenda.check_room(row("c", 1, chat="group:2"), 2)
    agenda.changed({"book/a": None})
    agenda.check_room(row("c", 1), 0)


async def test_ten_thousand_jobs_are_cheap(agenda: Agenda) -> None:
    rows = {f"book/{number}": text(row(str(number), number * 7919 % 10_007)) for number in range(10_000)}
    started = time.process_time()
    agenda.changed(rows)
    for number in range(10_000):  # each moved once, as a repeated job is
        agenda.changed({f"book/{number}": text(row(str(number), 20_000 + number))})
    taken = [found.due_ms for _ in range(10_000) if (found := agenda.take(99_999))]
    assert taken == list(range(20_000, 30_000))
    assert time.process_time() - started < 2.0


async def test_what_means_nothing_any_more_is_swept_out(agenda: Agenda) -> None:
    for due in range(10_000):
        agenda.changed({"book/a": text(row("a", due))})
    assert len(agenda._heap) < 100


@pytest.fixture
def berlin() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "CET-1CEST,M3.5.0,M10.5.0/3"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_the_local_zone_knows_its_changes() -> None:
    zone = LocalZone()
    moment, offsets = datetime(2026, 10, 24, 23, 30, tzinfo=UTC), []
    for _ in range(4):
        local = moment.astimezone(zone)
        offsets.append((local.hour, local.utcoffset(), local.tzname()))
        assert local.astimezone(UTC) == moment
        moment += timedelta(hours=1)
    summer, winter = timedelta(hours=2), timedelta(hours=1)
    assert offsets == [(1, summer, "CEST"), (2, summer, "CEST"), (2, winter, "CET"), (3, winter, "CET")]
