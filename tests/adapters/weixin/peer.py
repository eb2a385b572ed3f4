"""WeChat's iLink, for the contract suite. There are no groups."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

from kagami.adapters.weixin.config import WeixinConfig
from kagami.adapters.weixin.link import secret_name
from kagami.adapters.weixin.wire import Credentials
from kagami.model.ids import BotId, ChatId
from kagami.testing.adapters import Notes
from kagami.testing.weixin import BOT, USER, Weixin, open_weixin
from tests.adapters.contract import Heard


class WeixinPeer:
    """Implements `tests.adapters.contract.Peer`."""

    bot = BotId(f"weixin:{BOT}")
    group = ChatId("")
    private = ChatId(f"private:{USER}")
    user = USER

    def __init__(self, there: Weixin, *, logged_in: bool = True) -> None:
        self.there = there
        self._token = there.token if logged_in else ""

    def config(self) -> WeixinConfig:
        return WeixinConfig(name="mirror", api_url=self.there.url, cdn_url=f"{self.there.url}/c2c")

    def prepare(self, notes: Notes) -> None:
        if not self._token:
            return
        credentials = Credentials(self._token, BOT, self.there.url, USER)
        notes.secrets[secret_name(self.config())] = msgspec.json.encode(credentials)

    async def say(self, text: str, *, chat: ChatId, media: bytes | None = None) -> str:
        items = None
        if media is not None:
            items = [{"type": 2, "image_item": {"media": self.there.cdn.medium(media)}}]
        return str(self.there.say(text, items=items))

    async def redeliver(self) -> None:
        self.there.redeliver()

    def acknowledged(self, message_id: str) -> bool:
        numbers = [str(each["message_id"]) for each in self.there.messages]
        return self.there.acknowledged > numbers.index(message_id)

    async def cut(self) -> None:
        await self.there.cut()

    def refuse(self) -> None:
        self.there.end_token()

    def limit(self, seconds: float) -> None:
        """WeChat says only that it was too much, not for how long."""
        self.there.answers["sendmessage"] = [{"ret": -2, "errmsg": "rate limited"}]

    @property
    def tries(self) -> int:
        """Who begins to listen says so."""
        return self.there.calls.count("notifystart") + self.there.refusals

    @property
    def listening(self) -> int:
        return self.there.listening

    @property
    def most_listening(self) -> int:
        return self.there.most_listening

    @property
    def heard(self) -> list[Heard]:
        return [self._heard(each["item_list"][0], each["to_user_id"]) for each in self.there.sent]

    def _heard(self, item: dict[str, object], user: str) -> Heard:
        chat = ChatId(f"private:{user}")
        told = item.get("text_item")
        return (
            Heard(chat, str(told["text"]))
            if isinstance(told, dict)
            else Heard(chat, media=self.there.cdn.content(item))
        )

    @property
    def deleted(self) -> list[str]:
        return []


@asynccontextmanager
async def open_peer(*, logged_in: bool = True) -> AsyncIterator[WeixinPeer]:
    async with open_weixin() as there:
        yield WeixinPeer(there, logged_in=logged_in)
