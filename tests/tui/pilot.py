"""A console in a test: started at a size, in a language and tier, read as plain text."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual._context import visible_screen_stack
from textual.pilot import Pilot
from textual.screen import Screen

from kagami.tui.app import Console
from kagami.tui.format import Tier
from kagami.tui.shell import Leave
from kagami.tui.state import State
from tests.tui.engine import FakeControl, FixedClock

GOLDENS = Path(__file__).parent / "goldens"
Size = tuple[int, int]
WAIT_S = 20.0  # for what is sure to come, also on a machine that does much else


@asynccontextmanager
async def run_console(
    size: Size = (80, 24),
    *,
    language: str = "en",
    tier: Tier = "full",
    theme: str = "night",
    control: FakeControl | None = None,
    clock: FixedClock | None = None,
    owned: bool = False,
    state: State | None = None,
) -> AsyncIterator[tuple[Console, Pilot[Leave]]]:
    """A console that has shown its first place."""
    console = Console(
        control or FakeControl(),
        language=language,
        glyphs=tier,
        theme=theme,
        owned=owned,
        text="full" if language == "zh" and tier == "ascii" else None,
        clock=clock or FixedClock(),
        state=state or State(tips_off=True),
    )
    async with run_test(console, size) as pilot:
        yield console, pilot


@asynccontextmanager
async def run_test(console: Console, size: Size) -> AsyncIterator[Pilot[Leave]]:
    async with console.run_test(size=size) as pilot:
        await settled(console, pilot)
        yield pilot


async def settled(console: Console, pilot: Pilot[Leave]) -> None:
    """Everything that was asked for has been shown, and nothing moves any more."""
    await until(lambda: console.idle)
    before, now = list[str](), [""]
    async with asyncio.timeout(WAIT_S):
        while now != before or not _painted(console.screen):
            await pilot.pause()
            before, now = now, screen_text(console)


def _painted(screen: Screen[object]) -> bool:
    """Nothing of it has to be laid out or painted again."""
    return not (screen._layout_required or screen._repaint_required or screen._dirty_widgets or screen._callbacks)


async def press(console: Console, pilot: Pilot[Leave], *keys: str) -> None:
    """Press keys one after the other, and let each do what it does."""
    for key in keys:
        await pilot.press(key)
        await settled(console, pilot)


def on_screen(console: Console, text: str) -> bool:
    """Whether a text can be read anywhere."""
    return text in "\n".join(screen_text(console))


async def until(claim: Callable[[], bool], seconds: float = WAIT_S) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not claim():
            await asyncio.sleep(0.002)


def screen_text(console: Console) -> list[str]:
    """The rows of the screen as text, without trailing spaces."""
    token = visible_screen_stack.set(console._background_screens)
    try:
        rows = console.screen._compositor.render_strips()
    finally:
        visible_screen_stack.reset(token)
    return ["".join(segment.text for segment in row).rstrip() for row in rows]


def golden(name: str, lines: list[str]) -> None:
    """Compare with `goldens/<name>.txt`; `KAGAMI_GOLDENS=write` makes it anew."""
    path = GOLDENS / f"{name}.txt"
    text = "\n".join(lines) + "\n"
    if os.environ.get("KAGAMI_GOLDENS") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8"), f"{name} looks different"
