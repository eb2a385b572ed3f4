"""Values for the store's tests, each different from the last."""

from __future__ import annotations

from itertools import count
from typing import Any

import msgspec

from kagami.model.action import Send
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId, execution_id
from kagami.model.message import text
from kagami.model.trace import Mark, Outcome, Trace
from kagami.ports import SendRow

START_MS = 1_760_000_000_000
BOT = BotId("qq:10001000")
CHAT = ChatId("group:1")

_numbers = count(1)


def event(said: str = "hello", **changes: Any) -> Event:
    """A group message; its time follows its number."""
    number = next(_numbers)
    made = Event(
        execution=execution_id(changes.get("time_ms", START_MS + number), number),
        bot=BOT,
        kind="message",
        name="group",
        chat=CHAT,
        user=UserId("42"),
        time_ms=START_MS + number,
        dedupe=f"m:{number}",
        message=text(said),
        message_id=str(number),
        chat_name="friends",
        sender=Sender(name="alice"),
        native='{"post_type":"message"}',
    )
    return msgspec.structs.replace(made, **changes)


def trace(of: Event, outcome: Outcome = "handled", **changes: Any) -> Trace:
    made = Trace(
        execution=of.execution,
        bot=of.bot,
        chat=of.chat,
        user=of.user,
        started_ms=of.time_ms,
        total_us=1_500,
        outcome=outcome,
        marks=(Mark("frame", 0), Mark("plugin", 900, "echo@1.0.0")),
        plugin="echo@1.0.0",
        text=of.text,
    )
    return msgspec.structs.replace(made, **changes)


def send(of: Event | ExecutionId, said: str = "answer", *, ordinal: int = 0, **changes: Any) -> SendRow:
    execution = of.execution if isinstance(of, Event) else of
    body = Send(BOT, CHAT, text(said))
    made = SendRow(execution, ordinal, BOT, CHAT, said, body, START_MS + next(_numbers))
    return msgspec.structs.replace(made, **changes)
