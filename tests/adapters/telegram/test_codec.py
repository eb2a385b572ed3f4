from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.telegram.codec import Me, Moment, decode, read, read_number
from kagami.errors import WireError
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ExecutionId
from kagami.model.segment import Mention, Native, Text

ME = Me(BotId("telegram:4711"), 4711, "KagamiBot")
MOMENT = Moment(99, lambda _: ExecutionId("x"))
ADA = {"id": 1001, "is_bot": False, "first_name": "Ada", "last_name": "L."}
EVE = {"id": 1002, "is_bot": False, "first_name": "Eve"}
US = {"id": 4711, "is_bot": True, "first_name": "Kagami"}
PRIVATE = {"id": 1001, "type": "private", "first_name": "Ada"}
GROUP = {"id": -1001234567890, "type": "supergroup", "title": "Friends"}
CHANNEL = {"id": -100987, "type": "channel", "title": "News"}


def event(kind: str, what: dict[str, Any], me: Me = ME) -> Event | None:
    raw = json.dumps({"update_id": 5, kind: what}).encode()
    return read(decode(raw), raw, me, MOMENT)


def said(**fields: Any) -> dict[str, Any]:
    return {"message_id": 7, "date": 1_700_000_000, "chat": GROUP, "from": ADA} | fields


def read_one(kind: str, what: dict[str, Any]) -> Event:
    found = event(kind, what)
    assert found is not None
    return found


def test_a_private_message() -> None:
    raw = json.dumps({"update_id": 5, "message": said(chat=PRIVATE, text="hi")}).encode()
    assert read(decode(raw), raw, ME, MOMENT) == Event(
        execution=ExecutionId("x"),
        bot=ME.bot,
        kind="message",
        name="private",
        chat="private:1001",  # type: ignore[arg-type]
        user="1001",  # type: ignore[arg-type]
        time_ms=1_700_000_000_000,
        dedupe="m:1001/7",
        message=(Text("hi"),),
        message_id="1001/7",
        chat_name="Ada",
        sender=Sender("Ada L."),
        mentioned=True,
        native=raw.decode(),
    )


def test_a_message_of_a_group() -> None:
    found = read_one("message", said(text="hi"))
    assert (found.name, found.chat, found.chat_name) == ("group", "group:-1001234567890", "Friends")
    assert (found.mentioned, found.message_id) == (False, "-1001234567890/7")


def test_a_topic_is_a_chat_of_its_own() -> None:
    found = read_one("message", said(text="hi", message_thread_id=77, is_topic_message=True))
    assert (found.chat, found.message_id) == ("group:-1001234567890/77", "-1001234567890/7")


def test_a_thread_of_answers_is_no_topic() -> None:
    assert read_one("message", said(text="hi", message_thread_id=3)).chat == "group:-1001234567890"


def test_a_channel_speaks_for_itself() -> None:
    post = {"message_id": 7, "date": 1, "chat": CHANNEL, "sender_chat": CHANNEL, "text": "news"}
    found = read_one("channel_post", post | {"author_signature": "Ed"})
    assert (found.chat, found.user, found.sender.name, found.text) == ("channel:-100987", "-100987", "Ed", "news")


def test_an_anonymous_administrator_has_the_number_of_the_group() -> None:
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    found = read_one("message", said(text="hi", sender_chat=GROUP) | {"from": anonymous})
    assert (found.user, found.sender.name) == ("-1001234567890", "Friends")


@pytest.mark.parametrize("who", [US, {"id": 9, "is_bot": True, "first_name": "Other"}])
def test_bots_are_not_heard(who: dict[str, Any]) -> None:
    assert event("message", said(text="hi") | {"from": who}) is None


def test_an_edit_is_a_notice_with_the_new_text() -> None:
    found = read_one("edited_message", said(text="better", edit_date=1_700_000_009))
    assert (found.kind, found.name, found.text) == ("notice", "message_edited", "better")
    assert (found.dedupe, found.message_id, found.time_ms) == ("u:5", "-1001234567890/7", 1_700_000_009_000)


def test_a_pressed_button_is_a_notice_with_its_data() -> None:
    query = {"id": "44", "from": ADA, "message": said() | {"from": US}, "data": "yes:1", "chat_instance": "0"}
    found = read_one("callback_query", query)
    assert (found.kind, found.name, found.text, found.user) == ("notice", "button", "yes:1", "1001")
    assert (found.dedupe, found.message_id, found.time_ms) == ("q:44", "-1001234567890/7", 99)


def test_a_button_of_a_topic_is_of_that_topic() -> None:
    message = said(message_thread_id=77, is_topic_message=True) | {"from": US}
    assert read_one("callback_query", {"id": "4", "from": ADA, "message": message}).chat.endswith("/77")


def test_a_button_below_an_inline_message_is_of_its_user() -> None:
    query = {"id": "44", "from": ADA, "inline_message_id": "x", "data": "d"}
    assert read_one("callback_query", query).chat == "private:1001"


