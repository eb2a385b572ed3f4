"""How work is split among processes: partitions of chats, fair shares of them, and numbers that never meet.

The number of partitions is fixed for ever: what is open in a store is found by it.
"""

from __future__ import annotations

from collections.abc import Collection
from zlib import crc32

from kagami.model.ids import BotId, ChatId

PARTITIONS = 64
# Of processes that number at once, and of numbers that each has in a millisecond; both are powers of two.
SLOTS, EACH = 32, 256
# What numbers count their milliseconds from: 2026-01-01 in UTC. They stay below 2^53 until 2061, for JSON's sake.
FIRST_MS = 1_767_225_600_000


def own_part(slot: int) -> int:
    """The partition of what only one process can handle, as long as it is there: its own chats and applications."""
    return PARTITIONS + slot


def part_of(bot: BotId, chat: ChatId) -> int:
    """The partition of a chat: everything in it is handled by one process at a time."""
    return crc32(f"{bot}|{chat}".encode()) % PARTITIONS


def fair_share(amount: int, holders: int, rank: int = 0) -> int:
    """How many of so many the holder with this rank, from 0, is to have: all together have them all."""
    each, more = divmod(amount, max(1, holders))
    return each + (rank < more)


def following(newest: int, wall_ms: int, slot: int) -> int:
    """The next number of a slot: above `newest`, whoever gave that, and about as high as the time is late."""
    moment = max(0, wall_ms - FIRST_MS)
    now = (moment * SLOTS + slot) * EACH
    if newest < now:
        return now
    if newest // EACH % SLOTS == slot and (newest + 1) % EACH:
        return newest + 1
    return ((newest // (SLOTS * EACH) + 1) * SLOTS + slot) * EACH


def slot_of(number: int, slots: int = SLOTS) -> int:
    """Whose a number is. Those of a process that was alone are all in order: their slots say nothing and do no harm."""
    return number // EACH % slots


def horizon(wall_ms: int, seconds: float) -> int:
    """A number below which nothing is given any more by a process that writes within so many seconds."""
    return max(0, int(wall_ms - seconds * 1000) - FIRST_MS) * SLOTS * EACH


def surplus(held: Collection[int], share: int) -> list[int]:
    """Which of the held partitions are beyond a share: the highest, so that the rest stays where it is.

    Those that are not of chats do not count.
    """
    return sorted(part for part in held if part < PARTITIONS)[share:]
