from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kagami.model.action import Call, Failed, Receipt, Sent, Unknown
from kagami.model.ids import ExecutionId
from kagami.model.trace import Outcome
from kagami.storage.store import SqlStore
from tests.storage.make import START_MS, event, send, trace


@pytest.fixture
async def filled(store: SqlStore) -> SqlStore:
    for place, (outcome, plugin, total) in enumerate(
        [("handled", "echo@1.0.0", 10), ("dead", "echo@2.0.0", 20), ("handled", "echoes@1.0.0", 30), ("shed", "", 40)]
    ):
        given = event(time_ms=START_MS + place)
        store.ledger.record(trace(given, outcome, plugin=plugin, total_us=total))  # type: ignore[arg-type]
    await store.ledger.flush()
    return store


async def test_the_newest_come_first(filled: SqlStore) -> None:
    assert [found.total_us for found in await filled.traces()] == [40, 30, 20, 10]


@pytest.mark.parametrize(
    ("outcome", "plugin", "slower_us", "before_ms", "limit", "totals"),
    [
        ("handled", "", 0, 0, 9, [30, 10]),
        ("dead", "", 0, 0, 9, [20]),
        ("dead", "echo", 21, 0, 9, []),
        ("", "echo", 0, 0, 9, [20, 10]),
        ("", "echo@1.0.0", 0, 0, 9, [10]),
        ("", "", 30, 0, 9, [40, 30]),
        ("", "", 0, START_MS + 2, 9, [20, 10]),
        ("", "", 0, 0, 1, [40]),
        ("' OR 1=1", "", 0, 0, 9, []),
    ],
)
async def test_traces_can_be_chosen(
    filled: SqlStore, outcome: str, plugin: str, slower_us: int, before_ms: int, limit: int, totals: list[int]
) -> None:
    found = await filled.traces(outcome=outcome, plugin=plugin, slower_us=slower_us, before_ms=before_ms, limit=limit)
    assert [each.total_us for each in found] == totals


async def test_traces_are_found_by_who_said_what_where_and_page_by_page(store: SqlStore) -> None:
    said = [
        (1, {"chat": "group:7", "user": "42", "text": "/weather 北京"}),
        (2, {"chat": "private:7", "user": "43", "text": "Hello"}),
        (3, {"chat": "group:8", "user": "42", "text": "x", "error": "TimeoutError: upstream"}),
    ]
    made = []
    for place, fields in said:
        given = event(time_ms=START_MS + place * 1_000)
        made.append(msgspec.structs.replace(trace(given, "handled"), started_ms=given.time_ms, **fields))
        store.ledger.record(made[-1])
    await store.ledger.flush()

    async def found(**wanted: Any) -> list[int]:
        rows = await store.traces(**wanted)
        return [next(place for place, each in enumerate(made, 1) if each == row) for row in rows]

    assert (await found(chat="group:7"), await found(chat="7"), await found(chat="group")) == ([1], [2, 1], [])
    assert (await found(user="42"), await found(bot=made[0].bot.partition(":")[2])) == ([3, 1], [3, 2, 1])
    assert (await found(text="北京"), await found(text="hELLO"), await found(text="timeout")) == ([1], [2], [3])
    assert await found(execution=made[1].execution[-8:].upper()) == [2]
    assert await found(since_ms=START_MS + 2_000) == [3, 2]
    assert (await found(limit=2), await found(limit=2, before=made[1].execution)) == ([3, 2], [1])
    assert await found(user="42", outcome="dead") == []


async def test_an_unknown_execution_has_no_trace(store: SqlStore) -> None:
    assert await store.trace(ExecutionId("x")) is None


async def close_with_sends(store: SqlStore, outcome: Outcome, *sends: tuple[str, Receipt]) -> ExecutionId:
    """A trace that is written first; then sends of these workers, with what came of them."""
    given = event()
    store.ledger.record(trace(given, outcome, plugin=""))
    await store.ledger.flush()
    for ordinal, (worker, receipt) in enumerate(sends):
        store.ledger.begin_send(send(given, ordinal=ordinal, worker=worker))
        store.ledger.end_send(given.execution, ordinal, receipt, START_MS)
    await store.ledger.flush()
    return given.execution


@pytest.mark.parametrize(
    ("outcome", "sends", "seen"),
    [
        ("handled", [("", Sent("1"))], ("handled", "", "")),
        ("handled", [("", Sent("1")), ("", Failed("muted"))], ("unsent", "", "muted")),
        ("handled", [("", Unknown("cut")), ("", Failed("muted"))], ("unsent", "", "muted")),
        ("handled", [("", Unknown("cut"))], ("unsure", "", "cut")),
        ("ignored", [("nonebot", Sent("1"))], ("answered", "nonebot", "")),
        ("dropped", [("nonebot", Sent("1"))], ("answered", "nonebot", "")),
        ("ignored", [("nonebot", Failed("muted"))], ("unsent", "nonebot", "muted")),
        ("guarded", [("", Failed("muted"))], ("guarded", "", "")),
        ("handled", [("nonebot", Sent("1"))], ("handled", "nonebot", "")),
    ],
)
async def test_what_became_of_the_answers_is_seen_also_when_they_come_later(
    store: SqlStore, outcome: Outcome, sends: list[tuple[str, Receipt]], seen: tuple[str, str, str]
) -> None:
    execution = await close_with_sends(store, outcome, *sends)
    one, (listed,) = await store.trace(execution), await store.traces()
    assert one == listed
    assert (listed.outcome, listed.worker, listed.error) == seen
    assert [each.execution for each in await store.traces(outcome=seen[0])] == [execution]
    assert seen[0] == outcome or not await store.traces(outcome=outcome)


async def test_a_call_that_failed_is_no_answer(store: SqlStore) -> None:
    given = event()
    store.ledger.record(trace(given))
    row = send(given)
    call = Call(row.bot, "get_group_info")
    store.ledger.begin_send(msgspec.structs.replace(row, body=call, text=call.name))
    store.ledger.end_send(given.execution, 0, Failed("no such group"), START_MS)
    await store.ledger.flush()
    assert [each.outcome for each in await store.traces()] == ["handled"]
