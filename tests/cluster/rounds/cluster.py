"""Kagami's nodes as real processes: started, killed, stopped, continued and asked from outside.

Everything is told to them by the command line, a `kagami.toml` and the environment, as an operator would.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from kagami.cli.health import ask_health
from kagami.client import HttpControl
from kagami.errors import EngineAway
from kagami.home import Home, keep_name
from kagami.operations import registry
from kagami.operations.messages import ListMessages
from kagami.ports import MessageRow
from kagami.testing.telegram import TOKEN
from tests.cluster.rounds.lines import LOG, PROBE, Line, Logged, write
from tests.faults.engine import free_port

PROBE_FOLDER = Path(__file__).parent / "probe"
READY_WITHIN_S, STOPS_WITHIN_S = 60.0, 60.0
PAGE = 1_000
SETTINGS = """\
[gateway]
port = {port}
token = "{token}"

[web]
port = {web_port}

[limits]
user_per_minute = 0
chat_per_minute = 0

[pace]
account_per_second = 0
chat_per_second = 0

[backup]
hours = 0
"""
TELEGRAM = """
[[bots]]
kind = "telegram"
token = "{token}"
api_url = "{url}"

[bots.pace]
account_per_second = 0
chat_per_second = 0
"""


@dataclass
class Node:
    """One `kagami run`. `environment` is what tells it of the servers."""

    name: str
    role: str
    home: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None
    statuses: list[int] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def gateway(self) -> bool:
        return self.role != "worker"

    def prepare(self, token: str, *, probe: bool = True, telegram: str = "") -> None:
        """Its home: settings, and the probe where one is wanted. `telegram` is the server of the bot that it has."""
        self.home.mkdir(parents=True, mode=0o700)
        settings = SETTINGS.format(port=self.port, web_port=free_port(), token=token)
        if telegram:
            settings += TELEGRAM.format(token=TOKEN, url=telegram)
        (self.home / "kagami.toml").write_text(settings, "utf-8")
        keep_name(Home(self.home), self.name)  # and not by a setting: it is its own heir
        if probe:
            there = self.home / "plugins" / "probe" / "1.0.0"
            shutil.copytree(PROBE_FOLDER, there, ignore=shutil.ignore_patterns("__pycache__"))

    async def start(self) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("KAGAMI_", "DB_", "REDIS_"))}
        command = (sys.executable, "-m", "kagami", "--home", str(self.home), "run")
        role = () if self.role == "all" else ("--role", self.role)
        with (self.home / "output.log").open("ab") as output:
            self.process = await asyncio.create_subprocess_exec(
                *(*command, *role),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=clean | self.environment,
            )

    async def ready(self, seconds: float = READY_WITHIN_S) -> float:
        """Seconds until it says that it is ready."""
        began = time.monotonic()
        while not await asyncio.to_thread(self._healthy):
            assert self.running.returncode is None, f"{self.name} ended:\n{self.output()[-3_000:]}"
            assert time.monotonic() - began < seconds, f"{self.name} is not ready:\n{self.output()[-3_000:]}"
            await asyncio.sleep(0.05)
        return time.monotonic() - began

    def _healthy(self) -> bool:
        try:
            return ask_health(self.home / "kagami.sock")[0]
        except EngineAway:
            return False

    @property
    def running(self) -> asyncio.subprocess.Process:
        assert self.process, f"{self.name} was not started"
        return self.process

    def signal(self, number: signal.Signals) -> None:
        if self.running.returncode is None:
            self.running.send_signal(number)

    async def kill(self) -> None:
        self.signal(signal.SIGKILL)
        await self.running.wait()

    async def stop(self) -> float:
        """Seconds until it has ended by SIGTERM, with status 0."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        async with asyncio.timeout(STOPS_WITHIN_S):
            status = await self.running.wait()
        self.statuses.append(status)
        assert status == 0, f"{self.name} ended with {status} after SIGTERM:\n{self.output()[-3_000:]}"
        return time.monotonic() - began

    def output(self) -> str:
        return (self.home / "output.log").read_text("utf-8", "replace")

    async def messages(self) -> list[MessageRow]:
        """All rows of the message log, newest page first."""
        control, found, before = HttpControl(registry(), self.home / "kagami.sock"), list[MessageRow](), 0
        try:
            while True:
                page: list[MessageRow] = await control.call(ListMessages(before=before, limit=PAGE))
                found += page
                if len(page) < PAGE:
                    return found
                before = page[0].id
        finally:
            await control.close()


@dataclass
class Cluster:
    """Some nodes with one token, and what they share. `folder` gets a home for each node, and the probe's file."""

    folder: Path
    roles: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    nodes: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        for number, role in enumerate(self.roles):
            name = f"{role}{number}"
            own = {"PROBE_FILE": str(self.folder / PROBE), "PROBE_NODE": name}
            if "DB_HOST" in self.environment:
                own |= {"KAGAMI_CLUSTER__SECRET": self.token}
            self.nodes.append(Node(name, role, self.folder / name, self.environment | own))

    @property
    def gateways(self) -> list[Node]:
        return [node for node in self.nodes if node.gateway]

    @property
    def workers(self) -> list[Node]:
        return [node for node in self.nodes if node.role != "gateway"]

    async def open(self, *, telegram: str = "", probe: bool = True) -> None:
        """The first node alone, as it brings the store to its schema; then the others."""
        for node in self.nodes:
            node.prepare(self.token, probe=probe, telegram=telegram)
        first, *others = self.nodes
        await first.start()
        await first.ready()
        for node in others:
            await node.start()
        for node in others:
            await node.ready()

    async def close(self) -> None:
        """Whatever is left; continued first, since a stopped process does not end."""
        for node in self.nodes:
            if node.process is not None:
                node.signal(signal.SIGCONT)
                await node.kill()

    async def keep_log(self) -> None:
        """Write the message log down, as the first node that answers tells it."""
        rows = await self.nodes[0].messages()
        write(self.folder / LOG, list(logged(rows)))


def logged(rows: list[MessageRow]) -> list[Line]:
    """The rows that are about the probe's messages and their answers."""
    found: list[Line] = []
    for row in rows:
        word, *rest = row.text.split()
        if word in ("/probe", "re"):
            found.append(Logged(rest[0], int(rest[1]), row.direction, row.execution, row.outcome, row.reason))
    return found
