"""What an update is to us. Pure: JSON in, values out.

Chats are `private:<id>`, `group:<id>` and `channel:<id>`. A topic is a chat of its own, `group:<id>/<topic>`, so that
an answer lands in the topic that it answers. Messages are numbered per chat: `<chat id>/<number>`.

An edit is the notice `message_edited` with the new text, a pressed button the notice `button` whose text is the
button's data. Of an album each picture is a message of its own, with the album's id in its `extra`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from kagami.adapters.telegram.parts import read_parts
from kagami.adapters.telegram.places import chat_of
from kagami.adapters.telegram.wire import (
    Chat,
    JoinRequest,
    Member,
    MemberChange,
    Numbered,
    Query,
    Reacted,
    Said,
    Update,
    User,
)
from kagami.model.event import Event, Kind, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId, chat_id
from kagami.model.message import Message, text
from kagami.model.segment import Mention, Native
from kagami.onebot.wire import checked

_GONE = ("left", "kicked")
_RANKS = ("administrator", "creator")
# What stands around the content of a message; the one key beside these says what happened.
_ENVELOPE = frozenset(Said.__struct_encode_fields__).difference({"forum_topic_created"}) | {
    "business_connection_id",
    "direct_messages_topic",
    "effect_id",
    "external_reply",
    "forward_origin",
    "has_media_spoiler",
    "has_protected_content",
    "is_automatic_forward",
    "is_from_offline",
    "is_paid_post",
    "link_preview_options",
    "paid_star_count",
    "quote",
    "reply_markup",
    "reply_to_story",
    "sender_boost_count",
    "sender_business_bot",
    "sender_tag",
    "show_caption_above_media",
    "suggested_post_info",
    "via_bot",
}

_updates = msgspec.json.Decoder(Update)
_numbers = msgspec.json.Decoder(Numbered)
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Me(NamedTuple):
    """The account: its id here, its number and its name there."""

    bot: BotId
    number: int
    username: str = ""


class Moment(NamedTuple):
    """When a frame was read, and where ids for events come from."""

    now_ms: int
    execution: Callable[[int], ExecutionId]


def read_number(raw: bytes) -> int | None:
    """The number of an update, however strange the rest of it is."""
    try:
        return _numbers.decode(raw).update_id
    except (msgspec.MsgspecError, RecursionError):
        return None


def decode(raw: bytes) -> Update:
    """`WireError` for what is no update."""
    return checked(raw, _updates)


def read(update: Update, raw: bytes, me: Me, moment: Moment) -> Event | None:
    """The event of an update; None where there is nothing for us in it."""
    found = _find(update, raw, me, moment.now_ms)
    if found is None or (found.user == str(me.number) and found.kind == "message"):
        return None
    return _event(found, f"u:{update.update_id}", me, moment, raw.decode("utf-8", "replace"))


def read_quoted(update: Update, me: Me, moment: Moment) -> Event | None:
    """The message that an update's own one answers, whoever said it."""
    said = update.message or update.channel_post
    quoted = said.reply_to_message if said is not None else None
    if quoted is None or quoted.forum_topic_created is not None:
        return None
    found = _framed(quoted)._replace(
        name="private" if quoted.chat.type == "private" else "group",
        message=read_parts(quoted, me.number, me.username).message,
    )
    return _event(found, f"m:{found.message_id}", me, moment, "")


def _event(found: _Found, key: str, me: Me, moment: Moment, native: str) -> Event:
    return Event(
        execution=moment.execution(moment.now_ms),
        bot=me.bot,
        kind=found.kind,
        name=found.name,
        chat=found.chat,
        user=UserId(found.user),
        time_ms=found.time_ms,
        dedupe=found.dedupe or key,
        message=found.message,
        message_id=found.message_id,
        chat_name=found.chat_name,
        sender=Sender(name=found.sender),
        mentioned=found.mentioned,
        native=native,
    )


class _Found(NamedTuple):
    kind: Kind
    name: str
    chat: ChatId
    user: str
    time_ms: int
    message: Message = ()
    message_id: str = ""
    chat_name: str = ""
    sender: str = ""
    mentioned: bool = False
    dedupe: str = ""


def _find(update: Update, raw: bytes, me: Me, now_ms: int) -> _Found | None:
    if (said := update.message or update.channel_post) is not None:
        return _said(said, raw, me)
    if (said := update.edited_message or update.edited_channel_post) is not None:
        return _edited(said, me)
    if (query := update.callback_query) is not None:
        return _pressed(query, now_ms)
    if (change := update.my_chat_member or update.chat_member) is not None:
        return _changed(change, me)
    if (wish := update.chat_join_request) is not None:
        return _wished(wish)
    return _reacted(update.message_reaction) if update.message_reaction is not None else None


# --- messages --------------------------------------------------------------------------------------------------------


def _said(said: Said, raw: bytes, me: Me) -> _Found | None:
    if said.new_chat_members or said.left_chat_member is not None:
        return _walked(said, me)
    if said.user is not None and said.user.is_bot and said.sender_chat is None:
        return None  # other bots, and we ourselves: two that answer one another never stop
    parts = read_parts(said, me.number, me.username)
    found = _framed(said)
    if parts.message:
        mentioned = found.chat.startswith("private:") or parts.mentioned
        name = "private" if said.chat.type == "private" else "group"
        return found._replace(name=name, message=parts.message, mentioned=mentioned, dedupe=f"m:{found.message_id}")
    return _strange(found, raw)


