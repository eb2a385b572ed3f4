"""What was said, as go-cqhttp's actions tell it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kagami.adapters.onebot11.history import COUNT, MOST, SLACK_MS, Own, Past, ask, find, frames, read_own
from kagami.model.action import Call, Send, Sent
from kagami.model.ids import BotId, ChatId
from kagami.model.message import Message, text
from kagami.model.segment import Face, Image, Mention, Native, Reply, Text
from kagami.onebot.read import read_message
from kagami.onebot.wire import decode
from kagami.onebot.write import write_message
from kagami.testing.qq import Chats

QQ = BotId("qq:10001")
GROUP = ChatId("group:42")


def test_a_chat_is_asked_for_by_its_kind() -> None:
    assert ask(QQ, GROUP, 5) == Call(QQ, "get_group_msg_history", {"group_id": 42, "count": 5})
    assert ask(QQ, ChatId("private:7"), 5) == Call(QQ, "get_friend_msg_history", {"user_id": 7, "count": 5})
    assert ask(QQ, ChatId("channel:7")) is None


def test_older_ones_are_asked_for_backwards_by_both_names() -> None:
    call = ask(QQ, GROUP, 5, before=9)
    assert call is not None
    assert call.params == {"group_id": 42, "count": 5, "message_seq": 9, "reverse_order": True, "reverseOrder": True}


def said(amount: int) -> Chats:
    """One message a second, the first at second 1."""
    chats = Chats("10001")
    for number in range(amount):
        chats.say(str(number), group="42")["time"] = 1 + number
    return chats


def turned(chats: Chats, since_ms: int, *, newest_first: bool = False) -> Past:
    past = Past(QQ, GROUP, since_ms)
    while (call := past.ask()) is not None:
        page = list(frames(chats.answers[call.name](dict(call.params))))
        past.take(page[::-1] if newest_first else page)
    return past


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_are_turned_until_the_moment(newest_first: bool) -> None:
    past = turned(said(200), 80_000, newest_first=newest_first)
    times = [decode(raw).time for raw in past.messages]
    assert times == list(range(int(str(times[0])), 201))
    assert 80 - COUNT < int(str(times[0])) <= 80
    assert past.closed


def test_messages_of_one_second_stay_in_their_order() -> None:
    chats = said(120)
    for each in chats.messages["group", "42"]:
        each["time"] = 1
    past = turned(chats, 0, newest_first=False)
    assert [json_text(raw) for raw in past.messages] == [str(number) for number in range(120)]


def json_text(raw: bytes) -> str:
    return str(msgspec.json.decode(raw)["message"][0]["data"]["text"])


def test_the_first_message_of_a_chat_closes_it() -> None:
    past = turned(said(COUNT + 1), 0)
    assert (len(past.messages), past.closed) == (COUNT + 1, True)


def test_more_than_the_most_is_left_open() -> None:
    past = turned(said(2 * MOST), 0)
    assert MOST <= len(past.messages) < MOST + COUNT
    assert not past.closed


@pytest.mark.parametrize("gives", ["the newest again", "nothing"])
def test_an_implementation_that_turns_no_pages_leaves_it_open(gives: str) -> None:
    past = Past(QQ, GROUP, 0)
    page = list(frames({"messages": said(COUNT).messages["group", "42"]}))
    past.take(page)
    past.take(page if gives == "the newest again" else [])
    assert (past.ask(), len(past.messages), past.closed) == (None, COUNT, False)


def test_what_came_meanwhile_moves_no_page() -> None:
    chats, past = said(60), Past(QQ, GROUP, 0)
    while (call := past.ask()) is not None:
        past.take(list(frames(chats.answers[call.name](dict(call.params)))))
        chats.say("live", group="42")
    assert [json_text(raw) for raw in past.messages] == [str(number) for number in range(60)]


@pytest.mark.parametrize("result", [None, [], {}, {"messages": None}, {"messages": [1, {"message_id": 0}]}])
def test_an_answer_of_another_shape_holds_nothing(result: object) -> None:
    assert list(frames(result)) == []


def test_a_message_comes_out_as_it_would_have_come_in() -> None:
    chats = Chats("10001")
    said = chats.say("hi", group="42")
    (raw,) = frames({"messages": [said]})
    assert msgspec.json.decode(raw) == said
    (raw,) = frames({"messages": [{key: value for key, value in said.items() if key != "post_type"}]})
    assert decode(raw).post_type == "message"


def test_only_what_the_account_said_is_its_own() -> None:
    chats = Chats("10001")
    chats.say("hi", group="42")
    chats.answers["send_group_msg"]({"group_id": 42, "message": [{"type": "text", "data": {"text": "yes"}}]})
    theirs, ours = frames(chats.answers["get_group_msg_history"]({"group_id": 42}))
    assert read_own(theirs, "10001") is None
    own = read_own(ours, "10001")
    assert own is not None
    assert own.message == text("yes")
    assert read_own(b"{", "10001") is None
    assert read_own(b'{"message_id":1,"user_id":10001,"message":"x"}', "10001") is None


def receipt(sent: Message, came: Message, *, at_ms: int = 50_000, taken: tuple[str, ...] = ()) -> Sent | None:
    return find(Send(QQ, GROUP, sent), [Own("9", at_ms, came)], 50_000, taken)


@pytest.mark.parametrize(
    ("sent", "came"),
    [
        (text("a b\n"), text("a  b")),
        ((Text("a"), Text("b")), text("ab")),
        ((Mention("7"), Text(" hi")), text("hi")),
        ((Reply("3"), *text("hi")), (Reply("3"), *text("hi"))),
        ((Image("media:x"), *text("hi")), (Image("ABC.png", "https://q/1"), *text("hi"))),
        ((Face("1"),), (Face("1", {"raw": {}}),)),
        ((Native("dice"),), (Native("dice", {"result": 3}),)),
    ],
)
def test_a_message_is_known_again(sent: Message, came: Message) -> None:
    assert receipt(sent, came) == Sent("9")


@pytest.mark.parametrize(
    ("sent", "came"),
    [
        (text("hi"), text("ho")),
        ((Reply("3"), *text("hi")), (Reply("4"), *text("hi"))),
        ((Image("x"), *text("hi")), text("hi")),
        (text("hi"), (*text("hi"), Image("x"))),
    ],
)
def test_another_message_is_another(sent: Message, came: Message) -> None:
    assert receipt(sent, came) is None


def test_what_is_older_or_belongs_to_another_send_is_not_it() -> None:
    assert receipt(text("hi"), text("hi"), at_ms=50_000 - SLACK_MS - 1) is None
    assert receipt(text("hi"), text("hi"), at_ms=50_000 - SLACK_MS) == Sent("9")
    assert receipt(text("hi"), text("hi"), taken=("9",)) is None


# --- everything that NapCat's own segments hold is kept, both ways ---

SEGMENTS: list[dict[str, Any]] = [
    {
        "type": "image",
        "data": {"summary": "[图]", "file": "A.png", "sub_type": 1, "url": "https://q/1", "file_size": "9"},
    },
    {"type": "image", "data": {"file": "m", "url": "https://q/2", "key": "k", "emoji_id": "e", "emoji_package_id": 5}},
    {"type": "mface", "data": {"emoji_id": "e", "emoji_package_id": 5, "key": "k", "summary": "[s]"}},
    {"type": "file", "data": {"file": "a.zip", "file_id": "/x-1", "file_size": "10", "url": "https://q/3"}},
    {"type": "record", "data": {"file": "a.amr", "path": "/p/a.amr", "url": "https://q/4", "file_size": "1"}},
    {"type": "video", "data": {"file": "a.mp4", "url": "https://q/5", "file_size": "1"}},
    {"type": "face", "data": {"id": "66", "raw": {"faceIndex": 66}, "resultId": "1", "chainCount": 2}},
    {"type": "dice", "data": {"result": 3}},
    {"type": "rps", "data": {"result": "1"}},
    {"type": "poke", "data": {"type": "1", "id": "-1"}},
    {"type": "json", "data": {"data": '{"app":"x"}'}},
    {"type": "markdown", "data": {"content": "**b**"}},
    {"type": "forward", "data": {"id": "f1", "content": [{"user_id": 1, "message": [{"type": "text", "data": {}}]}]}},
    {"type": "onlinefile", "data": {"msgId": "1", "elementId": "2", "fileName": "n", "isDir": False}},
    {"type": "flashtransfer", "data": {"fileSetId": "s"}},
    {"type": "reply", "data": {"id": "77", "seq": "5"}},
    {"type": "at", "data": {"qq": "all", "name": "n"}},
    {"type": "contact", "data": {"type": "qq", "id": "1"}},
    {"type": "miniapp", "data": {"data": "{}"}},
]


@pytest.mark.parametrize("segment", SEGMENTS, ids=lambda each: str(each["type"]))
def test_a_segment_of_napcat_loses_nothing_on_its_way(segment: dict[str, Any]) -> None:
    frame = decode(msgspec.json.encode({"post_type": "message", "message": [segment]}))
    assert frame.message is not None
    assert write_message(read_message(frame.message)) == [segment]
