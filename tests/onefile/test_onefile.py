"""What `make dist` has built, tried as its users will: nothing of this checkout or of its environment is at hand."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kagami import __version__
from kagami.testing.onebot import connect_implementation
from tests.tui.ptys import FIRST_PAINT, Terminal

DIST = Path(__file__).parents[2] / "dist"
BASE = Path(sys.base_prefix, "bin", f"python{sys.version_info.major}.{sys.version_info.minor}")
FREE = "[gateway]\nport = 0\n[web]\nport = 0\n"
# A module of the standard library that Kagami itself does not need: an author may use any.
PLUGIN = """\
import colorsys
import os
from kagami.plugins.api import Plugin

plugin = Plugin()

@plugin.command("hue")
async def hue(ctx):
    return f"{colorsys.rgb_to_hls(0, 1, 0)[1]} {os.getpid()}"
"""
MANIFEST = {"id": "hue", "name": "Hue", "version": "1.0.0", "runtime": "process", "entry": "main:plugin"}
PATIENCE_S = 60.0


def one_file(pattern: str) -> Path:
    found = [each for each in DIST.glob(pattern) if "py3" not in each.name or pattern.endswith((".pyz", ".whl"))]
    assert len(found) == 1, f"dist/ has {len(found)} files {pattern}: run make dist"
    return found[0]


@pytest.fixture(params=["alone", "pyz", "wheel"], scope="session")
def program(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The words that start it: a file with an interpreter in it, one for an interpreter, and an installed wheel."""
    if request.param == "alone":
        return [str(one_file(f"kagami-{__version__}-linux-*"))]
    if request.param == "pyz":
        return [str(BASE), str(one_file("*.pyz"))]
    place = tmp_path_factory.mktemp("wheel")
    subprocess.run([BASE, "-m", "venv", place], check=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    lock = DIST.parent / "requirements.lock"
    subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(lock)], check=True)
    subprocess.run([*pip, "--no-deps", "--no-index", str(one_file("*.whl"))], check=True)
    return [str(place / "bin" / "kagami")]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a user who has just come: an empty home, and the system's programs."""
    place = tmp_path_factory.mktemp("user")
    return {"HOME": str(place), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm-256color"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    plugin = place / "plugins" / "hue" / "1.0.0"
    plugin.mkdir(parents=True)
    (place / "kagami.toml").write_text(FREE)
    (plugin / "plugin.json").write_text(json.dumps(MANIFEST))
    (plugin / "main.py").write_text(PLUGIN)
    return place


def say(program: list[str], environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*program, *words], env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )


@contextmanager
def running(program: list[str], environment: dict[str, str], home: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (home / "said").open("wb") as said:
        command = [*program, "--home", str(home), "run"]
        engine = subprocess.Popen(command, env=environment, cwd="/", stdout=said, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + PATIENCE_S
            while say(program, environment, "--home", str(home), "health").returncode != 0:
                assert engine.poll() is None, (home / "said").read_text()
                assert time.monotonic() < deadline
            yield engine
        finally:
            engine.terminate()
            engine.wait(PATIENCE_S)


async def answer(home: Path, *texts: str) -> list[str]:
    """What a OneBot implementation at the gateway hears."""
    found = re.search(r"gateway: listening host=\S+ port=(\d+)", (home / "said").read_text("utf-8"))
    assert found
    token = (home / "secrets" / "gateway_token").read_text().strip()
    heard = []
    async with (
        asyncio.timeout(PATIENCE_S),
        connect_implementation(f"ws://127.0.0.1:{found[1]}/onebot/v11/ws", token=token) as peer,
    ):
        for text in texts:
            await peer.say(text, user="20002", group="42")
            call = await peer.called("send_group_msg")
            heard.append(call["params"]["message"][0]["data"]["text"])
    return heard


def test_the_sums_are_right() -> None:
    lines = (DIST / "SHA256SUMS").read_text("utf-8").splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    assert set(sums) == {each.name for each in DIST.iterdir()} - {"SHA256SUMS"}
    assert {name: hashlib.sha256((DIST / name).read_bytes()).hexdigest() for name in sums} == sums


def test_it_tells_its_version(program: list[str], environment: dict[str, str]) -> None:
    assert say(program, environment, "--version").stdout == f"kagami {__version__}\n"


def test_it_speaks_chinese(program: list[str], environment: dict[str, str]) -> None:
    assert "运行" in say(program, environment, "--lang", "zh", "--help").stdout


def test_it_writes_a_configuration(program: list[str], environment: dict[str, str], tmp_path: Path) -> None:
    said = say(program, environment, "--home", str(tmp_path / "new"), "init")
    assert (said.returncode, (tmp_path / "new" / "kagami.toml").exists()) == (0, True), said.stderr


async def test_it_answers_by_itself_and_by_a_plugin_in_a_process(
    program: list[str], environment: dict[str, str], home: Path
) -> None:
    with running(program, environment, home) as engine:
        echoed, hue = await answer(home, "/echo well", "/hue")
        assert (echoed, hue.split()[0]) == ("well", "0.5")
        assert hue.split()[1] != str(engine.pid)
        engine.terminate()
        assert engine.wait(PATIENCE_S) == 0


def test_it_opens_in_a_terminal(program: list[str], environment: dict[str, str], home: Path) -> None:
    terminal = Terminal([*program, "--home", str(home)], (100, 30), environment)
    try:
        terminal.wait_for(FIRST_PAINT, PATIENCE_S)
        assert b"Overview" in terminal.output
    finally:
        terminal.child.kill()
        terminal.child.wait()
        stopped = say(program, environment, "--home", str(home), "system", "stop", "--yes")
    assert stopped.returncode == 0, stopped.stderr  # the engine goes on without its terminal


def test_a_service_starts_the_file_that_was_started(program: list[str], environment: dict[str, str]) -> None:
    said = say(program, environment, "service", "show").stdout
    (start,) = [line for line in said.splitlines() if line.startswith("ExecStart=")]
    assert program[-1] in start or "-m kagami" in start


def test_it_unpacks_once_and_elsewhere_when_told(tmp_path: Path, environment: dict[str, str]) -> None:
    alone = str(one_file(f"kagami-{__version__}-linux-*"))
    given = environment | {"KAGAMI_UNPACKED": str(tmp_path / "here")}
    both = [subprocess.Popen([alone, "--version"], env=given, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [each.wait(PATIENCE_S) for each in both] == [0, 0]
    (unpacked,) = (tmp_path / "here").iterdir()
    before = unpacked.stat().st_mtime_ns
    assert subprocess.run([alone, "--version"], env=given, check=True, capture_output=True).returncode == 0
    assert unpacked.stat().st_mtime_ns == before
    assert (tmp_path / "here").stat().st_mode & 0o077 == 0
