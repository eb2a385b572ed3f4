from __future__ import annotations

import asyncio
import json
import os
import pty
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from kagami import log
from kagami.app import EngineThread, LocalControl
from kagami.config import load
from kagami.errors import EngineAway, HomeBusy, NotFound, SettingError
from kagami.home import Home, hold, holder
from kagami.model.principal import CONSOLE, Principal
from kagami.operations.messages import ListMessages, Say
from kagami.operations.system import Status
from kagami.operations.traces import GetTrace

FREE = {"KAGAMI_GATEWAY__PORT": "0", "KAGAMI_WEB__PORT": "0"}
PATIENCE = 20.0


@contextmanager
def engine_thread(home: Path) -> Iterator[EngineThread]:
    thread = EngineThread(load(Home(home), environ=dict(FREE)), log.Ring())
    thread.start()
    try:
        yield thread
    finally:
        thread.stop("test")
        thread.join()


async def test_a_console_calls_the_engine_across_two_loops(tmp_path: Path) -> None:
    with engine_thread(tmp_path) as thread:
        control = LocalControl(thread)
        await control.call(Say(text="hello"))
        assert [row.text for row in await control.call(ListMessages())] == ["hello"]


async def test_an_error_of_the_engine_reaches_the_console_as_it_is(tmp_path: Path) -> None:
    with engine_thread(tmp_path) as thread, pytest.raises(NotFound):
        await LocalControl(thread).call(GetTrace(execution="none"))


async def test_the_feed_crosses_too(tmp_path: Path) -> None:
    with engine_thread(tmp_path) as thread:
        feed = LocalControl(thread).feed(["pulse"])
        async with asyncio.timeout(PATIENCE):
            assert (await anext(feed)).topic == "pulse"
        await feed.aclose()


async def test_an_engine_that_has_ended_is_away(tmp_path: Path) -> None:
    with engine_thread(tmp_path) as thread:
        control = LocalControl(thread)
    with pytest.raises(EngineAway):
        await control.call(Status())


async def test_a_call_that_the_end_of_the_engine_cuts_off_tells_that_it_is_away(tmp_path: Path) -> None:
    begun = threading.Event()

    async def never(request: msgspec.Struct, who: Principal = CONSOLE) -> None:
        begun.set()
        await asyncio.Event().wait()

    with engine_thread(tmp_path) as thread:
        assert thread.engine is not None
        thread.engine.call = never  # type: ignore[method-assign]
        calling = asyncio.ensure_future(LocalControl(thread).call(Status()))
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        thread.stop("test")
        with pytest.raises(EngineAway):
            await asyncio.wait_for(calling, PATIENCE)


async def test_a_console_may_give_up_its_own_call(tmp_path: Path) -> None:
    begun = threading.Event()

    async def never(request: msgspec.Struct, who: Principal = CONSOLE) -> None:
        begun.set()
        await asyncio.Event().wait()

    with engine_thread(tmp_path) as thread:
        assert thread.engine is not None
        thread.engine.call = never  # type: ignore[method-assign]
        calling = asyncio.ensure_future(LocalControl(thread).call(Status()))
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling


def test_what_keeps_an_engine_from_starting_is_raised_where_it_was_started(tmp_path: Path) -> None:
    with engine_thread(tmp_path / "one") as first:
        assert first.engine is not None
        port = str(first.engine.gateway_port)
        settings = load(Home(tmp_path / "two"), environ=FREE | {"KAGAMI_GATEWAY__PORT": port})
        with pytest.raises(SettingError):
            EngineThread(settings, log.Ring()).start()


def command(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "kagami", "--home", str(home), *words]


def environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KAGAMI_")}
    return kept | FREE | {"TERM": "xterm-256color", "LANG": "C.UTF-8"}


