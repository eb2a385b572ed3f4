"""What is in a message, both ways: Feishu's `content` ↔ segments. Pure.

https://open.feishu.cn/document/server-docs/im-v1/message-content-description/create_json
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from kagami.adapters.feishu.wire import WireMention, shaped
from kagami.errors import WireError
from kagami.model.message import Message
from kagami.model.segment import AnySegment, Face, File, Image, Mention, Native, Text, Video, Voice

_PLACE = re.compile(r"@_user_\d{1,9}|@_all")
ALL = "all"


class Reader(NamedTuple):
    """What the parts of one message refer to. `ours` is what the bot is called here when it is mentioned."""

    message_id: str
    mentions: Mapping[str, WireMention]
    open_id: str
    ours: str

    def mention(self, key: str, name: str = "") -> Mention:
        """Of a place in the text (`@_user_1`), or of a user."""
        if key in ("@_all", ALL):
            return Mention(ALL)
        found = self.mentions.get(key)
        user = found.user if found else key
        name = (found.name if found else "") or name
        if self.open_id and user == self.open_id:
            user = self.ours
        return Mention(user, {"name": name} if name else {})

    def file(self, key: object) -> str:
        """A medium is asked for by its message and its key."""
        return f"{self.message_id}/{key}"


def read_content(kind: str, content: str, reader: Reader) -> Message:
    """The parts of a message; `kind` is its `message_type`. What is not known becomes `Native`."""
    try:
        fields: Any = shaped((content or "{}").encode(), object)
    except WireError:
        fields = content  # a forwarded bundle brings a plain text
    if not isinstance(fields, dict):
        return (Native(kind, {"text": str(fields)}),)
    if kind == "text":
        return _addressed(_read_text(str(fields.get("text", "")), reader))
    if kind == "post":
        return _addressed(_read_post(fields, reader))
    return (_MEDIA.get(kind, _native(kind))(fields, reader),)


def _native(kind: str) -> Callable[[dict[str, Any], Reader], AnySegment]:
    return lambda fields, _reader: Native("card" if kind == "interactive" else kind, fields)


def _named(fields: dict[str, Any]) -> dict[str, Any]:
    known = {"name": fields.get("file_name"), "duration_ms": fields.get("duration")}
    return {key: value for key, value in known.items() if value}


_MEDIA: dict[str, Callable[[dict[str, Any], Reader], AnySegment]] = {
    "image": lambda fields, reader: Image(reader.file(fields.get("image_key"))),
    "file": lambda fields, reader: File(reader.file(fields.get("file_key")), extra=_named(fields)),
    "audio": lambda fields, reader: Voice(reader.file(fields.get("file_key")), extra=_named(fields)),
    "media": lambda fields, reader: Video(reader.file(fields.get("file_key")), extra=_named(fields)),
}


def _read_text(text: str, reader: Reader) -> list[AnySegment]:
    parts: list[AnySegment] = []
    place = 0
    for found in _PLACE.finditer(text):
        if found[0] != "@_all" and found[0] not in reader.mentions:
            continue  # somebody typed it
        parts += [Text(text[place : found.start()]), reader.mention(found[0])]
        place = found.end()
    return [*parts, Text(text[place:])]


def _read_post(fields: dict[str, Any], reader: Reader) -> list[AnySegment]:
    parts: list[AnySegment] = []
    lines = fields.get("content")
    for line in [fields.get("title"), *(lines if isinstance(lines, list) else [])]:
        if not line:
            continue
        parts += [Text("\n")] if parts else []
        if isinstance(line, str):
            parts.append(Text(line))
        for tag in line if isinstance(line, list) else []:
            if isinstance(tag, dict):
                parts.append(_read_tag(tag, reader))
    return parts


def _read_tag(tag: dict[str, Any], reader: Reader) -> AnySegment:
    kind = str(tag.get("tag"))
    read = _TAGS.get(kind)
    return read(tag, reader) if read else Native(kind, tag)


def _read_link(tag: dict[str, Any], _reader: Reader) -> AnySegment:
    text, href = str(tag.get("text", "")), str(tag.get("href", ""))
    return Text(text if href in (text, "") else f"{text} ({href})")


def _read_code(tag: dict[str, Any], _reader: Reader) -> AnySegment:
    return Text(f"```{str(tag.get('language') or '').lower()}\n{str(tag.get('text', '')).rstrip()}\n```")


_TAGS: dict[str, Callable[[dict[str, Any], Reader], AnySegment]] = {
    "text": lambda tag, _reader: Text(str(tag.get("text", ""))),
    "md": lambda tag, _reader: Text(str(tag.get("text", ""))),
    "a": _read_link,
    "at": lambda tag, reader: reader.mention(str(tag.get("user_id", "")), str(tag.get("user_name", ""))),
    "img": lambda tag, reader: Image(reader.file(tag.get("image_key"))),
    "media": lambda tag, reader: Video(reader.file(tag.get("file_key"))),
    "emotion": lambda tag, _reader: Face(str(tag.get("emoji_type", ""))),
    "code_block": _read_code,
    "hr": lambda _tag, _reader: Text("---"),
}


def _addressed(parts: Iterable[AnySegment]) -> Message:
    """The parts without the space behind mentions at the start, so that a command is the first that is said."""
    rest = _joined(parts)
    named: list[AnySegment] = []
    while rest and (isinstance(rest[0], Mention) or (named and _is_blank(rest[0]))):
        first = rest.pop(0)
        named += [first] if isinstance(first, Mention) else []
    if named and rest and isinstance(rest[0], Text):
        rest[0] = Text(rest[0].text.lstrip())
    return (*named, *rest)


def _joined(parts: Iterable[AnySegment]) -> list[AnySegment]:
    """Texts that belong together as one, and none that is empty."""
    joined: list[AnySegment] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, Text) and isinstance(last, Text):
            joined[-1] = Text(last.text + part.text)
        elif not isinstance(part, Text) or part.text:
            joined.append(part)
    return joined


def _is_blank(part: AnySegment) -> bool:
    return isinstance(part, Text) and not part.text.strip()
