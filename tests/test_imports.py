"""What an import really loads, proved in a process of its own: the walls hold at run time, not only on paper."""

from __future__ import annotations

import os
import pkgutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

import kagami

HEAVY = {
    "aiohttp",
    "websockets",
    "sqlite3",
    "aiosql",
    "aiosqlite",
    "asyncpg",
    "redis",
    "textual",
    "rich",
    "prometheus_client",
}
# What few houses need: dialled bots, child processes, packages, cron jobs, proxies, development.
RARE = {
    "websockets.asyncio.client",
    "python_socks",
    "aiohttp_socks",
    "cronsim",
    "cryptography",
    "jwt",
    "argon2",
    "packaging",
    "watchfiles",
    "kagami.plugins.install",
    "kagami.plugins.process",
}
SERVE = """
import asyncio
from pathlib import Path
from kagami import log
from kagami.config import load
from kagami.engine import open_engine
from kagami.home import Home

async def serve(home):
    settings = load(Home(Path(home)), environ={"KAGAMI_GATEWAY__PORT": "0", "KAGAMI_WEB__PORT": "0"})
    async with open_engine(settings, log.Ring()):
        pass

"""
# What `kagami run` does not keep in memory either: the command line, what other systems need, and the others' part.
UNCALLED = {
    "click",
    "kagami.cli.main",
    "kagami.cli.options",
    "kagami.cluster.membership",
    "kagami.engine.cluster",
    "kagami.gateway.clerk",
} | ({"psutil"} if sys.platform == "linux" else set())
LOADED = "import sys; {statement}; sys.stdout.write(' '.join(sys.modules))"


class Wall(NamedTuple):
    """What is behind the wall, and what must not come through it."""

    package: str
    refused: set[str]


WALLS = (
    Wall("kagami.model", HEAVY | {"asyncio", "click", "uvloop", "psutil"}),
    Wall("kagami.core", HEAVY | {"asyncio", "click", "uvloop", "psutil"}),
    Wall("kagami.onebot", HEAVY | {"asyncio", "click", "uvloop", "psutil"}),
    Wall("kagami.ports", HEAVY | {"click", "uvloop", "psutil"}),
    Wall("kagami.plugins.api", HEAVY | {"click", "psutil"}),
    Wall("kagami.tui", {"aiohttp", "websockets", "sqlite3", "aiosql", "prometheus_client"}),
)


def modules(package: str) -> list[str]:
    """The package and everything in it, without importing any of it."""
    spec = find_spec(package)
    assert spec, f"{package} is not there"
    folders = spec.submodule_search_locations or []
    return [package, *(each.name for each in pkgutil.walk_packages(folders, f"{package}."))]


def python(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], check=True, capture_output=True, text=True, timeout=60)


def loaded(statement: str) -> set[str]:
    """Every module, and every package that one is in, that a statement loads in a fresh process."""
    names = python("-c", LOADED.format(statement=statement)).stdout.split()
    return {".".join(name.split(".")[:depth]) for name in names for depth in range(1, name.count(".") + 2)}


@pytest.mark.parametrize("wall", WALLS, ids=lambda wall: wall.package)
def test_a_package_loads_nothing_from_beyond_its_wall(wall: Wall) -> None:
    assert loaded(f"import {', '.join(modules(wall.package))}") & wall.refused == set()


def test_help_loads_no_room_and_no_heavy_library() -> None:
    trace = python("-X", "importtime", "-m", "kagami", "--help").stderr
    names = {line.rpartition("|")[2].strip() for line in trace.splitlines() if line.startswith("import time:")}
    rooms = {f"kagami.{room}" for room in ("adapters", "gateway", "hub", "storage", "web", "tui", "plugins", "app")}
    assert names & (HEAVY | rooms) == set()
    assert "kagami.cli" in names  # the trace was read


def test_the_version_is_said_without_loading_an_engine() -> None:
    shown = python("-m", "kagami", "--version").stdout
    assert kagami.__version__ in shown
    trace = python("-X", "importtime", "-m", "kagami", "--version").stderr
    assert not [line for line in trace.splitlines() if "asyncio" in line or "textual" in line]


def test_settings_are_read_without_what_they_configure() -> None:
    assert loaded("import kagami.config") & (HEAVY | {"asyncio"}) == set()


def test_an_engine_that_serves_has_loaded_nothing_that_few_need(tmp_path: Path) -> None:
    names = loaded(f"exec({SERVE + f'asyncio.run(serve({str(tmp_path)!r}))'!r})")
    assert names & RARE == set()
    assert {"kagami.plugins.host", "websockets.asyncio.server"} <= names


def test_a_service_keeps_no_command_line_in_memory(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KAGAMI_")}
    ports = {"KAGAMI_GATEWAY__PORT": "0", "KAGAMI_WEB__PORT": "0", "PYTHONUNBUFFERED": "1"}
    words = (sys.executable, "-X", "importtime", "-m", "kagami", "--home", str(tmp_path / "home"), "run")
    traced = tmp_path / "trace"
    with (
        traced.open("w") as trace,
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=trace, text=True, env=clean | ports) as engine,
    ):
        assert engine.stdout
        assert any("engine: ready" in line for line in engine.stdout)
        engine.terminate()
        assert engine.wait(30) == 0
    names = {line.rpartition("|")[2].strip() for line in traced.read_text().splitlines()}
    assert names & (UNCALLED | RARE) == set()
    assert "kagami.hub.hub" in names  # the trace was read


def test_what_a_statement_loads_is_seen() -> None:
    assert {"sqlite3", "asyncio", "asyncio.events"} <= loaded("import sqlite3, asyncio")
