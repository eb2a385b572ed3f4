from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.errors import WireError
from kagami.model.event import Sender
from kagami.model.segment import Face, Native, Text
from tests.adapters.kook.frames import BOT, GUILD, USER, event, one, told

OWN = BOT.partition(":")[2]
EMOJI = {"id": "[#128226;]", "name": "[#128226;]"}
FACE = Face("[#128226;]", {"name": "[#128226;]"})
SAD = {"chat_code": "c", "msg_id": "m1", "author_id": USER, "target_id": OWN, "deleted_at": 1}


@pytest.mark.parametrize(
    ("kind", "body", "channel_type", "name", "chat", "user", "message_id"),
    [
        ("joined_guild", {"user_id": "38"}, "GROUP", "group_increase.approve", f"guild:{GUILD}", "38", ""),
        ("exited_guild", {"user_id": "38"}, "GROUP", "group_decrease.leave", f"guild:{GUILD}", "38", ""),
        ("self_joined_guild", {"guild_id": "g"}, "PERSON", "group_increase.invite", "guild:g", OWN, ""),
        ("self_exited_guild", {"guild_id": "g"}, "PERSON", "group_decrease.kick_me", "guild:g", OWN, ""),
        ("deleted_message", {"channel_id": "c", "msg_id": "m1"}, "GROUP", "group_recall", "group:c", OWN, "m1"),
        ("deleted_private_message", SAD, "PERSON", "friend_recall", f"private:{USER}", USER, "m1"),
        ("pinned_message", {"channel_id": "c", "msg_id": "m"}, "GROUP", "kook.pinned_message", "group:c", OWN, "m"),
        ("joined_channel", {"user_id": "3", "channel_id": "v"}, "GROUP", "kook.joined_channel", "group:v", "3", ""),
        ("updated_guild", {"id": GUILD}, "GROUP", "kook.updated_guild", f"guild:{GUILD}", OWN, ""),
        ("user_updated", {"user_id": "3"}, "PERSON", "kook.user_updated", "private:3", "3", ""),
        ("new_thing", [], "BROADCAST", "kook.new_thing", f"guild:{GUILD}", OWN, ""),
    ],
)
def test_system_events(
    kind: str, body: Any, channel_type: str, name: str, chat: str, user: str, message_id: str
) -> None:
    found = one(told(kind, body, channel_type=channel_type))
    assert (found.kind, found.name, found.chat, found.user, found.message_id) == (
        "notice",
        name,
        chat,
        user,
        message_id,
    )
    assert found.dedupe == "m:bcc9abbd-xxxx-61c6a976be5d"


@pytest.mark.parametrize(
    ("kind", "name", "chat"),
    [
        ("added_reaction", "reaction.add", "group:58"),
        ("deleted_reaction", "reaction.remove", "group:58"),
        ("private_added_reaction", "reaction.add", f"private:{USER}"),
        ("private_deleted_reaction", "reaction.remove", f"private:{USER}"),
    ],
)
def test_reactions(kind: str, name: str, chat: str) -> None:
    body = {"emoji": EMOJI, "user_id": USER, "msg_id": "m1"} | ({"channel_id": "58"} if "private" not in kind else {})
    found = one(told(kind, body, channel_type="PERSON" if "private" in kind else "GROUP"))
    assert (found.name, found.chat, found.user, found.message_id, found.message) == (name, chat, USER, "m1", (FACE,))


def test_what_the_bot_itself_reacts_is_dropped() -> None:
    assert event(told("added_reaction", {"emoji": EMOJI, "user_id": OWN, "channel_id": "5", "msg_id": "m"})) is None


def test_an_edit_shows_the_new_text() -> None:
    found = one(told("updated_message", {"channel_id": "c", "msg_id": "m1", "content": r"new\!"}))
    assert (found.name, found.chat, found.message_id) == ("kook.updated_message", "group:c", "m1")
    assert found.message == (Text("new!"),)


@pytest.mark.parametrize(
    ("target", "chat"), [("6000", "group:6000"), (USER, f"private:{USER}"), ("", f"private:{USER}")]
)
def test_a_pressed_button(target: str, chat: str) -> None:
    body = {"value": "yes", "msg_id": "m1", "user_id": USER, "target_id": target, "user_info": {"username": "tz"}}
    found = one(told("message_btn_click", body, channel_type="PERSON", target=OWN))
    assert (found.name, found.chat, found.user, found.message_id) == ("button", chat, USER, "m1")
    assert (found.message, found.sender) == ((Native("button", {"value": "yes"}),), Sender("tz"))


@pytest.mark.parametrize("extra", [None, {}, {"type": 7}, {"type": ""}])
def test_a_system_event_without_a_type_is_refused(extra: Any) -> None:
    with pytest.raises(WireError):
        event(told("x", {}) | {"extra": extra})


@given(
    st.sampled_from(["deleted_message", "added_reaction", "message_btn_click", "updated_message", "joined_guild"]),
    st.dictionaries(
        st.sampled_from(["user_id", "msg_id", "emoji", "content", "channel_id", "user_info", "value", "target_id"]),
        st.none()
        | st.integers(-(2**63), 2**63 - 1)
        | st.text(max_size=4)
        | st.lists(st.integers(-(2**63), 2**63 - 1))
        | st.dictionaries(st.text(), st.text()),
    ),
)
def test_whatever_is_in_a_body_is_borne(kind: str, body: dict[str, Any]) -> None:
    event(told(kind, body))
