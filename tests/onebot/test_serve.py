from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nonebot.adapters.onebot.v11 import Adapter
from nonebot.adapters.onebot.v11 import event as models

from kagami.errors import UsageError, WireError
from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.event import Event, Kind, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import Message, text
from kagami.model.segment import Face, Image, Mention, Native, Reply, Text
from kagami.onebot import read, serve, wire
from kagami.onebot.actions import ACTIONS

BOT = BotId("feishu:cli_a")
SELF_ID = 10001000
NUMBERS = {"cli_a": SELF_ID, "oc_group": 501, "ou_user": 601, "ou_other": 602, "om_1": 701, "om_0": 702}
NUMBERS |= {"channel:oc_group": 502}
NAMES = {str(number): name for name, number in NUMBERS.items()}


def number(name: str) -> int:
    return int(name) if name.removeprefix("-").isdecimal() else NUMBERS[name]


def name(number: str) -> str:
    return NAMES.get(number, number)


def make(
    name: str, kind: Kind = "notice", chat: str = "group:oc_group", native: dict[str, Any] | None = None, **more: Any
) -> Event:
    return Event(
        execution=ExecutionId("0193"),
        bot=BOT,
        kind=kind,
        name=name,
        chat=ChatId(chat),
        user=UserId("ou_user"),
        time_ms=1_764_000_000_999,
        dedupe="x",
        native=msgspec.json.encode(native or {"schema": "2.0"}).decode(),
        **more,
    )


def frame(event: Event) -> Any:
    return msgspec.json.decode(serve.write_event(event, self_id=SELF_ID, number=number))


def parsed(event: Event | bytes) -> Any:
    """The event as NoneBot's own models read it; NoneBot falls back to a bare `Event` when no model fits."""
    raw = event if isinstance(event, bytes) else serve.write_event(event, self_id=SELF_ID, number=number)
    return Adapter.json_to_event(msgspec.json.decode(raw))


# --- messages --------------------------------------------------------------------------------------------------------

MESSAGE: Message = (
    Reply("om_0"),
    Mention("ou_other"),
    Text("[hi] & "),
    Image("a.png", "http://x/a.png"),
    Mention("all"),
)


def test_nonebot_reads_a_group_message() -> None:
    sender = Sender("小明", "明", "admin")
    event = make("group", "message", message=MESSAGE, message_id="om_1", sender=sender, chat_name="测试群")
    found = parsed(event)
    assert type(found) is models.GroupMessageEvent
    assert (found.self_id, found.time, found.sub_type) == (SELF_ID, 1_764_000_000, "normal")
    assert (found.message_id, found.user_id, found.group_id, found.anonymous) == (701, 601, 501, None)
    assert (found.sender.nickname, found.sender.card, found.sender.role) == ("小明", "明", "admin")


def test_nonebot_reads_the_parts_of_a_message() -> None:
    found = parsed(make("group", "message", message=MESSAGE, message_id="om_1"))
    assert [(part.type, part.data) for part in found.message] == [
        ("reply", {"id": "702"}),
        ("at", {"qq": "602"}),
        ("text", {"text": "[hi] & "}),
        ("image", {"file": "a.png", "url": "http://x/a.png"}),
        ("at", {"qq": "all"}),
    ]


def test_the_raw_message_is_the_same_message() -> None:
    found = parsed(make("group", "message", message=MESSAGE, message_id="om_1"))
    assert type(found.message)(found.raw_message) == found.message


def test_nonebot_reads_a_private_message() -> None:
    found = parsed(make("private", "message", chat="private:ou_user", message=text("hi"), message_id="om_1"))
    assert type(found) is models.PrivateMessageEvent
    assert (found.user_id, found.sub_type, found.get_plaintext()) == (601, "friend", "hi")


def test_a_mention_of_the_bot_is_its_own_number() -> None:
    found = frame(make("group", "message", message=(Mention("cli_a"),)))
    assert found["message"] == [{"type": "at", "data": {"qq": str(SELF_ID)}}]


def test_a_message_without_id_has_number_0() -> None:
    assert frame(make("group", "message"))["message_id"] == 0


