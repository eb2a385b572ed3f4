from __future__ import annotations

import msgspec
import pytest

from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import text
from kagami.model.segment import Image, Mention, Text

EVENT = Event(
    execution=ExecutionId("0193"),
    bot=BotId("qq:1"),
    kind="message",
    name="group",
    chat=ChatId("group:2"),
    user=UserId("3"),
    time_ms=1_764_000_000_000,
    dedupe="m:4",
    message=(Mention("1"), Text(" hi "), Image("a.png"), Text("you")),
    message_id="4",
    sender=Sender("n", "c", "owner"),
    mentioned=True,
)


def test_the_session_is_bot_chat_and_user() -> None:
    assert EVENT.session == ("qq:1", "group:2", "3")


def test_the_text_is_what_was_typed() -> None:
    assert EVENT.text == " hi you"


def test_an_event_is_stored_and_restored() -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(EVENT), type=Event) == EVENT


def test_defaults_are_not_stored() -> None:
    needed = ("execution", "bot", "kind", "name", "chat", "user", "time_ms", "dedupe")
    plain = msgspec.convert({key: msgspec.to_builtins(EVENT)[key] for key in needed}, Event)
    assert tuple(msgspec.to_builtins(plain)) == needed


def test_a_sender_is_a_plain_member_unless_told() -> None:
    assert Sender().role == "member"


def test_a_stored_event_of_another_kind_is_refused() -> None:
    stored = msgspec.to_builtins(EVENT) | {"kind": "dream"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(stored, Event)


def test_events_are_equal_by_value() -> None:
    assert msgspec.structs.replace(EVENT, message=text("x")) == msgspec.structs.replace(EVENT, message=text("x"))
