"""The console at the end of a real line: bytes, keys, mouse, copies, and how it leaves the terminal.

Figures have room for a machine that does much else; `python -m bench.terminal` measures them against their goals.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

from bench.terminal import DEMO, Line, keys_on_a_slow_line, line, live_bytes, paint_and_idle, stalled_terminal
from tests.tui.pty_console import PtyConsole
from tests.tui.test_run import RESETS

pytestmark = pytest.mark.service

ROOM = 2.0  # times a goal in milliseconds, where other processes share the machine
MOVES = 20


def test_the_first_picture_and_an_idle_one_cost_little() -> None:
    first, idle = paint_and_idle(2.0)
    assert first.value <= first.most
    assert idle.value <= idle.most


def test_a_busy_log_fits_a_thin_line() -> None:
    for goal in live_bytes(1.5):
        assert goal.value <= goal.most * 1.2, goal  # so short a time may hold one picture more


@pytest.mark.parametrize(("rate", "most_ms"), [(30_000, 100), (10_000, 250)])
def test_keys_answer_on_a_bad_line(rate: int, most_ms: float) -> None:
    goal = keys_on_a_slow_line(rate, most_ms, 8)
    assert goal.value <= goal.most * ROOM


def test_a_terminal_that_stops_reading_stops_nobody_else() -> None:
    heartbeat, picture = stalled_terminal(1.0)
    assert heartbeat.value <= heartbeat.most * ROOM
    assert picture.value <= picture.most * ROOM


@pytest.fixture(scope="module")
def opened() -> Iterator[Line]:
    """One console for all that only looks."""
    with line((*DEMO, "--still")) as there:
        there.wait_idle()
        there.quiet()
        yield there


@pytest.fixture
def there(opened: Line) -> Line:
    opened.press("\x1b[27u")  # as terminals that can say it without what comes next being taken for a part of it
    opened.quiet(0.15)
    return opened


def rows(there: Line) -> list[str]:
    """What the terminal shows."""
    screen = pyte.Screen(80, 24)
    pyte.ByteStream(screen).feed(re.sub(rb"\x1b\[[<>?][0-9;]*[u$p]+", b"", bytes(there.seen)))
    return list(screen.display)


def test_a_move_of_the_mouse_costs_next_to_nothing(there: Line) -> None:
    there.press("2")
    there.quiet()
    before = len(there.seen)
    for place in range(MOVES):
        there.press(f"\x1b[<35;{20 + place};{5 + place % 8}M")
    there.quiet()
    assert (len(there.seen) - before) / MOVES <= 200


def test_the_mouse_selects_scrolls_and_presses_keys_of_the_footer(there: Line) -> None:
    there.press("2")
    there.quiet()
    row = next(number for number, text in enumerate(rows(there)) if "wx-helper" in text)
    click(there, 10, row)
    assert "▶ wx-helper" in rows(there)[row]
    there.press(f"\x1b[<65;10;{row + 1}M")
    there.quiet()
    foot = rows(there)[-1]
    click(there, foot.index("help"), 23)
    assert any("keys of this place" in text for text in rows(there))


def click(there: Line, x: int, y: int) -> None:
    there.press(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m")
    there.quiet()


def test_the_right_button_shows_what_can_be_done(there: Line) -> None:
    there.press("2")
    there.quiet()
    row = next(number for number, text in enumerate(rows(there)) if "kook-jp" in text)
    there.press(f"\x1b[<2;11;{row + 1}M\x1b[<2;11;{row + 1}m")
    there.quiet()
    assert any("what now?" in text for text in rows(there))


def test_a_copy_is_what_was_selected(there: Line) -> None:
    there.press("3g")
    there.quiet()
    after = there.press("y")
    there.wait(lambda seen: b"\x1b]52;c;" in seen, after)
    there.quiet()
    found = re.search(rb"\x1b\]52;c;([^\x07]*)\x07", bytes(there.seen[after:]))
    assert found is not None
    copied = base64.b64decode(found[1]).decode()
    selected = next(text for text in rows(there) if text.startswith("▶"))
    assert copied[: len("23:41:07.097")] in selected
    assert "北京" in copied


def test_plain_text_stands_outside_the_full_screen_until_a_key_comes(there: Line) -> None:
    there.press("2")
    there.quiet()
    after = there.press("Y")
    there.wait(lambda seen: b"any key returns" in seen, after)
    plain = bytes(there.seen[there.seen.rindex(b"\x1b[?1049l") :]).decode()
    assert "[2 Bots]" in plain
    after = there.press("k")
    there.wait(lambda seen: b"\x1b[?1049h" in seen and b"shiori" in seen, after)
    there.wait(lambda seen: "logs · idle".encode() in seen, there.press("3"))


@pytest.mark.parametrize(("arguments", "keys", "code"), [((), "\x03\x03", 0), (("--breaks",), "4", 0)])
def test_the_terminal_is_left_clean(arguments: tuple[str, ...], keys: str, code: int, tmp_path: Path) -> None:
    running = PtyConsole("--still", *arguments, environ={"XDG_STATE_HOME": str(tmp_path)})
    try:
        running.wait_idle()
        running.press(keys)
        assert running.wait_end(20.0) == code
        assert all(reset in running.seen for reset in RESETS)
    finally:
        running.end()


def test_what_broke_the_console_is_in_a_report_of_its_own(tmp_path: Path) -> None:
    left = tmp_path / "left"
    running = PtyConsole("--still", "--breaks", "--out", str(left), environ={"XDG_STATE_HOME": str(tmp_path)})
    try:
        running.wait_idle()
        running.press("4")
        running.wait_end(20.0)
    finally:
        running.end()
    report = tmp_path / "kagami" / "console-crash.txt"
    assert left.read_text() == "BROKEN"
    assert str(report).encode() in running.seen.replace(b"\r\n", b"")
    assert "made on purpose" in report.read_text()
    assert report.stat().st_mode & 0o077 == 0
    assert b"k4g-7f2Q9x" not in running.seen + report.read_bytes()


def test_a_terminal_that_can_do_nothing_gets_a_plain_hint(tmp_path: Path) -> None:
    with line(("-m", "kagami", "--home", str(tmp_path)), TERM="dumb") as there:
        assert there.child.wait(20) == 2
        there.quiet()
        assert b"TERM=dumb" in there.seen
        assert b"\x1b" not in there.seen


def test_a_terminal_in_disorder_is_mended() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "kagami", "reset-term"], check=True, capture_output=True, env=dict(os.environ)
    )
    assert all(reset in told.stdout for reset in RESETS)