def test_a_part_of_another_platform_is_passed_on() -> None:
    found = parsed(make("group", "message", message=(Native("card", {"a": [1]}),)))
    assert [(part.type, part.data) for part in found.message] == [("card", {"a": [1]})]


def test_a_channel_is_served_as_a_group_of_its_own() -> None:
    assert frame(make("group", "message", chat="channel:oc_group"))["group_id"] == 502


def test_the_group_has_its_name() -> None:
    assert frame(make("group", "message", chat_name="测试群"))["group_name"] == "测试群"


def test_what_the_standard_adds_to_a_message_is_kept() -> None:
    native = {"post_type": "message", "sub_type": "anonymous", "anonymous": {"id": 1, "name": "n", "flag": "f"}}
    found = parsed(make("group", "message", native=native))
    assert (found.sub_type, found.anonymous.flag) == ("anonymous", "f")


def test_a_message_of_this_language_comes_back_the_same() -> None:
    raw = msgspec.json.encode(
        {
            "post_type": "message",
            "message_type": "group",
            "self_id": SELF_ID,
            "user_id": 5,
            "group_id": 6,
            "message_id": -7,
            "time": 1764000000,
            "message": [{"type": "at", "data": {"qq": "10001000"}}, {"type": "text", "data": {"text": " hi"}}],
            "sender": {"nickname": "n", "card": "c", "role": "owner"},
        }
    )

    def event_of(raw: bytes) -> Event | None:
        bot = BotId(f"qq:{SELF_ID}")
        return read.read_event(wire.decode(raw), raw, bot=bot, execution=ExecutionId("0193"), now_ms=0)

    first = event_of(raw)
    assert first is not None
    second = event_of(serve.write_event(first, self_id=SELF_ID, number=number))
    assert second is not None
    assert msgspec.structs.replace(second, native="") == msgspec.structs.replace(first, native="")


# --- notices and requests --------------------------------------------------------------------------------------------

GROUP_NOTICES: list[tuple[str, type[models.Event], dict[str, Any]]] = [
    ("group_upload", models.GroupUploadNoticeEvent, {}),
    ("group_admin.set", models.GroupAdminNoticeEvent, {"sub_type": "set"}),
    ("group_decrease.kick", models.GroupDecreaseNoticeEvent, {"sub_type": "kick", "operator_id": 0}),
    ("group_decrease.leave", models.GroupDecreaseNoticeEvent, {"sub_type": "leave", "operator_id": 601}),
    ("group_decrease.kick_me", models.GroupDecreaseNoticeEvent, {"sub_type": "kick_me", "operator_id": 0}),
    ("group_increase.approve", models.GroupIncreaseNoticeEvent, {"sub_type": "approve", "operator_id": 601}),
    ("group_increase.invite", models.GroupIncreaseNoticeEvent, {"sub_type": "invite", "operator_id": 0}),
    ("group_ban.ban", models.GroupBanNoticeEvent, {"sub_type": "ban", "operator_id": 0, "duration": 0}),
    ("group_recall", models.GroupRecallNoticeEvent, {"operator_id": 601, "message_id": 701}),
    ("notify.poke", models.PokeNotifyEvent, {"sub_type": "poke", "target_id": SELF_ID}),
    ("notify.lucky_king", models.LuckyKingNotifyEvent, {"sub_type": "lucky_king", "target_id": SELF_ID}),
    ("notify.honor", models.HonorNotifyEvent, {"sub_type": "honor", "honor_type": ""}),
    ("never_heard_of.at_all", models.NoticeEvent, {"notice_type": "never_heard_of", "sub_type": "at_all"}),
]


@pytest.mark.parametrize(("name", "model", "fields"), GROUP_NOTICES)
def test_nonebot_reads_notices_of_a_group(name: str, model: type[models.Event], fields: dict[str, Any]) -> None:
    found = parsed(make(name, message_id="om_1"))
    assert type(found) is model
    wanted = {"user_id": 601, "group_id": 501, "self_id": SELF_ID, "time": 1_764_000_000} | fields
    assert {key: found.model_dump()[key] for key in wanted} == wanted


