from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kagami.errors import UsageError
from kagami.model.action import Send
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.segment import Mention, Text
from kagami.onebot.quick import ACTION, expand, quick_call
from kagami.onebot.serve import ServedCall, to_action

GROUP = {"post_type": "message", "message_type": "group", "group_id": 1, "user_id": 2, "message_id": 5}
PRIVATE = {"post_type": "message", "message_type": "private", "user_id": 2, "message_id": 5}
FRIEND = {"post_type": "request", "request_type": "friend", "user_id": 2, "flag": "f"}
JOIN = {"post_type": "request", "request_type": "group", "sub_type": "add", "flag": "f"}
HI = {"type": "text", "data": {"text": "hi"}}
AT = [{"type": "at", "data": {"qq": "2"}}, {"type": "text", "data": {"text": " "}}]


def asked(context: dict[str, Any], **operation: Any) -> list[tuple[str, dict[str, Any]]]:
    call = ServedCall(ACTION, {"context": context, "operation": operation}, msgspec.Raw(b"1"))
    return [(each.action, each.params) for each in expand(call)]


def test_another_call_is_itself() -> None:
    call = ServedCall("get_status")
    assert expand(call) == [call]


def test_a_reply_in_a_group_names_its_sender() -> None:
    message = [*AT, HI]
    assert asked(GROUP, reply="hi") == [("send_msg", {"message_type": "group", "group_id": 1, "message": message})]


def test_a_reply_in_private_names_nobody() -> None:
    assert asked(PRIVATE, reply="hi") == [("send_msg", {"message_type": "private", "user_id": 2, "message": [HI]})]


@pytest.mark.parametrize("reply", ["hi", HI, [HI]])
def test_a_reply_may_have_any_form(reply: object) -> None:
    ((_, params),) = asked(GROUP, reply=reply, at_sender=False)
    assert params["message"] == [HI]


def test_a_reply_is_parsed_unless_it_is_plain() -> None:
    ((_, params),) = asked(PRIVATE, reply="[CQ:shake]", auto_escape=True)
    assert params["message"] == [{"type": "text", "data": {"text": "[CQ:shake]"}}]
    ((_, params),) = asked(PRIVATE, reply="[CQ:shake]")
    assert params["message"] == [{"type": "shake", "data": {}}]


def test_one_operation_may_ask_for_several_calls() -> None:
    assert asked(GROUP, delete=True, kick=True, ban=True) == [
        ("delete_msg", {"message_id": 5}),
        ("set_group_kick", {"group_id": 1, "user_id": 2}),
        ("set_group_ban", {"group_id": 1, "user_id": 2, "duration": 1800}),
    ]


def test_a_ban_may_have_a_duration() -> None:
    assert asked(GROUP, ban=True, ban_duration=60)[0][1]["duration"] == 60


def test_nobody_is_kicked_from_a_private_chat() -> None:
    assert asked(PRIVATE, kick=True, ban=True) == []


def test_a_friend_is_approved() -> None:
    assert asked(FRIEND, approve=True, remark="r") == [
        ("set_friend_add_request", {"flag": "f", "approve": True, "remark": "r"})
    ]


def test_a_join_is_refused_with_a_reason() -> None:
    assert asked(JOIN, approve=False, reason="no") == [
        ("set_group_add_request", {"flag": "f", "sub_type": "add", "approve": False, "reason": "no"})
    ]


@pytest.mark.parametrize("context", [GROUP, FRIEND, JOIN, {"post_type": "notice"}])
def test_an_empty_operation_asks_for_nothing(context: dict[str, Any]) -> None:
    assert asked(context) == []


def test_a_notice_cannot_be_approved() -> None:
    with pytest.raises(UsageError, match="neither"):
        asked({"post_type": "notice"}, approve=True)


def test_each_call_keeps_the_echo() -> None:
    call = ServedCall(ACTION, {"context": GROUP, "operation": {"delete": True}}, msgspec.Raw(b"7"), "async")
    assert [(bytes(each.echo), each.pace) for each in expand(call)] == [(b"7", "async")]


def test_an_expanded_reply_is_a_send() -> None:
    call = ServedCall(ACTION, {"context": GROUP, "operation": {"reply": "hi"}})
    (action,) = (to_action(each, BotId("qq:1")) for each in expand(call))
    assert action == Send(BotId("qq:1"), ChatId("group:1"), (Mention("2"), Text(" "), Text("hi")))


def test_an_operation_is_asked_with_the_event_as_it_came() -> None:
    event = Event(
        ExecutionId("0193"),
        BotId("qq:1"),
        "request",
        "friend",
        ChatId("private:2"),
        UserId("2"),
        0,
        "x",
        native='{"flag":"f"}',
    )
    call = quick_call(event, {"approve": True})
    assert (call.name, call.params) == (ACTION, {"context": {"flag": "f"}, "operation": {"approve": True}})
