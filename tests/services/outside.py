"""An engine with one outside worker, and an application in a process of its own that talks by JSON lines."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from kagami.engine import Engine
from kagami.ports import WorkerRow
from kagami.testing.onebot import Peer, connect_implementation
from tests.engine.running import until

GATEWAY = "g" * 20 + "Kj3" * 8
WORKER = "w" * 20 + "Pq7" * 8
ANSWER_S = 30.0
SETTINGS = f"""\
[gateway]
port = 0
token = "{GATEWAY}"

[web]
port = 0

[[workers]]
name = "app"
token = "{WORKER}"
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Application:
    """A process whose standard output is read line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def told(self, key: str) -> Any:
        """The value of the next line with this key; other lines are skipped."""
        assert self.process.stdout
        async with asyncio.timeout(ANSWER_S):
            while line := await self.process.stdout.readline():
                words = json.loads(line) if line.startswith(b"{") else {}
                if key in words:
                    return words[key]
        raise EOFError(f"it ended and never told {key}")


@asynccontextmanager
async def application(*command: str | Path, folder: Path) -> AsyncIterator[Application]:
    """It is killed at the end: some frameworks do not end when asked. What it logs is in `app.log` of its folder."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("KAGAMI_", "PYTHON"))}
    with (folder / "app.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, cwd=folder, env=clean
        )
    try:
        yield Application(process)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await asyncio.wait_for(process.communicate(), ANSWER_S)


@asynccontextmanager
async def account(engine: Engine, number: str = "10001", *, platform: str = "") -> AsyncIterator[Peer]:
    """An implementation with one account at the gateway."""
    url = f"ws://127.0.0.1:{engine.gateway_port}/onebot/v11/ws"
    async with connect_implementation(url, token=GATEWAY, account=number, platform=platform) as peer:
        name = f"{platform or 'qq'}:{number}"
        await until(lambda: any(row.id == name and row.health.state == "online" for row in engine.parts.bots.rows()))
        yield peer


def worker(engine: Engine) -> WorkerRow:
    (row,) = engine.parts.routing.workers()
    return row
