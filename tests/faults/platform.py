"""A platform outside Kagami: says numbered messages in several conversations and takes the replies."""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.faults.checker import Name

ACCOUNT = 10_001_000
REPLY = re.compile(r"re (\w+) (\d+)")
OPEN_AT_MOST = 24  # unanswered messages of one conversation: fewer than a lane holds
SLOWEST_ANSWER_S = 0.02


class Platform:
    """`heard` are all replies in order of arrival, `answered` those whose receipt was written to the socket."""

    def __init__(self, port: int, token: str, conversations: int, chance: random.Random) -> None:
        self._url = f"ws://127.0.0.1:{port}/onebot/v11/ws"
        self._headers = {
            "Authorization": f"Bearer {token}",
            "X-Self-ID": str(ACCOUNT),
            "X-Client-Role": "Universal",
        }
        self._chance = chance
        self._socket: ClientConnection | None = None
        self._last: dict[str, int] = {f"c{number}": 0 for number in range(conversations)}
        self._open: dict[str, set[Name]] = {conversation: set() for conversation in self._last}
        self._ids = count(1)
        self.heard: list[Name] = []
        self.answered: list[Name] = []
        self.said = 0
        self.connected, self.away = asyncio.Event(), asyncio.Event()
        self.on_heard: Callable[[], object] = lambda: None
        self.on_answered: Callable[[], object] = lambda: None

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            with suppress(OSError, ConnectionClosed, InvalidHandshake, EOFError, TimeoutError):
                async with connect(
                    self._url, additional_headers=self._headers, compression=None, ping_interval=None
                ) as socket:
                    await self._serve(socket)
            self._socket = None
            self.connected.clear()
            self.away.set()
            await asyncio.sleep(0.02)

    async def _serve(self, socket: ClientConnection) -> None:
        meta = {"post_type": "meta_event", "meta_event_type": "lifecycle", "sub_type": "connect"}
        await socket.send(msgspec.json.encode(self._stamped(meta)), text=True)
        self._socket = socket
        self.away.clear()
        self.connected.set()
        async with asyncio.TaskGroup() as group:
            with suppress(ConnectionClosed):
                async for frame in socket:
                    group.create_task(self._answer(socket, msgspec.json.decode(frame)))

    async def say(self) -> bool:
        """The next message of some conversation; False when nobody listens or all wait for answers."""
        free = [each for each in self._last if len(self._open[each]) < OPEN_AT_MOST]
        if self._socket is None or not free:
            return False
        conversation = self._chance.choice(free)
        self._last[conversation] += 1
        name = Name(conversation, self._last[conversation])
        self._open[conversation].add(name)
        with suppress(ConnectionClosed):
            await self._socket.send(self._frame(name), text=True)
            self.said += 1
        return True

    def expect(self, names: Iterable[Name]) -> None:
        """Only these can still be answered: the engine died, and the others were not accepted or are done."""
        self._open = {conversation: set() for conversation in self._last}
        for name in names:
            self._open[name.conversation].add(name)

    def _frame(self, name: Name) -> bytes:
        group, text = 1_000 + int(name.conversation[1:]), f"/probe {name.conversation} {name.number}"
        message = {
            "post_type": "message",
            "message_type": "group",
            "sub_type": "normal",
            "message_id": next(self._ids),
            "group_id": group,
            "user_id": 20_000 + group,
            "raw_message": text,
            "message": [{"type": "text", "data": {"text": text}}],
            "sender": {"user_id": 20_000 + group, "nickname": name.conversation},
        }
        return msgspec.json.encode(self._stamped(message))

    def _stamped(self, event: dict[str, Any]) -> dict[str, Any]:
        return {"time": int(time.time()), "self_id": ACCOUNT} | event

    async def _answer(self, socket: ClientConnection, call: dict[str, Any]) -> None:
        result: dict[str, Any] = {"user_id": ACCOUNT, "nickname": "faults"}
        name = None
        if call["action"].startswith("send"):
            name = self._hear(call["params"])
            result = {"message_id": next(self._ids)}
            if self._chance.random() < 0.5:
                await asyncio.sleep(self._chance.uniform(0, SLOWEST_ANSWER_S))
        receipt = {"status": "ok", "retcode": 0, "data": result, "echo": call["echo"]}
        with suppress(ConnectionClosed):
            await socket.send(msgspec.json.encode(receipt), text=True)
            if name:
                self.answered.append(name)
                self._open[name.conversation].discard(name)
                self.on_answered()

    def _hear(self, params: dict[str, Any]) -> Name:
        message = params["message"]
        text = message if isinstance(message, str) else "".join(part["data"]["text"] for part in message)
        found = REPLY.fullmatch(text)
        assert found, f"a reply that nobody asked for: {text}"
        name = Name(found[1], int(found[2]))
        self.heard.append(name)
        self.on_heard()
        return name
