"""Events of Feishu → events."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.feishu.codec import Context, Who, read
from kagami.adapters.feishu.recent import Recent
from kagami.errors import WireError
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId
from kagami.model.segment import Mention, Native, Reply, Text

NOW = 1_760_000_000_000
WHO = Who(BotId("feishu:cli_us"), "cli_us", "ou_us")
HEADER = {"event_id": "e1", "create_time": "1759999999000", "token": "verification", "app_id": "cli_us"}


def told(kind: str, event: Any, recent: Recent | None = None, who: Who = WHO) -> list[Event]:
    payload = json.dumps({"schema": "2.0", "header": HEADER | {"event_type": kind}, "event": event}).encode()
    return read(payload, Context(who, recent or Recent(), lambda _now: ExecutionId("x"), NOW))


def said(recent: Recent | None = None, who: Who = WHO, *, sender: Any = None, **more: Any) -> list[Event]:
    message = {
        "message_id": "om_1",
        "chat_id": "oc_1",
        "chat_type": "group",
        "message_type": "text",
        "content": '{"text":"hi"}',
        "create_time": "1759999998000",
    }
    sender = sender or {"sender_id": {"open_id": "ou_1", "union_id": "on_1"}, "sender_type": "user"}
    return told("im.message.receive_v1", {"sender": sender, "message": message | more}, recent, who)


def test_a_message_of_a_group() -> None:
    (event,) = said()
    assert (event.kind, event.name, event.chat, event.user) == ("message", "group", "group:oc_1", "ou_1")
    assert (event.text, event.message_id, event.dedupe, event.mentioned) == ("hi", "om_1", "m:om_1", False)
    assert (event.time_ms, event.bot) == (1_759_999_998_000, "feishu:cli_us")


def test_a_private_message_is_of_its_user_and_always_for_the_bot() -> None:
    (event,) = said(chat_type="p2p")
    assert (event.name, event.chat, event.mentioned) == ("private", "private:ou_1", True)


def test_a_mention_of_the_bot_is_one() -> None:
    mentions = [{"key": "@_user_1", "id": {"open_id": "ou_us"}, "name": "Mirror"}]
    (event,) = said(content='{"text":"@_user_1 /echo hi"}', mentions=mentions)
    assert (event.mentioned, event.text) == (True, "/echo hi")
    assert event.message[0] == Mention("cli_us", {"name": "Mirror"})


def test_a_mention_of_somebody_else_is_none_of_the_bot() -> None:
    mentions = [{"key": "@_user_1", "id": {"open_id": "ou_2"}, "name": "Bob"}]
    (event,) = said(content='{"text":"@_user_1 hi"}', mentions=mentions)
    assert event.mentioned is False


@pytest.mark.parametrize(("ours", "mentioned"), [(True, True), (False, False)])
def test_a_reply_names_what_it_answers(ours: bool, mentioned: bool) -> None:
    recent = Recent()
    recent.saw("om_0", ChatId("group:oc_1"), "" if ours else "ou_2")
    (event,) = said(recent, parent_id="om_0", root_id="om_0")
    assert (event.message, event.mentioned) == ((Reply("om_0"), Text("hi")), mentioned)


@pytest.mark.parametrize("kind", ["app", "bot"])
def test_what_other_robots_say_is_not_heard(kind: str) -> None:
    assert said(sender={"sender_id": {"open_id": "ou_1"}, "sender_type": kind}) == []


def test_the_frame_is_kept_without_what_is_secret() -> None:
    button = {"operator": {"open_id": "ou_1"}, "token": "c-secret", "action": {"tag": "button", "value": {"k": 1}}}
    (event,) = told("card.action.trigger", button)
    assert "verification" not in event.native
    assert "c-secret" not in event.native
    assert json.loads(event.native)["header"]["event_id"] == "e1"


def test_a_message_that_was_taken_back() -> None:
    recent = Recent()
    recent.saw("om_1", ChatId("group:oc_1"), "ou_1")
    recent.private("oc_p2p", "ou_2")
    (known,) = told("im.message.recalled_v1", {"message_id": "om_1", "chat_id": "oc_1"}, recent)
    (other,) = told("im.message.recalled_v1", {"message_id": "om_9", "chat_id": "oc_p2p"}, recent)
    assert (known.name, known.chat, known.user, known.message_id) == ("group_recall", "group:oc_1", "ou_1", "om_1")
    assert (other.name, other.chat, other.user) == ("friend_recall", "private:ou_2", "")


@pytest.mark.parametrize(
    ("kind", "operator", "name"),
    [
        ("added", "ou_1", "group_increase.approve"),
        ("added", "ou_9", "group_increase.invite"),
        ("deleted", "ou_1", "group_decrease.leave"),
        ("deleted", "ou_9", "group_decrease.kick"),
    ],
)
def test_somebody_came_or_went(kind: str, operator: str, name: str) -> None:
    users = [{"name": "A", "user_id": {"open_id": "ou_1"}}]
    members = {"chat_id": "oc_1", "operator_id": {"open_id": operator}, "users": users}
    (event,) = told(f"im.chat.member.user.{kind}_v1", members)
    assert (event.kind, event.name, event.chat, event.user) == ("notice", name, "group:oc_1", "ou_1")


def test_everybody_who_came_is_an_event_of_their_own() -> None:
    users = [{"user_id": {"open_id": f"ou_{number}"}} for number in range(3)]
    events = told("im.chat.member.user.added_v1", {"chat_id": "oc_1", "users": users})
    assert [event.user for event in events] == ["ou_0", "ou_1", "ou_2"]
    assert len({event.dedupe for event in events}) == 3


@pytest.mark.parametrize(("kind", "name"), [("added", "group_increase.invite"), ("deleted", "group_decrease.kick_me")])
def test_the_bot_itself_came_or_went(kind: str, name: str) -> None:
    (event,) = told(f"im.chat.member.bot.{kind}_v1", {"chat_id": "oc_1", "operator_id": {"open_id": "ou_1"}})
    assert (event.name, event.user) == (name, "cli_us")


def test_a_reaction_is_of_the_chat_of_its_message() -> None:
    recent = Recent()
    recent.saw("om_1", ChatId("group:oc_1"), "ou_2")
    reaction = {
        "message_id": "om_1",
        "reaction_type": {"emoji_type": "OK"},
        "operator_type": "user",
        "user_id": {"open_id": "ou_1"},
    }
    (event,) = told("im.message.reaction.created_v1", reaction, recent)
    assert (event.name, event.chat, event.user, event.message_id) == ("reaction.created", "group:oc_1", "ou_1", "om_1")
    assert event.message == (Native("reaction", {"emoji_type": "OK"}),)


def test_a_reaction_to_a_message_that_was_not_seen_is_none() -> None:
    """It may be of a group: what a plugin says to it would come to somebody's private chat."""
    reaction = {
        "message_id": "om_1",
        "reaction_type": {"emoji_type": "OK"},
        "operator_type": "user",
        "user_id": {"open_id": "ou_1"},
    }
    assert told("im.message.reaction.created_v1", reaction) == []


