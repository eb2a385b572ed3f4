from __future__ import annotations

import base64
import stat
from pathlib import Path

from kagami.tui.clipboard import MOST_BYTES, osc52, to_file


def test_osc_52_carries_utf_8() -> None:
    sequence = osc52("你好", {})
    assert sequence.startswith("\x1b]52;c;")
    assert sequence.endswith("\x07")
    assert base64.b64decode(sequence[7:-1]).decode() == "你好"


def test_screen_needs_a_wrapper_and_tmux_does_not() -> None:
    assert osc52("a", {"TERM": "screen"}).startswith("\x1bP\x1b]52")
    assert osc52("a", {"TERM": "screen-256color", "TMUX": "/tmp/x,1,0"}).startswith("\x1b]52")


def test_too_much_is_not_sent() -> None:
    assert osc52("x" * MOST_BYTES, {})
    assert osc52("x" * (MOST_BYTES + 1), {}) == ""


def test_the_file_is_the_users_alone(tmp_path: Path) -> None:
    path = to_file("secret \udc80", tmp_path / "state")
    assert path.read_text() == "secret \\udc80"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
