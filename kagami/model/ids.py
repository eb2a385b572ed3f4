"""Names of things.

| name | form | example |
|---|---|---|
| `BotId` | `platform:account` | `qq:10001000` |
| `ChatId` | `kind:id`, kind is `group`, `private`, `channel` or `guild` | `group:123456` |
| `UserId` | as the platform writes it | `10001` |
| `ExecutionId` | UUIDv7, canonical text | `0193…` |
"""

from __future__ import annotations

from typing import NamedTuple, NewType
from uuid import UUID

BotId = NewType("BotId", str)
ChatId = NewType("ChatId", str)
UserId = NewType("UserId", str)
ExecutionId = NewType("ExecutionId", str)

RANDOM_BITS = 74
# The account of what happens in no chat: a plugin's own timetable.
CLOCK = BotId("kagami:clock")


class SessionKey(NamedTuple):
    """One conversation: what is kept in order and what a question waits in."""

    bot: BotId
    chat: ChatId
    user: UserId


def bot_id(platform: str, account: str | int) -> BotId:
    return BotId(f"{platform}:{account}")


def chat_id(kind: str, number: str | int) -> ChatId:
    return ChatId(f"{kind}:{number}")


def split_id(name: str) -> tuple[str, str]:
    """`("qq", "10001")` of `"qq:10001"`; a name without a colon has an empty first part."""
    head, colon, tail = name.partition(":")
    return (head, tail) if colon else ("", head)


def execution_id(wall_ms: int, randomness: int) -> ExecutionId:
    """UUIDv7 (RFC 9562 §5.7) from milliseconds since 1970 and 74 random bits; sorts by time."""
    high, low = randomness >> 62 & 0xFFF, randomness & (1 << 62) - 1
    number = (wall_ms & (1 << 48) - 1) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low
    digits = number.to_bytes(16, "big").hex()
    return ExecutionId(f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}")


def execution_ms(execution: ExecutionId) -> int:
    """The milliseconds since 1970 that an execution id carries."""
    return UUID(execution).int >> 80
