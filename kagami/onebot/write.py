"""Model → frames: calls, and messages in array form."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from kagami.errors import Refused
from kagami.model.action import Action, Delete, Send
from kagami.model.ids import ChatId, split_id
from kagami.model.message import Message
from kagami.model.segment import AnySegment, Face, File, Image, Mention, Native, Reply, Text, Video, Voice
from kagami.onebot import cq as cq_text
from kagami.onebot.wire import Segment

_MEDIA: dict[type, str] = {Image: "image", Voice: "record", Video: "video", File: "file"}
_MOST_DIGITS = 18  # always fits into 64 bits

_encoder = msgspec.json.Encoder()


class _Call(msgspec.Struct, frozen=True, gc=False):
    action: str
    params: dict[str, Any]
    echo: str


def write_action(action: Action, echo: str, *, cq: bool = False) -> bytes:
    """The JSON call for an action; `echo` comes back with its response. `cq` makes its message a CQ string.

    `Refused` for a chat that is neither `group` nor `private`, and for fields that JSON cannot hold.
    """
    try:
        return _encoder.encode(_write_call(action, echo, cq=cq))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise Refused(reason=f"The action cannot be written as JSON: {error}") from None


def _write_call(action: Action, echo: str, *, cq: bool) -> _Call:
    if isinstance(action, Send):
        name, key, number = _address(action.chat)
        message = write_message(action.message)
        return _Call(name, {key: number, "message": write_text(message) if cq else message}, echo)
    if isinstance(action, Delete):
        return _Call("delete_msg", {"message_id": write_id(action.message_id)}, echo)
    return _Call(action.name, action.params, echo)


@lru_cache(maxsize=4096)
def _address(chat: ChatId) -> tuple[str, str, int | str]:
    kind, number = split_id(chat)
    if kind == "group":
        return "send_group_msg", "group_id", write_id(number)
    if kind == "private":
        return "send_private_msg", "user_id", write_id(number)
    raise Refused(reason="OneBot 11 can only send to a group or a private chat.")


def write_id(name: str) -> int | str:
    """An id as the standard wants it, a number, where it is one."""
    digits = name.removeprefix("-")
    if digits.isdecimal() and digits.isascii() and len(digits) <= _MOST_DIGITS:
        return int(name)
    return name


def write_message(message: Message) -> list[dict[str, Any]]:
    """Segments in array form; `read.read_message` of them gives the same message."""
    return [_write_segment(part) for part in message]


def write_text(message: list[dict[str, Any]]) -> str:
    """A message in array form as a CQ string."""
    return cq_text.render(Segment(each["type"], each["data"]) for each in message)


def _write_segment(part: AnySegment) -> dict[str, Any]:
    match part:
        case Text():
            return {"type": "text", "data": {"text": part.text}}
        case Mention():
            return {"type": "at", "data": part.extra | {"qq": part.user}}
        case Reply():
            return {"type": "reply", "data": part.extra | {"id": part.message_id}}
        case Face():
            return {"type": "face", "data": part.extra | {"id": part.id}}
        case Native():
            return {"type": part.kind, "data": part.fields}
    source = {key: value for key, value in (("file", part.file), ("url", part.url)) if value}
    return {"type": _MEDIA[type(part)], "data": part.extra | source}
