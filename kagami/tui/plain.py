"""The screen as plain text outside the full screen, so that a terminal's own selection works; any key returns."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from textual.screen import Screen


def screen_rows(screen: Screen[object]) -> list[str]:
    """What is on it, row by row, without trailing spaces."""
    strips = screen._compositor.render_strips()  # noqa: SLF001 (the only place that has the cells)
    return [strip.text.rstrip() for strip in strips]


async def show_and_wait(text: str, hint: str) -> None:
    """Print to the terminal, which the console has given back, and wait for a key or the terminal's end."""
    stdin, stdout = sys.__stdin__, sys.__stdout__
    if stdin is None or stdout is None:
        return
    stdout.write(f"{text}\n{hint}")
    stdout.flush()
    loop, pressed = asyncio.get_running_loop(), asyncio.Event()
    with _key_by_key(stdin.fileno()):
        loop.add_reader(stdin.fileno(), pressed.set)
        try:
            await pressed.wait()
        finally:
            loop.remove_reader(stdin.fileno())
        os.read(stdin.fileno(), 1_024)
    stdout.write("\n")
    stdout.flush()


@contextmanager
def _key_by_key(descriptor: int) -> Iterator[None]:
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor, termios.TCSANOW)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)
