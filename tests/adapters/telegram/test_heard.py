from __future__ import annotations

from kagami.adapters.telegram.heard import MOST, MOST_BYTES, Heard, shown
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import Message, text
from kagami.model.segment import Image


def said(message_id: str, message: Message = (), chat: str = "group:-100") -> Event:
    return Event(
        ExecutionId("x"), BotId("telegram:1"), "message", "group", ChatId(chat), UserId("2"), 5_000, message_id,
        message=message, message_id=message_id, native="{}",
    )  # fmt: skip


def test_the_newest_are_kept_without_what_came() -> None:
    heard = Heard()
    for number in range(MOST + 1):
        heard.add(said(str(number)))
    assert (heard.find("0"), (found := heard.find("1")) is not None and found.native) == (None, "")


def test_a_quoted_message_does_not_take_the_place_of_one_that_was_heard() -> None:
    heard = Heard()
    heard.add(said("1", text("whole")))
    heard.quoted(said("1", text("again")))
    assert (found := heard.find("1")) is not None
    assert found.message == text("whole")


def test_whole_files_are_not_kept() -> None:
    heard = Heard()
    heard.add(said("1", (Image("base64://" + "A" * MOST_BYTES),)))
    assert heard.find("1") is None


def test_half_a_character_is_not_kept_and_harms_nothing() -> None:
    heard = Heard()
    heard.add(said("1", text("cut \ud83d")))
    assert heard.find("1") is None


def test_a_chat_that_is_no_group_has_its_whole_name() -> None:
    assert shown(said("1", chat="channel:-5"))["group_id"] == "channel:-5"
