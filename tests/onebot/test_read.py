from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.errors import WireError
from kagami.model.action import Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId
from kagami.model.message import text
from kagami.model.segment import AnySegment, Face, File, Image, Mention, Native, Reply, Text, Video, Voice
from kagami.onebot import read, wire
from kagami.onebot.write import write_message

BOT = BotId("qq:10001000")
EXECUTION = ExecutionId("0193")
NOW_MS = 1_764_000_000_123
SEND = Send(BOT, ChatId("group:1"), text("hi"))

GROUP_MESSAGE: dict[str, Any] = {
    "self_id": 10001000,
    "user_id": 10001,
    "time": 1764000000,
    "message_id": 1843299211,
    "real_seq": "12345",
    "message_type": "group",
    "sender": {"user_id": 10001, "nickname": "小明", "card": "明", "role": "admin"},
    "raw_message": "hi",
    "font": 14,
    "sub_type": "normal",
    "message": [{"type": "text", "data": {"text": "hi"}}],
    "message_format": "array",
    "post_type": "message",
    "group_id": 123456,
    "group_name": "测试群",
}


def event_of(fields: dict[str, Any]) -> Event | None:
    raw = msgspec.json.encode(fields)
    return read.read_event(wire.decode(raw), raw, bot=BOT, execution=EXECUTION, now_ms=NOW_MS)


def event(fields: dict[str, Any], **changes: Any) -> Event:
    found = event_of(fields | changes)
    assert found is not None
    return found


def notice(**fields: Any) -> Event:
    return event({"time": 1764000000, "self_id": 10001000, "post_type": "notice"}, **fields)


def segment(kind: str, **data: Any) -> AnySegment:
    (part,) = read.read_message(wire.Segment(kind, data))
    return part


# --- messages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "data", "part"),
    [
        ("text", {"text": "hi"}, Text("hi")),
        ("text", {"text": ""}, Text("")),
        ("text", {"text": 5}, Text("5")),
        ("at", {"qq": "10001"}, Mention("10001")),
        ("at", {"qq": 10001}, Mention("10001")),
        ("at", {"qq": "all"}, Mention("all")),
        ("at", {"qq": "1", "name": "n"}, Mention("1", {"name": "n"})),
        ("reply", {"id": -5}, Reply("-5")),
        ("reply", {"id": "5", "seq": 7}, Reply("5", {"seq": 7})),
        ("face", {"id": 14, "raw": {"x": 1}}, Face("14", {"raw": {"x": 1}})),
        ("image", {"file": "a.png", "url": "http://x"}, Image("a.png", "http://x")),
        ("image", {"file": "a.png", "sub_type": 0}, Image("a.png", "", {"sub_type": 0})),
        ("image", {"summary": "s"}, Image("", "", {"summary": "s"})),
        ("image", {"file": None, "url": ""}, Image("", "", {"file": None, "url": ""})),
        ("record", {"file": "a.amr", "path": "/a"}, Voice("a.amr", "", {"path": "/a"})),
        ("video", {"file": "a.mp4"}, Video("a.mp4")),
        ("file", {"file": "a", "file_id": "/x", "file_size": "5"}, File("a", "", {"file_id": "/x", "file_size": "5"})),
    ],
)
def test_shared_parts_have_types(kind: str, data: dict[str, Any], part: AnySegment) -> None:
    assert segment(kind, **data) == part


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("rps", {"result": "1"}),
        ("dice", {}),
        ("shake", {}),
        ("poke", {"type": "1", "id": "2"}),
        ("anonymous", {"ignore": "1"}),
        ("share", {"url": "u", "title": "t"}),
        ("contact", {"type": "qq", "id": "1"}),
        ("location", {"lat": "1", "lon": "2"}),
        ("music", {"type": "163", "id": "1"}),
        ("forward", {"id": "1", "content": [{"message": []}]}),
        ("node", {"id": "1"}),
        ("xml", {"data": "<a/>"}),
        ("json", {"data": "{}"}),
        ("markdown", {"content": "# a"}),
        ("mface", {"emoji_id": "1", "emoji_package_id": 2}),
        ("never_heard_of", {"a": [1]}),
        ("text", {}),
        ("text", {"text": None}),
        ("at", {"qq": ""}),
        ("at", {"qq": True}),
        ("reply", {"seq": 5}),
        ("face", {"id": None}),
    ],
)
def test_all_other_parts_keep_their_fields(kind: str, data: dict[str, Any]) -> None:
    assert segment(kind, **data) == Native(kind, data)


