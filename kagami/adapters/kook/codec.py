"""What an event of the gateway is to us. Pure: bytes in, values out.

A text channel of a server is the chat `group:<channel>`, the server itself `guild:<server>`, a direct message
`private:<user>`. Raw calls are spelled `GET /path` and `POST /path`, below `/api/v3`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from kagami.adapters.kook import cards, kmarkdown, notices
from kagami.adapters.kook.wire import (
    AUDIO,
    CARD,
    FILE,
    IMAGE,
    ITEM,
    KMARKDOWN,
    SYSTEM,
    TEXT,
    VIDEO,
    Attachment,
    Author,
    Happening,
    Quote,
    decode,
    part,
)
from kagami.errors import WireError
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId, chat_id, split_id
from kagami.model.message import Message
from kagami.model.segment import AnySegment, File, Image, Mention, Native, Reply, Text, Video, Voice

_MEDIA: dict[int, type[Image | Video | File | Voice]] = {IMAGE: Image, VIDEO: Video, FILE: File, AUDIO: Voice}


def read(d: bytes | msgspec.Raw, bot: BotId, *, execution: Callable[[int], ExecutionId], now_ms: int) -> Event | None:
    """The event that the `d` of a frame tells of; None for what the bot itself or another bot said.

    `execution` is asked for an id of this moment when there is an event. `WireError` for what is not of KOOK.
    """
    happening = decode(d, Happening)
    if not happening.msg_id:
        raise WireError(reason="an event needs msg_id")
    if happening.type == SYSTEM:
        return _read_system(happening, d, bot, execution, now_ms)
    return _read_said(happening, d, bot, execution, now_ms)


def _read_said(
    said: Happening, d: bytes | msgspec.Raw, bot: BotId, execution: Callable[[int], ExecutionId], now_ms: int
) -> Event | None:
    own = split_id(bot)[1]
    extra = said.extra if isinstance(said.extra, dict) else {}
    author = part(extra.get("author"), Author) or Author()
    user = str(said.author_id)
    if user == own or author.bot:
        return None
    chat = chat_of(said)
    message = read_message(said.type, said.content, extra)
    private = said.channel_type == "PERSON"
    return Event(
        execution(now_ms),
        bot,
        "message",
        "private" if private else "group",
        chat,
        UserId(user),
        said.msg_timestamp or now_ms,
        dedupe=f"m:{said.msg_id}",
        message=message,
        message_id=said.msg_id,
        chat_name=_text(extra, "channel_name"),
        sender=_sender(author),
        mentioned=private or _addressed(message, extra, own),
        native=native(d),
    )


def _addressed(message: Message, extra: dict[str, Any], own: str) -> bool:
    """Whether it mentions or quotes the bot."""
    quote = part(extra.get("quote"), Quote)
    if quote is not None and str(quote.author.id) == own:
        return True
    return any(isinstance(each, Mention) and each.user == own for each in message)


def _read_system(
    told: Happening, d: bytes | msgspec.Raw, bot: BotId, execution: Callable[[int], ExecutionId], now_ms: int
) -> Event | None:
    own = split_id(bot)[1]
    notice = notices.read(told, own)
    if notice is None:
        return None
    return Event(
        execution(now_ms),
        bot,
        "notice",
        notice.name,
        notice.chat,
        UserId(notice.user),
        told.msg_timestamp or now_ms,
        dedupe=f"m:{told.msg_id}",
        message=notice.message,
        message_id=notice.message_id,
        sender=_sender(notice.author),
        mentioned=notice.chat.startswith("private:"),
        native=native(d),
    )


def chat_of(said: Happening) -> ChatId:
    """Where something was said."""
    if said.channel_type == "PERSON":
        return chat_id("private", said.author_id)
    if not said.target_id:
        raise WireError(reason="a message of a channel needs target_id")
    return chat_id("group", said.target_id)


def read_message(kind: int, content: Any, extra: dict[str, Any]) -> Message:
    """The parts of a message: of an event, or of one that was asked for."""
    parts = _read_content(kind, content, extra)
    quote = part(extra.get("quote"), Quote)
    quoted = str(quote.rong_id or quote.id) if quote is not None else ""
    there = {each.user for each in parts if isinstance(each, Mention)}
    named = [Mention(user) for user in _mentioned(extra) if user not in there]
    return (*([Reply(quoted)] if quoted else []), *named, *parts)


def _read_content(kind: int, content: Any, extra: dict[str, Any]) -> Sequence[AnySegment]:
    if kind == CARD:
        return cards.read(content)
    if not isinstance(content, str):
        return [Native("item" if kind == ITEM else str(kind), {"content": content})]
    if kind == KMARKDOWN:
        return kmarkdown.read(content, _roles(extra))
    if kind == TEXT:
        return [Text(content)] if content else []
    if kind in _MEDIA:
        return [_MEDIA[kind](content, content, _attached(extra))]
    return [Native("item" if kind == ITEM else str(kind), {"content": content})]


def _attached(extra: dict[str, Any]) -> dict[str, Any]:
    """Name, size and length of a medium, as far as they were told."""
    found = part(extra.get("attachments"), Attachment)
    if found is None:
        return {}
    told = {"name": found.name, "size": found.size, "duration": found.duration}
    return {key: value for key, value in told.items() if value}


def _mentioned(extra: dict[str, Any]) -> list[str]:
    given = extra.get("mention")
    users = [str(user) for user in given if isinstance(user, str | int)] if isinstance(given, list) else []
    everybody = extra.get("mention_all") is True or extra.get("mention_here") is True
    return [*users, "all"] if everybody else users


def _roles(extra: dict[str, Any]) -> dict[str, str]:
    """Names of the roles that a text mentions."""
    marked = extra.get("kmarkdown")
    given = marked.get("mention_role_part") if isinstance(marked, dict) else None
    roles = [role for role in given if isinstance(role, dict)] if isinstance(given, list) else []
    return {str(role.get("role_id")): _text(role, "name") for role in roles}


def _sender(author: Author) -> Sender:
    card = author.nickname if author.nickname != author.username else ""
    return Sender(author.username, card)


def _text(holder: dict[str, Any], key: str) -> str:
    value = holder.get(key)
    return value if isinstance(value, str) else ""


def native(d: bytes | msgspec.Raw) -> str:
    """The event's JSON without the token that proves a webhook to its owner."""
    text = bytes(d)
    if b'"verify_token"' in text:
        fields = msgspec.json.decode(text)
        fields.pop("verify_token", None)
        text = msgspec.json.encode(fields)
    return text.decode()
