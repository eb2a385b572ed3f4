from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from kagami.errors import Unavailable
from kagami.testing.postgres import PostgresServer, binaries, unprivileged

# Begins a server and waits; the test kills it.
CHILD = """
import sys
from kagami.testing.postgres import PostgresServer
with PostgresServer() as server:
    sys.stdout.write(f"{server.folder}\\n")
    sys.stdout.flush()
    sys.stdin.read()
"""


def running(folder: Path) -> list[int]:
    return [
        each.pid
        for each in psutil.process_iter()
        if each.status() != psutil.STATUS_ZOMBIE and str(folder / "data") in _line(each)
    ]


def _line(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []


async def test_it_wants_its_password(postgres: PostgresServer) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.url(password="wrong"))


async def test_a_database_can_be_a_copy(postgres: PostgresServer) -> None:
    template = postgres.create()
    postgres.run("CREATE TABLE t AS SELECT 7 AS a", template.rpartition("/")[2])
    copy = postgres.create(template=template.rpartition("/")[2])
    assert postgres.run("SELECT a FROM t", copy.rpartition("/")[2]) == "7"
    postgres.drop(copy)
    postgres.drop(template)


def test_a_statement_that_fails_says_why(postgres: PostgresServer) -> None:
    with pytest.raises(Unavailable, match="nowhere"):
        postgres.run("SELECT * FROM nowhere")


def test_settings_and_crashes() -> None:
    with PostgresServer(settings={"work_mem": "7MB"}) as server:
        server.run("CREATE TABLE t AS SELECT 1 AS a")
        server.stop("immediate")
        assert running(server.folder) == []
        server.start()
        assert server.run("SELECT a FROM t; SHOW work_mem; SHOW fsync").split() == ["1", "7MB", "off"]
        server.pause()
        assert psutil.Process(running(server.folder)[0]).status() == psutil.STATUS_STOPPED
    assert (running(server.folder), server.folder.exists()) == ([], False)


@pytest.mark.service
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_stays_when_the_process_that_began_it_is_gone(number: signal.Signals) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as child:
        assert child.stdout is not None
        folder = Path(child.stdout.readline().strip())
        keeper = next(each for each in psutil.Process(child.pid).children() if str(folder) in each.cmdline())
        assert running(folder)
        os.killpg(child.pid, number)
    keeper.wait(20)
    assert (running(folder), folder.exists()) == ([], False)


def test_programs_may_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KAGAMI_PG_BIN", str(tmp_path))
    assert binaries() == tmp_path


def test_root_becomes_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert unprivileged()["user"] != 0
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert unprivileged() == {}
