"""The Kagami process that is killed, and what its store holds, read from outside by SQLite's own client."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from tests.faults.checker import Name, Outgoing, Ran, Stored

PROBE = Path(__file__).parent / "probe"
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

[plugins.settings.probe]
journal = {journal}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Engine:
    """`kagami run` on a home of its own, with the probe as its only plugin."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port, self.token = free_port(), secrets.token_urlsafe(32)
        self._journal = home / "journal.txt"
        self._process: asyncio.subprocess.Process | None = None
        shutil.copytree(PROBE, home / "plugins" / "probe" / "1.0.0", ignore=shutil.ignore_patterns("__pycache__"))
        settings = SETTINGS.format(
            port=self.port,
            web_port=free_port(),
            token=self.token,
            journal=msgspec.json.encode(str(self._journal)).decode(),
        )
        (home / "kagami.toml").write_text(settings, "utf-8")

    @property
    def process(self) -> asyncio.subprocess.Process:
        assert self._process, "not started"
        return self._process

    async def start(self) -> None:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("KAGAMI_")}
        with (self.home / "output.log").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "kagami", "--home", str(self.home), "run"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=clean,
            )

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self, seconds: float = 30.0) -> int:
        """Exit status after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(seconds):
            return await self.process.wait()

    def output(self) -> str:
        return (self.home / "output.log").read_text("utf-8", "replace")

    def journal(self) -> Iterator[Ran]:
        if self._journal.exists():
            for line in self._journal.read_text("utf-8").splitlines():
                conversation, number, execution, life = line.split()
                yield Ran(Name(conversation, int(number)), execution, int(life))

    def names(self, after: int = 0) -> tuple[int, list[Name]]:
        """The messages that are in the store, from an id on, and the newest id."""
        rows = self._rows("SELECT id, text FROM events WHERE id > ? ORDER BY id", after)
        return (rows[-1][0] if rows else after), [_name(text) for _, text in rows]

    def open_names(self) -> list[Name]:
        rows = self._rows(
            "SELECT e.text FROM pending p JOIN events e ON e.execution = p.execution WHERE p.state = 'open'"
        )
        return [_name(text) for (text,) in rows]

    def events(self) -> Iterator[tuple[Name, Stored]]:
        rows = self._rows(
            "SELECT e.text, e.execution, coalesce(p.state, '') <> 'open', coalesce(t.outcome, '') FROM events e"
            " LEFT JOIN pending p ON p.execution = e.execution LEFT JOIN traces t ON t.execution = e.execution"
        )
        for text, execution, closed, outcome in rows:
            yield _name(text), Stored(execution, bool(closed), outcome)

    def sends(self) -> list[Outgoing]:
        return [Outgoing(*row) for row in self._rows("SELECT execution, ordinal, state FROM sends")]

    def effects(self) -> dict[Name, int]:
        rows = self._rows("SELECT key, value FROM plugin_values WHERE plugin = 'probe'")
        return {_name(key.replace(":", " ")): int(value) for key, value in rows}

    def _rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Read without touching: a read-only connection neither recovers nor checkpoints the file."""
        path = self.home / "kagami.db"
        if not path.exists() or not path.stat().st_size:
            return []
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
            if not connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'pending'").fetchone()[0]:
                return []  # killed before its first migration
            return connection.execute(statement, values).fetchall()


def _name(text: str) -> Name:
    _, conversation, number = text.split()
    return Name(conversation, int(number))
