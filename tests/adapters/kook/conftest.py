"""KOOK on loopback, and a bot at work on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass

import pytest

from kagami.adapters.kit import Kit
from kagami.adapters.kook.client import Client
from kagami.adapters.kook.config import KookConfig
from kagami.adapters.kook.link import KookBot, open_bot
from kagami.clock import Clock
from kagami.core.secrets import Secret
from kagami.net.api import Api
from kagami.ports import Bot, BotState
from kagami.testing.adapters import HoldingIntake, KeptMedia, Notes, QuickClock, open_kit
from kagami.testing.kook import TOKEN, Kook, open_kook


def config_of(kook: Kook, *, token: str = TOKEN, name: str = "", enabled: bool = True) -> KookConfig:
    return KookConfig(token=Secret(token), api_url=f"{kook.url}/api/v3", name=name, enabled=enabled)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


@dataclass(slots=True)
class Stage:
    kook: Kook
    kit: Kit
    intake: HoldingIntake
    media: KeptMedia
    notes: Notes
    adapter: KookBot

    @property
    def bot(self) -> Bot:
        return self.intake.bots[self.adapter.id]

    async def is_(self, state: BotState) -> Bot:
        await until(lambda: self.adapter.id in self.intake.bots and self.bot.health().state == state)
        return self.bot


Play = Callable[..., AbstractAsyncContextManager[Stage]]


@pytest.fixture
async def kook() -> AsyncIterator[Kook]:
    async with open_kook() as there:
        yield there


@pytest.fixture
def play(kook: Kook) -> Play:
    """`async with play()`: a bot that runs."""

    @asynccontextmanager
    async def begin(
        config: KookConfig | None = None,
        *,
        clock: Clock | None = None,
        notes: Notes | None = None,
        intake: HoldingIntake | None = None,
    ) -> AsyncIterator[Stage]:
        media, notes, intake = KeptMedia(), notes or Notes(), intake or HoldingIntake()
        async with open_kit(clock=clock, media=media, notes=notes) as kit:
            adapter = open_bot(config or config_of(kook), kit)
            assert isinstance(adapter, KookBot)
            task = kit.nursery.start("adapter", adapter.run(intake))
            try:
                yield Stage(kook, kit, intake, media, notes, adapter)
            finally:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    return begin


@pytest.fixture
async def client(kook: Kook) -> AsyncIterator[Client]:
    async with Api(f"{kook.url}/api/v3") as api:
        yield Client(api, Secret(TOKEN), QuickClock())
