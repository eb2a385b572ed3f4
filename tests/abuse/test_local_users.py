"""SF4: another user of the same machine, who may look at files, at `/proc` and at what crashes leave."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kagami.cli.main import main
from kagami.home import Home, holder
from tests.abuse.canaries import SECRETS, config, found_in, put_plugin

pytestmark = pytest.mark.service
PATIENCE = 30.0


def kagami(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "kagami", "--home", str(home), *words]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAGAMI_")}
    return kept | {"KAGAMI_LANGUAGE": "en", "KAGAMI_ADMIN_PASSWORD": SECRETS["password of the first operator"]}


def until(engine: subprocess.Popen[bytes], home: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not (home / "kagami.sock").exists():
        assert engine.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)


# Asks the system about the process that it runs in.
DUMPABLE = """
import ctypes
from kagami.plugins.api import Plugin

plugin = Plugin()

@plugin.start
async def start(life):
    life.log.info("the process", dumpable=ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Of an engine that was started by somebody who lets all be read, and that has had something to do."""
    folder = tmp_path_factory.mktemp("local") / "home"
    before = os.umask(0)
    try:
        folder.mkdir(mode=0o700)
        (folder / "kagami.toml").write_text(config(9), "utf-8")
        (folder / "kagami.toml").chmod(0o600)
        put_plugin(folder)
        looks = folder / "plugins" / "looks" / "1.0.0"
        looks.mkdir(parents=True)
        (looks / "plugin.json").write_text('{"id": "looks", "version": "1.0.0", "entry": "main:plugin"}', "utf-8")
        (looks / "main.py").write_text(DUMPABLE, "utf-8")
        with subprocess.Popen(
            kagami(folder, "run"), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as engine:
            try:
                until(engine, folder)
                for line in ("messages say --text /help", "backup now", "settings set --key prefix --value !"):
                    assert main(["--home", str(folder), *line.split()], {}) == 0
                yield folder
            finally:
                engine.send_signal(signal.SIGTERM)
                assert engine.wait(PATIENCE) == 0
    finally:
        os.umask(before)


def test_whatever_it_writes_is_its_own(home: Path) -> None:
    authored = home / "plugins"  # a person's own work, which was there before
    modes = {
        str(path.relative_to(home)): stat.S_IMODE(path.lstat().st_mode)
        for path in (home, *home.rglob("*"))
        if authored not in (path, *path.parents)
    }
    assert {"kagami.db", "kagami.sock", "kagami.lock", "secrets/gateway_token", "logs"} <= modes.keys()
    assert any(name.startswith("backups/") for name in modes)
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


def test_a_secret_that_others_can_read_is_refused_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "jwt_secret").write_text(SECRETS["signing secret"], "utf-8")
    (tmp_path / "secrets" / "jwt_secret").chmod(0o644)
    told = subprocess.run(
        kagami(tmp_path, "run"), env=environment(), capture_output=True, check=False, timeout=PATIENCE
    )
    assert told.returncode == 78
    assert b"chmod 600" in told.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_no_secret_is_in_what_others_see_of_the_process(home: Path) -> None:
    """Its line, which everybody may read; and not its memory, which is root's alone."""
    process = Path("/proc") / holder(Home(home))
    assert found_in((process / "cmdline").read_bytes(), SECRETS) == []
    end = time.monotonic() + PATIENCE
    # Lines are written every half second.
    while b'"dumpable":"0"' not in b"".join(path.read_bytes() for path in (home / "logs").iterdir()):
        assert time.monotonic() < end
        time.sleep(0.05)


LOOKS = """
import json, resource, sys
from pathlib import Path
from kagami.app import keep_memory_private
import ctypes, subprocess

before = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
keep_memory_private()
child = [sys.executable, "-c", "import ctypes; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))"]
told = subprocess.run(child, capture_output=True, text=True).stdout
print(json.dumps([before, ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(resource.RLIMIT_CORE)[0], told]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the others have no such switch")
def test_it_leaves_no_core_and_lets_nobody_look_into_it_but_what_it_starts_is_as_ever() -> None:
    told = subprocess.run([sys.executable, "-c", LOOKS], capture_output=True, check=True, cwd=Path.cwd()).stdout
    before, after, core, child = json.loads(told)
    assert (before, after, core, child.strip()) == (1, 0, 0, "1")
