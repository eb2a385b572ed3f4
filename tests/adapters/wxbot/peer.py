"""WxBot, for the contract suite."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from kagami.adapters.kinds import BotConfig
from kagami.adapters.wxbot.config import WxBotConfig
from kagami.core.secrets import Secret
from kagami.model.ids import BotId, ChatId, split_id
from kagami.onebot import cq
from kagami.testing.adapters import Notes
from kagami.testing.wxbot import ACCOUNT, GROUP, USER, WxBotHost, open_wxbot
from tests.adapters.contract import Heard

TOKEN = "the-token-of-the-proxy-before-it"


class WxBotPeer:
    """Implements `tests.adapters.contract.Peer`."""

    bot = BotId(f"wechat:{ACCOUNT}")
    group = ChatId(f"group:{GROUP}")
    private = ChatId(f"private:{USER}")
    user = USER

    def __init__(self, host: WxBotHost) -> None:
        self.host = host
        self.right = True

    def config(self) -> BotConfig:
        return WxBotConfig(url=self.host.url, token=Secret(TOKEN if self.right else "a-token-that-is-wrong-here"))

    def prepare(self, notes: Notes) -> None:
        """Nothing is kept."""

    async def say(self, text: str, *, chat: ChatId, media: bytes | None = None) -> str:
        kind, number = split_id(chat)
        line = self.host.peers[-1]
        said = cq.escape(text) if media is None else f"[CQ:image,file=base64://{base64.b64encode(media).decode()}]"
        frame = line.message(said, group=number if kind == "group" else None)
        await line.send(frame)
        return str(frame["message_id"])

    async def redeliver(self) -> None:
        raise AssertionError("OneBot 11 brings nothing again")

    def acknowledged(self, message_id: str) -> bool:
        raise AssertionError("OneBot 11 acknowledges nothing")

    async def cut(self) -> None:
        self.host.peers[-1].connection.transport.abort()

    def refuse(self) -> None:
        self.right = False

    def limit(self, seconds: float) -> None:
        """An implementation knows no such answer."""

    @property
    def tries(self) -> int:
        return self.host.attempts

    @property
    def listening(self) -> int:
        return self.host.open

    @property
    def most_listening(self) -> int:
        return self.host.most_open

    @property
    def _calls(self) -> list[dict[str, Any]]:
        return [call for peer in self.host.peers for call in peer.calls]

    @property
    def heard(self) -> list[Heard]:
        return [_heard(call["params"]) for call in self._calls if call["action"].startswith("send_")]

    @property
    def deleted(self) -> list[str]:
        return [str(call["params"]["message_id"]) for call in self._calls if call["action"] == "delete_msg"]


def _heard(params: dict[str, Any]) -> Heard:
    chat = f"group:{params['group_id']}" if params.get("group_id") else f"private:{params['user_id']}"
    said, media, reply = "", None, ""
    for segment in cq.parse(params["message"]):
        given = segment.data or {}
        match segment.type:
            case "text":
                said += given["text"]
            case "reply":
                reply = str(given["id"])
            case "image":
                media = base64.b64decode(given["file"].removeprefix("base64://"))
    return Heard(ChatId(chat), said, media, reply)


@asynccontextmanager
async def open_peer() -> AsyncIterator[WxBotPeer]:
    async with open_wxbot(token=TOKEN) as host:
        yield WxBotPeer(host)
