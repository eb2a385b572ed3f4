"""KOOK for the contract suite."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from kagami.adapters.kinds import BotConfig
from kagami.adapters.kook.config import KookConfig
from kagami.core.secrets import Secret
from kagami.model.ids import BotId, ChatId
from kagami.testing.adapters import Notes
from kagami.testing.kook import BOT, CHANNEL, SPECIAL, TOKEN, USER, Kook, open_kook
from tests.adapters.contract import Heard

SPECIALS = re.compile(f"[{re.escape(SPECIAL)}]")


class KookPeer:
    """Implements `tests.adapters.contract.Peer`."""

    bot = BotId(f"kook:{BOT}")
    group = ChatId(f"group:{CHANNEL}")
    private = ChatId(f"private:{USER}")
    user = USER

    def __init__(self, kook: Kook) -> None:
        self.kook = kook
        self.right = True
        self._placed: dict[str, int] = {}
        self._newest: dict[str, Any] = {}

    def config(self) -> BotConfig:
        token = Secret(TOKEN if self.right else "1/MTAwMDE=/another-token-that-is-wrong==")
        return KookConfig(token=token, api_url=f"{self.kook.url}/api/v3")

    def prepare(self, notes: Notes) -> None:
        """Nothing is needed."""

    async def say(self, text: str, *, chat: ChatId, media: bytes | None = None) -> str:
        private = chat == self.private
        if media is None:
            number = await self.kook.says(SPECIALS.sub(r"\\\g<0>", text), private=private)
        else:
            url = f"{self.kook.url}/assets/{self.kook.number('a')}"
            self.kook.rest.assets[url] = media
            attached = {"type": "image", "name": "p.png", "url": url}
            number = await self.kook.says(url, private=private, kind=2, attachments=attached)
        session = self.kook.session
        assert session
        self._placed[number] = session.last
        self._newest = session.frames[session.last]["d"]
        return number

    async def redeliver(self) -> None:
        await self.kook.happens(self._newest)

    def acknowledged(self, message_id: str) -> bool:
        return self.kook.session is not None and self.kook.session.acked >= self._placed[message_id]

    async def cut(self) -> None:
        self.kook.cut()

    def refuse(self) -> None:
        self.right = False

    def limit(self, seconds: float) -> None:
        self.kook.limit(seconds)

    @property
    def tries(self) -> int:
        return self.kook.attempts + self.kook.refused

    @property
    def listening(self) -> int:
        return self.kook.open

    @property
    def most_listening(self) -> int:
        return self.kook.most_open

    @property
    def heard(self) -> list[Heard]:
        sent = [call for call in self.kook.calls if call.path.endswith("message/create")]
        return [self._heard(call.fields, private=call.path == "POST /direct-message/create") for call in sent]

    def _heard(self, fields: dict[str, Any], *, private: bool) -> Heard:
        chat = ChatId(f"{'private' if private else 'group'}:{fields['target_id']}")
        content = fields["content"]
        if fields["type"] == 9:
            return Heard(chat, re.sub(rf"\\([{re.escape(SPECIAL)}])", r"\1", content), None, fields.get("quote", ""))
        if fields["type"] == 10:
            (source,) = re.findall(r'"src": ?"([^"]+)"', json.dumps(json.loads(content)))
            content = source
        return Heard(chat, "", self.kook.rest.assets[content], fields.get("quote", ""))

    @property
    def deleted(self) -> list[str]:
        return [
            str(each["msg_id"])
            for path in ("POST /message/delete", "POST /direct-message/delete")
            for each in self.kook.asked(path)
        ]


@asynccontextmanager
async def open_peer() -> AsyncIterator[KookPeer]:
    async with open_kook() as kook:
        yield KookPeer(kook)
