"""What an event of Feishu is to us. Pure: bytes in, values out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from kagami.adapters.feishu.content import Reader, read_content
from kagami.adapters.feishu.recent import Recent
from kagami.adapters.feishu.wire import (
    ROBOTS,
    Elsewhere,
    Envelope,
    Ids,
    Members,
    Pressed,
    Reaction,
    Recalled,
    Said,
    WireMessage,
    shaped,
)
from kagami.errors import WireError
from kagami.model.event import Event, Kind
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId, chat_id
from kagami.model.message import Message
from kagami.model.segment import AnySegment, Mention, Native, Reply

PRIVATE = "p2p"
_DIGITS = 16
_SILENT = frozenset({"im.message.message_read_v1"})


class Who(NamedTuple):
    """`open_id` is what the account is called among users; empty until it is known."""

    bot: BotId
    app_id: str
    open_id: str = ""


class Context(NamedTuple):
    """`recent` learns of every message that is read."""

    who: Who
    recent: Recent
    execution: Callable[[int], ExecutionId]
    now_ms: int


def read(payload: bytes, context: Context) -> list[Event]:
    """The events in a payload: one, several (people who joined), or none for what concerns nobody.

    `WireError` for everything that is no event of schema 2.0.
    """
    envelope = shaped(payload, Envelope)
    if envelope.header.event_type in _SILENT:
        return []
    told = _Told(envelope, _without_tokens(payload), context)
    return _READERS.get(envelope.header.event_type, _read_other)(told)


class _Told(NamedTuple):
    envelope: Envelope
    native: str
    context: Context

    @property
    def kind(self) -> str:
        return self.envelope.header.event_type

    def event(self, kind: Kind, name: str, chat: ChatId, user: str, *, mark: str = "", **more: Any) -> Event:
        head, context = self.envelope.header, self.context
        more.setdefault("dedupe", f"e:{head.event_id}{mark}")
        more.setdefault("time_ms", _ms(head.create_time) or context.now_ms)
        return Event(
            execution=context.execution(context.now_ms),
            bot=context.who.bot,
            kind=kind,
            name=name,
            chat=chat,
            user=UserId(user),
            native=self.native,
            **more,
        )


def _read_said(told: _Told) -> list[Event]:
    said, (who, recent, *_) = shaped(told.envelope.event, Said), told.context
    message, user = said.message, (said.sender.sender_id or Ids()).one
    if said.sender.sender_type in ROBOTS or not user:
        return []
    private = message.chat_type == PRIVATE
    chat = recent.private(message.chat_id, user) if private else chat_id("group", message.chat_id)
    recent.saw(message.message_id, chat, user)
    parts = _read_parts(message, who)
    event = told.event(
        "message",
        "private" if private else "group",
        chat,
        user,
        message=parts,
        message_id=message.message_id,
        mentioned=private or any(_names_us(part, told.context) for part in parts),
        dedupe=f"m:{message.message_id}",
        time_ms=_ms(message.create_time) or told.context.now_ms,
    )
    return [event]


def _read_parts(message: WireMessage, who: Who) -> Message:
    mentions = {each.key: each for each in message.mentions or ()}
    reader = Reader(message.message_id, mentions, who.open_id, who.app_id)
    parts = read_content(message.message_type, message.content, reader)
    return (Reply(message.parent_id), *parts) if message.parent_id else parts


def _names_us(part: AnySegment, context: Context) -> bool:
    if isinstance(part, Reply):
        return context.recent.is_ours(part.message_id)
    return isinstance(part, Mention) and part.user == context.who.app_id


def _read_recalled(told: _Told) -> list[Event]:
    """Nobody says who took it back: its author stands for that person, where it was seen."""
    recalled, recent = shaped(told.envelope.event, Recalled), told.context.recent
    spot = recent.spot(recalled.message_id)
    chat = spot.chat if spot else recent.chat(recalled.chat_id)
    name = "friend_recall" if chat.startswith("private:") else "group_recall"
    return [told.event("notice", name, chat, spot.user if spot else "", message_id=recalled.message_id)]


def _read_members(told: _Told) -> list[Event]:
    members = shaped(told.envelope.event, Members)
    chat, operator = chat_id("group", members.chat_id), (members.operator_id or Ids()).one
    come = told.kind.endswith("added_v1")

    def moved(user: str) -> Event:
        if come:
            name = "group_increase.approve" if operator in (user, "") else "group_increase.invite"
        else:
            name = "group_decrease.leave" if operator in (user, "") else "group_decrease.kick"
        return told.event("notice", name, chat, user, mark=f"/{user}")

    return [moved(each.user_id.one) for each in members.users or () if each.user_id.one]


def _read_ourselves(told: _Told) -> list[Event]:
    members = shaped(told.envelope.event, Members)
    name = "group_increase.invite" if told.kind.endswith("added_v1") else "group_decrease.kick_me"
    return [told.event("notice", name, chat_id("group", members.chat_id), told.context.who.app_id)]


def _read_reaction(told: _Told) -> list[Event]:
    """Only the message is named. To one that was not seen since the start it is nothing: what comes of it would be
    said in another chat.
    """
    reaction, recent = shaped(told.envelope.event, Reaction), told.context.recent
    user = (reaction.user_id or Ids()).one
    spot = recent.spot(reaction.message_id)
    if reaction.operator_type in ROBOTS or not user or spot is None:
        return []
    name = "reaction.created" if told.kind.endswith("created_v1") else "reaction.deleted"
    parts = (Native("reaction", {"emoji_type": reaction.reaction_type.emoji_type}),)
    return [told.event("notice", name, spot.chat, user, message=parts, message_id=reaction.message_id)]


def _read_button(told: _Told) -> list[Event]:
    pressed, recent = shaped(told.envelope.event, Pressed), told.context.recent
    user, place = pressed.operator.one, pressed.context
    spot = recent.spot(place.open_message_id or "")
    if spot is not None:
        chat = spot.chat
    else:
        chat = recent.chat(place.open_chat_id) if place.open_chat_id else chat_id("private", user)
    parts = (Native("button", pressed.action),)
    return [told.event("notice", "button", chat, user, message=parts, message_id=place.open_message_id or "")]


def _read_other(told: _Told) -> list[Event]:
    """Under the platform's own name, when a chat or a user can be made out."""
    try:
        about = shaped(told.envelope.event, Elsewhere)
    except WireError:
        return []
    person = about.operator_id or about.user_id or ""
    user = person if isinstance(person, str) else person.one
    if not (about.chat_id or user):
        return []
    chat = told.context.recent.chat(about.chat_id) if about.chat_id else chat_id("private", user)
    return [told.event("notice", told.kind, chat, user)]


_READERS: dict[str, Callable[[_Told], list[Event]]] = {
    "im.message.receive_v1": _read_said,
    "im.message.recalled_v1": _read_recalled,
    "im.chat.member.user.added_v1": _read_members,
    "im.chat.member.user.deleted_v1": _read_members,
    "im.chat.member.bot.added_v1": _read_ourselves,
    "im.chat.member.bot.deleted_v1": _read_ourselves,
    "im.message.reaction.created_v1": _read_reaction,
    "im.message.reaction.deleted_v1": _read_reaction,
    "card.action.trigger": _read_button,
}


def _without_tokens(payload: bytes) -> str:
    """The event as it came, but for what proves that it came from Feishu, and what lets a card be changed."""
    whole = shaped(payload, dict[str, Any])
    for part in (whole.get("header"), whole.get("event")):
        if isinstance(part, dict):
            part.pop("token", None)
    return msgspec.json.encode(whole).decode()


def _ms(told: str | int) -> int:
    """Milliseconds since 1970; 0 when it is no such time."""
    text = str(told)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < _DIGITS else 0
