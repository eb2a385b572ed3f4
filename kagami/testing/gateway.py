"""A gateway on a free loopback port with an intake that only writes down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from kagami.adapters.onebot11.config import PeerConfig
from kagami.adapters.onebot11.link import OneBotReception
from kagami.clock import Clock, SystemClock
from kagami.gateway.config import GatewayConfig
from kagami.gateway.server import Gateway
from kagami.meters import Meters
from kagami.model.event import Event
from kagami.model.ids import BotId, bot_id
from kagami.net.supervise import Nursery
from kagami.ports import Bot, Media

TOKEN = "a-token-for-tests-that-nobody-else-uses"  # noqa: S105 - of a port that lives for one test
PATH = "/onebot/v11/ws"


class WritingIntake:
    """Implements `ports.Intake`: remembers everything, stores nothing. `crowded` is as it is set."""

    def __init__(self) -> None:
        self.crowded = False
        self.events: list[Event] = []
        self.complaints: list[tuple[BotId, str, bytes]] = []
        self.bots: dict[BotId, Bot] = {}
        self.attached: list[Bot] = []
        self.detached: list[Bot] = []
        self._arrived: asyncio.Queue[Event] = asyncio.Queue()
        self._happened = asyncio.Event()

    def accept(
        self,
        event: Event,
        read_at: float,  # noqa: ARG002 - nothing is measured here
        *,
        once: bool = False,  # noqa: ARG002
    ) -> Awaitable[bool]:
        self.events.append(event)
        self._arrived.put_nowait(event)
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        stored.set_result(True)
        return stored

    def complain(self, bot: BotId, reason: str, frame: bytes) -> None:
        self.complaints.append((bot, reason, frame))
        self._happened.set()

    def attach(self, bot: Bot) -> None:
        self.attached.append(bot)
        self.bots[bot.id] = bot
        self._happened.set()

    def detach(self, bot: Bot) -> None:
        self.detached.append(bot)
        if self.bots.get(bot.id) is bot:
            del self.bots[bot.id]

    def current(self, bot: BotId) -> Bot | None:
        return self.bots.get(bot)

    async def event(self) -> Event:
        """The next event that was not taken yet."""
        return await self._arrived.get()

    async def bot(self, account: str, platform: str = "qq") -> Bot:
        """The bot of an account, as soon as it is there."""
        return await self.present(bot_id(platform, account))

    async def present(self, bot: BotId) -> Bot:
        while bot not in self.bots:
            await self.change()
        return self.bots[bot]

    async def complaint(self) -> tuple[BotId, str, bytes]:
        """The first complaint, as soon as there is one."""
        while not self.complaints:
            await self.change()
        return self.complaints[0]

    async def change(self) -> None:
        """Wait for the next complaint or attached bot."""
        self._happened.clear()
        await self._happened.wait()


@dataclass(frozen=True, slots=True)
class OpenGateway:
    """A running gateway with what it stands on."""

    gateway: Gateway
    intake: WritingIntake
    nursery: Nursery
    meters: Meters

    @property
    def port(self) -> int:
        return self.gateway.port

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}{PATH}"


@asynccontextmanager
async def open_gateway(
    config: GatewayConfig | None = None,
    *,
    token: str = TOKEN,
    clock: Clock | None = None,
    peers: PeerConfig | None = None,
    media: Media | None = None,
) -> AsyncIterator[OpenGateway]:
    """Open a gateway with a OneBot reception; port 0 unless `config` says otherwise."""
    clock, meters, intake = clock or SystemClock(), Meters(), WritingIntake()
    async with Nursery(clock) as nursery:
        reception = OneBotReception(intake, clock=clock, nursery=nursery, meters=meters, config=peers, media=media)
        gateway = Gateway(
            config or GatewayConfig(port=0), token=token, reception=reception, nursery=nursery, meters=meters
        )
        async with gateway:
            yield OpenGateway(gateway, intake, nursery, meters)