def test_the_bot_s_own_reaction_is_not_heard() -> None:
    reaction = {"message_id": "om_1", "operator_type": "app", "user_id": {"open_id": "ou_us"}}
    assert told("im.message.reaction.created_v1", reaction) == []


def test_a_button_says_what_was_pressed_and_where() -> None:
    action = {"tag": "button", "value": {"answer": 42}}
    place = {"open_message_id": "om_1", "open_chat_id": "oc_1"}
    (event,) = told("card.action.trigger", {"operator": {"open_id": "ou_1"}, "action": action, "context": place})
    assert (event.name, event.chat, event.user, event.message_id) == ("button", "group:oc_1", "ou_1", "om_1")
    assert event.message == (Native("button", action),)


def test_other_events_keep_the_platform_s_name() -> None:
    (event,) = told("im.chat.disbanded_v1", {"chat_id": "oc_1", "operator_id": {"open_id": "ou_1"}})
    assert (event.kind, event.name, event.chat, event.user) == ("notice", "im.chat.disbanded_v1", "group:oc_1", "ou_1")


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        ("im.message.message_read_v1", {"reader": {"reader_id": {"open_id": "ou_1"}}}),
        ("contact.department.created_v3", {"object": {"name": "x"}}),
        ("approval.odd", {"chat_id": 5}),
        ("calendar.odd", []),
    ],
)
def test_what_concerns_nobody_is_no_event(kind: str, event: Any) -> None:
    assert told(kind, event) == []


def test_the_same_event_has_the_same_key_for_ever() -> None:
    assert [told("im.chat.disbanded_v1", {"chat_id": "oc_1"})[0].dedupe for _ in range(2)] == ["e:e1", "e:e1"]


@pytest.mark.parametrize("when", ["", "soon", -5, "9" * 40])
def test_a_time_that_is_none_is_now(when: Any) -> None:
    (event,) = said(create_time=when)
    assert event.time_ms == NOW


@pytest.mark.parametrize("payload", [b"", b"{}", b'{"schema":"1.0","event":{}}', b"\xff", b'{"header":{"event_id":5}}'])
def test_what_is_no_event_is_a_wire_error(payload: bytes) -> None:
    with pytest.raises(WireError):
        read(payload, Context(WHO, Recent(), lambda _now: ExecutionId("x"), NOW))


@given(
    st.sampled_from(["im.message.receive_v1", "im.message.recalled_v1", "card.action.trigger", "im.chat.updated_v1"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["message", "sender", "message_id", "chat_id", "operator", "x"]), inner)
        ),
        max_leaves=12,
    ),
)
def test_any_event_is_read_or_a_wire_error(kind: str, event: Any) -> None:
    with contextlib.suppress(WireError):
        assert all(isinstance(each, Event) for each in told(kind, event))


def test_half_an_emoji_in_a_text_leaves_the_text() -> None:
    (event,) = said(content=r'{"text":"hi \ud83d"}')
    assert event.message[0] == Text("hi \ufffd")
