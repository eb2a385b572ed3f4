"""The console in a real terminal: how it starts, what it leaves behind, and how it ends when the terminal goes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kagami.tui.run import Stopper, to_nowhere
from kagami.tui.shell import Leave
from tests.tui.pilot import run_console
from tests.tui.pty_console import PtyConsole

pytestmark = pytest.mark.service

RESETS = (b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?1006l", b"\x1b[?2004l", b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[<u")


@pytest.fixture
def answer(tmp_path: Path) -> Path:
    return tmp_path / "leave"


@pytest.fixture
def console(answer: Path) -> Iterator[PtyConsole]:
    running = PtyConsole("--still", "--owned", "--out", str(answer))
    try:
        running.wait_idle()
        yield running
    finally:
        running.end()


def test_sighup_ends_the_console_and_cleans_the_terminal(console: PtyConsole, answer: Path) -> None:
    console.hang_up()
    assert console.wait_end(2.0) == 0
    assert answer.read_text() == "LOST"
    tail = console.seen[console.seen.rindex(b"\x1b[?1049l") - 200 :]
    assert all(reset in tail for reset in RESETS)


def test_a_closed_terminal_ends_the_console(console: PtyConsole, answer: Path) -> None:
    console.close_terminal()
    assert console.wait_end(2.0) == 0
    assert answer.read_text() == "LOST"


async def test_a_sigterm_is_remembered_by_a_console_that_is_ending_already() -> None:
    async with run_console() as (console, _):
        console.exit(Leave.LOST)
        stop = Stopper(console)
        stop()
        assert stop.asked


def test_sighup_ends_it_also_when_the_terminal_does_not_read(console: PtyConsole, answer: Path) -> None:
    for _ in range(60):
        console.press("\x1bOR")  # F3: everything is painted anew
    console.hang_up()
    end = time.monotonic() + 2.0
    while not answer.exists() and time.monotonic() < end:
        time.sleep(0.02)
    assert answer.read_text() == "LOST"


def test_a_stuck_terminal_gets_the_newest_picture_when_it_reads_again(console: PtyConsole) -> None:
    for _ in range(301):
        console.press("\x1bOR")
    console.read_until(lambda seen: "帮助" in seen[-20_000:].decode(errors="replace"))


def test_quitting_leaves_a_clean_terminal(console: PtyConsole, answer: Path) -> None:
    console.press("q")
    console.read_until(lambda seen: b"Leave the console?" in seen)
    console.press("\x1b[C\x1b[C\r")
    assert console.wait_end(3.0) == 0
    assert answer.read_text() == "STOP"
    assert all(reset in console.seen for reset in RESETS)


def test_the_window_title_says_idle(console: PtyConsole) -> None:
    console.press("2")
    console.read_until(lambda seen: "kagami · bots · idle\x07".encode() in seen)


def test_no_colour_means_none(answer: Path) -> None:
    running = PtyConsole("--still", "--out", str(answer), environ={"NO_COLOR": "1"})
    try:
        running.wait_idle()
        seen = running.read_until(lambda seen: b"Overview" in seen)
    finally:
        running.end()
    assert b"[38;" not in seen
    assert b"[48;" not in seen


def test_a_terminal_of_sixteen_colours_gets_ascii_and_no_more_colours(answer: Path) -> None:
    running = PtyConsole("--still", "--out", str(answer), environ={"TERM": "linux"})
    try:
        running.wait_idle()
        seen = running.seen
    finally:
        running.end()
    assert b"38;2;" not in seen
    assert b"38;5;" not in seen
    text = seen.replace("· busy".encode(), b"").replace("· idle".encode(), b"").replace("kagami ·".encode(), b"")
    text = text.replace("overview ·".encode(), b"").replace(" · ".encode(), b"")
    assert text.isascii()


def test_descriptors_lead_to_nowhere_in_a_child() -> None:
    pid = os.fork()
    if not pid:
        to_nowhere()
        os._exit(0 if os.write(1, b"lost") == 4 and os.read(0, 1) == b"" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def kept(folder: Path) -> PtyConsole:
    return PtyConsole("--still", "--keep", environ={"XDG_STATE_HOME": str(folder)})


def test_the_next_console_opens_where_the_last_one_was_left(tmp_path: Path) -> None:
    for keys, end in (("2\x1bOR", "q"), ("", "q")):
        running = kept(tmp_path)
        try:
            running.wait_idle()
            running.press(keys)
            running.read_until(lambda seen: "kagami · bots · idle".encode() in seen and "机器人 8".encode() in seen)
            running.press(end)
            assert running.wait_end(3.0) == 0
        finally:
            running.end()


def test_a_broken_state_is_told_and_not_used(tmp_path: Path) -> None:
    (tmp_path / "kagami").mkdir()
    (tmp_path / "kagami" / "console.json").write_text("{")
    running = kept(tmp_path)
    try:
        running.read_until(lambda seen: b"What the last console" in seen)
    finally:
        running.end()


def test_another_home_opens_at_the_overview(tmp_path: Path) -> None:
    for home, keys, place in (("/one", "2", "bots"), ("/two", "", "overview")):
        running = PtyConsole("--still", "--keep", "--home", home, environ={"XDG_STATE_HOME": str(tmp_path)})
        try:
            running.wait_idle()
            running.press(keys)
            running.read_until(lambda seen, place=place: f"kagami · {place} · idle".encode() in seen)  # type: ignore[misc]
            running.press("q")
            assert running.wait_end(3.0) == 0
            if home == "/two":
                assert "kagami · bots".encode() not in running.seen
        finally:
            running.end()
