"""The binary frames of the long connection: the protobuf (proto2) message `pbbp2.Frame`. Pure: bytes in, values out.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from kagami.errors import WireError

CONTROL, DATA = 0, 1
MOST_FIELDS = 1024

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}
_LONGEST_VARINT = 10
_BITS32, _BITS64 = (1 << 32) - 1, (1 << 64) - 1
_LONGEST_NUMBER = 9

# Field numbers of Frame; 5 is `repeated Header headers`, and Header has a key (1) and a value (2).
_UNSIGNED = {1: "seq_id", 2: "log_id"}
_SIGNED = {3: "service", 4: "method"}
_WORDS = {6: "payload_encoding", 7: "payload_type", 9: "log_id_new"}
_HEADER, _PAYLOAD = 5, 8
_REQUIRED = (*_UNSIGNED.values(), *_SIGNED.values())


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """None is an optional field that is not there."""

    seq_id: int = 0
    log_id: int = 0
    service: int = 0
    method: int = CONTROL
    headers: tuple[tuple[str, str], ...] = ()
    payload_encoding: str | None = None
    payload_type: str | None = None
    payload: bytes | None = None
    log_id_new: str | None = None

    def header(self, key: str) -> str:
        """Empty when there is none."""
        return next((value for name, value in self.headers if name == key), "")

    def number(self, key: str, default: int) -> int:
        """A header that is a small number; `WireError` when it is something else."""
        text = self.header(key)
        if not text:
            return default
        if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER):
            raise WireError(reason=f"the header {key} is no number")
        return int(text)


def ping(service: int) -> Frame:
    return Frame(service=service, headers=(("type", "ping"),))


def acknowledgement(frame: Frame, took_ms: int) -> Frame:
    """The answer to a data frame that was handled: the frame itself with another payload."""
    headers = (*frame.headers, ("biz_rt", str(took_ms)))
    return msgspec.structs.replace(frame, headers=headers, payload=b'{"code":200}')


def encode(frame: Frame) -> bytes:
    """As the official codec writes it: in the order of the numbers, the four required fields even when they are 0."""
    parts = [
        b"\x08" + _varint(frame.seq_id),
        b"\x10" + _varint(frame.log_id),
        b"\x18" + _varint(frame.service & _BITS64),
        b"\x20" + _varint(frame.method & _BITS64),
    ]
    parts += [_field(_HEADER, _field(1, key.encode()) + _field(2, value.encode())) for key, value in frame.headers]
    for number, word in ((6, frame.payload_encoding), (7, frame.payload_type)):
        parts += [] if word is None else [_field(number, word.encode())]
    parts += [] if frame.payload is None else [_field(_PAYLOAD, frame.payload)]
    parts += [] if frame.log_id_new is None else [_field(9, frame.log_id_new.encode())]
    return b"".join(parts)


def decode(raw: bytes) -> Frame:
    """`WireError` for what is no whole frame. Fields that are not known, or not of the known type, are skipped."""
    found: dict[str, Any] = {}
    headers: list[tuple[str, str]] = []
    for number, value in _fields(raw):
        if isinstance(value, int):
            if number in _UNSIGNED:
                found[_UNSIGNED[number]] = value
            elif number in _SIGNED:
                found[_SIGNED[number]] = _int32(value)
        elif number == _HEADER:
            headers.append(_read_header(value))
        elif number == _PAYLOAD:
            found["payload"] = bytes(value)
        elif number in _WORDS:
            found[_WORDS[number]] = _text(value)
    if missing := [name for name in _REQUIRED if name not in found]:
        raise WireError(reason=f"the frame has no {missing[0]}")
    return Frame(**found, headers=tuple(headers))


def _read_header(raw: memoryview) -> tuple[str, str]:
    words = {number: _text(value) for number, value in _fields(raw) if number in (1, 2) and not isinstance(value, int)}
    if len(words) < 2:  # noqa: PLR2004 - key and value
        raise WireError(reason="a header without a key or a value")
    return words[1], words[2]


def _fields(raw: bytes | memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Numbers and texts with the number of their field; what has another type is left out."""
    view, place, count = memoryview(raw), 0, 0
    while place < len(view):
        count += 1
        if count > MOST_FIELDS:
            raise WireError(reason=f"more than {MOST_FIELDS} fields")
        tag, place = _read_varint(view, place)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, place = _read_varint(view, place)
            yield number, value
            continue
        if kind == _BYTES:
            size, place = _read_varint(view, place)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise WireError(reason=f"wire type {kind} is not used here")
        if number == 0 or size > len(view) - place:
            raise WireError(reason="the frame is cut off")
        place += size
        if kind == _BYTES:
            yield number, view[place - size : place]


def _read_varint(view: memoryview, place: int) -> tuple[int, int]:
    number = 0
    for offset, byte in enumerate(view[place : place + _LONGEST_VARINT]):
        number |= (byte & 0x7F) << 7 * offset
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follows
            return number & _BITS64, place + offset + 1
    raise WireError(reason="a number without an end")


def _int32(number: int) -> int:
    number &= _BITS32
    return number - (1 << 32) if number >> 31 else number


def _text(raw: memoryview) -> str:
    try:
        return str(raw, "utf-8")
    except UnicodeDecodeError:
        raise WireError(reason="a text that is not UTF-8") from None


def _field(number: int, content: bytes) -> bytes:
    return bytes((number << 3 | _BYTES,)) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
