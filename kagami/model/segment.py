"""Parts of a message. What all platforms share has a type; everything else is kept as `Native`, never dropped.

`extra` holds the fields that a platform adds to a shared type, so that reading and writing a message loses nothing.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Segment(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True):
    """Base of all parts."""


class Text(Segment, frozen=True, tag="text", gc=False):
    text: str


class Mention(Segment, frozen=True, tag="mention"):
    """`user` is a user id, or `all`."""

    user: str
    extra: dict[str, Any] = {}


class Reply(Segment, frozen=True, tag="reply"):
    """Quotes the message with this platform id."""

    message_id: str
    extra: dict[str, Any] = {}


class Media(Segment, frozen=True):
    """`file` is the platform's name or a URL to send from; `url` is where a received file can be fetched."""

    file: str
    url: str = ""
    extra: dict[str, Any] = {}


class Image(Media, frozen=True, tag="image"):
    pass


class Voice(Media, frozen=True, tag="voice"):
    pass


class Video(Media, frozen=True, tag="video"):
    pass


class File(Media, frozen=True, tag="file"):
    pass


class Face(Segment, frozen=True, tag="face"):
    """An emoticon of the platform."""

    id: str
    extra: dict[str, Any] = {}


class Native(Segment, frozen=True, tag="native"):
    """A part that only its platform knows: its own type name and fields."""

    kind: str
    fields: dict[str, Any] = {}


AnySegment = Text | Mention | Reply | Image | Voice | Video | File | Face | Native