def test_a_part_without_fields_is_kept() -> None:
    assert read.read_message(wire.Segment("shake")) == (Native("shake"),)


def test_a_cq_string_is_a_message() -> None:
    message = read.read_message("[CQ:reply,id=5]&#91;a&#93; [CQ:image,file=a.png]")
    assert message == (Reply("5"), Text("[a] "), Image("a.png"))


def test_segments_are_a_message() -> None:
    parts = [wire.Segment("at", {"qq": "1"}), wire.Segment("text", {"text": "hi"})]
    assert read.read_message(parts) == (Mention("1"), Text("hi"))


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
values = st.recursive(
    words | st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=3,
)
extras = st.dictionaries(st.sampled_from(["name", "seq", "url", "summary", "file_size", "raw"]), values, max_size=3)
segments = st.one_of(
    st.builds(lambda text: {"type": "text", "data": {"text": text}}, words),
    st.builds(lambda qq, more: {"type": "at", "data": {**more, "qq": qq}}, words, extras),
    st.builds(lambda id_, more: {"type": "reply", "data": {**more, "id": id_}}, words, extras),
    st.builds(lambda id_, more: {"type": "face", "data": {**more, "id": id_}}, words, extras),
    st.builds(
        lambda kind, more: {"type": kind, "data": more},
        st.sampled_from(["image", "record", "video", "file"]),
        st.dictionaries(st.sampled_from(["file", "url", "summary"]), values, max_size=3),
    ),
    st.builds(
        lambda kind, data: {"type": kind, "data": data}, words, st.dictionaries(words, values, max_size=3)
    ).filter(lambda each: each["type"] != "text"),
)


@given(st.lists(segments, max_size=5))
def test_reading_and_writing_an_array_loses_nothing(message: list[dict[str, Any]]) -> None:
    # Ids that came as numbers are written as the strings of the standard.
    wanted = msgspec.json.decode(msgspec.json.encode(message))
    for each in wanted:
        for key in {"at": ("qq",), "reply": ("id",), "face": ("id",)}.get(each["type"], ()):
            if type(each["data"][key]) is int:
                each["data"][key] = str(each["data"][key])
    assert write_message(read.read_message(msgspec.convert(message, list[wire.Segment]))) == wanted


# --- message events --------------------------------------------------------------------------------------------------


def test_a_group_message() -> None:
    assert event(GROUP_MESSAGE) == Event(
        execution=EXECUTION,
        bot=BOT,
        kind="message",
        name="group",
        chat=ChatId("group:123456"),
        user="10001",  # type: ignore[arg-type]
        time_ms=1_764_000_000_000,
        dedupe="m:1843299211:1764000000",
        message=text("hi"),
        message_id="1843299211",
        chat_name="测试群",
        sender=Sender("小明", "明", "admin"),
        native=msgspec.json.encode(GROUP_MESSAGE).decode(),
    )


PRIVATE_MESSAGE: dict[str, Any] = {
    "self_id": 10001000,
    "user_id": 10001,
    "message_id": 5,
    "message_type": "private",
    "message": "hi",
    "post_type": "message",
}


def test_a_private_message_is_addressed_to_the_bot() -> None:
    found = event(PRIVATE_MESSAGE)
    assert (found.name, found.chat, found.mentioned) == ("private", "private:10001", True)


def test_a_temporary_session_is_private() -> None:
    assert event(PRIVATE_MESSAGE, sub_type="group", group_id=123456).chat == "private:10001"


def test_ids_may_be_strings() -> None:
    found = event(GROUP_MESSAGE, user_id="10001", group_id="123456", message_id="1843299211", self_id="10001000")
    assert (found.user, found.chat, found.dedupe) == ("10001", "group:123456", "m:1843299211:1764000000")


def test_a_cq_string_message_is_parsed() -> None:
    found = event(GROUP_MESSAGE, message="[CQ:at,qq=10001000] hi")
    assert (found.message, found.text) == ((Mention("10001000"), Text(" hi")), " hi")


