"""Events that are no messages, in OneBot 11's words where it has them; the others keep KOOK's, as `kook.<type>`.

Source: https://developer.kookapp.cn/doc/event/ (guild-member, channel, direct-message, user).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from kagami.adapters.kook import kmarkdown
from kagami.adapters.kook.wire import Author, Happening, part
from kagami.errors import WireError
from kagami.model.ids import ChatId, chat_id
from kagami.model.message import Message
from kagami.model.segment import Face, Native

SYSTEM_USER = "1"


class Notice(NamedTuple):
    """`message_id` is of the message that it is about."""

    name: str
    chat: ChatId
    user: str
    message_id: str = ""
    message: Message = ()
    author: Author = Author()


class Told(NamedTuple):
    """The body of a system event with what surrounds it."""

    event: Happening
    kind: str
    body: dict[str, Any]
    own: str

    def text(self, key: str) -> str:
        value = self.body.get(key)
        return str(value) if isinstance(value, str | int) else ""

    @property
    def user(self) -> str:
        """Whom it is about; what concerns nobody else concerns the account itself."""
        author = str(self.event.author_id)
        return self.text("user_id") or (author if author != SYSTEM_USER else "") or self.own

    @property
    def chat(self) -> ChatId:
        """The channel that it names, else the direct chat or the server that it came from."""
        if channel := self.text("channel_id"):
            return chat_id("group", channel)
        if self.event.channel_type == "PERSON":
            return chat_id("private", self.text("author_id") or self.user)
        return chat_id("guild", self.text("guild_id") or self.event.target_id)


def read(event: Happening, own: str) -> Notice | None:
    """What a system event tells; None for what the bot itself did."""
    extra = event.extra if isinstance(event.extra, dict) else {}
    kind, body = extra.get("type"), extra.get("body")
    if not isinstance(kind, str) or not kind:
        raise WireError(reason="a system event needs extra.type")
    told = Told(event, kind, body if isinstance(body, dict) else {}, own)
    return _READERS.get(kind, _other)(told)


def _other(told: Told) -> Notice:
    return Notice(f"kook.{told.kind}", told.chat, told.user, told.text("msg_id"))


def _joined(told: Told) -> Notice:
    return Notice("group_increase.approve", _server(told), told.user)


def _left(told: Told) -> Notice:
    return Notice("group_decrease.leave", _server(told), told.user)


def _let_in(told: Told) -> Notice:
    return Notice("group_increase.invite", _server(told), told.own)


def _put_out(told: Told) -> Notice:
    return Notice("group_decrease.kick_me", _server(told), told.own)


def _server(told: Told) -> ChatId:
    return chat_id("guild", told.text("guild_id") or told.event.target_id)


def _deleted(told: Told) -> Notice:
    private = told.kind == "deleted_private_message"
    user = told.text("author_id") or told.user
    return Notice("friend_recall" if private else "group_recall", told.chat, user, told.text("msg_id"))


def _updated(told: Told) -> Notice:
    user, content = told.text("author_id") or told.user, told.text("content")
    return Notice(f"kook.{told.kind}", told.chat, user, told.text("msg_id"), tuple(kmarkdown.read(content)))


def _reacted(told: Told) -> Notice | None:
    if told.user == told.own:
        return None
    emoji = told.body.get("emoji")
    emoji = emoji if isinstance(emoji, dict) else {}
    face = Face(str(emoji.get("id", "")), {"name": str(emoji.get("name", ""))})
    name = "reaction.add" if "added" in told.kind else "reaction.remove"
    chat = chat_id("private", told.user) if told.kind.startswith("private_") else told.chat
    return Notice(name, chat, told.user, told.text("msg_id"), (face,))


def _clicked(told: Told) -> Notice:
    """In a channel the target is the channel, in a direct chat one of the two."""
    target = told.text("target_id")
    private = target in ("", told.own, told.user)
    chat = chat_id("private", told.user) if private else chat_id("group", target)
    pressed = Native("button", {"value": told.text("value")})
    author = part(told.body.get("user_info"), Author) or Author()
    return Notice("button", chat, told.user, told.text("msg_id"), (pressed,), author)


_READERS: dict[str, Callable[[Told], Notice | None]] = {
    "joined_guild": _joined,
    "exited_guild": _left,
    "self_joined_guild": _let_in,
    "self_exited_guild": _put_out,
    "deleted_message": _deleted,
    "deleted_private_message": _deleted,
    "updated_message": _updated,
    "updated_private_message": _updated,
    "added_reaction": _reacted,
    "deleted_reaction": _reacted,
    "private_added_reaction": _reacted,
    "private_deleted_reaction": _reacted,
    "message_btn_click": _clicked,
}
