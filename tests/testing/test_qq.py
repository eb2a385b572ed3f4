"""Chats remember what was said."""

from __future__ import annotations

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


def test_a_deaf_one_sends_and_does_not_say_so() -> None:
    chats = Chats("10001")
    chats.deaf = True
    with pytest.raises(Silence):
        chats.answers["send_private_msg"]({"user_id": 20002, "message": []})
    assert len(chats.answers["get_friend_msg_history"]({"user_id": 20002})["messages"]) == 1
