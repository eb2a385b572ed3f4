"""One event's way through the house."""

from __future__ import annotations

import msgspec

from kagami.errors import NotFound
from kagami.model.ids import ExecutionId
from kagami.model.trace import Trace
from kagami.operations.registry import Request, operation
from kagami.ports import MessageRow, Parts


class ListTraces(Request, frozen=True):
    """Newest first; `slower_us` keeps what took longer, `before_ms` what started earlier."""

    outcome: str = ""
    plugin: str = ""
    slower_us: int = 0
    before_ms: int = 0
    limit: int = 100


class GetTrace(Request, frozen=True):
    execution: str


class Traced(msgspec.Struct, frozen=True):
    """A trace with the sends that its execution made."""

    trace: Trace
    sends: list[MessageRow]


@operation("traces.list", "traces:read")
async def list_traces(parts: Parts, request: ListTraces) -> list[Trace]:
    """Traces by outcome, plugin and slowness."""
    return await parts.store.traces(
        outcome=request.outcome,
        plugin=request.plugin,
        slower_us=request.slower_us,
        before_ms=request.before_ms,
        limit=min(request.limit, 1_000),
    )


@operation("traces.get", "traces:read")
async def get_trace(parts: Parts, request: GetTrace) -> Traced:
    """One trace with its sends."""
    execution = ExecutionId(request.execution)
    trace = await parts.store.trace(execution)
    if trace is None:
        raise NotFound(what="trace", name=request.execution)
    return Traced(trace, await parts.store.sends(execution))


OPERATIONS = (list_traces, get_trace)
