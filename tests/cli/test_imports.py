"""What a command loads, proved in a process of its own: a probe every few seconds must not pay for an engine."""

from __future__ import annotations

import subprocess
import sys

import pytest

from kagami.home import Home
from tests.cli.conftest import Doubles

ROOMS = {
    f"kagami.{room}" for room in ("adapters", "gateway", "hub", "storage", "web", "tui", "plugins", "app", "engine")
}
HEAVY = {"aiohttp", "websockets", "textual", "rich", "prometheus_client", "sqlite3", "aiosql", "uvloop", "psutil"}


def loaded(*words: str) -> set[str]:
    trace = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "kagami", *words], capture_output=True, text=True, check=False
    ).stderr
    return {line.rpartition("|")[2].strip() for line in trace.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["bots", "list", "--help"], ["dance"]])
def test_help_loads_no_room_and_no_heavy_library(words: list[str]) -> None:
    names = loaded(*words)
    assert names & (ROOMS | HEAVY) == set()
    assert "kagami.cli" in names  # the trace was read


def test_health_loads_neither_a_room_nor_a_loop(home: Home, engine: Doubles) -> None:
    names = loaded("health", "--home", str(home.path))
    assert "kagami.cli.health" in names
    assert names & (ROOMS | HEAVY) == set()


def test_an_operation_loads_no_room(home: Home, engine: Doubles) -> None:
    names = loaded("bots", "list", "--home", str(home.path))
    assert "kagami.client" in names
    assert names & (ROOMS | (HEAVY - {"aiohttp"})) == set()


def test_the_version_loads_nothing() -> None:
    assert not [name for name in loaded("--version") if name.startswith(("kagami.cli", "click", "asyncio", "msgspec"))]
