from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.errors import Refused
from kagami.model.action import Action, Call, Delete, Send
from kagami.model.ids import BotId, ChatId
from kagami.model.message import Message, text
from kagami.model.segment import AnySegment, Face, File, Image, Mention, Native, Reply, Text, Video, Voice
from kagami.onebot import wire
from kagami.onebot.read import read_message
from kagami.onebot.write import write_action, write_id, write_message

BOT = BotId("qq:10001000")


def written(action: Action) -> Any:
    return msgspec.json.decode(write_action(action, "7"))


def test_a_send_to_a_group() -> None:
    assert written(Send(BOT, ChatId("group:123456"), text("hi"))) == {
        "action": "send_group_msg",
        "params": {"group_id": 123456, "message": [{"type": "text", "data": {"text": "hi"}}]},
        "echo": "7",
    }


def test_a_send_to_a_user() -> None:
    call = written(Send(BOT, ChatId("private:wxid_1"), text("hi")))
    assert (call["action"], call["params"]["user_id"]) == ("send_private_msg", "wxid_1")


def test_a_delete() -> None:
    call = written(Delete(BOT, ChatId("group:1"), "-5"))
    assert call == {"action": "delete_msg", "params": {"message_id": -5}, "echo": "7"}


def test_a_call_is_written_as_it_is() -> None:
    call = written(Call(BOT, "set_group_ban", {"group_id": "1", "duration": 60}))
    assert call == {"action": "set_group_ban", "params": {"group_id": "1", "duration": 60}, "echo": "7"}


@pytest.mark.parametrize("chat", ["channel:1", "guild:1", "nothing"])
def test_other_chats_are_refused(chat: str) -> None:
    with pytest.raises(Refused, match="group or a private"):
        write_action(Send(BOT, ChatId(chat), text("hi")), "7")


@pytest.mark.parametrize("value", [object(), "\ud800", {(): 2}])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(Refused, match="JSON"):
        write_action(Call(BOT, "x", {"a": value}), "7")


def test_a_value_without_end_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(Refused, match="JSON"):
        write_action(Call(BOT, "x", {"a": endless}), "7")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("5", 5),
        ("-5", -5),
        ("999999999999999999", 999999999999999999),
        ("1000000000000000000", "1000000000000000000"),
        ("٣", "٣"),
        ("x1", "x1"),
        ("", ""),
        ("--5", "--5"),
    ],
)
def test_decimal_ids_are_numbers(name: str, number: int | str) -> None:
    assert write_id(name) == number


@pytest.mark.parametrize(
    ("part", "kind", "data"),
    [
        (Text("a"), "text", {"text": "a"}),
        (Mention("1", {"name": "n"}), "at", {"qq": "1", "name": "n"}),
        (Reply("5", {"seq": 7}), "reply", {"id": "5", "seq": 7}),
        (Face("14"), "face", {"id": "14"}),
        (Image("a.png"), "image", {"file": "a.png"}),
        (Image("", "http://x", {"summary": "s"}), "image", {"url": "http://x", "summary": "s"}),
        (Voice("a"), "record", {"file": "a"}),
        (Video("a"), "video", {"file": "a"}),
        (File("a", "", {"name": "n"}), "file", {"file": "a", "name": "n"}),
        (Native("dice", {"result": 1}), "dice", {"result": 1}),
    ],
)
def test_parts_are_segments(part: AnySegment, kind: str, data: dict[str, Any]) -> None:
    assert write_message((part,)) == [{"type": kind, "data": data}]


def test_a_field_wins_over_what_a_platform_added() -> None:
    assert write_message((Mention("1", {"qq": "all"}),)) == [{"type": "at", "data": {"qq": "1"}}]


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)
extras = st.dictionaries(st.sampled_from(["name", "seq", "summary"]), words | st.integers(-99, 99), max_size=2)
parts = (
    st.builds(Text, st.just("") | words)
    | st.builds(Mention, words, extras)
    | st.builds(Reply, words, extras)
    | st.builds(Face, words, extras)
    | st.sampled_from([Image, Voice, Video, File]).flatmap(lambda kind: st.builds(kind, words, words, extras))
    | st.builds(Native, st.sampled_from(["dice", "json", "mface"]), extras)
)


@given(st.lists(parts).map(tuple))
def test_a_written_message_is_read_back(message: Message) -> None:
    frame = write_action(Send(BOT, ChatId("group:1"), message), "7")
    segments = msgspec.convert(msgspec.json.decode(frame)["params"]["message"], list[wire.Segment])
    assert read_message(segments) == message
