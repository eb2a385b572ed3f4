"""Traces of executions."""

from __future__ import annotations

from kagami.model.ids import ExecutionId, execution_id
from kagami.model.trace import Trace
from kagami.ports import TraceQuery
from kagami.storage.engine import Engine, Params
from kagami.storage.rows import read_trace

# Questions by outcome; all others are of the rare ones, which have an index. The last three are in no trace: what
# became of the answers says them.
_QUERIES = {
    "": "traces",
    "handled": "common_traces",
    "ignored": "common_traces",
    "answer": "common_traces",
    "unsent": "unsent_traces",
    "unsure": "unsent_traces",
    "answered": "answered_traces",
}
# An execution's id carries the time when its frame was read; a trace may say another one, by this much at most.
SLACK_MS = 3_600_000
LATEST_MS = (1 << 48) - 1


async def newest(engine: Engine, wanted: TraceQuery) -> list[Trace]:
    """Newest first."""
    latest = wanted.get("before_ms") or LATEST_MS
    bound = lowest_id(latest + SLACK_MS)
    outcome = wanted.get("outcome", "")
    params: Params = {
        "outcome": outcome,
        "state": "failed" if outcome == "unsent" else "unknown",
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
    return [read_trace(row) for row in await engine.fetch(_QUERIES.get(outcome, "odd_traces"), params)]


async def one(engine: Engine, execution: ExecutionId) -> Trace | None:
    rows = await engine.fetch("trace", {"execution": execution})
    return read_trace(rows[0]) if rows else None


def lowest_id(moment_ms: int) -> ExecutionId:
    """What every execution id of this moment, and none of an earlier one, is above."""
    return execution_id(min(max(0, moment_ms), LATEST_MS), 0)