@pytest.mark.parametrize(
    ("name", "said", "message", "raw"),
    [
        ("button", text("buy:42"), [{"type": "text", "data": {"text": "buy:42"}}], "buy:42"),
        (
            "message_edited",
            (Mention("ou_other"), Text(" new")),
            [{"type": "at", "data": {"qq": "602"}}, {"type": "text", "data": {"text": " new"}}],
            "[CQ:at,qq=602] new",
        ),
        (
            "reaction.add",
            (Face("66", {"name": "heart"}),),
            [{"type": "face", "data": {"id": "66", "name": "heart"}}],
            "[CQ:face,name=heart,id=66]",
        ),
    ],
)
@pytest.mark.parametrize("chat", ["group:oc_group", "private:ou_user"])
def test_a_notice_of_another_platform_tells_its_message_and_content(
    name: str, said: Message, message: object, raw: str, chat: str
) -> None:
    found = frame(make(name, chat=chat, message=said, message_id="om_1"))
    assert (found["message_id"], found["message"], found["raw_message"]) == (701, message, raw)


def test_what_was_pressed_on_a_card_keeps_its_fields() -> None:
    found = frame(make("button", message=(Native("button", {"value": {"n": 1}}),), message_id="om_1"))
    assert found["message"] == [{"type": "button", "data": {"value": {"n": 1}}}]


def test_nonebot_reads_a_notice_with_content() -> None:
    found = parsed(make("button", message=text("buy:42"), message_id="om_1"))
    assert (type(found), found.model_dump()["raw_message"]) == (models.NoticeEvent, "buy:42")


def test_a_notice_about_nothing_names_no_message() -> None:
    assert {"message_id", "message", "raw_message"}.isdisjoint(frame(make("im.chat.disbanded_v1")))


def test_a_notice_of_this_language_gets_nothing_that_did_not_come() -> None:
    found = frame(make("notify.x", native={"post_type": "notice"}, message=text("hi"), message_id="om_1"))
    assert {"message_id", "message", "raw_message"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("friend_add", models.FriendAddNoticeEvent),
        ("friend_recall", models.FriendRecallNoticeEvent),
        ("notify.poke", models.PokeNotifyEvent),
        ("notify.input_status", models.NoticeEvent),
    ],
)
def test_nonebot_reads_notices_outside_of_groups(name: str, model: type[models.Event]) -> None:
    found = parsed(make(name, chat="private:ou_user"))
    assert type(found) is model
    fields = found.model_dump()
    assert (fields["user_id"], fields.get("group_id")) == (601, None)


@pytest.mark.parametrize(
    ("name", "chat", "model"),
    [
        ("friend", "private:ou_user", models.FriendRequestEvent),
        ("group.add", "group:oc_group", models.GroupRequestEvent),
        ("group.invite", "group:oc_group", models.GroupRequestEvent),
    ],
)
def test_nonebot_reads_requests(name: str, chat: str, model: type[models.Event]) -> None:
    native = {"post_type": "request", "flag": "f1", "comment": "please"}
    found = parsed(make(name, "request", chat, native))
    assert type(found) is model
    fields = found.model_dump()
    assert (fields["user_id"], fields["flag"], fields["comment"]) == (601, "f1", "please")


def test_the_flag_of_another_platforms_request_is_what_its_adapter_takes() -> None:
    asked = make("group.add", "request", "group:-100", message_id="om_1", message=text("let me in"))
    found = parsed(asked)
    assert (found.flag, found.comment, found.sub_type) == ("om_1", "let me in", "add")


def test_fields_that_came_are_kept_with_ids_as_numbers() -> None:
    native = {"post_type": "notice", "operator_id": "ou_other", "duration": 60, "target_id": 9, "more": [1]}
    found = frame(make("group_ban.ban", native=native))
    assert (found["operator_id"], found["duration"], found["target_id"], found["more"]) == (602, 60, 9, [1])


def test_nonebot_reads_an_upload_with_its_file() -> None:
    file = {"id": "/a", "name": "n.txt", "size": 5, "busid": 102}
    found = parsed(make("group_upload", native={"post_type": "notice", "file": file}))
    assert found.file.model_dump() == file