@contextmanager
def headless(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command(home, "run", "--log-format", "json"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


HOLDS_ON = """
import asyncio
import threading
from kagami.plugins.api import Plugin

plugin = Plugin()

async def stubborn():
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass

@plugin.start
async def start(life):
    asyncio.ensure_future(stubborn())
    asyncio.ensure_future(asyncio.to_thread(threading.Event().wait))
"""


def until_ready(home: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not (home / "kagami.sock").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.service
def test_tasks_and_threads_of_a_plugin_that_never_end_do_not_keep_the_process(tmp_path: Path) -> None:
    folder = tmp_path / "plugins" / "holds" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "plugin.json").write_text('{"id": "holds", "version": "1.0.0", "entry": "main:plugin"}', "utf-8")
    (folder / "main.py").write_text(HOLDS_ON, "utf-8")
    with headless(tmp_path) as process:
        until_ready(tmp_path)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 1
        assert process.stdout is not None
        assert "does not end" in process.stdout.read().decode()


@pytest.mark.service
def test_sigterm_ends_a_headless_engine_with_zero_within_two_seconds(tmp_path: Path) -> None:
    with headless(tmp_path) as process:
        until_ready(tmp_path)
        asked = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert time.monotonic() - asked < 2.0
        assert process.stdout is not None
        lines = [json.loads(line) for line in process.stdout]
    assert {"ready", "stopping"} <= {line["message"] for line in lines}


@pytest.mark.service
def test_a_second_engine_on_one_home_is_refused(tmp_path: Path) -> None:
    with headless(tmp_path):
        until_ready(tmp_path)
        second = subprocess.run(
            command(tmp_path, "run"), env=environment(), capture_output=True, timeout=PATIENCE, check=False
        )
        assert second.returncode == HomeBusy.exit_code
        assert b"Traceback" not in second.stderr


class Terminal:
    """`kagami` on a pty of its own; everything that it draws is read away."""

    def __init__(self, home: Path, **environ: str) -> None:
        self.home = Home(home)
        self.drawn = b""
        self.child, self.master = pty.fork()
        if self.child == 0:
            os.environ.clear()
            os.environ.update(environment() | environ | {"PYTHONPATH": str(Path.cwd())})
            os.execv(sys.executable, command(home))  # noqa: S606 - the very command under test

    def until(self, what: str, happened: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < deadline, what
            self.read()

    def read(self) -> None:
        if select.select([self.master], [], [], 0.05)[0]:
            with suppress(OSError):
                self.drawn += os.read(self.master, 65_536)


def healthy(home: Path) -> bool:
    done = subprocess.run(
        command(home, "health"), env=environment(), capture_output=True, timeout=PATIENCE, check=False
    )
    return done.returncode == 0


@pytest.mark.service
@pytest.mark.parametrize("how", ["hangup", "closed"])
def test_the_bots_outlive_their_terminal(tmp_path: Path, how: str) -> None:
    terminal = Terminal(tmp_path)
    terminal.until("the engine holds its home", lambda: holder(terminal.home) and terminal.home.socket.exists())
    engine = int(holder(terminal.home))
    terminal.until("the console is drawn", lambda: b"kagami" in terminal.drawn)
    try:
        if how == "hangup":
            os.killpg(terminal.child, signal.SIGHUP)
        os.close(terminal.master)
        os.waitpid(terminal.child, 0)
        assert healthy(tmp_path)
        assert int(holder(terminal.home)) == engine
    finally:
        os.kill(engine, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while holder(terminal.home):
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_home_is_free_again_after_its_engine_ended(tmp_path: Path) -> None:
    with engine_thread(tmp_path):
        pass
    with hold(Home(tmp_path)):
        assert holder(Home(tmp_path)) == str(os.getpid())


@pytest.mark.service
def test_a_console_whose_engine_cannot_start_says_why_and_goes(tmp_path: Path) -> None:
    with engine_thread(tmp_path / "one") as first:
        assert first.engine is not None
        terminal = Terminal(tmp_path / "two", KAGAMI_GATEWAY__PORT=str(first.engine.gateway_port))
        terminal.until("it says why", lambda: b"KAGAMI_GATEWAY__PORT" in terminal.drawn)
        _, status = os.waitpid(terminal.child, 0)
        assert os.waitstatus_to_exitcode(status) == SettingError.exit_code
        os.close(terminal.master)


@pytest.mark.service
def test_sigterm_ends_console_and_engine(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    terminal.until("the engine serves", terminal.home.socket.exists)
    os.kill(terminal.child, signal.SIGTERM)
    terminal.until("the engine has gone", lambda: not holder(terminal.home))
    _, status = os.waitpid(terminal.child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    os.close(terminal.master)
