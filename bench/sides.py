"""The programs that are measured, each a child process on cores of its own."""

from __future__ import annotations

import asyncio
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench import machine
from bench.kagami_side import environment, kagami_command, kept
from bench.load import Load

STARTS_WITHIN_S = 30.0
GATEWAY_PATH = "/onebot/v11/ws"


@dataclass
class Side:
    """`command` gives what to run for (home, port, token); `path` is where an implementation connects.

    `kept` tells what a durable side has on disk after its end.
    """

    name: str
    path: str
    command: Callable[[Path, int, str], list[str]]
    kept: Callable[[Path], dict[str, int]] | None = None
    home: Path = Path()
    port: int = 0
    token: str = ""
    process: subprocess.Popen[bytes] | None = None
    load: Load = field(default_factory=Load)

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    async def start(self, home: Path, cores: set[int]) -> float:
        """Seconds from its start to the first accepted connection."""
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.port, self.token = machine.free_port(), secrets.token_urlsafe(32)
        command = self.command(home, self.port, self.token)
        began = time.perf_counter()
        with machine.on(cores), (home / "output.log").open("ab") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment()
            )
        while True:
            try:
                self.load = Load()
                await self.load.open(self.port, self.path, self.token)
            except ConnectionRefusedError:
                late = time.perf_counter() - began
                if self.process.poll() is not None or late > STARTS_WITHIN_S:
                    raise RuntimeError(f"{self.name} did not start; see {home / 'output.log'}") from None
                await asyncio.sleep(0.005)
            else:
                return time.perf_counter() - began

    async def stop(self) -> None:
        assert self.process
        await self.load.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def module(*words: str) -> Callable[[Path, int, str], list[str]]:
    """A module of this package, called with the port, the token and what stands after the module's name."""
    name, *more = words
    return lambda _home, port, token: [sys.executable, "-m", name, str(port), token, *more]


def sides() -> list[Side]:
    return [
        Side("floor", "/", module("bench.floors")),
        Side("floor + uvloop", "/", module("bench.floors", "uvloop")),
        Side("Kagami", GATEWAY_PATH, kagami_command, kept),
        Side("aiocqhttp", "/ws/", module("bench.peers.aiocqhttp_echo")),
        Side("NoneBot2", "/onebot/v11/ws", module("bench.peers.nonebot_echo")),
    ]
