"""A OneBot implementation that was not written here connects and gets its answers: Euler OneBot 0.0.2.

It listens and Kagami dials: the forward WebSocket of a `[[bots]]` table. `make test` makes its environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

ACCOUNT = 10_001_000
PYTHON = Path(sys.prefix, "euler", "bin", "python")
SIDE = Path(__file__).parent / "euler_side.py"
ANSWER_S = 30.0
SETTINGS = """\
[gateway]
port = 0
token = "{token}"

[web]
port = 0

[[bots]]
name = "euler"
kind = "onebot11"
url = "ws://127.0.0.1:{port}/"
"""

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@asynccontextmanager
async def child(*command: str | Path, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that is stopped at the end; what it logs is in `child.log` of its folder."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("KAGAMI_", "PYTHON"))}
    with (folder / "child.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            cwd=folder,
            env=clean,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), ANSWER_S)


class Chat:
    """Euler OneBot with Kagami behind it; a message goes in where QQ's would."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def says(self, text: str, *, group: int, user: int = 42) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"group": group, "user": user, "text": text}).encode() + b"\n")
        await self._process.stdin.drain()

    async def hears(self) -> dict[str, Any]:
        """What the bot sent next, as it would reach QQ."""
        assert self._process.stdout
        async with asyncio.timeout(ANSWER_S):
            line = await self._process.stdout.readline()
        heard: dict[str, Any] = json.loads(line)
        return heard


@pytest.fixture
def port(tmp_path: Path) -> int:
    """Where Euler will listen; the two folders are prepared for it."""
    assert PYTHON.exists(), "Euler OneBot has no environment yet: `make test` makes it"
    port = free_port()
    for name in ("euler", "home"):
        (tmp_path / name).mkdir()
    (tmp_path / "home" / "kagami.toml").write_text(SETTINGS.format(port=port, token="t" * 40))
    return port


@pytest.fixture
async def chat(tmp_path: Path, port: int) -> AsyncIterator[Chat]:
    euler = (PYTHON, SIDE, str(port), str(ACCOUNT))
    kagami = (sys.executable, "-m", "kagami", "--home", tmp_path / "home", "run")
    async with child(*euler, folder=tmp_path / "euler") as one, child(*kagami, folder=tmp_path / "home") as other:
        await online(other)
        yield Chat(one)


async def online(kagami: asyncio.subprocess.Process) -> None:
    """Kagami's log says that the account behind the connection is known."""
    assert kagami.stdout
    async with asyncio.timeout(ANSWER_S):
        while line := await kagami.stdout.readline():
            if b"connected" in line and str(ACCOUNT).encode() in line:
                return
    raise AssertionError("Kagami ended before the bot was online")


async def test_a_command_in_a_group_is_answered_there(chat: Chat) -> None:
    await chat.says("/echo 你好 [x]", group=4711)
    assert await chat.hears() == {"group": 4711, "text": "你好 [x]"}


async def test_a_command_in_private_is_answered_to_its_user(chat: Chat) -> None:
    await chat.says("/echo only us", group=0, user=43)
    assert await chat.hears() == {"friend": "u_43", "text": "only us"}