def test_a_single_segment_is_a_message() -> None:
    assert event(GROUP_MESSAGE, message={"type": "text", "data": {"text": "hi"}}).text == "hi"


def test_an_empty_message_is_an_event() -> None:
    assert event(GROUP_MESSAGE, message=[]).message == ()


@pytest.mark.parametrize(
    ("part", "mentioned"),
    [
        ({"type": "at", "data": {"qq": "10001000"}}, True),
        ({"type": "at", "data": {"qq": 10001000}}, True),
        ({"type": "at", "data": {"qq": "all"}}, False),
        ({"type": "at", "data": {"qq": "10002"}}, False),
        ({"type": "reply", "data": {"id": "5"}}, False),
    ],
)
def test_only_its_own_name_mentions_the_bot(part: dict[str, Any], mentioned: bool) -> None:
    assert event(GROUP_MESSAGE, message=[part]).mentioned is mentioned


@pytest.mark.parametrize(
    "changes",
    [
        {"post_type": "message_sent"},
        {"user_id": 10001000},
        {"user_id": "10001000"},
        {"user_id": 5, "self_id": 5},
        {"post_type": "meta_event"},
    ],
)
def test_own_messages_and_meta_events_are_no_events(changes: dict[str, Any]) -> None:
    assert event_of(GROUP_MESSAGE | changes) is None


@pytest.mark.parametrize(
    ("time", "time_ms"),
    [
        (1764000000, 1_764_000_000_000),
        ("1764000000", 1_764_000_000_000),
        (1764000000.9, 1_764_000_000_000),
        (1764000000456, 1_764_000_000_456),
        (0, NOW_MS),
        (-5, NOW_MS),
        (None, NOW_MS),
        ("", NOW_MS),
        (2**62, NOW_MS),
    ],
)
def test_time_is_in_milliseconds(time: object, time_ms: int) -> None:
    assert event(GROUP_MESSAGE, time=time).time_ms == time_ms


@pytest.mark.parametrize("time", ["soon", "nan", "inf"])
def test_a_time_that_is_none_is_refused(time: str) -> None:
    with pytest.raises(WireError, match="number"):
        event_of(GROUP_MESSAGE | {"time": time})


@pytest.mark.parametrize("sender", [None, {}])
def test_a_sender_may_be_unknown(sender: object) -> None:
    assert event(GROUP_MESSAGE, sender=sender).sender == Sender()


@pytest.mark.parametrize(
    "changes",
    [
        {"user_id": None},
        {"user_id": 0},
        {"user_id": "0"},
        {"user_id": None, "self_id": None},
        {"message": None},
        {"message_type": None},
        {"message_type": "guild"},
        {"group_id": None},
        {"group_id": 0},
        {"post_type": None},
        {"post_type": "never_heard_of"},
        {"post_type": "notice"},
        {"post_type": "request"},
    ],
)
def test_a_missing_field_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        event_of(GROUP_MESSAGE | changes)


@pytest.mark.parametrize("message_id", [None, 0, ""])
def test_a_message_without_id_is_named_by_its_fields(message_id: object) -> None:
    assert len(event(GROUP_MESSAGE, message_id=message_id).dedupe) == 32


@given(st.dictionaries(st.sampled_from([*GROUP_MESSAGE, "notice_type", "request_type", "operator_id"]), values))
def test_any_frame_is_an_event_or_refused(changes: dict[str, Any]) -> None:
    try:
        found = event_of(GROUP_MESSAGE | changes)
    except WireError:
        return
    assert found is None or ":" in found.chat


# --- notices and requests --------------------------------------------------------------------------------------------

GROUP = {"group_id": 123456, "user_id": 10002}


