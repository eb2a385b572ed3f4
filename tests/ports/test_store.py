from __future__ import annotations

from kagami.model.action import Failed, Sent, Unknown
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import text
from kagami.ports import ChatRow, Cleaned, MessageRow, Open
from tests.ports.crossing import crossed

QQ, CHAT = BotId("qq:1"), ChatId("group:7")


def test_a_line_of_the_message_log_crosses_as_it_is() -> None:
    row = MessageRow(5, "in", 1, QQ, CHAT, UserId("42"), "天气", ExecutionId("x"), "handled", "小明", "天气群", "9")
    assert crossed(row) == row


def test_an_open_event_crosses_with_its_receipts() -> None:
    event = Event(ExecutionId("x"), QQ, "message", "group", CHAT, UserId("42"), 1, "m:1", message=text("hi"))
    row = Open(event, 2, 3, {0: Sent("9"), 1: Failed("muted", "1200"), 2: Unknown("time-out")}, "ValueError")
    assert crossed(row) == row


def test_chats_and_clean_ups_cross_as_they_are() -> None:
    chat, cleaned = ChatRow(QQ, CHAT, "天气群", 1, "hi", "小明", 3), Cleaned(1, 2, 3, 4)
    assert (crossed(chat), crossed(cleaned)) == (chat, cleaned)
