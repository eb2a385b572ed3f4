"""What passes through to an application without being understood: frames as they came, and answers with other ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from kagami.model.event import Event

NumberOf = Callable[[str], int]

_IDS = frozenset(
    {
        "user_id",
        "group_id",
        "message_id",
        "operator_id",
        "target_id",
        "sender_id",
        "owner_id",
        "self_id",
        "peer_id",
        "real_id",
    }
)
# Larger ones are not what they say: applications know numbers from here on as names of something else.
OWN_NUMBERS = 1 << 52
# Segments whose one field is an id.
_NAMING = {"at": "qq", "reply": "id"}


class _Ids(msgspec.Struct, frozen=True, gc=False):
    """The ids of a frame; the frame is one that was read already."""

    post_type: str
    self_id: Any = None
    user_id: Any = 0
    group_id: Any = 0
    message_id: Any = 0
    operator_id: Any = 0
    target_id: Any = 0
    sender_id: Any = 0


_decoder = msgspec.json.Decoder(_Ids)


def as_it_came(event: Event) -> bytes | None:
    """The frame of an event that came in this language, if an application can take it as it is: all ids are numbers."""
    if not event.native:
        return None
    native = event.native.encode()
    try:
        frame = _decoder.decode(native)
    except (msgspec.DecodeError, UnicodeError):
        return None
    ids = (
        frame.self_id, frame.user_id, frame.group_id, frame.message_id, frame.operator_id, frame.target_id,
        frame.sender_id,
    )  # fmt: skip
    same = frame.post_type == event.kind and native.endswith(b"}")
    return native if same and all(each is None or _is_number(each) for each in ids[1:]) and _is_number(ids[0]) else None


def _is_number(value: Any) -> bool:
    return type(value) is int and abs(value) < OWN_NUMBERS


def marked(frame: bytes, late_s: float) -> bytes:
    """An event's frame with the seconds by which it comes late."""
    return b'%s,"kagami":{"late_s":%s}}' % (frame[:-1], msgspec.json.encode(round(late_s, 1)))


def names_in(result: Any) -> Iterator[str]:
    """Every id in the answer to a call that is a text."""
    if isinstance(result, list):
        for each in result:
            yield from names_in(each)
    elif isinstance(result, dict):
        if (key := _names(result)) is not None:
            yield result["data"][key]
            return
        for key, value in result.items():
            if key in _IDS and isinstance(value, str) and value:
                yield value
            else:
                yield from names_in(value)


def numbered(result: Any, number: NumberOf) -> Any:
    """The answer to a call with a number for every id that is a text."""
    if isinstance(result, list):
        return [numbered(each, number) for each in result]
    if not isinstance(result, dict):
        return result
    if (key := _names(result)) is not None:
        named = result["data"][key]
        return {**result, "data": {**result["data"], key: named if named == "all" else str(number(named))}}
    return {
        key: number(value) if key in _IDS and isinstance(value, str) and value else numbered(value, number)
        for key, value in result.items()
    }


def _names(segment: dict[str, Any]) -> str | None:
    """The field of a segment that names somebody or something."""
    key, fields = _NAMING.get(str(segment.get("type"))), segment.get("data")
    named = fields.get(key) if key and isinstance(fields, dict) else None
    return key if isinstance(named, str) and named else None
