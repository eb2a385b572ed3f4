"""A message → the pieces that DingTalk can be told, each in one call. Pure.

A robot's text cannot quote, so that a reply is left out. What DingTalk does not know becomes text that a person
understands. `Native("markdown", {title, text})` and `Native("card", {title, text, buttons: [{title, url}]})` are
DingTalk's own; `Native(kind, {"msgKey": …, "msgParam": {…}})` is sent as it is.
Templates: https://open.dingtalk.com/document/orgapp/types-of-messages-sent-by-robots
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from kagami.model.message import Message
from kagami.model.segment import AnySegment, Face, File, Image, Media, Mention, Native, Reply, Text, Video, Voice

LONGEST_TEXT = 3_800
LONGEST_TITLE = 60
MOST_BUTTONS = 5
OPAQUE = "$:"
EVERYBODY = "@所有人"

Kind = Literal["image", "voice", "video", "file"]
_KINDS: dict[type, Kind] = {Image: "image", Voice: "voice", Video: "video", File: "file"}
_ENDINGS: dict[Kind, str] = {"image": "png", "voice": "amr", "video": "mp4", "file": "bin"}


class Words(NamedTuple):
    """Text, or markdown when it has a `title`. `users` are mentioned, and stand as `@id` in the text too."""

    text: str
    users: tuple[str, ...] = ()
    everybody: bool = False
    title: str = ""


class RobotMessage(NamedTuple):
    """A message of the robot API: `msgKey` and what its `msgParam` holds."""

    key: str
    param: dict[str, Any]


class Upload(NamedTuple):
    """A file that has to be given to DingTalk first. `extra` may have `duration` and `cover`."""

    kind: Kind
    source: str
    name: str
    extra: Mapping[str, Any]


Piece = Words | RobotMessage | Upload


def compose(message: Message) -> list[Piece]:
    """In the order of the message; nothing for a message that says nothing."""
    pieces: list[Piece] = []
    for part in message:
        piece = _piece(part)
        if isinstance(piece, Words):
            last = pieces[-1] if pieces else None
            if isinstance(last, Words) and (joined := _joined(last, piece)) is not None:
                pieces[-1] = joined
                continue
        if piece is not None:
            pieces.append(piece)
    return [each for piece in pieces for each in _short(piece)]


def _piece(part: AnySegment) -> Piece | None:
    match part:
        case Text(text=content):
            return Words(content)
        case Mention(user=user):
            return Words(EVERYBODY, everybody=True) if user == "all" else Words(f"@{user}", (user,))
        case Reply():
            return None
        case Face(id=face):
            return Words(f"[{face}]")  # DingTalk shows the names of its own ones as pictures
        case Native(kind=kind, fields=fields):
            return _native(kind, fields)
        case _:
            return _upload(part)


def _joined(first: Words, second: Words) -> Words | None:
    """One piece of two; None where one is markdown and the other text that somebody typed."""
    if first.title or (second.title and not _calls(first)):
        return None
    space = " " if _calls(first) and second.text[:1].strip() else ""
    users = tuple(dict.fromkeys([*first.users, *second.users]))
    return Words(f"{first.text}{space}{second.text}", users, first.everybody or second.everybody, second.title)


def _calls(words: Words) -> bool:
    """Whether it ends with a mention."""
    return bool(words.everybody or words.users) and words.text.rpartition("@")[2] in (*words.users, EVERYBODY[1:])


def _native(kind: str, fields: dict[str, Any]) -> Piece:
    key, param = _word(fields, "msgKey"), fields.get("msgParam")
    if key and isinstance(param, dict):
        return RobotMessage(key, param)
    reader = {"markdown": _markdown, "card": _card, "share": _link}.get(kind)
    return (reader(fields) if reader else None) or Words(f"[{kind}]")


def _markdown(fields: dict[str, Any]) -> Words | None:
    text = _word(fields, "text") or _word(fields, "content")
    return Words(text, title=_word(fields, "title") or _title(text)) if text else None


def _card(fields: dict[str, Any]) -> Piece | None:
    """One button fills the card's foot; several stand one below the other. Without any it is markdown."""
    words, buttons = _markdown(fields), fields.get("buttons")
    given = [each for each in buttons if isinstance(each, dict)] if isinstance(buttons, list) else []
    pairs = [(_word(each, "title"), _word(each, "url")) for each in given][:MOST_BUTTONS]
    if words is None or not pairs:
        return words
    param = {"title": words.title, "text": words.text}
    if len(pairs) == 1:
        (name, url) = pairs[0]
        return RobotMessage("sampleActionCard", {**param, "singleTitle": name, "singleURL": url})
    for number, (name, url) in enumerate(pairs, 1):
        param |= {f"actionTitle{number}": name, f"actionURL{number}": url}
    return RobotMessage(f"sampleActionCard{len(pairs)}", param)


