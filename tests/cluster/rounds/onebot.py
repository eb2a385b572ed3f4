"""An account of an OneBot 11 implementation that dials Kagami as NapCat does: it comes back, and repeats nothing."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import msgspec

from bench.load import Call, plain
from bench.wire import Client, dial, pack

UPGRADES_WITHIN_S = 3.0
SLOWEST_S = 0.02
PATH = "/onebot/v11/ws"


class OneBotAccount:
    """`hear` gets the text of each answer; a share `slow` of them is receipted late."""

    redelivers = False

    def __init__(
        self,
        number: int,
        urls: list[str],
        token: str,
        hear: Callable[[str], None],
        chance: random.Random,
        slow: float,
    ) -> None:
        self.number = number
        self.start_at = 0
        self._urls = urls
        self._token = token
        self._hear_text = hear
        self._chance = chance
        self._slow = slow
        self._client: Client | None = None
        self._ids = count(1)
        self._decode = msgspec.json.Decoder(Call).decode

    @property
    def ready(self) -> bool:
        return self._client is not None and not self._client.closed.is_set()

    def give(self, chat: int, text: str) -> bool:
        """A group message, each group with a speaker of its own."""
        if self._client is None or self._client.closed.is_set():
            return False
        user, number = 20_000_000 + chat, next(self._ids)
        event = {
            "user_id": user,
            "message_id": number,
            "message_seq": number,
            "message_type": "group",
            "group_id": 700_000_000 + chat,
            "sender": {"user_id": user, "nickname": f"speaker {user}", "card": "", "role": "member"},
            "raw_message": text,
            "font": 14,
            "sub_type": "normal",
            "message": [{"type": "text", "data": {"text": text}}],
            "message_format": "array",
            "post_type": "message",
        }
        self._client.send(self._frame(event))
        return True

    async def run(self, reconnect_s: float, connected: Callable[[], Any]) -> None:
        """Stay connected to one of the gateways until cancelled; behind a dead one stands the next, as behind nginx."""
        turn = self.start_at
        while True:
            for _ in self._urls:
                with suppress(OSError, TimeoutError):
                    await self._serve(self._urls[turn % len(self._urls)], connected)
                turn += 1
            await asyncio.sleep(reconnect_s)

    async def _serve(self, url: str, connected: Callable[[], Any]) -> None:
        headers = {
            "X-Self-ID": str(self.number),
            "X-Client-Role": "Universal",
            "Authorization": f"Bearer {self._token}",
            "User-Agent": "OneBot/11",
        }
        port = urlsplit(url).port or 80

        def hear(payload: bytes) -> None:
            self._answer(client, payload)

        client = await dial(port, hear)
        try:
            async with asyncio.timeout(UPGRADES_WITHIN_S):
                await client.upgrade(f"127.0.0.1:{port}", PATH, headers)
            meta = {"post_type": "meta_event", "meta_event_type": "lifecycle", "sub_type": "connect"}
            connected()
            self._client = client
            client.send(self._frame(meta))
            await client.closed.wait()
        finally:
            self._client = None
            client.close()

    def _frame(self, event: dict[str, Any]) -> bytes:
        return pack(msgspec.json.encode({"self_id": self.number, "time": int(time.time())} | event))

    def _answer(self, client: Client, payload: bytes) -> None:
        call = self._decode(payload)
        result = b"{}"
        if call.action.startswith("send"):
            result = b'{"message_id":%d}' % next(self._ids)
            if call.params:
                self._hear_text(plain(call.params.message))
        elif call.action == "get_login_info":
            result = b'{"user_id":%d,"nickname":"rounds"}' % self.number
        receipt = pack(b'{"status":"ok","retcode":0,"data":%b,"echo":%b}' % (result, bytes(call.echo)))
        if self._slow and self._chance.random() < self._slow:
            delay = self._chance.uniform(0, SLOWEST_S)
            asyncio.get_running_loop().call_later(delay, _receipt, client, receipt)
        else:
            _receipt(client, receipt)


def _receipt(client: Client, receipt: bytes) -> None:
    if not client.closed.is_set():
        client.send(receipt)