@pytest.mark.parametrize("native", ["", "{", "[]", '"x"', '{"post_type":"message","operator_id":"never seen"}'])
def test_a_native_frame_of_another_language_is_left_out(native: str) -> None:
    event = msgspec.structs.replace(make("group_increase.approve"), native=native)
    assert frame(event)["operator_id"] == 601


# --- meta events -----------------------------------------------------------------------------------------------------


def test_nonebot_reads_a_lifecycle() -> None:
    found = parsed(serve.write_lifecycle(self_id=SELF_ID, time_s=5))
    assert type(found) is models.LifecycleMetaEvent
    assert (found.self_id, found.time, found.sub_type) == (SELF_ID, 5, "connect")


def test_nonebot_reads_a_heartbeat() -> None:
    found = parsed(serve.write_heartbeat(self_id=SELF_ID, time_s=5, interval_ms=5000, online=False))
    assert type(found) is models.HeartbeatMetaEvent
    assert (found.interval, found.status.online, found.status.good) == (5000, False, False)


# --- calls -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("echo", ["1", {"seq": 1}, 5, [1.5], None])
def test_an_echo_of_any_type_is_returned(echo: object) -> None:
    call = serve.read_call(msgspec.json.encode({"action": "get_status", "params": {}, "echo": echo}))
    assert msgspec.json.decode(serve.write_response(call.echo))["echo"] == echo


def test_without_echo_none_is_returned() -> None:
    call = serve.read_call(b'{"action":"get_status"}')
    assert "echo" not in msgspec.json.decode(serve.write_response(call.echo))


@pytest.mark.parametrize(
    ("action", "read", "pace"),
    [
        ("send_msg", "send_msg", ""),
        ("send_msg_async", "send_msg", "async"),
        ("send_msg_rate_limited", "send_msg", "rate_limited"),
    ],
)
def test_the_suffix_of_an_action_is_its_pace(action: str, read: str, pace: str) -> None:
    call = serve.read_call(msgspec.json.encode({"action": action, "params": None}))
    assert (call.action, call.params, call.pace) == (read, {}, pace)


@pytest.mark.parametrize("raw", [b"{}", b'{"action":5}', b'{"action":"x","params":[]}', b"x", b'{"action":"\xff"}'])
def test_what_is_no_call_is_refused(raw: bytes) -> None:
    with pytest.raises(WireError):
        serve.read_call(raw)


def action(name_: str, **params: Any) -> Action:
    return serve.to_action(serve.ServedCall(name_, params), BOT, name=name)


@pytest.mark.parametrize(
    ("asked", "chat"),
    [
        ({"name_": "send_group_msg", "group_id": 501}, "group:oc_group"),
        ({"name_": "send_group_msg", "group_id": "501"}, "group:oc_group"),
        ({"name_": "send_group_msg", "group_id": 502}, "channel:oc_group"),
        ({"name_": "send_group_msg", "group_id": 123456}, "group:123456"),
        ({"name_": "send_private_msg", "user_id": 601}, "private:ou_user"),
        ({"name_": "send_msg", "group_id": 501}, "group:oc_group"),
        ({"name_": "send_msg", "user_id": 601}, "private:ou_user"),
        ({"name_": "send_msg", "user_id": 601, "group_id": 501}, "group:oc_group"),
        ({"name_": "send_msg", "message_type": "private", "user_id": 601, "group_id": 501}, "private:ou_user"),
    ],
)
def test_a_send_goes_to_its_chat(asked: dict[str, Any], chat: str) -> None:
    assert action(**asked, message="hi") == Send(BOT, ChatId(chat), text("hi"))


@pytest.mark.parametrize(
    "place", [{}, {"message_type": "guild", "user_id": 1}, {"message_type": "group", "user_id": 1}]
)
def test_a_send_without_place_is_refused(place: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="missing"):
        action("send_msg", message="hi", **place)


@pytest.mark.parametrize(
    ("message", "read"),
    [
        ("[CQ:at,qq=602] hi", (Mention("ou_other"), Text(" hi"))),
        ({"type": "reply", "data": {"id": "702"}}, (Reply("om_0"),)),
        (
            [{"type": "at", "data": {"qq": 602}}, {"type": "at", "data": {"qq": "all"}}],
            (Mention("ou_other"), Mention("all")),
        ),
    ],
)
def test_ids_in_a_message_become_names(message: object, read: Message) -> None:
    assert action("send_group_msg", group_id=501, message=message) == Send(BOT, ChatId("group:oc_group"), read)


