"""DingTalk's fake, for the contract suite."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kagami.adapters.dingtalk.config import DingTalkConfig
from kagami.adapters.kinds import BotConfig
from kagami.core.secrets import Secret
from kagami.model.ids import BotId, ChatId, split_id
from kagami.testing.adapters import Notes
from kagami.testing.dingtalk import CLIENT_ID, GROUP, STAFF, FakeDingTalk, open_dingtalk
from tests.adapters.contract import Heard


class DingTalkPeer:
    """Implements `tests.adapters.contract.Peer`."""

    bot = BotId(f"dingtalk:{CLIENT_ID}")
    group = ChatId(f"group:{GROUP}")
    private = ChatId(f"private:{STAFF}")
    user = STAFF

    def __init__(self, there: FakeDingTalk) -> None:
        self.there = there
        self._secret = there.client_secret

    def config(self) -> BotConfig:
        return DingTalkConfig(client_id=CLIENT_ID, client_secret=Secret(self._secret), api_url=self.there.url)

    def prepare(self, notes: Notes) -> None:
        """Nothing is kept."""

    async def say(self, text: str, *, chat: ChatId, media: bytes | None = None) -> str:
        kind, number = split_id(chat)
        group = number if kind == "group" else ""
        return await (self.there.say(text, group=group) if media is None else self.there.show(media, group=group))

    async def redeliver(self) -> None:
        await self.there.redeliver()

    def acknowledged(self, message_id: str) -> bool:
        return self.there.acknowledged(message_id)

    async def cut(self) -> None:
        self.there.cut()

    def refuse(self) -> None:
        self.there.client_secret = "another one"

    def limit(self, seconds: float) -> None:
        self.there.throttle(seconds)

    @property
    def tries(self) -> int:
        return self.there.attempts

    @property
    def listening(self) -> int:
        return self.there.listening

    @property
    def most_listening(self) -> int:
        return self.there.most_listening

    @property
    def heard(self) -> list[Heard]:
        return [self._heard(each.chat, each.kind, each.body) for each in self.there.heard]

    def _heard(self, chat: str, kind: str, body: dict[str, dict[str, str] | str]) -> Heard:
        match kind, body:
            case "text", {"text": {"content": str(said)}}:
                return Heard(ChatId(chat), said)
            case "sampleText", {"content": str(said)}:
                return Heard(ChatId(chat), said)
            case "sampleImageMsg", {"photoURL": str(media)}:
                return Heard(ChatId(chat), media=self.there.uploads[media][1])
        return Heard(ChatId(chat), kind)

    @property
    def deleted(self) -> list[str]:
        return self.there.recalled


@asynccontextmanager
async def open_peer() -> AsyncIterator[DingTalkPeer]:
    async with open_dingtalk() as there:
        yield DingTalkPeer(there)
