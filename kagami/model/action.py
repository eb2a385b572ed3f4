"""What a program asks a bot to do, and what came of it."""

from __future__ import annotations

from typing import Any

import msgspec

from kagami.model.ids import BotId, ChatId
from kagami.model.message import Message


class Send(msgspec.Struct, frozen=True, tag="send", omit_defaults=True):
    """Send a message to a chat."""

    bot: BotId
    chat: ChatId
    message: Message


class Delete(msgspec.Struct, frozen=True, tag="delete"):
    """Take back a message."""

    bot: BotId
    chat: ChatId
    message_id: str


class Call(msgspec.Struct, frozen=True, tag="call", omit_defaults=True):
    """Any other call, by the platform's own name and parameters."""

    bot: BotId
    name: str
    params: dict[str, Any] = {}


Action = Send | Delete | Call


class Sent(msgspec.Struct, frozen=True, tag="sent", omit_defaults=True):
    """The platform confirmed it. `message_id` is the platform's id, `result` what a `Call` returned."""

    message_id: str = ""
    result: Any = None


class Failed(msgspec.Struct, frozen=True, tag="failed", omit_defaults=True):
    """It was certainly not done. `code` is the platform's own, as text."""

    reason: str
    code: str = ""


class Unknown(msgspec.Struct, frozen=True, tag="unknown"):
    """It may or may not have been done: the answer did not come. Never repeated without somebody's word."""

    reason: str


Receipt = Sent | Failed | Unknown
