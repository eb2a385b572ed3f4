"""Frames as they are on the wire. One decoding pass makes a `Frame`; what is not its field stays in the raw JSON.

Ids and numbers may come as JSON numbers or as strings, every field may be missing or null. `decode` refuses what would
be trouble further in: text that is not UTF-8, deep nesting, integers beyond 64 bits, NaN, lone surrogates.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Annotated, Any, TypeVar

import msgspec

from kagami.errors import WireError

MAX_DEPTH = 100
MAX_ID_LENGTH = 256

Id = int | Annotated[str, msgspec.Meta(max_length=MAX_ID_LENGTH)]
Number = int | float | str

# Digits become `0` and opening brackets `[`, so that one search and one count see all of them.
_SHAPE = bytes(ord("0") if chr(c).isdigit() else ord("[") if c in b"[{" else ord(" ") for c in range(128)) + b" " * 128
_LONG = b"0" * 19  # the shortest integers that may not fit into 64 bits
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NOT_BRACKETS = bytes(c for c in range(256) if c not in b"[]{}")


class Retcode(IntEnum):
    """Answers to a call over WebSocket. NapCat adds 1200 for an action that it tried and that failed."""

    OK = 0
    ASYNC = 1
    FAILED = 1200
    BAD_REQUEST = 1400
    UNAUTHORIZED = 1401
    FORBIDDEN = 1403
    NOT_FOUND = 1404


RETCODES: dict[int, str] = {
    Retcode.OK: "done",
    Retcode.ASYNC: "accepted, the result is not known",
    Retcode.FAILED: "the action failed",
    Retcode.BAD_REQUEST: "bad parameters",
    Retcode.UNAUTHORIZED: "no access token",
    Retcode.FORBIDDEN: "wrong access token",
    Retcode.NOT_FOUND: "unknown action",
}


class Segment(msgspec.Struct, frozen=True, gc=False):
    """One part of a message in array form."""

    type: str
    data: dict[str, Any] | None = None


class Sender(msgspec.Struct, frozen=True, gc=False):
    """Who sent a message; the fields that Kagami shows."""

    user_id: Id | None = None
    nickname: str | None = None
    card: str | None = None
    role: str | None = None


class Frame(msgspec.Struct, frozen=True, gc=False):
    """An event or the response to a call. Fields are in the order in which frames usually carry them."""

    self_id: Id | None = None
    user_id: Id | None = None
    time: Number | None = None
    message_id: Id | None = None
    message_type: str | None = None
    sender: Sender | None = None
    raw_message: str | None = None
    font: Any = None
    sub_type: str | None = None
    message: list[Segment] | Segment | str | None = None
    anonymous: Any = None
    post_type: str | None = None
    group_id: Id | None = None
    group_name: str | None = None
    # notices
    notice_type: str | None = None
    operator_id: Id | None = None
    target_id: Id | None = None
    sender_id: Id | None = None
    duration: Number | None = None
    honor_type: str | None = None
    file: Any = None
    # requests
    request_type: str | None = None
    comment: str | None = None
    flag: Id | None = None
    # meta events; `status` is an object in a heartbeat and a word in a response
    meta_event_type: str | None = None
    interval: Number | None = None
    status: str | dict[str, Any] | None = None
    # responses; `message` is the error text there
    retcode: Number | None = None
    data: Any = None
    wording: str | None = None
    echo: Any = None

    @property
    def is_response(self) -> bool:
        """True for an answer to a call, with or without `echo`."""
        if self.post_type:
            return False
        return self.echo is not None or (self.status is not None and self.retcode is not None)


T = TypeVar("T")
_decoder = msgspec.json.Decoder(Frame)


def decode(frame: bytes) -> Frame:
    """The frame that these bytes are; `WireError` says why they are none."""
    return checked(frame, _decoder)


def checked(frame: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Decode JSON that a peer sent, refusing what no later reader should have to expect."""
    try:
        frame.decode()
        value = decoder.decode(frame)
    except UnicodeDecodeError:
        raise WireError(reason="it is not UTF-8") from None
    except msgspec.ValidationError as error:
        raise WireError(reason=str(error)) from None
    except msgspec.DecodeError as error:
        raise WireError(reason=f"it is not JSON ({error})") from None
    except RecursionError:
        raise WireError(reason=f"it is nested deeper than {MAX_DEPTH} levels") from None
    shape = frame.translate(_SHAPE)
    if shape.count(b"[") > MAX_DEPTH and _depth_exceeds(frame, MAX_DEPTH):
        raise WireError(reason=f"it is nested deeper than {MAX_DEPTH} levels")
    if shape.find(_LONG) >= 0 and _has_long_integer(frame):  # `in` costs bytes an error first
        raise WireError(reason="it holds an integer beyond 64 bits")
    return value


def _outside_strings(frame: bytes) -> bytes:
    """The JSON without its strings; the frame is known to be valid JSON."""
    plain = frame.replace(b"\\\\", b"").replace(b'\\"', b"")
    return b" ".join(plain.split(b'"')[::2])


def _depth_exceeds(frame: bytes, limit: int) -> bool:
    """Peels the innermost brackets off, one level a turn."""
    brackets = _outside_strings(frame).translate(_BRACKETS, delete=_NOT_BRACKETS).translate(_BRACKETS)
    for _ in range(limit):
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _has_long_integer(frame: bytes) -> bool:
    for number in _NUMBER.findall(_outside_strings(frame)):
        digits = number.removeprefix(b"-")
        if digits.isdigit() and (len(digits) > len(_LONG) or not -(2**63) <= int(number) < 2**63):
            return True
    return False