def _strange(found: _Found, raw: bytes) -> _Found:
    """A message of a kind that only Telegram knows, or what Telegram itself says of a chat."""
    update = _keys.decode(raw)
    whole = _keys.decode(update.get("message") or update.get("channel_post") or b"{}")
    kind = next((key for key in _CONTENT if key in whole), None)
    if kind is not None:
        fields = msgspec.json.decode(whole[kind])
        part = Native(kind, fields if isinstance(fields, dict) else {"value": fields})
        name = "private" if found.chat.startswith("private:") else "group"
        return found._replace(name=name, message=(part,), mentioned=name == "private", dedupe=f"m:{found.message_id}")
    happened = next((key for key in whole if key not in _ENVELOPE), "message")
    return found._replace(kind="notice", name=happened, dedupe=f"m:{found.message_id}")


# A venue holds a location too, so that it comes first.
_CONTENT = ("venue", "location", "contact", "dice", "poll", "game", "story", "invoice", "paid_media", "checklist")


def _edited(said: Said, me: Me) -> _Found | None:
    if said.user is not None and said.user.is_bot and said.sender_chat is None:
        return None
    parts = read_parts(said, me.number, me.username)
    found = _framed(said)
    time_ms = 1000 * (said.edit_date or said.date)
    return found._replace(kind="notice", name="message_edited", message=parts.message, time_ms=time_ms)


def _framed(said: Said) -> _Found:
    """What every message has. Who speaks as a channel or as the group itself has that one's number."""
    speaker = said.sender_chat or (said.user if said.user is not None else said.chat)
    name = said.author_signature if isinstance(speaker, Chat) and said.author_signature else speaker.name
    return _Found(
        "message",
        "group",
        chat_of(said.chat, said),
        str(speaker.id),
        1000 * said.date,
        message_id=f"{said.chat.id}/{said.message_id}",
        chat_name=said.chat.name,
        sender=name,
    )


def _walked(said: Said, me: Me) -> _Found | None:
    """Who came or went; of several the others are named. Of ourselves `my_chat_member` tells it, in every chat."""
    gone = said.left_chat_member
    who = [each for each in (said.new_chat_members if gone is None else (gone,)) if each.id != me.number]
    if not who:
        return None
    own = said.user is None or said.user.id == who[0].id
    if gone is not None:
        name = "group_decrease.leave" if own else "group_decrease.kick"
    else:
        name = "group_increase.approve" if own else "group_increase.invite"
    found = _framed(said)
    return found._replace(
        kind="notice",
        name=name,
        user=str(who[0].id),
        sender=who[0].name,
        message=tuple(Mention(str(each.id), {"name": each.name}) for each in who[1:]),
        dedupe=f"m:{found.message_id}",
    )


# --- everything else -------------------------------------------------------------------------------------------------


def _pressed(query: Query, now_ms: int) -> _Found:
    said = query.message
    chat = chat_of(said.chat, said) if said is not None else chat_id("private", query.user.id)
    return _Found(
        "notice",
        "button",
        chat,
        str(query.user.id),
        now_ms,  # the update has no time of its own
        message=text(query.data),
        message_id=f"{said.chat.id}/{said.message_id}" if said is not None else "",
        chat_name=said.chat.name if said is not None else "",
        sender=query.user.name,
        mentioned=True,
        dedupe=f"q:{query.id}",
    )


def _changed(change: MemberChange, me: Me) -> _Found | None:
    name = _change(change, me)
    if not name:
        return None
    user: User = change.new_chat_member.user
    return _Found(
        "notice",
        name,
        chat_of(change.chat),
        str(user.id),
        1000 * change.date,
        chat_name=change.chat.name,
        sender=user.name,
    )


def _change(change: MemberChange, me: Me) -> str:
    """The change in OneBot's words; empty for what the messages about coming and going tell already."""
    old, new = change.old_chat_member, change.new_chat_member
    ours = new.user.id == me.number
    if change.chat.type == "private":
        return f"my_chat_member.{new.status}"
    if _away(old) != _away(new):
        return ("group_decrease.kick_me" if _away(new) else "group_increase.invite") if ours else ""
    if (old.status in _RANKS) != (new.status in _RANKS):
        return "group_admin.set" if new.status in _RANKS else "group_admin.unset"
    if (old.status == "restricted") != (new.status == "restricted"):
        return "group_ban.ban" if new.status == "restricted" else "group_ban.lift_ban"
    return ""


def _away(member: Member) -> bool:
    return member.status in _GONE or (member.status == "restricted" and not member.is_member)


def _wished(wish: JoinRequest) -> _Found:
    """Its `set_group_add_request` takes `<chat id>/<user id>` as flag, which is `message_id` here."""
    return _Found(
        "request",
        "group.add",
        chat_of(wish.chat),
        str(wish.user.id),
        1000 * wish.date,
        message=text(wish.bio),
        message_id=f"{wish.chat.id}/{wish.user.id}",
        chat_name=wish.chat.name,
        sender=wish.user.name,
    )


def _reacted(reacted: Reacted) -> _Found | None:
    who = reacted.user or reacted.actor_chat
    if who is None:
        return None
    return _Found(
        "notice",
        "message_reaction",
        chat_of(reacted.chat),
        str(who.id),
        1000 * reacted.date,
        message=text("".join(each.emoji or f"[{each.type}]" for each in reacted.new_reaction)),
        message_id=f"{reacted.chat.id}/{reacted.message_id}",
        chat_name=reacted.chat.name,
        sender=who.name,
    )
