"""A bot of the Telegram Bot API, for the contract suite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from kagami.adapters.kinds import BotConfig
from kagami.adapters.telegram.config import TelegramConfig
from kagami.core.secrets import Secret
from kagami.model.ids import BotId, ChatId, split_id
from kagami.testing.adapters import Notes
from kagami.testing.telegram import BOT, GROUP, TOKEN, USER, TelegramServer, open_telegram
from tests.adapters.contract import Heard


class TelegramPeer:
    """Implements `tests.adapters.contract.Peer`."""

    bot = BotId(f"telegram:{BOT}")
    group = ChatId(f"group:{GROUP}")
    private = ChatId(f"private:{USER}")
    user = str(USER)

    def __init__(self, server: TelegramServer) -> None:
        self.server = server
        self._right = True
        self._updates: dict[str, int] = {}

    def config(self) -> BotConfig:
        token = TOKEN if self._right else f"{BOT}:AAH-another-token-that-is-wrong-here"
        return TelegramConfig(token=Secret(token), api_url=self.server.url)

    def prepare(self, notes: Notes) -> None:
        """Nothing is kept."""

    async def say(self, text: str, *, chat: ChatId, media: bytes | None = None) -> str:
        number = int(split_id(chat)[1])
        more: dict[str, Any] = {}
        if media is not None:
            more["photo"] = [self.server.keep(media) | {"width": 9, "height": 9}]
        message = self.server.say(text, chat=number, **more)
        self._updates[message] = self.server.waiting[-1]
        return message

    async def redeliver(self) -> None:
        self.server.again()

    def acknowledged(self, message_id: str) -> bool:
        return self._updates[message_id] not in self.server.waiting

    async def cut(self) -> None:
        await self.server.cut()

    def refuse(self) -> None:
        self._right = False

    def limit(self, seconds: float) -> None:
        self.server.limit(seconds)

    @property
    def tries(self) -> int:
        """Polls that do not wait are beginnings; those that wait follow one another without an end."""
        begun = [call for call in self.server.calls if call.method == "getUpdates" and not call.params["timeout"]]
        return len(begun) + self.server.refused

    @property
    def listening(self) -> int:
        return self.server.listening

    @property
    def most_listening(self) -> int:
        return self.server.most_listening

    @property
    def heard(self) -> list[Heard]:
        return [_heard(message) for message in self.server.sent]

    @property
    def deleted(self) -> list[str]:
        return [f"{chat}/{number}" for chat, number in self.server.deleted]


def _heard(message: dict[str, Any]) -> Heard:
    kind = {"private": "private", "channel": "channel"}.get(message["chat"]["type"], "group")
    said = message.get("text") or message.get("caption") or ""
    return Heard(ChatId(f"{kind}:{message['chat']['id']}"), said, message["content"], message["quoted"])


@asynccontextmanager
async def open_peer() -> AsyncIterator[TelegramPeer]:
    async with open_telegram() as server:
        yield TelegramPeer(server)
