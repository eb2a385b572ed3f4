"""What the contract suite needs of a platform's fake. `tests/adapters/<kind>/peer.py` has `open_peer` for each kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import NamedTuple, Protocol

from kagami.adapters.kinds import BotConfig, open_bot
from kagami.adapters.kit import Kit
from kagami.model.ids import BotId, ChatId
from kagami.ports import Adapter, Bot
from kagami.testing.adapters import HoldingIntake, KeptMedia, Notes, open_kit

KINDS = ("onebot11", "napcat", "wxbot", "weixin", "telegram", "dingtalk", "feishu", "kook")
PATIENCE_S = 15.0


class Heard(NamedTuple):
    """What a platform was told to send. `media` is the content of an image, a voice, a video or a file."""

    chat: ChatId
    text: str = ""
    media: bytes | None = None
    reply: str = ""


class Peer(Protocol):
    """A platform's fake with one account, `bot`. Message ids are those of `Event.message_id`."""

    bot: BotId
    group: ChatId
    private: ChatId
    user: str

    def config(self) -> BotConfig:
        """A table that reaches the fake, with good credentials in it; prepared logins are in `prepare`."""
        ...

    def prepare(self, notes: Notes) -> None:
        """Put what an earlier login left where the adapter finds it."""
        ...

    async def say(self, text: str, *, chat: ChatId, media: bytes | None = None) -> str:
        """A user says something, to the bot where a platform tells it nothing else; returns the message's id."""
        ...

    async def redeliver(self) -> None:
        """The newest message comes once more, as it does when an acknowledgement was lost."""
        ...

    def acknowledged(self, message_id: str) -> bool:
        """Whether the platform would not bring it again."""
        ...

    async def cut(self) -> None:
        """Every open connection breaks."""
        ...

    def refuse(self) -> None:
        """From now on the credentials are wrong."""
        ...

    def limit(self, seconds: float) -> None:
        """The next send is answered: too many, come again after so many seconds."""
        ...

    @property
    def tries(self) -> int:
        """How often somebody has connected, or begun to poll, since the start; refused tries count."""
        ...

    @property
    def listening(self) -> int:
        """How many listen now."""
        ...

    @property
    def most_listening(self) -> int:
        """How many ever listened at one time."""
        ...

    @property
    def heard(self) -> list[Heard]: ...

    @property
    def deleted(self) -> list[str]: ...


Open = Callable[[], AbstractAsyncContextManager[Peer]]


def opener(kind: str) -> Open:
    """`open_peer` of a kind's folder."""
    found: Open = import_module(f"tests.adapters.{kind}.peer").open_peer
    return found


@dataclass(slots=True)
class Stage:
    """One adapter that runs against its platform's fake."""

    peer: Peer
    kit: Kit
    intake: HoldingIntake
    media: KeptMedia
    notes: Notes
    adapter: Adapter

    @property
    def bot(self) -> Bot:
        return self.intake.bots[self.adapter.id]

    async def until(self, condition: Callable[[], object]) -> None:
        await until(condition)

    async def online(self) -> Bot:
        await until(lambda: self.adapter.id in self.intake.bots and self.bot.health().state == "online")
        return self.bot


@asynccontextmanager
async def playing(kind: str, *, notes: Notes | None = None) -> AsyncIterator[Stage]:
    """A fake and an adapter that is connected to it."""
    async with opener(kind)() as peer, acting(peer, notes=notes) as stage:
        await stage.online()
        yield stage


@asynccontextmanager
async def acting(peer: Peer, *, notes: Notes | None = None) -> AsyncIterator[Stage]:
    """An adapter that runs; it may be connected a moment later."""
    media, notes, intake = KeptMedia(), notes or Notes(), HoldingIntake()
    peer.prepare(notes)
    async with open_kit(media=media, notes=notes) as kit:
        adapter = open_bot(peer.config(), kit)
        task = kit.nursery.start("adapter", adapter.run(intake))
        try:
            yield Stage(peer, kit, intake, media, notes, adapter)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def until(condition: Callable[[], object]) -> None:
    """Wait for something to be so; the test fails when it does not come."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.002)
