"""Traces of executions."""

from __future__ import annotations

from kagami.model.ids import ExecutionId, execution_id
from kagami.model.trace import Trace
from kagami.ports import TraceQuery
from kagami.storage.engine import Engine, Params
from kagami.storage.rows import read_trace

# Outcomes that the index of the rare ones leaves out.
COMMON = frozenset(("handled", "ignored", "answer"))
# An execution's id carries the time when its frame was read; a trace may say another one, by this much at most.
SLACK_MS = 3_600_000
LATEST_MS = (1 << 48) - 1


async def newest(engine: Engine, wanted: TraceQuery) -> list[Trace]:
    """Newest first."""
    latest = wanted.get("before_ms") or LATEST_MS
    bound = lowest_id(latest + SLACK_MS)
    params: Params = {
        "outcome": wanted.get("outcome", ""),
        "plugin": wanted.get("plugin", ""),
        "bot": wanted.get("bot", ""),
        "chat": wanted.get("chat", ""),
        "user": wanted.get("user", ""),
        "slower_us": wanted.get("slower_us", 0),
        "before_ms": latest,
        "since_ms": wanted.get("since_ms", 0),
        "bound": min(bound, wanted.get("before") or bound),
        "execution": wanted.get("execution", "").lower(),
        "text": wanted.get("text", "").lower(),
        "most": max(0, wanted.get("limit", 100)),
    }
    outcome = wanted.get("outcome", "")
    query = "odd_traces" if outcome and outcome not in COMMON else "traces"
    return [read_trace(row) for row in await engine.fetch(query, params)]


async def one(engine: Engine, execution: ExecutionId) -> Trace | None:
    rows = await engine.fetch("trace", {"execution": execution})
    return read_trace(rows[0]) if rows else None


def lowest_id(moment_ms: int) -> ExecutionId:
    """What every execution id of this moment, and none of an earlier one, is above."""
    return execution_id(min(max(0, moment_ms), LATEST_MS), 0)
