"""The parts of a message from Telegram."""

from __future__ import annotations

from typing import Any, NamedTuple

from kagami.adapters.telegram.units import place, units
from kagami.adapters.telegram.wire import Entity, Medium, Said
from kagami.model.message import Message
from kagami.model.segment import AnySegment, File, Image, Mention, Native, Reply, Text, Video, Voice


class Parts(NamedTuple):
    message: Message
    mentioned: bool


def read_parts(said: Said, me: int, username: str) -> Parts:
    """Reply, medium, then text. `mentioned` is true for a reply to the bot, its name, and a command that names it."""
    parts: list[AnySegment] = []
    to_us = False
    quoted = said.reply_to_message
    # In a topic whatever quotes nothing quotes the message that began the topic.
    if quoted is not None and quoted.forum_topic_created is None:
        parts.append(Reply(f"{quoted.chat.id}/{quoted.message_id}"))
        to_us = quoted.user is not None and quoted.user.id == me
    medium = _medium(said)
    if medium is not None:
        parts.append(medium)
    words = _words(said.text or said.caption, said.entities or said.caption_entities, me, username.lower())
    only_quotes = medium is None and not words.message
    return Parts(() if only_quotes else (*parts, *words.message), to_us or words.mentioned)


def _medium(said: Said) -> AnySegment | None:
    album: dict[str, Any] = {"album": said.media_group_id} if said.media_group_id else {}
    if said.photo:
        largest = max(said.photo, key=lambda each: each.width)
        return Image(largest.file_id, extra=album | _about(largest))
    # The order counts: an animation comes with a document, which is the same file.
    if said.animation is not None:
        return Video(said.animation.file_id, extra=album | {"animation": True} | _about(said.animation))
    if (video := said.video or said.video_note) is not None:
        return Video(video.file_id, extra=album | _about(video))
    if said.voice is not None:
        return Voice(said.voice.file_id, extra=_about(said.voice))
    if (file := said.audio or said.document) is not None:
        return File(file.file_id, extra=album | _about(file))
    return _sticker(said.sticker) if said.sticker is not None else None


def _sticker(sticker: Medium) -> AnySegment:
    if sticker.is_animated or sticker.is_video:
        return Native("sticker", {"file_id": sticker.file_id, "emoji": sticker.emoji})
    return Image(sticker.file_id, extra={"sticker": sticker.emoji} | _about(sticker))


def _about(medium: Medium) -> dict[str, Any]:
    named = {"name": medium.file_name, "mime": medium.mime_type, "size": medium.file_size}
    return {"file_id": medium.file_id} | {key: value for key, value in named.items() if value}


def _words(text: str, entities: tuple[Entity, ...], me: int, username: str) -> Parts:
    parts: list[AnySegment] = []
    typed, done, to_us = "", 0, False
    for entity in sorted(entities, key=lambda each: each.offset):
        if entity.type not in _READ or entity.offset < done:
            continue
        if entity.length < 1 or entity.offset + entity.length > units(text):
            continue  # a server that counts otherwise: the words are there all the same
        words = _between(text, entity.offset, entity.offset + entity.length)
        part, ours = _named(entity, words, me, username)
        typed += _between(text, done, entity.offset)
        done = entity.offset + entity.length
        to_us = to_us or ours
        if isinstance(part, Text):
            typed += part.text
            continue
        parts += [Text(typed), part] if typed else [part]
        typed = ""
    typed += text[place(text, done) :]
    if typed:
        parts.append(Text(typed))
    return Parts(tuple(parts), to_us)


_READ = ("mention", "text_mention", "bot_command")


def _named(entity: Entity, words: str, me: int, username: str) -> tuple[AnySegment, bool]:
    """What an entity stands for, and whether it names the bot."""
    if entity.type == "text_mention" and entity.user is not None:
        return Mention(str(entity.user.id), {"name": words}), entity.user.id == me
    head, _, name = words.partition("@")
    if not username or name.lower() != username:
        return Text(words), False
    if entity.type == "bot_command":
        return Text(head), True
    return (Mention(str(me), {"name": words}), True) if not head else (Text(words), False)


def _between(text: str, begin: int, end: int) -> str:
    return text[place(text, begin) : place(text, end)]
