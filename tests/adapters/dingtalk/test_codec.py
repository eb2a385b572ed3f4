from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.dingtalk.codec import (
    read_event,
    read_frame,
    read_happened,
    read_said,
    wanted,
    without_secrets,
    write_ack,
)
from kagami.adapters.dingtalk.wire import BOT_TOPIC, Frame
from kagami.errors import WireError
from kagami.model.event import Event
from kagami.model.ids import BotId, ExecutionId
from kagami.model.segment import File, Image, Mention, Native, Reply, Text, Video, Voice

BOT = BotId("dingtalk:ding1")
NOW = 1_760_000_000_000
HOOK = "https://oapi.dingtalk.com/robot/sendBySession?session=5ecret5ecret"
MESSAGE: dict[str, Any] = {
    "conversationId": "cidA==",
    "conversationType": "2",
    "conversationTitle": "Team",
    "msgId": "msgA==",
    "createAt": 1_750_000_000_123,
    "senderId": "$:LWCP_v1:$abc",
    "senderNick": "Mira",
    "senderStaffId": "staff1",
    "isAdmin": True,
    "chatbotUserId": "$:LWCP_v1:$bot",
    "robotCode": "ding1",
    "atUsers": [{"dingtalkId": "$:LWCP_v1:$bot"}],
    "sessionWebhook": HOOK,
    "sessionWebhookExpiredTime": 1_750_005_400_000,
    "msgtype": "text",
    "text": {"content": "  /echo hi "},
}


def frame(data: Any, *, kind: str = "CALLBACK", topic: str = BOT_TOPIC, **headers: str) -> Frame:
    text = data if isinstance(data, str) else msgspec.json.encode(data).decode()
    raw = {"specVersion": "1.0", "type": kind, "headers": {"topic": topic, "messageId": "f1"} | headers, "data": text}
    return read_frame(msgspec.json.encode(raw))


def execution(now_ms: int) -> ExecutionId:
    return ExecutionId(f"e{now_ms}")


def read(kept: dict[str, str] | None = None, **changes: Any) -> Event | None:
    got = frame(MESSAGE | changes)
    return read_event(got, read_said(got), bot=BOT, execution=execution, now_ms=NOW, kept=kept or {})


def message(kept: dict[str, str] | None = None, **changes: Any) -> tuple[Any, ...]:
    event = read(kept, **({"conversationType": "1"} | changes))
    assert event is not None
    return event.message


# --- messages ---


def test_a_message_of_a_group() -> None:
    event = read()
    assert event is not None
    assert (event.bot, event.kind, event.name, event.chat, event.user) == (
        BOT,
        "message",
        "group",
        "group:cidA==",
        "staff1",
    )
    assert (event.message_id, event.dedupe, event.time_ms) == ("msgA==", "m:msgA==", 1_750_000_000_123)
    assert (event.message, event.text) == ((Mention("ding1"), Text("/echo hi")), "/echo hi")
    assert (event.chat_name, event.sender.name, event.sender.role, event.mentioned) == ("Team", "Mira", "member", True)


def test_a_private_message_is_of_its_user() -> None:
    event = read(conversationType="1")
    assert event is not None
    assert (event.name, event.chat, event.chat_name, event.message) == (
        "private",
        "private:staff1",
        "",
        (Text("/echo hi"),),
    )


@pytest.mark.parametrize("missing", [None, ""])
def test_somebody_from_outside_has_an_opaque_id(missing: str | None) -> None:
    event = read(conversationType="1", senderStaffId=missing)
    assert event is not None
    assert (event.user, event.chat) == ("$:LWCP_v1:$abc", "private:$:LWCP_v1:$abc")


def test_what_the_robot_itself_said_is_nothing() -> None:
    assert read(senderId="$:LWCP_v1:$bot") is None


def test_without_a_time_it_is_now() -> None:
    event = read(createAt=None)
    assert event is not None
    assert event.time_ms == NOW


