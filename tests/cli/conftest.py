"""The command line on a home of its own, with an engine of doubles behind its socket where a test wants one."""

from __future__ import annotations

import asyncio
import gettext
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kagami.cli.main import main
from kagami.errors import BackupRefused
from kagami.home import Home, hold, prepare
from kagami.operations import registry
from kagami.ports import Applied, BackupRow, PluginRow, ReloadRow, SettingRow
from kagami.storage.seal import MISSING
from kagami.web.config import WebConfig
from kagami.web.server import WebServer
from tests.operations.logins import LoginAccounts
from tests.web.doubles import Rows, SmallStore, StillHouse, make_parts, row


class Said(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


Say = Callable[..., Said]


class Fleet:
    """The plugins of an engine: remembers what it was told, and fails where a test says so."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.error, self.newest = "", "9.9.9"
        self.pinned: list[str] = []

    def rows(self) -> list[PluginRow]:
        return [PluginRow(each, "1.0.0", each, "active", pinned=True) for each in self.pinned]

    async def reload(self, plugin: str | None) -> list[ReloadRow]:
        return [self._did(f"reload {plugin}", str(plugin), self.newest)]

    async def use(self, plugin: str, version: str, *, pin: bool = False) -> ReloadRow:
        return self._did(f"use {plugin} {version} {pin}", plugin, version)

    async def rollback(self, plugin: str) -> ReloadRow:
        return self._did(f"rollback {plugin}", plugin, "0.9.0")

    async def remove(self, plugin: str, version: str) -> None:
        self._did(f"remove {plugin} {version}", plugin, version)

    def _did(self, what: str, plugin: str, version: str) -> ReloadRow:
        self.told.append(what)
        return ReloadRow(plugin, "1.0.0", "1.0.0" if self.error and self.newest else version, self.error)


class Shelf:
    """Backups of an engine, which seals them where a test gave it a passphrase."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.seals = False
        self.more: list[SettingRow] = []
        self.reset: list[str] = []

    async def apply(self, _: object, changes: dict[str, Any], *, version: str, act: str) -> Applied:
        self.reset += changes
        return Applied(1, [], "")

    async def make(self, *, secrets: bool = False, audit_key: bool = False) -> BackupRow:
        self.made.append("one.kbk.enc" if self.seals else "one.kbk")
        return BackupRow(self.made[-1], 1)

    async def verify(self, name: str) -> BackupRow:
        raise BackupRefused(name=name, reason=MISSING)

    def rows(self) -> list[SettingRow]:
        sealed = {"set": self.seals, "changed_at_ms": 0}
        return [SettingRow("backup.passphrase", "backup", "secret", "", sealed), *self.more]


@dataclass
class Doubles:
    """What stands behind the socket; a test may change it."""

    bots: Rows = field(default_factory=lambda: Rows(row()))
    store: SmallStore = field(default_factory=SmallStore)
    house: StillHouse = field(default_factory=StillHouse)
    plugins: Fleet = field(default_factory=Fleet)
    accounts: LoginAccounts = field(default_factory=LoginAccounts)
    backups: Shelf = field(default_factory=Shelf)
    centre: Shelf = field(init=False)

    def __post_init__(self) -> None:
        self.centre = self.backups


@pytest.fixture(autouse=True)
def _language_is_put_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LANGUAGE", "en")
    domain = gettext.textdomain()
    yield
    gettext.textdomain(domain)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    prepare(made)
    return made


@pytest.fixture
def say(home: Home, capfd: pytest.CaptureFixture[str]) -> Say:
    """`say("bots", "list")`: run the command line on the home, with an environment of its own."""

    def say(*words: str, **environ: str) -> Said:
        code = main(list(words), {"KAGAMI_HOME": str(home.path)} | environ)
        out, err = capfd.readouterr()
        return Said(code, out, err)

    return say


@pytest.fixture
def engine(home: Home) -> Iterator[Doubles]:
    """An engine of doubles that holds the home and answers on its socket, in a thread of its own."""
    doubles, ready = Doubles(), threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def serve() -> None:
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        parts = make_parts(**{each.name: getattr(doubles, each.name) for each in fields(doubles)})
        with hold(home):
            async with WebServer(WebConfig(port=0), registry(), parts, socket=home.socket):
                ready.set()
                await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    yield doubles
    ((loop, stop),) = loops
    loop.call_soon_threadsafe(stop.set)
    thread.join()
