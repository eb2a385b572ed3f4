from __future__ import annotations

import msgspec
import pytest

from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.trace import Mark, Trace

TRACE = Trace(
    execution=ExecutionId("0193"),
    bot=BotId("qq:1"),
    chat=ChatId("group:2"),
    user=UserId("3"),
    started_ms=1_764_000_000_000,
    total_us=1234,
    outcome="handled",
    marks=(Mark("read", 0), Mark("plugin", 400, "echo@1.0")),
    plugin="echo@1.0",
)


def test_a_trace_is_stored_and_restored() -> None:
    assert msgspec.json.decode(msgspec.json.encode(TRACE), type=Trace) == TRACE


def test_marks_are_stored_without_names() -> None:
    stored = msgspec.json.decode(msgspec.json.encode(TRACE))
    assert stored["marks"] == [["read", 0, ""], ["plugin", 400, "echo@1.0"]]


def test_an_outcome_is_one_of_the_known() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(msgspec.to_builtins(TRACE) | {"outcome": "lucky"}, Trace)