def test_others_who_are_mentioned_come_before_the_text() -> None:
    users = [{"dingtalkId": "$:LWCP_v1:$bot"}, {"dingtalkId": "x", "staffId": "staff2"}, {"dingtalkId": "y"}, {}]
    event = read(atUsers=users)
    assert event is not None
    assert event.message == (Mention("ding1"), Mention("staff2"), Mention("y"), Text("/echo hi"))


@pytest.mark.parametrize(
    ("changes", "quoted"),
    [
        ({"originalProcessQueryKey": "pqk1", "originalMsgId": "m0"}, "pqk1"),
        ({"originalMsgId": "m0"}, "m0"),
        ({"text": {"content": "yes", "isReplyMsg": True, "repliedMsg": {"msgId": "m9"}}}, "m9"),
    ],
)
def test_a_reply_names_what_it_quotes(changes: dict[str, Any], quoted: str) -> None:
    assert message(**changes)[0] == Reply(quoted)


def test_a_strange_quote_is_left_out() -> None:
    assert message(text={"content": "yes", "repliedMsg": "?"}) == (Text("yes"),)


@pytest.mark.parametrize(
    ("msgtype", "content", "expected"),
    [
        ("picture", {"downloadCode": "c1"}, Image("media:c1")),
        ("picture", {"pictureDownloadCode": "c1"}, Image("media:c1")),
        (
            "audio",
            {"downloadCode": "c1", "recognition": "hello", "duration": 3000},
            Voice("media:c1", extra={"text": "hello", "duration": 3000}),
        ),
        (
            "video",
            {"downloadCode": "c1", "videoType": "mp4", "duration": 7},
            Video("media:c1", extra={"duration": 7}),
        ),
        (
            "file",
            {"downloadCode": "c1", "fileName": "a.pdf", "fileId": "1", "spaceId": "2"},
            File("media:c1", extra={"name": "a.pdf"}),
        ),
    ],
)
def test_files(msgtype: str, content: dict[str, Any], expected: Any) -> None:
    assert message({"c1": "media:c1"}, msgtype=msgtype, content=content) == (expected,)


def test_a_file_that_was_not_fetched_has_its_code() -> None:
    assert message(msgtype="picture", content={"downloadCode": "c1"}) == (Image("c1"),)


def test_rich_text_keeps_its_order() -> None:
    rich = [{"text": "look "}, {"type": "picture", "downloadCode": "c1"}, {"text": " there"}, "?", {"type": "at"}]
    assert message({"c1": "media:1"}, msgtype="richText", content={"richText": rich}) == (
        Text("look "),
        Image("media:1"),
        Text(" there"),
    )


def test_a_file_of_a_kind_that_is_not_known_is_kept() -> None:
    assert message(msgtype="hologram", content={"downloadCode": "c1"}) == (Native("hologram", {"downloadCode": "c1"}),)


@pytest.mark.parametrize("content", [{"a": 1}, {"downloadCode": 5}, None, "text", {"richText": "?"}])
@pytest.mark.parametrize("msgtype", ["interactiveCard", "richText", "picture"])
def test_what_is_not_known_is_kept(msgtype: str, content: Any) -> None:
    kept = content if isinstance(content, dict) else {}
    assert message(msgtype=msgtype, content=content) == (Native(msgtype, kept),)


def test_the_files_of_a_message() -> None:
    rich = [{"text": "a"}, {"downloadCode": "c1"}, {"downloadCode": "c2", "fileName": "b.png"}]
    said = read_said(frame(MESSAGE | {"msgtype": "richText", "content": {"richText": rich}}))
    assert wanted(said) == [("c1", ""), ("c2", "b.png")]


def test_the_native_frame_has_all_but_the_webhook() -> None:
    event = read()
    assert event is not None
    native = msgspec.json.decode(event.native)
    assert native["data"] == {key: value for key, value in MESSAGE.items() if key != "sessionWebhook"}
    assert "5ecret" not in repr(event)


@pytest.mark.parametrize("missing", ["conversationId", "conversationType", "msgId", "senderId", "msgtype"])
def test_a_message_without_a_needed_field_is_refused(missing: str) -> None:
    with pytest.raises(WireError):
        read_said(frame({key: value for key, value in MESSAGE.items() if key != missing}))


