from __future__ import annotations

import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from kagami.errors import Refused, UsageError
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.plugins import agenda as bounds
from kagami.plugins.agenda import JOBS, Agenda, JobRow
from kagami.plugins.jobs import LARGEST, PluginJobs
from kagami.plugins.plugin import Plugin
from kagami.testing.chat import ChatExecution, MemoryValues, chat_with
from kagami.testing.clock import START_MS, FakeClock

NOW = datetime.fromtimestamp(START_MS / 1000, UTC)


@pytest.fixture
def values() -> MemoryValues:
    return MemoryValues()


@pytest.fixture
def agenda(values: MemoryValues) -> Agenda:
    return Agenda(values, FakeClock(), UTC)


@pytest.fixture
async def execution() -> AsyncIterator[ChatExecution]:
    said = Event(ExecutionId("1"), BotId("qq:1"), "message", "group", ChatId("group:5"), UserId("7"), 0, "1")
    async with chat_with(Plugin()) as chat:
        yield ChatExecution(chat, said)


@pytest.fixture
def jobs(agenda: Agenda, execution: ChatExecution) -> PluginJobs:
    return PluginJobs("book", agenda, execution)


def staged(execution: ChatExecution) -> dict[str, JobRow | None]:
    texts = execution.staged(JOBS)
    return {name: msgspec.json.decode(text, type=JobRow) if text else None for name, text in texts.items()}


@pytest.mark.parametrize(
    ("when", "due"),
    [
        ({"after": 90}, NOW + timedelta(seconds=90)),
        ({"after": timedelta(days=1)}, NOW + timedelta(days=1)),
        ({"after": -5}, NOW),
        ({"at": NOW + timedelta(hours=2)}, NOW + timedelta(hours=2)),
        ({"at": (NOW + timedelta(hours=2)).replace(tzinfo=None)}, NOW + timedelta(hours=2)),
        ({"at": NOW - timedelta(hours=2)}, NOW),
        ({"timetable": "every 10min"}, NOW + timedelta(minutes=10)),
        ({"timetable": "0 0 * * *"}, datetime(2025, 10, 10, tzinfo=UTC)),
    ],
)
async def test_a_job_tells_when_it_is_due(jobs: PluginJobs, when: dict[str, Any], due: datetime) -> None:
    assert await jobs.put("a", "remind", **when) == due


async def test_a_change_of_a_handler_is_staged_with_its_conversation(
    jobs: PluginJobs, agenda: Agenda, execution: ChatExecution, values: MemoryValues
) -> None:
    await jobs.put("a", "remind", after=1, data={"text": "茶"}, missed="all")
    row = JobRow(
        "book", "a", "remind", BotId("qq:1"), ChatId("group:5"), UserId("7"), START_MS + 1000, START_MS, {"text": "茶"}
    )
    assert staged(execution) == {"book/a": msgspec.structs.replace(row, missed="all", by="1")}
    assert (len(agenda), values.kept) == (0, {})


async def test_a_handler_sees_what_it_has_staged(jobs: PluginJobs, agenda: Agenda) -> None:
    await PluginJobs("book", agenda, None).put("old", "remind", after=9)
    await PluginJobs("book", agenda, None).put("kept", "remind", after=5, data=[1])
    await jobs.put("new", "remind", timetable="every 1s")
    assert await jobs.drop("old")
    assert [(each.key, each.due - NOW, each.timetable, each.data) for each in await jobs.list()] == [
        ("new", timedelta(seconds=1), "every 1s", None),
        ("kept", timedelta(seconds=5), "", [1]),
    ]
    assert [each.key for each in await jobs.list("k")] == ["kept"]
    assert not await jobs.drop("old")


async def test_without_an_event_a_change_is_real_at_once(agenda: Agenda, values: MemoryValues) -> None:
    jobs = PluginJobs("book", agenda, None)
    await jobs.put("a", "remind", after=1)
    row = agenda.get("book/a")
    assert row is not None
    assert (row.bot, row.chat, row.user) == ("kagami:clock", "schedule:book", "remind")
    assert list(values.kept) == [(JOBS, "book/a")]
    assert await jobs.drop("a")
    assert (len(agenda), values.kept) == (0, {})


async def test_after_its_event_a_job_still_belongs_to_the_conversation(jobs: PluginJobs, agenda: Agenda) -> None:
    jobs.execution = None
    await jobs.put("a", "remind", after=1)
    assert [row.chat for row in agenda.of("book")] == ["group:5"]


async def test_plugins_see_their_own_jobs_only(jobs: PluginJobs, agenda: Agenda) -> None:
    await jobs.put("a", "remind", after=1)
    other = PluginJobs("other", agenda, jobs.execution)
    assert (await other.list(), await other.drop("a")) == ([], False)


@pytest.mark.parametrize("key", ["", "/daily", "k" * 257])
async def test_a_key_has_bounds(jobs: PluginJobs, key: str) -> None:
    with pytest.raises(UsageError, match="The key of a job"):
        await jobs.put(key, "remind", after=1)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({}, TypeError),
        ({"after": 1, "timetable": "@daily"}, TypeError),
        ({"timetable": "often"}, UsageError),
        ({"after": 1e12}, UsageError),
        ({"after": math.inf}, OverflowError),
        ({"after": 1, "data": "x" * LARGEST}, UsageError),
        ({"after": 1, "missed": "never"}, msgspec.ValidationError),
    ],
)
async def test_what_cannot_be_kept_is_refused(
    jobs: PluginJobs, execution: ChatExecution, given: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await jobs.put("a", "remind", **given)
    assert execution.staged(JOBS) == {}


async def test_a_chat_holds_so_many_jobs_staged_ones_among_them(
    jobs: PluginJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MOST_PER_CHAT", 2)
    await jobs.put("a", "remind", after=1)
    await jobs.put("b", "remind", after=1)
    await jobs.put("a", "remind", after=2)
    with pytest.raises(Refused, match="in this chat"):
        await jobs.put("c", "remind", after=1)


async def test_a_job_is_known_by_the_execution_that_schedules_it(
    jobs: PluginJobs, agenda: Agenda, execution: ChatExecution
) -> None:
    await jobs.put("a", "remind", after=0)
    await PluginJobs("book", agenda, None).put("b", "remind", after=0)
    rows = [*staged(execution).values(), *agenda.of("book")]
    assert [(row.key, row.by) for row in rows if row] == [("a", "1"), ("b", "")]
