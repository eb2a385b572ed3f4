"""Feishu's fake, for the contract suite."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from kagami.adapters.feishu.config import FeishuConfig
from kagami.adapters.kinds import BotConfig
from kagami.core.secrets import Secret
from kagami.model.ids import BotId, ChatId, split_id
from kagami.testing.adapters import Notes
from kagami.testing.feishu import FakeFeishu, fake_feishu
from kagami.testing.feishu_calls import Fault, SentMessage
from tests.adapters.contract import Heard

WRONG = "a-secret-that-is-wrong-here"


class FeishuPeer:
    """Implements `tests.adapters.contract.Peer`."""

    group = ChatId("group:oc_group")

    def __init__(self, feishu: FakeFeishu) -> None:
        self.feishu = feishu
        self.bot = BotId(f"feishu:{feishu.app_id}")
        self.user = feishu.user
        self.private = ChatId(f"private:{feishu.user}")
        self.secret = feishu.app_secret
        self._deliveries: dict[str, str] = {}

    def config(self) -> BotConfig:
        return FeishuConfig(app_id=self.feishu.app_id, app_secret=Secret(self.secret), api_url=self.feishu.url)

    def prepare(self, notes: Notes) -> None:
        """Nothing is kept."""

    async def say(self, text: str, *, chat: ChatId, media: bytes | None = None) -> str:
        kind, name = split_id(chat)
        where: dict[str, Any] = {"group": name} if kind == "group" else {"user": name}
        if media is not None:
            key = self.feishu.fresh("img_v2")
            number, delivery = await self.feishu.say("image", {"image_key": key}, files={key: media}, **where)
        elif kind == "group":
            mentions = [self.feishu.naming_us()]
            number, delivery = await self.feishu.say("text", {"text": f"@_user_1 {text}"}, mentions=mentions, **where)
        else:
            number, delivery = await self.feishu.say("text", {"text": text}, **where)
        self._deliveries[number] = delivery
        return number

    async def redeliver(self) -> None:
        await self.feishu.again(list(self._deliveries.values())[-1])

    def acknowledged(self, message_id: str) -> bool:
        return bool(self.feishu.deliveries[self._deliveries[message_id]].acks)

    async def cut(self) -> None:
        await self.feishu.cut()

    def refuse(self) -> None:
        self.secret = WRONG

    def limit(self, seconds: float) -> None:
        self.feishu.faults.append(Fault(429, 99991400, (("x-ogw-ratelimit-reset", f"{seconds:g}"),)))

    @property
    def tries(self) -> int:
        return self.feishu.endpoint_calls

    @property
    def listening(self) -> int:
        return len(self.feishu.open)

    @property
    def most_listening(self) -> int:
        return self.feishu.most_open

    @property
    def heard(self) -> list[Heard]:
        return [self._heard(each) for each in self.feishu.sent]

    @property
    def deleted(self) -> list[str]:
        return self.feishu.deleted

    def _heard(self, sent: SentMessage) -> Heard:
        chat = ChatId(f"{'group' if sent.receiver.startswith('oc_') else 'private'}:{sent.receiver}")
        key = sent.content.get("image_key") or sent.content.get("file_key")
        return Heard(chat, said(sent), self.feishu.uploads.get(str(key)), sent.reply)


def said(sent: SentMessage) -> str:
    """What people would read."""
    if sent.kind == "text":
        return re.sub(r'<at user_id="(.*?)"></at>', r"@\1", str(sent.content["text"]))
    if sent.kind == "post":
        lines = sent.content["zh_cn"]["content"]
        return "\n".join("".join(tag.get("text", "") for tag in line) for line in lines)
    return ""


@asynccontextmanager
async def open_peer() -> AsyncIterator[FeishuPeer]:
    async with fake_feishu() as feishu:
        yield FeishuPeer(feishu)
        assert feishu.problems == []
