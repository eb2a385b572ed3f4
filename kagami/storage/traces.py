"""Traces of executions."""

from __future__ import annotations

from kagami.model.ids import ExecutionId, execution_id
from kagami.model.trace import Trace
from kagami.storage.engine import Engine, Params
from kagami.storage.rows import read_trace

# Outcomes that the index of the rare ones leaves out.
COMMON = frozenset(("handled", "ignored", "answer"))
# An execution's id carries the time when its frame was read; a trace may say another one, by this much at most.
SLACK_MS = 3_600_000
LATEST_MS = (1 << 48) - 1


async def newest(
    engine: Engine, *, outcome: str, plugin: str, slower_us: int, before_ms: int, limit: int
) -> list[Trace]:
    """Newest first. `plugin` is an id, or `id@version`."""
    latest = before_ms or LATEST_MS
    params: Params = {
        "outcome": outcome,
        "plugin": plugin,
        "slower_us": slower_us,
        "before_ms": latest,
        "bound": lowest_id(latest + SLACK_MS),
        "most": max(0, limit),
    }
    query = "odd_traces" if outcome and outcome not in COMMON else "traces"
    return [read_trace(row) for row in await engine.fetch(query, params)]


async def one(engine: Engine, execution: ExecutionId) -> Trace | None:
    rows = await engine.fetch("trace", {"execution": execution})
    return read_trace(rows[0]) if rows else None


def lowest_id(moment_ms: int) -> ExecutionId:
    """What every execution id of this moment, and none of an earlier one, is above."""
    return execution_id(min(max(0, moment_ms), LATEST_MS), 0)
