"""Bots that are known, and what they have done."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress

from kagami.core.numbers import number_of
from kagami.meters import Histogram
from kagami.model.ids import BotId, split_id
from kagami.ports import ONLINE, Bot, BotRow


class Tally:
    """Counts of one bot since start. `in_per_s` and `out_per_s` are of the last whole second."""

    __slots__ = ("_last", "failed", "in_per_s", "latency", "out_per_s", "received", "sent")

    def __init__(self) -> None:
        self.received = self.sent = self.failed = 0
        self.in_per_s = self.out_per_s = 0.0
        self.latency = Histogram()
        self._last = (0, 0)

    def tick(self, seconds: float) -> None:
        """Close a second (or so) of counting."""
        received, sent = self._last
        self.in_per_s = (self.received - received) / seconds
        self.out_per_s = (self.sent - sent) / seconds
        self._last = (self.received, self.sent)


class BotRegistry:
    """Implements `ports.Bots`. A bot's tally outlives its connections."""

    def __init__(self) -> None:
        self._bots: dict[BotId, Bot] = {}
        self.elsewhere: dict[BotId, BotRow] = {}  # accounts that another process has
        self.unheld: Callable[[], Sequence[BotRow]] = list  # configured accounts that no process has
        self._arrival = asyncio.Event()
        self._patient = True
        self.tally: defaultdict[BotId, Tally] = defaultdict(Tally)

    def attach(self, bot: Bot) -> Bot | None:
        """Put `bot` in its place; the object it replaces is returned."""
        before = self._bots.get(bot.id)
        self._bots[bot.id] = bot
        self._wake()
        return None if before is bot else before

    def detach(self, bot: Bot) -> bool:
        """Forget this very object; False when another has taken its place."""
        if self._bots.get(bot.id) is not bot:
            return False
        del self._bots[bot.id]
        return True

    def get(self, bot: BotId) -> Bot | None:
        return self._bots.get(bot)

    async def reach(self, bot: BotId, seconds: float) -> Bot | None:
        """The bot once it can be called, or as it is after so many seconds."""
        found = self._bots.get(bot)
        if not seconds or (found and found.reachable):
            return found
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._patient and not (found and found.reachable):
                    await self._arrival.wait()
                    found = self._bots.get(bot)
        return found

    def hurry(self) -> None:
        """Nobody waits for a bot any more: the engine stops."""
        self._patient = False
        self._wake()

    def _wake(self) -> None:
        # Whoever waits holds the old one.
        self._arrival.set()
        self._arrival = asyncio.Event()

    def all(self) -> list[Bot]:
        return list(self._bots.values())

    def rows(self) -> list[BotRow]:
        """Also of those that another process has; one that has moved is there."""
        found = {row.id: row for row in self.own_rows()}
        for bot, row in self.elsewhere.items():
            if bot not in found or (row.health.state in ONLINE and not self._bots[bot].reachable):
                found[bot] = row
        return list(found.values())

    def listed(self) -> list[BotRow]:
        """For people: also what is configured and in no process at the moment."""
        rows = self.rows()
        named = {(row.adapter, row.name) for row in rows}
        return [*rows, *(row for row in self.unheld() if (row.adapter, row.name) not in named)]

    def own_rows(self) -> list[BotRow]:
        return [self._row(bot) for bot in self._bots.values()]

    def _row(self, bot: Bot) -> BotRow:
        tally = self.tally[bot.id]
        return BotRow(
            bot.id,
            bot.name,
            bot.adapter,
            bot.health(),
            tally.received,
            tally.sent,
            tally.failed,
            tally.in_per_s,
            tally.out_per_s,
            tally.latency.quantile(0.95) * 1000,
            number_of(split_id(bot.id)[1]),
        )
