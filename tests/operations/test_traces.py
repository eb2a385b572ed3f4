from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kagami.errors import NotFound
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.principal import CONSOLE
from kagami.model.trace import Trace
from kagami.operations import registry
from kagami.operations.traces import GetTrace, ListTraces, Traced
from kagami.ports import MessageRow, Parts

MakeParts = Callable[..., Parts]
KNOWN = ExecutionId("0193")
TRACE = Trace(KNOWN, BotId("qq:1"), ChatId("group:2"), UserId("3"), 5, 6, "handled")
SEND = MessageRow(1, "out", 5, BotId("qq:1"), ChatId("group:2"), UserId(""), "hi", KNOWN, "sent")


class Archive:
    async def trace(self, execution: ExecutionId) -> Trace | None:
        return TRACE if execution == KNOWN else None

    async def sends(self, execution: ExecutionId) -> list[MessageRow]:
        return [SEND] if execution == KNOWN else []

    async def traces(self, **asked: Any) -> dict[str, Any]:
        return asked


async def test_a_trace_has_its_sends(make_parts: MakeParts) -> None:
    answer = await registry().call(make_parts(store=Archive()), CONSOLE, GetTrace(execution=KNOWN))
    assert answer == Traced(TRACE, [SEND])


async def test_an_unknown_trace_is_not_found(make_parts: MakeParts) -> None:
    with pytest.raises(NotFound, match="trace named 0194"):
        await registry().call(make_parts(store=Archive()), CONSOLE, GetTrace(execution="0194"))


async def test_traces_are_listed_by_what_they_were(make_parts: MakeParts) -> None:
    request = ListTraces(outcome="dead", plugin="echo", slower_us=7, before_ms=8, limit=9)
    answer = await registry().call(make_parts(store=Archive()), CONSOLE, request)
    assert answer == {"outcome": "dead", "plugin": "echo", "slower_us": 7, "before_ms": 8, "limit": 9}


async def test_nobody_lists_without_limit(make_parts: MakeParts) -> None:
    answer = await registry().call(make_parts(store=Archive()), CONSOLE, ListTraces(limit=10**6))
    assert answer["limit"] == 1_000