@pytest.mark.parametrize(
    ("fields", "name", "user"),
    [
        ({"new_chat_members": [ADA]}, "group_increase.approve", "1001"),
        ({"new_chat_members": [EVE]}, "group_increase.invite", "1002"),
        ({"left_chat_member": ADA}, "group_decrease.leave", "1001"),
        ({"left_chat_member": EVE}, "group_decrease.kick", "1002"),
    ],
)
def test_who_comes_and_goes_is_told_in_onebots_words(fields: dict[str, Any], name: str, user: str) -> None:
    found = read_one("message", said(**fields))
    assert (found.kind, found.name, found.user) == ("notice", name, user)


def test_several_that_come_at_once_are_named() -> None:
    found = read_one("message", said(new_chat_members=[US, EVE, ADA]))
    assert (found.user, found.message) == ("1002", (Mention("1001", {"name": "Ada L."}),))


@pytest.mark.parametrize("fields", [{"new_chat_members": [US]}, {"left_chat_member": US}])
def test_our_own_coming_and_going_is_told_once(fields: dict[str, Any]) -> None:
    assert event("message", said(**fields)) is None


def change(old: str, new: str, user: dict[str, Any] = US, chat: dict[str, Any] = GROUP) -> dict[str, Any]:
    return {
        "chat": chat,
        "from": ADA,
        "date": 1,
        "old_chat_member": {"status": old, "user": user},
        "new_chat_member": {"status": new, "user": user},
    }


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("left", "member", "group_increase.invite"),
        ("member", "kicked", "group_decrease.kick_me"),
        ("member", "administrator", "group_admin.set"),
        ("administrator", "member", "group_admin.unset"),
        ("member", "restricted", "group_ban.ban"),
        ("restricted", "member", "group_ban.lift_ban"),
    ],
)
def test_our_own_standing(old: str, new: str, name: str) -> None:
    assert read_one("my_chat_member", change(old, new)).name == name


def test_the_coming_of_others_is_told_by_the_message_about_it() -> None:
    assert event("chat_member", change("left", "member", EVE)) is None


def test_a_muted_member_is_told() -> None:
    found = read_one("chat_member", change("member", "restricted", EVE))
    assert (found.name, found.user) == ("group_ban.ban", "1002")


def test_a_user_who_blocks_the_bot() -> None:
    assert read_one("my_chat_member", change("member", "kicked", US, PRIVATE)).name == "my_chat_member.kicked"


def test_who_wants_to_join_is_a_request() -> None:
    found = read_one(
        "chat_join_request", {"chat": GROUP, "from": EVE, "date": 1, "bio": "let me in", "user_chat_id": 1002}
    )
    assert (found.kind, found.name, found.text) == ("request", "group.add", "let me in")
    assert found.message_id == "-1001234567890/1002"


def test_a_reaction_is_a_notice() -> None:
    reaction = {"chat": GROUP, "message_id": 7, "user": ADA, "date": 1, "old_reaction": []}
    found = read_one("message_reaction", reaction | {"new_reaction": [{"type": "emoji", "emoji": "👍"}]})
    assert (found.name, found.text, found.message_id) == ("message_reaction", "👍", "-1001234567890/7")


def test_what_only_telegram_knows_is_kept_whole() -> None:
    found = read_one("message", said(dice={"emoji": "🎲", "value": 6}))
    assert (found.kind, found.message) == ("message", (Native("dice", {"emoji": "🎲", "value": 6}),))


def test_a_venue_is_no_mere_location() -> None:
    place = {"latitude": 1.5, "longitude": 2.5}
    (part,) = read_one("message", said(location=place, venue={"title": "Inn", "location": place})).message
    assert isinstance(part, Native)
    assert part.kind == "venue"


@pytest.mark.parametrize("name", ["pinned_message", "new_chat_title", "forum_topic_created", "something_new"])
def test_what_telegram_says_of_a_chat_is_a_notice_of_that_name(name: str) -> None:
    found = read_one("message", said(**{name: {"name": "t"}}, has_protected_content=True))
    assert (found.kind, found.name) == ("notice", name)


def test_a_kind_that_is_not_read_is_nothing() -> None:
    assert event("purchased_paid_media", {"from": ADA}) is None


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b'{"update_id":"x"}', b'{"update_id":1,"message":{}}', b"\xff"])
def test_what_is_no_update_is_an_error(raw: bytes) -> None:
    with pytest.raises(WireError):
        decode(raw)


def test_the_number_is_read_where_the_rest_is_strange() -> None:
    assert (read_number(b'{"update_id":1,"message":{}}'), read_number(b"{}")) == (1, None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["text", "entities", "photo", "reply_to_message", "from", "chat", "sticker", "dice", "edit_date"]
)


@given(st.sampled_from(["message", "callback_query", "chat_member"]), st.dictionaries(KEYS, JSON, max_size=4))
def test_whatever_comes_is_read_or_refused(kind: str, fields: dict[str, Any]) -> None:
    raw = json.dumps({"update_id": 1, kind: said(text="x") | fields}).encode()
    try:
        found = read(decode(raw), raw, ME, MOMENT)
    except WireError:
        return
    assert found is None or found.dedupe


@pytest.mark.parametrize("odd", [b"[" * 100_000 + b"]" * 100_000, b"9" * 5_000, b'"\xff"'])
def test_what_no_later_reader_should_meet_is_no_update(odd: bytes) -> None:
    with pytest.raises(WireError):
        decode(b'{"update_id":7,"message":%s}' % odd)