def test_an_escaped_message_is_plain() -> None:
    found = action("send_group_msg", group_id=1, message="[CQ:shake]", auto_escape="true")
    assert found == Send(BOT, ChatId("group:1"), text("[CQ:shake]"))


@pytest.mark.parametrize("message", [[5], [{"data": {}}], {"type": 5}])
def test_a_message_that_is_none_is_refused(message: object) -> None:
    with pytest.raises(UsageError, match="message: "):
        action("send_group_msg", group_id=1, message=message)


def test_a_delete_finds_its_chat() -> None:
    chats = {"om_1": ChatId("group:oc_group")}
    call = serve.ServedCall("delete_msg", {"message_id": 701})
    found = serve.to_action(call, BOT, name=name, chat_of=chats.__getitem__)
    assert found == Delete(BOT, ChatId("group:oc_group"), "om_1")


def test_a_delete_may_not_know_its_chat() -> None:
    assert action("delete_msg", message_id=5) == Delete(BOT, ChatId(""), "5")


def test_a_call_of_the_standard_is_checked_and_named() -> None:
    found = action("set_group_ban", group_id="501", user_id="5", duration="60")
    assert found == Call(BOT, "set_group_ban", {"group_id": "oc_group", "user_id": 5, "duration": 60})


def test_a_call_beyond_the_standard_is_left_alone() -> None:
    assert action("nc_get_rkey", user_id="501") == Call(BOT, "nc_get_rkey", {"user_id": "501"})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5) | st.just("[CQ:at,qq=1]"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "data", "qq"]), inner),
    max_leaves=4,
)
parameters = st.sampled_from(sorted({key for known in ACTIONS.values() for key in known}))


@given(st.sampled_from(sorted(ACTIONS)), st.dictionaries(parameters, json_values, max_size=5))
def test_any_call_is_an_action_or_refused(called: str, params: dict[str, Any]) -> None:
    with suppress(UsageError):
        assert action(called, **params).bot == BOT


# --- responses -------------------------------------------------------------------------------------------------------

ECHO = msgspec.Raw(b'"7"')
SEND = Send(BOT, ChatId("group:1"), text("hi"))


@pytest.mark.parametrize(
    ("done", "receipt", "response"),
    [
        (SEND, Sent("om_1"), ("ok", 0, {"message_id": 701}, "")),
        (SEND, Sent(), ("ok", 0, {"message_id": 0}, "")),
        (Call(BOT, "get_x"), Sent("", [1]), ("ok", 0, [1], "")),
        (Delete(BOT, ChatId("group:1"), "1"), Sent("", {"x": 1}), ("ok", 0, None, "")),
        (SEND, Failed("no", "100"), ("failed", 100, None, "no")),
        (SEND, Failed("no", "x"), ("failed", 1200, None, "no")),
        (SEND, Failed("no", "0"), ("failed", 1200, None, "no")),
        (SEND, Unknown("lost"), ("async", 1, None, "lost")),
    ],
)
def test_a_receipt_is_a_response(done: Action, receipt: Receipt, response: tuple[object, ...]) -> None:
    found = msgspec.json.decode(serve.write_receipt(ECHO, done, receipt, number=number))
    assert tuple(found[key] for key in ("status", "retcode", "data", "message")) == response
    assert (found["wording"], found["echo"]) == (found["message"], "7")


@pytest.mark.parametrize(
    ("retcode", "said"), [(1404, "unknown action"), (1, "accepted, the result is not known"), (77, "")]
)
def test_a_code_says_what_it_means(retcode: int, said: str) -> None:
    assert msgspec.json.decode(serve.write_response(ECHO, retcode=retcode))["message"] == said


def test_what_cannot_be_read_is_a_bad_request() -> None:
    found = msgspec.json.decode(serve.write_refusal(ECHO, UsageError(reason="user_id is missing")))
    assert (found["status"], found["retcode"], found["message"]) == ("failed", 1400, "user_id is missing")