def _link(fields: dict[str, Any]) -> RobotMessage | None:
    url = _word(fields, "url")
    told = {"title": _word(fields, "title") or url, "text": _word(fields, "content") or url}
    return RobotMessage("sampleLink", {**told, "picUrl": _word(fields, "image"), "messageUrl": url}) if url else None


def _upload(part: Media) -> Piece:
    kind = _KINDS[type(part)]
    source = part.file if "://" in part.file or part.file.startswith(("media:", "data:")) else part.url or part.file
    name = _word(part.extra, "name") or _word(part.extra, "file_name")
    return Upload(kind, source, name or f"{kind}.{_ending(source, kind)}", part.extra)


def _ending(source: str, kind: Kind) -> str:
    ending = source.rpartition(".")[2]
    known = source.startswith("media:") and ending.isalnum() and ending != "bin"
    return ending if known else _ENDINGS[kind]


def _word(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _title(text: str) -> str:
    """What a phone shows of a markdown message before it is opened."""
    return text.strip().partition("\n")[0].strip("#*> ")[:LONGEST_TITLE] or "…"


def _short(piece: Piece) -> Iterator[Piece]:
    """Too long a text in several; nothing for an empty one."""
    if not isinstance(piece, Words):
        yield piece
        return
    rest, first = piece.text, piece
    while len(rest) > LONGEST_TEXT:
        cut = rest.rfind("\n", LONGEST_TEXT // 2, LONGEST_TEXT) + 1 or LONGEST_TEXT
        yield first._replace(text=rest[:cut])
        rest, first = rest[cut:], Words("", title=piece.title)
    if rest.strip():
        yield first._replace(text=rest)


def webhook_body(words: Words) -> dict[str, Any]:
    """What a session webhook is told."""
    body: dict[str, Any] = {"msgtype": "text", "text": {"content": words.text}}
    if words.title:
        body = {"msgtype": "markdown", "markdown": {"title": words.title, "text": words.text}}
    staff = [user for user in words.users if not user.startswith(OPAQUE)]
    opaque = [user for user in words.users if user.startswith(OPAQUE)]
    return body | {"at": {"atUserIds": staff, "atDingtalkIds": opaque, "isAtAll": words.everybody}}


def template_of(words: Words) -> RobotMessage:
    """The same by the robot API, which mentions nobody."""
    if words.title:
        return RobotMessage("sampleMarkdown", {"title": words.title, "text": words.text})
    return RobotMessage("sampleText", {"content": words.text})


def template_for(upload: Upload, media: str, cover: str = "") -> RobotMessage:
    """The message that shows an uploaded file. A video has to have a picture as its cover; without one it is a file.

    Durations are milliseconds for a voice and seconds for a video.
    """
    told = str(upload.extra.get("duration") or "")
    duration = told if told.isdigit() else ""
    match upload.kind:
        case "image":
            return RobotMessage("sampleImageMsg", {"photoURL": media})
        case "voice":
            return RobotMessage("sampleAudio", {"mediaId": media, "duration": duration or "1000"})
        case "video" if cover:
            param = {"duration": duration or "1", "videoMediaId": media, "videoType": "mp4", "picMediaId": cover}
            return RobotMessage("sampleVideo", param)
    ending = upload.name.rpartition(".")[2] if "." in upload.name else "bin"
    return RobotMessage("sampleFile", {"mediaId": media, "fileName": upload.name, "fileType": ending})