@pytest.mark.parametrize(
    "fields",
    [
        {"notice_type": "group_upload", **GROUP, "file": {"id": "/a", "name": "n", "size": 1, "busid": 2}},
        {"notice_type": "group_admin", "sub_type": "set", **GROUP},
        {"notice_type": "group_decrease", "sub_type": "kick", "operator_id": 1, **GROUP},
        {"notice_type": "group_increase", "sub_type": "approve", "operator_id": 1, **GROUP},
        {"notice_type": "group_ban", "sub_type": "ban", "operator_id": 1, "duration": 60, **GROUP},
        {"notice_type": "group_recall", "operator_id": 1, "message_id": 5, **GROUP},
        {"notice_type": "notify", "sub_type": "poke", "target_id": 1, **GROUP},
        {"notice_type": "notify", "sub_type": "lucky_king", "target_id": 1, **GROUP},
        {"notice_type": "notify", "sub_type": "honor", "honor_type": "talkative", **GROUP},
        {"notice_type": "group_card", "card_new": "a", "card_old": "b", **GROUP},
        {"notice_type": "group_msg_emoji_like", "message_id": 5, "likes": [{"emoji_id": "1"}], **GROUP},
        {"notice_type": "essence", "sub_type": "add", "message_id": 5, "sender_id": 1, **GROUP},
    ],
)
def test_notices_of_a_group(fields: dict[str, Any]) -> None:
    found = notice(**fields)
    name = ".".join(filter(None, (fields["notice_type"], fields.get("sub_type"))))
    assert (found.kind, found.name, found.chat, found.user) == ("notice", name, "group:123456", "10002")


@pytest.mark.parametrize(
    ("fields", "user"),
    [
        ({"notice_type": "friend_add", "user_id": 10002}, "10002"),
        ({"notice_type": "friend_recall", "user_id": 10002, "message_id": 5}, "10002"),
        ({"notice_type": "notify", "sub_type": "poke", "user_id": 10002, "target_id": 1, "sender_id": 3}, "10002"),
        ({"notice_type": "notify", "sub_type": "input_status", "user_id": 10002, "group_id": 0}, "10002"),
        ({"notice_type": "notify", "sub_type": "profile_like", "operator_id": 10003}, "10003"),
        ({"notice_type": "never_heard_of", "sender_id": 10004}, "10004"),
        ({"notice_type": "bot_offline", "user_id": 10001000, "message": "bye"}, "10001000"),
        ({"notice_type": "online_file_send", "sub_type": "receive", "peer_id": 5}, "10001000"),
    ],
)
def test_notices_outside_of_groups(fields: dict[str, Any], user: str) -> None:
    found = notice(**fields)
    assert (found.chat, found.user) == (f"private:{user}", user)


def test_a_notice_of_a_group_without_user_is_about_its_operator() -> None:
    found = notice(notice_type="group_decrease", sub_type="disband", group_id=123456, operator_id=7)
    assert (found.chat, found.user) == ("group:123456", "7")


def test_a_recall_names_its_message() -> None:
    assert notice(notice_type="friend_recall", user_id=1, message_id=-5).message_id == "-5"


def test_what_a_platform_adds_stays_in_the_native_frame() -> None:
    found = notice(notice_type="group_card", card_new="a", **GROUP)
    assert msgspec.json.decode(found.native)["card_new"] == "a"


@pytest.mark.parametrize(
    ("fields", "name", "chat"),
    [
        ({"request_type": "friend", "user_id": 10002, "comment": "hi", "flag": "f"}, "friend", "private:10002"),
        ({"request_type": "group", "sub_type": "add", "flag": 17, **GROUP}, "group.add", "group:123456"),
    ],
)
def test_requests(fields: dict[str, Any], name: str, chat: str) -> None:
    found = event({"post_type": "request", "time": 1764000000}, **fields)
    assert (found.kind, found.name, found.chat, found.user) == ("request", name, chat, "10002")


def test_the_same_notice_laid_out_otherwise_has_the_same_name() -> None:
    fields = {"post_type": "notice", "notice_type": "friend_add", "user_id": 1}
    assert event(fields).dedupe == event(dict(reversed(fields.items()))).dedupe


@pytest.mark.parametrize("change", [{"card_new": "b"}, {"user_id": 3}, {"time": 1764000001}, {"sub_type": "x"}])
def test_another_notice_has_another_name(change: dict[str, Any]) -> None:
    fields = {"notice_type": "group_card", "card_new": "a", **GROUP}
    assert notice(**fields).dedupe != notice(**fields | change).dedupe


def test_a_notice_whose_numbers_cannot_be_held_is_refused() -> None:
    raw = b'{"post_type":"notice","notice_type":"x","user_id":1,"y":1e999}'
    with pytest.raises(WireError):
        read.read_event(wire.decode(raw), raw, bot=BOT, execution=EXECUTION, now_ms=NOW_MS)


