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
from kagami.model.ids import BotId
from kagami.net.supervise import Nursery
from kagami.ports import Bot, Keyed, Recalls, SendRow, Store

# Whoever spoke lately is asked about; the rest is not worth as many calls.
LATELY_MS = 6 * 3_600_000
MOST_CHATS = 20
# A platform's times are whole seconds of another clock; what comes twice is known by its key.
SLACK_MS = 10_000
# An older send is beyond what a platform shows without turning pages.
DOUBT_MS = 3_600_000
DOUBT_PAUSE_S = 5.0
LINES = 200

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
        await self._settle(bot, here)
        since_ms = self._clock.wall_ms() - LATELY_MS
        chats = [each for each in await self._store.chats(active_since_ms=since_ms) if each.bot == bot]
        missed = 0
        for each in chats[:MOST_CHATS]:
            found = await here.catch_up(each.chat, each.last_ms - SLACK_MS)
            if found is None:
                break  # it cannot be asked, or it is gone again
            missed += found
        if missed:
            self._meters.count["events", "recalled"] += missed
            _log.info("took events that came while nobody was connected", bot=bot, events=missed)

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
