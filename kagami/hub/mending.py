"""What a broken connection has left open: events that nobody brought, and sends of which nobody knows what became.

Whenever a bot is here again, and a moment after a send has become `unknown`, its platform is asked what was said, where
it can be asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from kagami import log
from kagami.clock import Clock
from kagami.errors import StoreClosed
from kagami.hub.outbox import key_of
from kagami.hub.registry import BotRegistry
from kagami.meters import Meters
from kagami.model.action import Send, Sent
from kagami.model.ids import BotId, ChatId
from kagami.net.supervise import Nursery
from kagami.ports import Bot, ChatRow, Keyed, Recalls, SendRow, Store

# Whoever spoke lately is asked about; the rest is not worth as many calls.
LATELY_MS = 6 * 3_600_000
MOST_CHATS = 20
# A platform's times are whole seconds of another clock; what comes twice is known by its key.
SLACK_MS = 10_000
# An older send is beyond what a platform shows without turning pages.
DOUBT_MS = 3_600_000
DOUBT_PAUSE_S = 5.0
LINES = 200
FEW_LINES = 50

_log = log.get("hub")


class Mending:
    """One round of a kind at a time for each bot; a newer one takes the place of one that is under way."""

    def __init__(self, store: Store, bots: BotRegistry, nursery: Nursery, clock: Clock, meters: Meters) -> None:
        self._store = store
        self._bots = bots
        self._nursery = nursery
        self._clock = clock
        self._meters = meters
        self._rounds: dict[str, asyncio.Task[None]] = {}
        # Since when a chat is to be asked about, until it has been: a round may be cut off by the next one.
        self._owed: dict[tuple[BotId, ChatId], int] = {}

    def back(self, bot: Bot) -> None:
        """It is here, perhaps again."""
        if not bot.reachable:
            return
        if isinstance(bot, Recalls):
            self._begin(f"recall {bot.id}", self._recall(bot.id, bot))
        elif isinstance(bot, Keyed):
            self._begin(f"settle {bot.id}", self._repeat(bot.id, bot))

    def doubt(self, bot: BotId) -> None:
        """One of its sends may have been made."""
        found = self._bots.get(bot)
        if found is None:
            return
        if isinstance(found, Recalls):
            self._begin(f"settle {bot}", self._soon(partial(self._settle, bot, found)))
        elif isinstance(found, Keyed):
            self._begin(f"settle {bot}", self._soon(partial(self._repeat, bot, found)))

    def _begin(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        before = self._rounds.pop(name, None)
        if before is not None:
            before.cancel()
        task = self._rounds[name] = self._nursery.start(name, self._round(work))
        task.add_done_callback(lambda _: self._rounds.pop(name, None) if self._rounds.get(name) is task else None)

    async def _round(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except StoreClosed as error:
            _log.warning("what was missed cannot be looked up", reason=error.text())

    async def _soon(self, work: Callable[[], Awaitable[None]]) -> None:
        await self._clock.sleep(DOUBT_PAUSE_S)
        await work()

    async def _repeat(self, bot: BotId, here: Keyed) -> None:
        """Say again what may have been said, where that cannot make a second message."""
        for row in await self._store.doubtful(bot, self._clock.wall_ms() - int(1000 * here.keyed_s)):
            if isinstance(row.body, Send):
                receipt = await here.perform_once(row.body, key_of(row))
                if isinstance(receipt, Sent):
                    await self._tell(row, receipt)

    async def _recall(self, bot: BotId, here: Recalls) -> None:
        # Looked up before anything is asked: what comes live meanwhile is newer than what was missed.
        chats = await self._lately(bot)
        await self._settle(bot, here)
        missed = 0
        for chat, since_ms in chats:
            found = await here.catch_up(chat, since_ms - SLACK_MS)
            if found is None:
                break  # it cannot be asked, or it is gone again
            missed += found
            self._owed.pop((bot, chat), None)
        if missed:
            self._meters.count["events", "recalled"] += missed
            _log.info("took events that came while nobody was connected", bot=bot, events=missed)

    async def _lately(self, bot: BotId) -> list[tuple[ChatId, int]]:
        """The chats to ask about, and since when in milliseconds, the latest first."""
        since_ms = self._clock.wall_ms() - LATELY_MS
        self._owed = {place: at_ms for place, at_ms in self._owed.items() if at_ms >= since_ms}
        chats = [each for each in await self._store.chats(active_since_ms=since_ms) if each.bot == bot]
        if len(chats) > MOST_CHATS:
            _log.warning("not every chat is asked for what was missed", bot=bot, left_out=len(chats) - MOST_CHATS)
        chosen = chats[:MOST_CHATS]
        for each in chosen:
            if (bot, each.chat) not in self._owed:
                self._owed[bot, each.chat] = max(since_ms, await self._heard_ms(each))
        return [(each.chat, self._owed[bot, each.chat]) for each in chosen]

    async def _heard_ms(self, chat: ChatRow) -> int:
        """When somebody was heard there last; a send may have waited for its bot, and tells nothing of that."""
        lines = await self._store.messages(bot=chat.bot, chat=chat.chat, limit=FEW_LINES)
        heard = [each.time_ms for each in lines if each.direction == "in" and each.time_ms <= chat.last_ms + SLACK_MS]
        return max(heard) if heard else min([chat.last_ms, *(each.time_ms for each in lines)])

    async def _settle(self, bot: BotId, here: Recalls) -> None:
        for row in await self._store.doubtful(bot, self._clock.wall_ms() - DOUBT_MS):
            if not isinstance(row.body, Send):
                continue
            lines = await self._store.messages(bot=bot, chat=row.chat, limit=LINES)
            taken = {line.message_id for line in lines if line.direction == "out" and line.message_id}
            receipt = await here.settle(row.body, row.created_ms, taken)
            if receipt is not None:
                await self._tell(row, receipt)

    async def _tell(self, row: SendRow, receipt: Sent) -> None:
        self._store.ledger.end_send(row.execution, row.ordinal, receipt, self._clock.wall_ms())
        await self._store.ledger.flush()
        _log.info("a send of which nothing was known was made", bot=row.bot, execution=row.execution)
