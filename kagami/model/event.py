"""Something that happened on a platform, in the words that all platforms share."""

from __future__ import annotations

from typing import Literal

import msgspec

from kagami.model.ids import BotId, ChatId, ExecutionId, SessionKey, UserId
from kagami.model.message import Message, plain_text

Kind = Literal["message", "notice", "request", "schedule"]


class Sender(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """How the platform shows a user. For people to read: rights come from `Event.bot` and `Event.user` alone."""

    name: str = ""
    card: str = ""
    role: str = "member"


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event, as an adapter read it.

    `name` narrows `kind`: `private` or `group` for messages, the platform's own type for the others, with its sub-type
    after a dot (`group_increase.approve`). A `schedule` comes from Kagami itself: a plugin's job is due. `dedupe`
    names the event within its account for ever: the message id where there is one. `native` is the frame that came,
    as UTF-8 JSON. `mentioned` is true when the bot was addressed by a mention, a reply or in private.
    """

    execution: ExecutionId
    bot: BotId
    kind: Kind
    name: str
    chat: ChatId
    user: UserId
    time_ms: int
    dedupe: str
    message: Message = ()
    message_id: str = ""
    chat_name: str = ""
    sender: Sender = Sender()
    mentioned: bool = False
    native: str = ""

    @property
    def session(self) -> SessionKey:
        return SessionKey(self.bot, self.chat, self.user)

    @property
    def text(self) -> str:
        return plain_text(self.message)
