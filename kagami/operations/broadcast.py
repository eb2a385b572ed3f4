"""One message to every chat that is known to be active."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from zlib import crc32

import msgspec

from kagami import log
from kagami.errors import UsageError
from kagami.i18n import mark
from kagami.model.action import Send
from kagami.model.ids import RANDOM_BITS, BotId, ChatId, ExecutionId, execution_id, split_id
from kagami.model.message import text
from kagami.operations.registry import Request, operation
from kagami.ports import Parts

DAY_MS = 86_400_000
MOST_CHATS = 100_000
# The sends of an execution's own handler are counted from 0; those of a broadcast stand far behind them.
FIRST_ORDINAL = 1_000_000
GAUGE = "broadcast.left"
_log = log.get("broadcast")


class Audience(Request, frozen=True):
    """Chats with a message in the last so many days, of bots that are here."""

    days: float = 30


class Reached(msgspec.Struct, frozen=True):
    """How many chats of each bot."""

    chats: int
    by_bot: dict[str, int]


class Broadcast(Request, frozen=True):
    """With the `execution` of an event that is tried again, chats that were served before are left out."""

    text: str
    days: float = 30
    execution: str = ""


class Broadcasted(msgspec.Struct, frozen=True):
    chats: int
    sent: int
    failed: int
    unknown: int


@operation("messages.audience", "messages:read")
async def audience(parts: Parts, request: Audience) -> Reached:
    """How many chats a broadcast would reach."""
    by_bot = Counter(str(bot) for bot, _ in await _audience(parts, request.days))
    return Reached(by_bot.total(), dict(by_bot))


@operation("messages.broadcast", "messages:write", asks=True, foretold=lambda asked: Audience(days=asked.days))
async def broadcast(parts: Parts, request: Broadcast) -> Broadcasted:
    """Send a message to every active chat, as fast as each account may speak."""
    if not request.text.strip():
        raise UsageError(reason=mark("Give a text to send."))
    chats = await _audience(parts, request.days)
    if request.execution:
        execution = ExecutionId(request.execution)
        served = {(row.bot, row.chat) for row in await parts.store.sends(execution) if row.text == request.text}
        chats = [each for each in chats if each not in served]
    else:
        execution = execution_id(parts.clock.wall_ms(), secrets.randbits(RANDOM_BITS))
    _log.info("broadcast begins", execution=execution, chats=len(chats))
    run = _Run(parts, execution, request.text, len(chats))
    async with asyncio.TaskGroup() as group:
        for bot in {bot for bot, _ in chats}:
            group.create_task(run.through(bot, [chat for owner, chat in chats if owner == bot]), name="broadcast")
    answer = Broadcasted(len(chats), run.outcomes["Sent"], run.outcomes["Failed"], run.outcomes["Unknown"])
    _log.info("broadcast ends", execution=execution, sent=answer.sent, failed=answer.failed, unknown=answer.unknown)
    return answer


class _Run:
    """One broadcast. Accounts speak side by side, each chat after chat in its own pace, which the outbox keeps."""

    def __init__(self, parts: Parts, execution: ExecutionId, words: str, chats: int) -> None:
        self._parts = parts
        self._execution = execution
        self._message = text(words)
        self._ordinals: set[int] = set()
        self._left = chats
        self.outcomes: Counter[str] = Counter()

    async def through(self, bot: BotId, chats: list[ChatId]) -> None:
        for chat in chats:
            send = Send(bot, chat, self._message)
            receipt = await self._parts.outbox.send(self._execution, self._ordinal(bot, chat), send)
            self.outcomes[type(receipt).__name__] += 1
            self._left -= 1
            self._parts.meters.gauge[GAUGE] = self._left

    def _ordinal(self, bot: BotId, chat: ChatId) -> int:
        """The same number for the same chat in every try."""
        ordinal = FIRST_ORDINAL + crc32(f"{bot} {chat}".encode())
        while ordinal in self._ordinals:
            ordinal += 1
        self._ordinals.add(ordinal)
        return ordinal


async def _audience(parts: Parts, days: float) -> list[tuple[BotId, ChatId]]:
    if not days > 0:
        raise UsageError(reason=mark("Give a number of days above 0."))
    since = max(0, parts.clock.wall_ms() - int(min(days, 36_500) * DAY_MS))
    rows = await parts.store.chats(limit=MOST_CHATS, active_since_ms=since)
    return sorted(
        (row.bot, row.chat)
        for row in rows
        if row.chat and split_id(row.bot)[0] != "sandbox" and parts.bots.get(row.bot) is not None
    )


OPERATIONS = (audience, broadcast)
