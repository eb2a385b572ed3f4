from __future__ import annotations

import os
import pty
import threading
from collections.abc import Iterator

import pytest

from kagami.tui.terminal import RESET, is_plain, probe, terminal_refusal, wide_blocks


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """The two ends of a pseudo-terminal: what a person holds, and what a program holds."""
    person, program = pty.openpty()
    yield person, program
    os.close(person)
    os.close(program)


def answer(person: int, column: int) -> None:
    """Play a terminal that was asked where its cursor is."""
    seen = b""
    while b"\x1b[6n" not in seen:
        seen += os.read(person, 64)
    os.write(person, f"\x1b[1;{column}R".encode())


@pytest.mark.parametrize(("column", "wide"), [(2, False), (3, True)])
def test_the_terminal_says_how_wide_a_block_is(terminal: tuple[int, int], column: int, wide: bool) -> None:
    person, program = terminal
    playing = threading.Thread(target=answer, args=(person, column))
    playing.start()
    assert wide_blocks(program, program, 5.0) is wide
    playing.join()


def test_a_terminal_that_does_not_answer_draws_blocks_in_one_cell(terminal: tuple[int, int]) -> None:
    assert wide_blocks(terminal[1], terminal[1], 0.01) is False


def test_what_is_no_terminal_is_not_asked() -> None:
    reading, writing = os.pipe()
    assert wide_blocks(reading, writing, 5.0) is False
    os.close(reading)
    os.close(writing)


def test_the_environment_may_answer_for_the_terminal() -> None:
    assert probe({"KAGAMI_WIDE": "1"})[1] is True
    assert probe({"KAGAMI_WIDE": "0"})[1] is False


@pytest.mark.parametrize("term", ["dumb", "DUMB", "unknown"])
def test_a_dumb_terminal_is_refused_with_a_plain_hint(term: str) -> None:
    hint = terminal_refusal({"TERM": term})
    assert hint is not None
    assert "kagami run" in hint
    assert hint.isprintable()


def test_a_pipe_is_refused() -> None:
    assert terminal_refusal({"TERM": "xterm"}, interactive=False)


@pytest.mark.parametrize("environ", [{"TERM": "xterm-256color"}, {"TERM": "linux"}, {}])
def test_other_terminals_will_do(environ: dict[str, str]) -> None:
    assert terminal_refusal(environ) is None


def test_mending_ends_every_mode_that_the_console_begins() -> None:
    for mode in (1000, 1002, 1003, 1004, 1006, 2004, 1049):
        assert f"\x1b[?{mode}l" in RESET
    assert RESET.endswith("\x1b[?25h\x1b[0m")


@pytest.mark.parametrize(
    ("environ", "plain"),
    [
        ({}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "zh_CN.UTF-8"}, False),
        ({"LANG": "C.UTF-8"}, False),
        ({"LC_ALL": "zh_CN.UTF-8", "LANG": "C"}, False),
        ({"LANG": "C"}, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),
        ({"LC_ALL": "POSIX", "LANG": "zh_CN.UTF-8"}, True),
    ],
)
def test_the_locale_c_is_plain_when_somebody_chose_it(environ: dict[str, str], plain: bool) -> None:
    assert is_plain(environ) is plain
