"""KOOK's JSON, only what is read. Source: https://developer.kookapp.cn/doc (websocket, event/event-introduction).

Its server writes `[]` or `""` where an object is empty, so parts that may be empty are taken as they are.
"""

from __future__ import annotations

import re
import zlib
from functools import partial
from typing import Any, TypeVar

import msgspec

from kagami.errors import WireError
from kagami.onebot.halves import forgiving
from kagami.onebot.wire import checked

EVENT, HELLO, PING, PONG, RESUME, RECONNECT, RESUMED = range(7)
TEXT, IMAGE, VIDEO, FILE, AUDIO, KMARKDOWN, CARD, ITEM, SYSTEM = 1, 2, 3, 4, 8, 9, 10, 12, 255

# The largest card message is far below; a frame of a few KiB may unpack to gigabytes.
LARGEST_FRAME = 4 * 1024 * 1024

# Within a text its quotes would be escaped.
_NUMBER = re.compile(rb'"sn"\s*:\s*(\d{1,9})(?!\d)')

Id = str | int
Wanted = TypeVar("Wanted")


class Packet(msgspec.Struct, frozen=True):
    """One frame of the gateway. Only an event has an `sn`."""

    s: int
    d: msgspec.Raw = msgspec.Raw(b"null")
    sn: int | None = None


class Hello(msgspec.Struct, frozen=True):
    code: int = 0
    session_id: str = ""


class Author(msgspec.Struct, frozen=True):
    id: Id = ""
    username: str = ""
    nickname: str = ""
    bot: bool = False


class Quote(msgspec.Struct, frozen=True):
    """`rong_id` is the message's id where both are there."""

    id: Id = ""
    rong_id: Id = ""
    author: Author = Author()


class Attachment(msgspec.Struct, frozen=True):
    name: str = ""
    url: str = ""
    size: int | None = None
    duration: float | None = None


class Happening(msgspec.Struct, frozen=True):
    """`d` of an event."""

    type: int
    channel_type: str = ""
    target_id: Id = ""
    author_id: Id = ""
    content: Any = ""
    msg_id: str = ""
    msg_timestamp: int = 0
    extra: Any = None


class Answer(msgspec.Struct, frozen=True):
    """Of every request."""

    code: int
    message: str = ""
    data: Any = None


class Gateway(msgspec.Struct, frozen=True):
    url: str


def unpack(frame: bytes, largest: int = LARGEST_FRAME) -> bytes:
    """The JSON of a frame: text as it is, anything else one whole zlib stream (RFC 1950)."""
    if frame[:1] in (b"{", b""):
        return frame
    stream = zlib.decompressobj()
    try:
        text = stream.decompress(frame, largest + 1)
    except zlib.error as error:
        raise WireError(reason=str(error)) from None
    if len(text) > largest:
        raise WireError(reason=f"more than {largest} bytes when unpacked")
    if not stream.eof or stream.unused_data:
        raise WireError(reason="not one whole zlib stream")
    return text


def read(frame: bytes) -> Packet:
    """`WireError` for what is no packet.

    One that cannot be read but tells its `sn` is an event with the whole of it as `d`, which can be read no better: it
    gets its turn, and what comes behind it does not wait for ever.
    """
    text = unpack(frame)
    try:
        return decode(text, Packet)
    except WireError:
        told = set(_NUMBER.findall(text))
        if len(told) != 1:
            raise
        return Packet(EVENT, msgspec.Raw(text), int(told.pop()))


def decode(text: bytes | msgspec.Raw, wanted: type[Wanted]) -> Wanted:
    """`WireError` when it is none. A half character does not spoil the rest."""
    return forgiving(bytes(text), partial(checked, decoder=msgspec.json.Decoder(wanted)))


def part(value: Any, wanted: type[Wanted]) -> Wanted | None:
    """An object within another; None where there is none, or none that can be read."""
    if not isinstance(value, dict):
        return None
    try:
        return msgspec.convert(value, wanted, strict=False)
    except msgspec.ValidationError:
        return None


def read_code(d: bytes | msgspec.Raw) -> str:
    """` (code 40107)` of a signal that tells one; empty when it does not."""
    try:
        told = decode(d, dict[str, Any])
    except WireError:
        return ""
    code = told.get("code")
    return f" (code {code})" if isinstance(code, int) else ""


def ping(sn: int) -> bytes:
    return msgspec.json.encode({"s": PING, "sn": sn})
