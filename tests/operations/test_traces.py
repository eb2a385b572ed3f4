from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kagami.errors import NotFound
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.principal import CONSOLE
from kagami.model.trace import Trace
from kagami.operations import registry
from kagami.operations.traces import ExportTraces, GetTrace, ListTraces, Traced
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
    request = ListTraces("dead", "echo", 7, 8, 9, 10, chat="2", user="3", bot="1", text="x", execution="4", before="5")
    answer = await registry().call(make_parts(store=Archive()), CONSOLE, request)
    assert answer == msgspec.structs.asdict(request)


async def test_an_export_is_lines_of_json_with_their_sends_and_leads_to_the_next_page(make_parts: MakeParts) -> None:
    class Two(Archive):
        async def traces(self, **asked: Any) -> list[Trace]:  # type: ignore[override]
            return [TRACE] if not asked["before"] else []

    parts = make_parts(store=Two())
    first = await registry().call(parts, CONSOLE, ExportTraces(limit=1))
    assert msgspec.json.decode(first.text, type=Traced) == Traced(TRACE, [SEND])
    assert (first.rows, first.next, first.text[-1]) == (1, KNOWN, "\n")
    last = await registry().call(parts, CONSOLE, ExportTraces(limit=1, before=first.next))
    assert (last.text, last.next) == ("", "")


async def test_nobody_lists_without_limit(make_parts: MakeParts) -> None:
    answer = await registry().call(make_parts(store=Archive()), CONSOLE, ListTraces(limit=10**6))
    assert answer["limit"] == 1_000