# --- meta events -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "meta"),
    [
        ({"meta_event_type": "lifecycle", "sub_type": "connect"}, read.Lifecycle("connect")),
        ({"meta_event_type": "lifecycle"}, read.Lifecycle("")),
        (
            {"meta_event_type": "heartbeat", "interval": 5000, "status": {"online": True, "good": True}},
            read.Heartbeat(5000, online=True),
        ),
        (
            {"meta_event_type": "heartbeat", "interval": "5000", "status": {"online": False}},
            read.Heartbeat(5000, online=False),
        ),
        ({"meta_event_type": "heartbeat", "status": {"online": None}}, read.Heartbeat(0, online=None)),
        ({"meta_event_type": "heartbeat", "interval": -1}, read.Heartbeat(0, online=None)),
        ({"meta_event_type": "never_heard_of"}, None),
    ],
)
def test_meta_events(frame: dict[str, Any], meta: object) -> None:
    raw = msgspec.json.encode({"post_type": "meta_event", **frame})
    assert read.read_meta(wire.decode(raw)) == meta


def test_other_frames_are_no_meta_events() -> None:
    assert read.read_meta(wire.decode(msgspec.json.encode(GROUP_MESSAGE))) is None


# --- responses -------------------------------------------------------------------------------------------------------


def receipt(response: dict[str, Any], action: Send | Delete | Call = SEND) -> Receipt:
    return read.read_receipt(action, wire.decode(msgspec.json.encode(response)))


@pytest.mark.parametrize(
    ("response", "message_id"),
    [
        ({"status": "ok", "retcode": 0, "data": {"message_id": 5}}, "5"),
        ({"status": "ok", "retcode": 0, "data": {"message_id": "om_5"}}, "om_5"),
        ({"retcode": 0, "data": {"message_id": -5}}, "-5"),
        ({"status": "ok", "retcode": 0, "data": None}, ""),
        ({"status": "ok", "retcode": 0, "data": {}}, ""),
    ],
)
def test_a_confirmed_send(response: dict[str, Any], message_id: str) -> None:
    assert receipt(response) == Sent(message_id, response["data"])


def test_a_confirmed_call_gives_its_result() -> None:
    call = Call(BOT, "get_msg")
    response = {"status": "ok", "retcode": 0, "data": {"message_id": 5}}
    assert receipt(response, call) == Sent("", {"message_id": 5})


@pytest.mark.parametrize(
    "response",
    [
        {"status": "async", "retcode": 1, "data": None},
        {"retcode": 1},
        {"status": "failed", "retcode": 1200, "message": "Timeout: NTEvent sendMsg"},
        {"status": "failed", "retcode": 1200, "wording": "发送超时"},
    ],
)
def test_what_may_have_been_done_is_unknown(response: dict[str, Any]) -> None:
    assert isinstance(receipt(response), Unknown)


@pytest.mark.parametrize(
    ("response", "failed"),
    [
        ({"status": "failed", "retcode": 1200, "message": "no friend"}, Failed("no friend", "1200")),
        ({"status": "failed", "retcode": 1400, "message": "timeout must be a number"}, None),
        ({"status": "failed", "retcode": 100, "wording": "w", "message": "m"}, Failed("w", "100")),
        ({"status": "failed", "retcode": "1404"}, Failed("unknown action", "1404")),
        ({"status": "failed", "retcode": -1}, Failed("the implementation answered with code -1", "-1")),
        ({"status": "failed", "retcode": 5, "message": "x" * 900}, Failed("x" * 500, "5")),
    ],
)
def test_what_was_not_done_has_failed(response: dict[str, Any], failed: Failed | None) -> None:
    found = receipt(response)
    assert found == failed if failed else isinstance(found, Failed)


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        ({"status": "failed", "retcode": 1403, "message": "token验证失败", "echo": ""}, "token验证失败"),
        ({"status": "failed", "retcode": 1401}, "no access token"),
        ({"status": "failed", "retcode": 1403, "echo": "7"}, None),
        ({"status": "failed", "retcode": 1404}, None),
        (GROUP_MESSAGE, None),
    ],
)
def test_being_turned_away_is_recognized(frame: dict[str, Any], reason: str | None) -> None:
    assert read.refused(wire.decode(msgspec.json.encode(frame))) == reason
