"""An engine in a home of its own, and who speaks with it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from kagami import log
from kagami.config import load
from kagami.engine import Engine, open_engine
from kagami.home import Home
from kagami.operations.settings import (
    ApplySettings,
)
from kagami.operations.system import Connect
from kagami.testing.onebot import Peer, connect_implementation

_SAID: list[str] = [""]
FREE = "[gateway]\nport = 0  # any\n[web]\nport = 0\n"


@asynccontextmanager
async def engine(home: Path, text: str = FREE, **environ: str) -> AsyncIterator[Engine]:
    if text:
        home.mkdir(exist_ok=True)  # noqa: ASYNC240 - once
        (home / "kagami.toml").write_text(text, "utf-8")
    async with open_engine(load(Home(home), environ=environ), log.Ring()) as opened:
        yield opened


@asynccontextmanager
async def visiting(opened: Engine, *, port: int = 0, token: str = "") -> AsyncIterator[Peer]:
    """An implementation at the gateway."""
    where = await opened.call(Connect())
    url = f"ws://127.0.0.1:{port or opened.gateway_port}/onebot/v11/ws"
    async with connect_implementation(url, token=token or where.token) as peer, asyncio.timeout(40):
        yield peer


async def until(found: Callable[[], Any]) -> Any:
    async with asyncio.timeout(40):
        while not (value := found()):
            await asyncio.sleep(0.005)
        return value


async def answers(peer: Peer, said: str, answer: str) -> None:
    # Ids of an earlier connection of this account are known: what has them would be a duplicate.
    while peer.message("")["message_id"] < len(_SAID):
        pass
    _SAID.append(said)
    async with asyncio.timeout(40):
        await peer.say(said, user="20002", group="42")
        call = await peer.called("send_group_msg")
    assert call["params"]["message"][0]["data"]["text"] == answer


async def change(opened: Engine, **keys: Any) -> dict[str, str]:
    applied = await opened.call(ApplySettings(changes={key.replace("__", "."): value for key, value in keys.items()}))
    return {each.key: each.result for each in applied.keys}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
