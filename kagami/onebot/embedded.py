"""Files inside frames: `base64://…` and `data:…;base64,…`.

They come out before anything is kept, and go in at the moment of sending. Only values that name a file are touched, in
segments and in CQ codes; what people typed stays as it is.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from kagami.errors import Refused
from kagami.onebot.cq import parse

# What every frame with a file in it contains, and nearly no other one; and every frame with a reference.
MARK = b"base64"
REFERENCE_MARK = b'":"media:'
# Stands where a file was that could not be kept.
LOST = "base64://"

_NAMERS = ("file", "url", "image", "thumb", "cover", "path", "file_path")
_ELSEWHERE = ("http://", "https://", "base64://", "data:", "media:")
_STRINGS = ("message", "raw_message", "content")
_HEAD = re.compile(r"base64://|data:[^,]{0,100};base64,", re.IGNORECASE)
_CODE = re.compile(r"\[CQ:[^\[\]]+\]")
_VALUE = re.compile(rf"(?<=[,])((?:{'|'.join(_NAMERS)})=)((?:base64://|data:[^,\]]{{0,100}};base64&#44;)[^,\]]*)")
_REFERENCE = re.compile(rb'"(%s)":"(media:[0-9a-f]{64}\.[a-z0-9]{2,4})"' % "|".join(_NAMERS).encode())

Keep = Callable[[bytes], str]


def read_embedded(source: str) -> bytes | None:
    """The file that a source holds itself: None when it holds none, empty when it cannot be read."""
    head = _HEAD.match(source)
    if head is None:
        return None
    try:
        return a2b_base64(source[head.end() :].replace("-", "+").replace("_", "/") + "==")
    except ValueError:
        return b""


def take_out(frame: bytes, keep: Keep) -> bytes:
    """An event's frame with what `keep` made of each file in its place; every other frame as it is."""
    try:
        fields = msgspec.json.decode(frame)
        if not isinstance(fields, dict) or not fields.get("post_type"):
            return frame
        return msgspec.json.encode(_without(fields, "", keep))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        # Whoever reads it next says what is wrong with it.
        return frame


def without_files(value: Any, keep: Keep) -> Any:
    """Plain JSON with what `keep` made of each file in its place."""
    return _without(value, "", keep)


def _without(value: Any, key: str, keep: Keep) -> Any:
    if isinstance(value, dict):
        return {name: _without(each, name, keep) for name, each in value.items()}
    if isinstance(value, list):
        return [_without(each, key, keep) for each in value]
    if isinstance(value, str) and key in _NAMERS:
        return _reference(value, keep)
    if isinstance(value, str) and key in _STRINGS:
        return _CODE.sub(lambda code: _VALUE.sub(lambda pair: _in_code(pair, keep), code[0]), value)
    return value


def _in_code(pair: re.Match[str], keep: Keep) -> str:
    return pair[1] + _reference(pair[2].replace("&#44;", ","), keep)


def _reference(source: str, keep: Keep) -> str:
    content = read_embedded(source)
    if content is None:
        return source
    try:
        return keep(content) if content else LOST
    except Refused:
        return LOST


def references(frame: bytes) -> list[str]:
    """What a frame that is to be sent refers to, each once."""
    return list(dict.fromkeys(found[2].decode() for found in _REFERENCE.finditer(frame)))


def put_in(frame: bytes, contents: Mapping[str, bytes]) -> bytes:
    """The frame with the files themselves where it refers to them."""
    files = {name.encode(): b64encode(content) for name, content in contents.items()}
    return _REFERENCE.sub(lambda found: b'"%s":"base64://%s"' % (found[1], files[found[2]]), frame)


def local_file(value: Any, key: str = "") -> str:
    """What in a message or in the parameters of a call names a file of whoever sends it; empty when nothing does.

    `value` is plain JSON. Implementations read `file:///etc/passwd` and `../config.json` from their own disk. Left
    are addresses, embedded files, references, and the bare names by which they know what they received.
    """
    if isinstance(value, dict):
        found = (local_file(each, name) for name, each in value.items())
    elif isinstance(value, (list, tuple)):
        found = (local_file(each, key) for each in value)
    elif isinstance(value, str) and key in _STRINGS:
        found = (local_file(each.data) for each in parse(value))
    else:
        return value if key in _NAMERS and isinstance(value, str) and _is_path(value) else ""
    return next(filter(None, found), "")


def _is_path(source: str) -> bool:
    return not source.lower().startswith(_ELSEWHERE) and not set("/\\:~").isdisjoint(source)
