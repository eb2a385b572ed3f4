"""A NapCat, a gateway, and the adapter between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kagami.adapters.kit import Kit
from kagami.adapters.napcat.config import NapCatConfig
from kagami.adapters.napcat.link import NapCat, open_bot
from kagami.core.handshake import digest, own_token
from kagami.core.secrets import Secret
from kagami.model.action import Send, Sent
from kagami.model.ids import BotId, ChatId
from kagami.model.message import text
from kagami.ports import BotState
from kagami.testing.adapters import KeptMedia, NotedMemory, NotedVault, Notes, QuickClock
from kagami.testing.gateway import TOKEN, OpenGateway, WritingIntake
from kagami.testing.napcat import WEBUI_TOKEN, NapCatHost

GROUP = ChatId("group:42")
QQ = BotId("qq:10001")


class Scene:
    """A NapCat, a gateway, and the adapter between them."""

    def __init__(self, napcat: NapCatHost, port: OpenGateway, notes: Notes) -> None:
        self.napcat, self.port, self.notes = napcat, port, notes
        self.url = port.url
        self.clock = QuickClock(200)

    @property
    def intake(self) -> WritingIntake:
        return self.port.intake

    @property
    def kit(self) -> Kit:
        return Kit(
            clock=self.clock,
            nursery=self.port.nursery,
            meters=self.port.meters,
            media=KeptMedia(),
            memory=NotedMemory(self.notes),
            vault=NotedVault(self.notes),
            randomness=lambda: 0.0,
            gateway=lambda platform, account: (self.url, own_token(digest(TOKEN), platform, account)),
        )

    def config(self) -> NapCatConfig:
        return NapCatConfig(name="main", webui_url=self.napcat.url, webui_token=Secret(WEBUI_TOKEN))

    @asynccontextmanager
    async def running(self, config: NapCatConfig | None = None) -> AsyncIterator[NapCat]:
        adapter = open_bot(config or self.config(), self.kit)
        task = self.port.nursery.start("adapter", adapter.run(self.intake))
        try:
            yield adapter
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def until(self, bot: BotId, state: BotState, adapter: str = "napcat") -> None:
        async with asyncio.timeout(10):
            while not (
                bot in self.intake.bots
                and self.intake.bots[bot].health().state == state
                and self.intake.bots[bot].adapter == adapter
            ):
                await asyncio.sleep(0.002)

    async def works(self, bot: BotId = QQ) -> None:
        """An event comes in and an answer goes out."""
        number = await self.napcat.say("ping", group="42")
        event = await self.intake.event()
        assert (event.bot, event.message_id) == (bot, number)
        receipt = await self.intake.bots[bot].perform(Send(bot, GROUP, text("pong")))
        assert isinstance(receipt, Sent), receipt
