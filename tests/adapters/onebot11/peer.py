"""A OneBot 11 implementation that listens, for the contract suite."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from kagami.adapters.kinds import BotConfig
from kagami.adapters.onebot11.config import OneBot11Config
from kagami.core.secrets import Secret
from kagami.model.ids import BotId, ChatId, split_id
from kagami.testing.adapters import Notes
from kagami.testing.onebot import ACCOUNT, USER, Listening, Peer, listen_as_implementation
from tests.adapters.contract import Heard

TOKEN = "the-token-of-this-implementation"


class OneBotPeer:
    """Implements `tests.adapters.contract.Peer`."""

    bot = BotId(f"qq:{ACCOUNT}")
    group = ChatId("group:4711")
    private = ChatId(f"private:{USER}")
    user = USER

    def __init__(self, listening: Listening) -> None:
        self.listening_at = listening
        self.right = True

    def config(self) -> BotConfig:
        token = Secret(TOKEN if self.right else "a-token-that-is-wrong-here")
        return OneBot11Config(url=self.listening_at.url, token=token)

    def prepare(self, notes: Notes) -> None:
        """Nothing is kept."""

    @property
    def line(self) -> Peer:
        return self.listening_at.peers[-1]

    async def say(self, text: str, *, chat: ChatId, media: bytes | None = None) -> str:
        kind, number = split_id(chat)
        frame = self.line.message(text, group=number if kind == "group" else None)
        if media is not None:
            frame["message"] = [
                {"type": "image", "data": {"file": f"base64://{base64.b64encode(media).decode()}"}},
            ]
        await self.line.send(frame)
        return str(frame["message_id"])

    async def redeliver(self) -> None:
        raise AssertionError("OneBot 11 brings nothing again")

    def acknowledged(self, message_id: str) -> bool:
        raise AssertionError("OneBot 11 acknowledges nothing")

    async def cut(self) -> None:
        self.line.connection.transport.abort()

    def refuse(self) -> None:
        self.right = False

    def limit(self, seconds: float) -> None:
        """An implementation knows no such answer."""

    @property
    def tries(self) -> int:
        return self.listening_at.attempts

    @property
    def listening(self) -> int:
        return self.listening_at.open

    @property
    def most_listening(self) -> int:
        return self.listening_at.most_open

    @property
    def _calls(self) -> list[dict[str, Any]]:
        return [call for peer in self.listening_at.peers for call in peer.calls]

    @property
    def heard(self) -> list[Heard]:
        return [_heard(call["params"]) for call in self._calls if call["action"].startswith("send_")]

    @property
    def deleted(self) -> list[str]:
        return [str(call["params"]["message_id"]) for call in self._calls if call["action"] == "delete_msg"]


def _heard(params: dict[str, Any]) -> Heard:
    chat = f"group:{params['group_id']}" if params.get("group_id") else f"private:{params['user_id']}"
    said, media, reply = "", None, ""
    for segment in params["message"]:
        given = segment["data"]
        match segment["type"]:
            case "text":
                said += given["text"]
            case "reply":
                reply = str(given["id"])
            case "image":
                media = base64.b64decode(given["file"].removeprefix("base64://"))
    return Heard(ChatId(chat), said, media, reply)


@asynccontextmanager
async def open_peer() -> AsyncIterator[OneBotPeer]:
    async with listen_as_implementation(token=TOKEN, account=ACCOUNT, answers={"delete_msg": lambda _: None}) as there:
        peer = OneBotPeer(there)
        yield peer
