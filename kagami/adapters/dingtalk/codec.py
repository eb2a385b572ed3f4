"""Frames of DingTalk's stream → events and acknowledgements. Pure.

`Call` names that are not OneBot's go raw: `"POST /v1.0/…"` with the parameters as the JSON body, `"GET /v1.0/…"` with
them in the query. Paths that begin otherwise (`/topapi/…`) are asked of the older host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from kagami.adapters.dingtalk.wire import Frame, Said
from kagami.errors import WireError
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId, split_id
from kagami.model.message import Message, text
from kagami.model.segment import AnySegment, File, Image, Mention, Native, Reply, Text, Video, Voice
from kagami.onebot.wire import checked

WEBHOOK = "sessionWebhook"
# https://open.dingtalk.com/document/orgapp/group-session-events; what is not here keeps DingTalk's own name.
_NOTICES = {
    "chat_add_member": "group_increase.approve",
    "chat_remove_member": "group_decrease.kick",
    "chat_quit": "group_decrease.leave",
}
_MEDIA: dict[str, type[Image | Voice | Video | File]] = {
    "picture": Image,
    "audio": Voice,
    "video": Video,
    "file": File,
}
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)
_SECRETS = re.compile(rb'(sessionWebhook(?!Expired)[\\"\s:]*)[^,}]*|(session=|access_token=)[^"\\&\s,}]*')

Execution = Callable[[int], ExecutionId]
_frames = msgspec.json.Decoder(Frame)
_data = msgspec.json.Decoder()


# --- frames ----------------------------------------------------------------------------------------------------------


def read_frame(raw: bytes) -> Frame:
    """`WireError` when it is none."""
    return checked(raw, _frames)


def write_ack(frame: Frame, data: str, *, code: int = 200, message: str = "OK") -> bytes:
    """The answer to a frame; `data` is JSON inside the JSON."""
    headers = {"messageId": frame.id, "contentType": "application/json"}
    return msgspec.json.encode({"code": code, "headers": headers, "message": message, "data": data})


def without_secrets(raw: bytes) -> bytes:
    """A frame without the addresses that anybody may write to, also when it is not the protocol."""
    return _SECRETS.sub(lambda found: (found[1] or found[2]) + b"***", raw)


def _read_data(frame: Frame) -> dict[str, Any]:
    try:
        content = checked(frame.data.encode() or b"{}", _data)
    except WireError as error:
        raise WireError(reason=f"data of {frame.topic[:100]}: {error.details['reason']}") from None
    if not isinstance(content, dict):
        raise WireError(reason=f"data of {frame.topic} is no object")
    return content


def _native(frame: Frame, content: dict[str, Any]) -> str:
    shown = {key: value for key, value in content.items() if key != WEBHOOK}
    return msgspec.json.encode({"type": frame.type, "headers": frame.headers, "data": shown}).decode()


# --- messages --------------------------------------------------------------------------------------------------------


class Wanted(NamedTuple):
    """A file of a message: where to ask for it, and what it is called."""

    code: str
    name: str


def read_said(frame: Frame) -> Said:
    """The message of a callback; `WireError` when it lacks what every message has."""
    try:
        said = msgspec.convert(_read_data(frame), Said, strict=False)
    except msgspec.ValidationError as error:
        raise WireError(reason=str(error)) from None
    if not (said.conversation_id and said.msg_id and said.user):
        raise WireError(reason="a message needs conversationId, msgId and senderId")
    return said


def wanted(said: Said) -> list[Wanted]:
    """The files of a message, in their order."""
    return [Wanted(_code(each), str(each.get("fileName") or "")) for each in _bodies(said) if _code(each)]


def read_event(
    frame: Frame, said: Said, *, bot: BotId, execution: Execution, now_ms: int, kept: Mapping[str, str]
) -> Event | None:
    """The event of a message; None for what the robot itself said.

    `kept` has the reference of each file that was fetched; the others keep DingTalk's code, which `get_file` takes. The
    sender's `isAdmin` is of the enterprise, not of the group, so that no role is read from it.
    """
    if said.chatbot_user_id and said.chatbot_user_id == said.sender_id:
        return None
    group = said.conversation_type == "2"
    return Event(
        execution=execution(now_ms),
        bot=bot,
        kind="message",
        name="group" if group else "private",
        chat=ChatId(said.chat),
        user=UserId(said.user),
        time_ms=said.create_at or now_ms,
        dedupe=f"m:{said.msg_id}",
        message=_message(said, kept, split_id(bot)[1] if group else ""),
        message_id=said.msg_id,
        chat_name=(said.conversation_title or "") if group else "",
        sender=Sender(name=said.sender_nick or ""),
        mentioned=True,  # in groups DingTalk tells a robot only what mentions it
        native=_native(frame, _read_data(frame)),
    )


def _message(said: Said, kept: Mapping[str, str], account: str) -> Message:
    """Who is mentioned where in the text is not told, so that mentions come first; `account` is empty in private."""
    parts: list[AnySegment] = []
    replied = _fields(said.text.replied_msg if said.text else None).get("msgId")
    if quoted := said.original_process_query_key or replied or said.original_msg_id:
        parts.append(Reply(str(quoted)))
    if account:
        parts.append(Mention(account))
    others = [each for each in said.at_users or () if each.dingtalk_id != said.chatbot_user_id]
    named = [user for each in others if (user := each.staff_id or each.dingtalk_id)]
    return (*parts, *map(Mention, named), *_content(said, kept))


def _content(said: Said, kept: Mapping[str, str]) -> Message:
    if said.msgtype == "text":
        return text(((said.text.content if said.text else "") or "").strip())
    parts = [_part(said.msgtype, each, kept) for each in _bodies(said)]
    return tuple(part for part in parts if part) or (Native(said.msgtype, _fields(said.content)),)


def _bodies(said: Said) -> list[dict[str, Any]]:
    """The parts of a message that is not plain text."""
    content = _fields(said.content)
    if said.msgtype == "richText":
        rich = content.get("richText")
        return [each for each in rich if isinstance(each, dict)] if isinstance(rich, list) else []
    return [content]


def _part(msgtype: str, body: dict[str, Any], kept: Mapping[str, str]) -> AnySegment | None:
    if not (code := _code(body)):
        return Text(body["text"]) if msgtype == "richText" and isinstance(body.get("text"), str) else None
    kind = _MEDIA.get("picture" if msgtype == "richText" else msgtype)
    if kind is None:
        return None
    known = {"name": body.get("fileName"), "text": body.get("recognition"), "duration": body.get("duration")}
    return kind(kept.get(code, code), "", {key: value for key, value in known.items() if value})


def _code(body: dict[str, Any]) -> str:
    code = body.get("downloadCode") or body.get("pictureDownloadCode")
    return code if isinstance(code, str) else ""


def _fields(content: Any) -> dict[str, Any]:
    return content if isinstance(content, dict) else {}


# --- events ----------------------------------------------------------------------------------------------------------


def read_happened(frame: Frame, *, bot: BotId, execution: Execution, now_ms: int) -> list[Event]:
    """What an EVENT tells, once for each person that it is about. What is of no chat is of the enterprise."""
    content = _read_data(frame)
    kind, key, native = (
        frame.header("eventType") or "event",
        frame.header("eventId") or frame.id,
        _native(frame, content),
    )
    if not key:
        raise WireError(reason="an event needs eventId or messageId")
    users = _about(content)
    return [
        Event(
            execution=execution(now_ms),
            bot=bot,
            kind="notice",
            name=_NOTICES.get(kind, kind),
            chat=_place(frame, content),
            user=UserId(user),
            time_ms=_number(frame.header("eventBornTime")) or now_ms,
            dedupe=f"e:{key}:{user}" if len(users) > 1 else f"e:{key}",
            native=native,
        )
        for user in users
    ]


def _about(content: dict[str, Any]) -> list[str]:
    """Whom an event is about; one empty name when it does not say."""
    told = content.get("userId") or content.get("operator") or ""
    return [str(each) for each in told] if isinstance(told, list) else [str(told)]


def _place(frame: Frame, content: dict[str, Any]) -> ChatId:
    group = content.get("openConversationId") or content.get("chatId")
    return ChatId(f"group:{group}" if group else f"channel:{frame.header('eventCorpId') or 'enterprise'}")


def _number(told: str) -> int:
    return int(told) if _NUMBER.fullmatch(told) else 0
