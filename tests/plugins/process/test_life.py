from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kagami import log
from kagami.clock import SystemClock
from kagami.errors import WireError
from kagami.plugins.config import ProcessConfig
from kagami.plugins.process.life import MOST_WAITING, Life, _gist
from kagami.plugins.process.wire import LONGEST, Cancel, Event
from tests.plugins.process.children import PRELUDE, QUICK


@asynccontextmanager
async def life_of(tmp_path: Path, code: str) -> AsyncIterator[tuple[Life, asyncio.Queue[bytes | None]]]:
    heard: asyncio.Queue[bytes | None] = asyncio.Queue()
    life = Life(
        [sys.executable, "-I", "-S", "-c", PRELUDE + code],
        tmp_path,
        tmp_path / "work",
        config=ProcessConfig(),
        times=QUICK,
        clock=SystemClock(),
        log=log.get("tests"),
        hear=heard.put_nowait,
    )
    await life.open()
    try:
        async with asyncio.timeout(20):
            yield life, heard
    finally:
        life.kill("the test is over")
        await life.run()


async def test_lines_go_in_and_come_out(tmp_path: Path) -> None:
    async with life_of(tmp_path, "print(hear()['id'], flush=True)\nhear()") as (life, heard):
        running = asyncio.create_task(life.run())
        assert life.say(Cancel("7"))
        assert await heard.get() == b"7"
        life.kill("enough")
        assert await running == "enough"


async def test_the_last_word_on_stderr_is_part_of_the_reason(tmp_path: Path) -> None:
    async with life_of(tmp_path, "sys.exit('no key')") as (life, _):
        assert await life.run() == "it exited with 1: no key"
        assert life.ended


async def test_a_signal_is_named(tmp_path: Path) -> None:
    async with life_of(tmp_path, "os.kill(os.getpid(), 15)") as (life, _):
        assert await life.run() == "it was ended by SIGTERM"


async def test_who_is_gone_is_told_nothing(tmp_path: Path) -> None:
    async with life_of(tmp_path, "") as (life, _):
        await life.run()
        assert not life.say(Cancel("1"))


async def test_only_so_much_waits_for_a_child_that_does_not_read(tmp_path: Path) -> None:
    async with life_of(tmp_path, "time.sleep(99)") as (life, _):
        message = Event("1", "x", {"text": "x" * (LONGEST // 2)})
        said = [life.say(message) for _ in range(20)]
        assert 1 <= sum(said) <= MOST_WAITING // (LONGEST // 2) + 1
        assert not said[-1]


async def test_a_message_that_is_too_long_is_refused(tmp_path: Path) -> None:
    async with life_of(tmp_path, "time.sleep(99)") as (life, _):
        with pytest.raises(WireError):
            life.say(Event("1", "x", {"text": "x" * LONGEST}))


async def test_a_pipe_that_somebody_else_holds_does_not_keep_a_run_open(tmp_path: Path) -> None:
    code = "subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(99)'])"
    async with life_of(tmp_path, code) as (life, _):
        assert await life.run() == "it exited with 0"


async def test_a_program_that_is_not_there_cannot_be_opened(tmp_path: Path) -> None:
    life = Life(
        ["/no/such/program"],
        tmp_path,
        tmp_path / "work",
        config=ProcessConfig(),
        times=QUICK,
        clock=SystemClock(),
        log=log.get("tests"),
        hear=lambda _: None,
    )
    with pytest.raises(FileNotFoundError):
        await life.open()
    assert life.ended


@pytest.mark.parametrize(
    ("words", "gist"),
    [
        ((), ""),
        (("only this",), ": only this"),
        (
            ("    throw new Error(x)", "", "Error: no module 'x'", "    at main.js", "Node.js v20"),
            ": Error: no module 'x'",
        ),
        (("Traceback:", "    raise ValueError(1)", "my.errors.ValueError: 1"), ": my.errors.ValueError: 1"),
    ],
)
def test_the_line_that_names_an_error_is_the_gist(words: tuple[str, ...], gist: str) -> None:
    assert _gist(words) == gist
