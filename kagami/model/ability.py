"""What a platform lets a bot do, in words that all platforms share."""

from __future__ import annotations

from typing import Literal

import msgspec

# Parts of messages, what can be done, and what the platform promises of itself.
# fmt: off
AbilityName = Literal[
    "text", "mention", "reply", "image", "voice", "video", "file", "card",
    "edit", "delete", "reaction", "typing", "members", "groups", "mute", "kick", "history",
    "redelivers", "exactly_once",
]
# fmt: on
Level = Literal["yes", "partly", "no"]


class Ability(msgspec.Struct, frozen=True, omit_defaults=True):
    """`receive` is None where there is nothing to receive; `note` is English, for people, and a translation key."""

    name: AbilityName
    send: Level
    receive: Level | None = None
    note: str = ""
