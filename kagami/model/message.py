"""A message is a tuple of parts."""

from __future__ import annotations

from kagami.model.segment import AnySegment, Face, File, Image, Mention, Native, Reply, Text, Video, Voice

Message = tuple[AnySegment, ...]

_LABELS: dict[type, str] = {Image: "image", Voice: "voice", Video: "video", File: "file", Face: "face", Reply: "reply"}


def text(content: str) -> Message:
    """A message of one text part; the content is never parsed."""
    return (Text(content),) if content else ()


def plain_text(message: Message) -> str:
    """Only what was typed: text parts joined, everything else left out. What commands are read from."""
    if len(message) == 1 and type(message[0]) is Text:
        return message[0].text
    return "".join(part.text for part in message if isinstance(part, Text))


def preview(message: Message) -> str:
    """One readable text with a mark for each part that is not text. What lists, logs and the search index show."""
    if len(message) == 1 and type(message[0]) is Text:
        return message[0].text
    return "".join(_shown(part) for part in message)


def in_words(part: Native) -> str:
    """What people read where a part has no form of its own: a shared page has a title and an address, others a kind."""
    told = [str(part.fields.get(key) or "") for key in ("title", "url")] if part.kind == "share" else []
    return " ".join(filter(None, told)) or f"[{part.kind}]"


def _shown(part: AnySegment) -> str:
    match part:
        case Text(text=content):
            return content
        case Mention(user=user):
            return f"@{user} "
        case Native(kind=kind):
            return f"[{kind}]"
        case _:
            return f"[{_LABELS[type(part)]}]"
