"""A plugin in several versions for the engines of these tests, and an account that people write to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from kagami import log
from kagami.config import load
from kagami.engine import Engine, open_engine
from kagami.home import Home
from kagami.operations.system import Connect
from kagami.testing.onebot import Peer, connect_implementation

FREE = {
    "KAGAMI_GATEWAY__PORT": "0",
    "KAGAMI_WEB__PORT": "0",
    "KAGAMI_LIMITS__USER_PER_MINUTE": "0",
    "KAGAMI_LIMITS__CHAT_PER_MINUTE": "0",
    "KAGAMI_PACE__ACCOUNT_PER_SECOND": "0",
    "KAGAMI_PACE__CHAT_PER_SECOND": "0",
}
CODE = """
from kagami.plugins.api import Context, Plugin, Settings

TABLE = [str(number) * 20 for number in range(15_000)]
plugin = Plugin()


@plugin.command("n")
async def number(ctx: Context[Settings], n: str) -> str:
    return f"{n} VERSION"
"""
FAILING = """
from kagami.plugins.api import Context, Plugin, Settings

plugin = Plugin()


@plugin.command("n")
async def number(ctx: Context[Settings], n: str) -> str:
    if int(n) % 3 == 0:
        raise ValueError(n)
    return f"{n} VERSION"
"""
BROKEN = "raise OSError('no such table')\n"


def write_version(home: Path, version: str, code: str = CODE, **manifest: Any) -> None:
    """About 1 MB of a plugin called `count`, which answers `/n 5` with `5 <version>`."""
    folder = home / "plugins" / "count" / version
    folder.mkdir(parents=True, exist_ok=True)
    keys = {"id": "count", "version": version, "entry": "main:plugin"} | manifest
    (folder / "plugin.json").write_text(json.dumps(keys), "utf-8")
    (folder / "main.py").write_text(code.replace("VERSION", version), "utf-8")


# One after the other over all engines of a process: a message id that was there before is known already.
_ids = count(1_000_000)


class People:
    """Many chats of one account. `heard` are the answers, by the number that was asked for."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.said = 0
        self.heard: dict[int, list[tuple[str, int]]] = {}

    async def say(self, chat: int) -> int:
        """`/n <number>` in a group; returns the number."""
        number = self.said
        self.said += 1
        frame = self._peer.message(f"/n {number}", user=str(500_000 + chat), group=str(100_000 + chat))
        await self._peer.send(frame | {"message_id": next(_ids)})
        return number

    async def listen(self) -> None:
        while True:
            call = await self._peer.called("send_group_msg")
            words = call["params"]["message"][0]["data"]["text"].split()
            answer = (words[1], int(call["params"]["group_id"]) - 100_000)
            self.heard.setdefault(int(words[0]), []).append(answer)

    async def until(self, ready: Callable[[], bool], *, within: float = 30.0) -> None:
        async with asyncio.timeout(within):
            while not ready():
                await asyncio.sleep(0.01)

    async def each(self, chats: int) -> dict[int, str]:
        """One message in each chat; the version that answered, by chat."""
        numbers = [await self.say(chat) for chat in range(chats)]
        await self.until(lambda: all(number in self.heard for number in numbers))
        return {chat: self.heard[number][0][0] for chat, number in enumerate(numbers)}


@asynccontextmanager
async def running(home: Path) -> AsyncIterator[tuple[Engine, People]]:
    """An engine on this home, and people who talk to its only bot."""
    async with open_engine(load(Home(home), environ=dict(FREE)), log.Ring()) as engine:
        where = await engine.call(Connect())
        url = where.url.replace(":0/", f":{engine.gateway_port}/")
        async with connect_implementation(url, token=where.token) as peer:
            people = People(peer)
            listening = asyncio.ensure_future(people.listen())
            try:
                yield engine, people
            finally:
                listening.cancel()


async def every(seconds: float, act: Callable[[], Awaitable[object]]) -> None:
    """Do it again and again in a steady beat, until cancelled."""
    due = asyncio.get_running_loop().time()
    while True:
        await act()
        due += seconds
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
