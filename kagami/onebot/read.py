"""Frames → model. What a field of the model cannot hold stays in `extra`, `Native.fields` or `Event.native`.

One loss is accepted: fields beside `text` in a text segment are only in `Event.native`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Any

import msgspec

from kagami.errors import WireError
from kagami.model.action import Action, Failed, Receipt, Send, Sent, Unknown
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import Message
from kagami.model.segment import AnySegment, Face, File, Image, Mention, Native, Reply, Text, Video, Voice
from kagami.onebot import cq
from kagami.onebot.wire import RETCODES, Frame, Id, Number, Retcode, Segment
from kagami.onebot.wire import Sender as WireSender

# Seconds above this are milliseconds: some implementations write those.
_MOST_SECONDS = 100_000_000_000
_MOST_MS = 253_402_300_799_999  # the end of the year 9999
_TIMEOUT_WORDS = ("timeout", "timed out", "超时")
_LONGEST_REASON = 500
_NOBODY = Sender()
_NO_SENDER = WireSender()


class Lifecycle(msgspec.Struct, frozen=True):
    """`sub_type` is `connect`, `enable` or `disable`."""

    sub_type: str


class Heartbeat(msgspec.Struct, frozen=True):
    """`interval_ms` is 0 when it was not said; `online` None when the implementation does not know."""

    interval_ms: int
    online: bool | None


# --- messages --------------------------------------------------------------------------------------------------------


def read_message(message: str | Segment | Iterable[Segment]) -> Message:
    """A message in any of the three forms: CQ string, one segment, segments."""
    if isinstance(message, str):
        message = cq.parse(message)
    elif isinstance(message, Segment):
        message = (message,)
    return tuple([_read_segment(each) for each in message])


def _read_segment(segment: Segment) -> AnySegment:
    data = segment.data or {}
    reader = _READERS.get(segment.type)
    part = reader(data) if reader is not None else None
    return Native(segment.type, data) if part is None else part


def _scalar(value: Any) -> str:
    """The text of a string or number; empty for anything else."""
    if type(value) is str:
        return value
    return str(value) if type(value) is int else ""


def _rest(data: dict[str, Any], known: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key != known} if len(data) > 1 else {}


def _read_text(data: dict[str, Any]) -> AnySegment | None:
    content = data.get("text")
    return Text(_scalar(content)) if type(content) is str or type(content) is int else None


def _read_mention(data: dict[str, Any]) -> AnySegment | None:
    user = _scalar(data.get("qq"))
    return Mention(user, _rest(data, "qq")) if user else None


def _read_reply(data: dict[str, Any]) -> AnySegment | None:
    message_id = _scalar(data.get("id"))
    return Reply(message_id, _rest(data, "id")) if message_id else None


def _read_face(data: dict[str, Any]) -> AnySegment | None:
    face = _scalar(data.get("id"))
    return Face(face, _rest(data, "id")) if face else None


def _media(kind: type[Image | Voice | Video | File]) -> Callable[[dict[str, Any]], AnySegment]:
    def read(data: dict[str, Any]) -> AnySegment:
        source = {key: data[key] for key in ("file", "url") if type(data.get(key)) is str and data[key]}
        extra = {key: value for key, value in data.items() if key not in source}
        return kind(source.get("file", ""), source.get("url", ""), extra)

    return read


_READERS: dict[str, Callable[[dict[str, Any]], AnySegment | None]] = {
    "text": _read_text,
    "at": _read_mention,
    "reply": _read_reply,
    "face": _read_face,
    "image": _media(Image),
    "record": _media(Voice),
    "video": _media(Video),
    "file": _media(File),
}


# --- events ----------------------------------------------------------------------------------------------------------


def read_event(frame: Frame, raw: bytes, *, bot: BotId, execution: ExecutionId, now_ms: int) -> Event | None:
    """The event that a frame tells of; None for meta events and for what the bot itself said.

    `raw` are the frame's bytes. `now_ms` stands in for a missing time. `WireError` when a needed field is missing.
    """
    if frame.post_type == "message":
        return _read_said(frame, raw, bot, execution, now_ms)
    if frame.post_type in ("notice", "request"):
        return _read_happened(frame, raw, bot, execution, now_ms)
    if frame.post_type in ("meta_event", "message_sent"):
        return None
    raise WireError(reason="post_type is missing or unknown")


def _read_said(frame: Frame, raw: bytes, bot: BotId, execution: ExecutionId, now_ms: int) -> Event | None:
    user, account = _id(frame.user_id), bot.partition(":")[2]
    if not user or frame.message is None:
        raise WireError(reason="a message needs user_id and message")
    if user == account or frame.user_id == frame.self_id:
        return None
    message = read_message(frame.message)
    message_id = _id(frame.message_id)
    name, chat = _read_chat(frame, user)
    return Event(
        execution,
        bot,
        "message",
        name,
        chat,
        UserId(user),
        _time_ms(frame.time, now_ms),
        # With its time: NapCat's ids are 31-bit hashes, and two of a million messages share one.
        f"m:{message_id}:{frame.time}" if message_id else _digest(raw),
        message,
        message_id,
        frame.group_name or "",
        _read_sender(frame.sender),
        name == "private" or any(type(part) is Mention and part.user == account for part in message),
        raw.decode(),
    )


def _read_chat(frame: Frame, user: str) -> tuple[str, ChatId]:
    """Name and chat of a message; one from a temporary session is private."""
    if frame.message_type == "private":
        return "private", ChatId(f"private:{user}")
    group = _id(frame.group_id)
    if frame.message_type != "group" or not group:
        raise WireError(reason="a message needs message_type private, or group with group_id")
    return "group", ChatId(f"group:{group}")


def _read_sender(sender: WireSender | None) -> Sender:
    if sender is None:
        return _NOBODY
    return Sender(sender.nickname or "", sender.card or "", sender.role or "member")


def _read_happened(frame: Frame, raw: bytes, bot: BotId, execution: ExecutionId, now_ms: int) -> Event:
    notice = frame.post_type == "notice"
    name = frame.notice_type if notice else frame.request_type
    if not name:
        raise WireError(reason="a notice needs notice_type, a request request_type")
    # What concerns nobody else concerns the account itself.
    user = _id(frame.user_id) or _id(frame.operator_id) or _id(frame.sender_id) or bot.partition(":")[2]
    group = _id(frame.group_id)
    return Event(
        execution,
        bot,
        kind="notice" if notice else "request",
        name=f"{name}.{frame.sub_type}" if frame.sub_type else name,
        chat=ChatId(f"group:{group}" if group else f"private:{user}"),
        user=UserId(user),
        time_ms=_time_ms(frame.time, now_ms),
        dedupe=_digest(raw),
        message_id=_id(frame.message_id),
        chat_name=frame.group_name or "",
        sender=_read_sender(frame.sender),
        native=raw.decode(),
    )


def _id(value: Id | None) -> str:
    """An id as text; 0 and nothing are empty."""
    if not value or value == "0":
        return ""
    return value if type(value) is str else str(value)


def _time_ms(value: Number | None, now_ms: int) -> int:
    seconds = _integer(value)
    if not 0 < seconds <= _MOST_MS:
        return now_ms
    return seconds if seconds > _MOST_SECONDS else seconds * 1000


def _integer(value: Number | None) -> int:
    """A whole number, however it was written; nothing is 0."""
    if type(value) is int:
        return value
    try:
        return int(float(value or 0))
    except (ValueError, OverflowError):
        raise WireError(reason="a number was expected") from None


def _digest(raw: bytes) -> str:
    """Names an event without an id: equal for the same fields and values, however they were laid out."""
    try:
        fields = msgspec.json.decode(raw)
    except msgspec.DecodeError as error:
        raise WireError(reason=str(error)) from None
    return blake2b(msgspec.json.encode(fields, order="sorted"), digest_size=16).hexdigest()


# --- meta events and responses ---------------------------------------------------------------------------------------


def read_meta(frame: Frame) -> Lifecycle | Heartbeat | None:
    """What the implementation says of itself; None for any other frame and for kinds that the standard has not."""
    if frame.post_type != "meta_event":
        return None
    if frame.meta_event_type == "lifecycle":
        return Lifecycle(frame.sub_type or "")
    if frame.meta_event_type == "heartbeat":
        online = frame.status.get("online") if isinstance(frame.status, dict) else None
        return Heartbeat(max(0, _integer(frame.interval)), online if isinstance(online, bool) else None)
    return None


def read_receipt(action: Action, frame: Frame) -> Receipt:
    """What came of an action, from the response to its call."""
    code = _integer(frame.retcode)
    if frame.status == "ok" or (frame.status is None and code == Retcode.OK):
        return Sent(_sent_id(frame.data) if isinstance(action, Send) else "", frame.data)
    reason = _reason(frame, code)
    if frame.status == "async" or code == Retcode.ASYNC:
        return Unknown(RETCODES[Retcode.ASYNC])
    # NapCat gives up waiting for its own client; the message may still go out.
    if code == Retcode.FAILED and any(word in reason.lower() for word in _TIMEOUT_WORDS):
        return Unknown(reason)
    return Failed(reason, str(code))


def _sent_id(data: Any) -> str:
    return _scalar(data.get("message_id")) if isinstance(data, dict) else ""


def _reason(frame: Frame, code: int) -> str:
    said = frame.wording or (frame.message if isinstance(frame.message, str) else "")
    return said[:_LONGEST_REASON] or RETCODES.get(code) or f"the implementation answered with code {code}"


def refused(frame: Frame) -> str | None:
    """Why an implementation turns us away after an accepted handshake, as NapCat does; None for any other frame."""
    if frame.post_type or frame.echo not in (None, ""):
        return None
    code = _integer(frame.retcode)
    return _reason(frame, code) if code in (Retcode.UNAUTHORIZED, Retcode.FORBIDDEN) else None
