"""What a platform lets a bot do, in words that all platforms share."""

from __future__ import annotations

from typing import Literal

import msgspec

AbilityName = Literal[
    # Parts of messages.
    "text",
    "mention",
    "reply",
    "image",
    "voice",
    "video",
    "file",
    "card",
    # What can be done.
    "edit",
    "delete",
    "reaction",
    "typing",
    "members",
    "groups",
    "mute",
    "kick",
    "history",
    # What the platform promises of itself.
    "redelivers",
    "exactly_once",
]
Level = Literal["yes", "partly", "no"]


class Ability(msgspec.Struct, frozen=True, omit_defaults=True):
    """`receive` is None where there is nothing to receive; `note` is English, for people, and a translation key."""

    name: AbilityName
    send: Level
    receive: Level | None = None
    note: str = ""
