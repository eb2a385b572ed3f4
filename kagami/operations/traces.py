"""One event's way through the house."""

from __future__ import annotations

import msgspec

from kagami.errors import NotFound
from kagami.model.ids import ExecutionId
from kagami.model.trace import Trace
from kagami.operations.paging import Limit, Words
from kagami.operations.privacy import veiled_messages, veiled_traces
from kagami.operations.registry import Request, operation
from kagami.ports import MessageRow, Parts

MOST_LISTED = 1_000


class ListTraces(Request, frozen=True):
    """Newest first; `slower_us` keeps what took longer, `before_ms` what started earlier, `since_ms` what did not.

    `chat`, `user` and `bot` are whole ids, or what stands behind the first colon; `execution` is a part of its id, and
    `text` of what was said or of the error. `before` is the execution id behind which the next page begins.
    """

    outcome: str = ""
    plugin: str = ""
    slower_us: int = 0
    before_ms: int = 0
    limit: Limit = 100
    since_ms: int = 0
    chat: str = ""
    user: str = ""
    bot: str = ""
    text: Words = ""
    execution: str = ""
    before: str = ""


class ExportTraces(ListTraces, frozen=True):
    """As `ListTraces`."""


class Exported(msgspec.Struct, frozen=True):
    """`text` is whole lines; `next` is the `before` of the next page, empty when this was the last one."""

    text: str
    rows: int
    next: str


class GetTrace(Request, frozen=True):
    execution: str


class Traced(msgspec.Struct, frozen=True):
    """A trace with the sends that its execution made."""

    trace: Trace
    sends: list[MessageRow]


@operation("traces.list", "traces:read", offline=True)
async def list_traces(parts: Parts, request: ListTraces) -> list[Trace]:
    """Traces by outcome, plugin, chat, user, words and slowness."""
    return await _rows(parts, request)


@operation("traces.get", "traces:read", offline=True)
async def get_trace(parts: Parts, request: GetTrace) -> Traced:
    """One trace with its sends."""
    execution = ExecutionId(request.execution)
    trace = await parts.store.trace(execution)
    if trace is None:
        raise NotFound(what="trace", name=request.execution)
    (shown,) = veiled_traces(parts, [trace])
    return Traced(shown, veiled_messages(parts, await parts.store.sends(execution)))


@operation("traces.export", "traces:read", offline=True)
async def export(parts: Parts, request: ExportTraces) -> Exported:
    """Traces with their sends as lines of JSON, page by page."""
    rows = await _rows(parts, request)
    lines = []
    for row in rows:
        sends = veiled_messages(parts, await parts.store.sends(row.execution))
        lines.append(msgspec.json.encode(Traced(row, sends)).decode() + "\n")
    return Exported("".join(lines), len(rows), rows[-1].execution if len(rows) >= _most(request.limit) else "")


async def _rows(parts: Parts, request: ListTraces) -> list[Trace]:
    rows = await parts.store.traces(
        outcome=request.outcome,
        plugin=request.plugin,
        slower_us=request.slower_us,
        before_ms=request.before_ms,
        since_ms=request.since_ms,
        execution=request.execution,
        bot=request.bot,
        chat=request.chat,
        user=request.user,
        text=request.text,
        before=request.before,
        limit=_most(request.limit),
    )
    return veiled_traces(parts, rows)


def _most(limit: int) -> int:
    return min(limit, MOST_LISTED)


OPERATIONS = (list_traces, get_trace, export)
