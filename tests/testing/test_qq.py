"""Chats remember what was said."""

from __future__ import annotations

from typing import Any

import pytest

from kagami.testing.onebot import Silence
from kagami.testing.qq import Chats


def test_a_history_holds_both_sides_of_its_chat_the_newest_last() -> None:
    chats = Chats("10001")
    chats.say("one", group="42")
    chats.say("elsewhere", group="43")
    sent = chats.answers["send_group_msg"]({"group_id": 42, "message": []})
    found = chats.answers["get_group_msg_history"]({"group_id": 42})["messages"]
    assert [(each["post_type"], each["user_id"]) for each in found] == [("message", 20002), ("message_sent", 10001)]
    assert found[-1]["message_id"] == sent["message_id"]
    assert chats.answers["get_group_msg_history"]({"group_id": 42, "count": 1})["messages"] == found[-1:]
    assert chats.answers["get_friend_msg_history"]({"user_id": 42})["messages"] == []


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["3", "4"]),
        ({"reverse_order": True}, ["3", "4"]),
        ({"message_seq": 70_003}, ["2", "3"]),
        ({"message_seq": "70003", "reverse_order": True}, ["1", "2"]),
        ({"message_seq": 70_003, "reverseOrder": True}, ["1", "2"]),
        ({"message_seq": 1, "reverseOrder": True}, []),
    ],
)
def test_a_page_begins_with_its_message_towards_now_or_ends_with_it(
    params: dict[str, Any], expected: list[str]
) -> None:
    chats = Chats("10001")
    for number in range(5):
        chats.say(str(number), group="42")
    found = chats.answers["get_group_msg_history"]({"group_id": 42, "count": 2} | params)["messages"]
    assert [each["message"][0]["data"]["text"] for each in found] == expected


def test_a_deaf_one_sends_and_does_not_say_so() -> None:
    chats = Chats("10001")
    chats.deaf = True
    with pytest.raises(Silence):
        chats.answers["send_private_msg"]({"user_id": 20002, "message": []})
    assert len(chats.answers["get_friend_msg_history"]({"user_id": 20002})["messages"]) == 1