@pytest.mark.parametrize("empty", ["conversationId", "msgId"])
def test_a_message_with_an_empty_id_is_refused(empty: str) -> None:
    with pytest.raises(WireError):
        read_said(frame(MESSAGE | {empty: ""}))


@pytest.mark.parametrize("data", ["[]", "{", "5"])
def test_data_that_is_no_object_is_refused(data: str) -> None:
    with pytest.raises(WireError):
        read_said(frame(data))


# --- frames ---


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b'{"headers":{}}', b'{"type":1}'])
def test_what_is_no_frame_is_refused(raw: bytes) -> None:
    with pytest.raises(WireError):
        read_frame(raw)


@given(st.binary())
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        read_frame(raw)
    except WireError:
        return


def test_an_acknowledgement() -> None:
    got = frame("{}", kind="SYSTEM", topic="ping")
    assert msgspec.json.decode(write_ack(got, '{"response":null}')) == {
        "code": 200,
        "headers": {"messageId": "f1", "contentType": "application/json"},
        "message": "OK",
        "data": '{"response":null}',
    }


@pytest.mark.parametrize("slash", ["/", "\\/", "\\u002f"])
@pytest.mark.parametrize("nested", [True, False])
def test_no_webhook_is_left_in_a_complaint(nested: bool, slash: str) -> None:
    hook = f"https://oapi.dingtalk.com/robot/sendBySession?session=5ecret{'X' * 10}".replace("/", slash)
    inner = f'{{"sessionWebhook":"{hook}","sessionWebhookExpiredTime":5,"msgId":"m1"}}'
    raw = msgspec.json.encode({"data": inner}) if nested else inner.encode()
    clean = without_secrets(raw)
    assert b"5ecret" not in clean
    assert b"sessionWebhookExpiredTime" in clean
    assert b"m1" in clean


def test_a_cut_frame_shows_no_webhook_either() -> None:
    assert without_secrets(b'{"data":"{\\"sessionWebhook\\":\\"https://x/?session=5ecr').find(b"5ecr") < 0


# --- events ---


def happened(content: dict[str, Any], **headers: str) -> list[Event]:
    return read_happened(frame(content, kind="EVENT", topic="*", **headers), bot=BOT, execution=execution, now_ms=NOW)


def test_an_event_of_a_group_is_told_of_each_person() -> None:
    first, second = happened(
        {"openConversationId": "cidA==", "userId": ["u1", "u2"]},
        eventType="chat_add_member",
        eventId="e1",
        eventBornTime="1750000000000",
    )
    assert (first.kind, first.name, first.chat, first.user, first.time_ms) == (
        "notice",
        "group_increase.approve",
        "group:cidA==",
        "u1",
        1_750_000_000_000,
    )
    assert (first.dedupe, second.dedupe, second.user) == ("e:e1:u1", "e:e1:u2", "u2")


def test_an_event_of_no_chat_is_of_the_enterprise() -> None:
    (event,) = happened({"processInstanceId": "p"}, eventType="bpms_task_change", eventId="e2", eventCorpId="corp")
    assert (event.name, event.chat, event.user, event.dedupe, event.time_ms) == (
        "bpms_task_change",
        "channel:corp",
        "",
        "e:e2",
        NOW,
    )


def test_an_event_without_an_id_of_its_own_has_that_of_its_frame() -> None:
    (event,) = happened({"userId": []}, eventType="user_add_org")
    assert (event.dedupe, event.user) == ("e:f1", "")


def test_an_event_without_any_id_is_refused() -> None:
    with pytest.raises(WireError):
        happened({}, messageId="")


@pytest.mark.parametrize("odd", ["[" * 100_000 + "]" * 100_000, "9" * 5_000])
def test_what_no_later_reader_should_meet_is_refused(odd: str) -> None:
    with pytest.raises(WireError):
        read_said(frame(f'{{"content":{odd}}}'))


def test_a_time_of_too_many_digits_is_none() -> None:
    made = frame({}, kind="EVENT", topic="*", eventBornTime="9" * 5_000)
    (event,) = read_happened(made, bot=BOT, execution=execution, now_ms=NOW)
    assert event.time_ms == NOW
