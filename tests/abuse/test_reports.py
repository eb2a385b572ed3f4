"""SC11: what a terminal says by itself is no key. A message that makes it answer must not act for the operator."""

from __future__ import annotations

import time

import pytest

from tests.tui.ptys import FIRST_PAINT, Terminal, terminal
from tests.tui.test_pty import played

SIZE = (100, 30)
CALM_S = 2.5  # lists are read once a second
REPORTS = {
    "status": "\x1b[0n",
    "status, broken": "\x1b[3n",
    "cursor": "\x1b[12;40R",
    "cursor, with page": "\x1b[?12;40;1R",
    "what it is": "\x1b[?62;1;6;22c",
    "what else it is": "\x1b[>41;354;0c",
    "its name": "\x1bP>|xterm(380)\x1b\\",
    "its unit": "\x1bP!|00000000\x1b\\",
    "a setting": "\x1bP1$r0m\x1b\\",
    "a capability": "\x1bP1+r544e=787465726d\x1b\\",
    "background": "\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\",
    "foreground": "\x1b]10;rgb:ffff/ffff/ffff\x07",
    "a colour": "\x1b]4;1;rgb:ffff/0000/0000\x1b\\",
    "clipboard": "\x1b]52;c;cW94eQ==\x1b\\",
    "title": "\x1b]lq\x1b\\",
    "a mode": "\x1b[?2026;2$y",
    "another mode": "\x1b[?1049;1$y",
    "size": "\x1b[8;30;100t",
    "size in pixels": "\x1b[4;600;1000t",
    "focus lost": "\x1b[O",
    "focus": "\x1b[I",
    "keyboard protocol": "\x1b[?1u",
    "graphics": "\x1b_Gi=1;OK\x1b\\",
}

pytestmark = pytest.mark.service


def rows(console: Terminal) -> list[str]:
    """What the terminal shows below the bar with the figures of the moment."""
    return played(bytes(console.output), SIZE).display[1:]


def calm(console: Terminal) -> list[str]:
    """What it shows once that stays as it is for as long as the world of the console takes to say something new."""
    shown = rows(console)
    since = time.monotonic()
    while time.monotonic() < since + CALM_S:
        console.read(0.1)
        if (now := rows(console)) != shown:
            shown, since = now, time.monotonic()
    return shown


def test_reports_that_nobody_asked_for_do_nothing() -> None:
    """In a place of lists, where letters are commands, and in one where letters are written."""
    with terminal("tests.tui.corpus_demo", size=SIZE) as console:
        console.wait_for(FIRST_PAINT)
        for place in ("2", "8"):
            console.press(place)
            before = calm(console)
            console.press("".join(REPORTS.values()))
            assert calm(console) == before
        assert console.child.poll() is None
        console.press("q")
        assert rows(console) != before  # a key does something
