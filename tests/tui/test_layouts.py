"""Every live place at every size, in both languages: no row too wide, no frame broken, and goldens at 80×24."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from kagami.tui.app import Console
from kagami.tui.shell import Leave
from kagami.tui.widgets.pane import Pane
from tests.tui.pilot import golden, press, run_console, screen_text, settled
from tests.tui.world import World, busy_world

SIZES = ((60, 16), (80, 24), (100, 30), (140, 40), (200, 60))
STEPS = {
    "plugins": ("j", "enter", "escape", "right", "escape", "v"),
    "routes": ("E", "x", "escape", "w", "l", "a", "escape"),
    "logs": ("E", "enter", "escape"),
    "chats": ("enter", "d", "slash", "escape"),
    "trace": ("enter", "j", "escape"),
    "sandbox": ("h", "i", "enter"),
    "settings": ("enter", "m", "escape", "o", "v", "b", "P"),
}


def check(console: Console) -> None:
    """Rows have the width of the screen, and the right side of each visible frame is whole."""
    strips = console.screen._compositor.render_strips()
    assert {strip.cell_length for strip in strips} == {console.size.width}
    for pane in console.screen.query(Pane):
        region = pane.region
        if not region.area or not all(each.display for each in pane.ancestors_with_self):
            continue
        sides = {strips[y].crop(region.right - 1, region.right).text for y in range(region.y + 1, region.bottom - 1)}
        assert sides <= {"│", "┃"}, (pane.id, sides)


async def visit(console: Console, pilot: Pilot[Leave], name: str) -> None:
    console.go(name)
    await settled(console, pilot)


@pytest.mark.parametrize(
    ("size", "language", "full"),
    [
        *((size, "en", True) for size in SIZES),
        *((size, "zh", True) for size in SIZES[1:4:2]),
        *(((60, 16), language, False) for language in ("en", "zh")),
    ],
)
async def test_no_row_is_too_wide_and_no_frame_broken(size: tuple[int, int], language: str, full: bool) -> None:
    async with run_console(size, language=language, control=busy_world() if full else World()) as (console, pilot):
        for name, keys in STEPS.items():
            await visit(console, pilot, name)
            check(console)
            for key in keys:
                await pilot.press(key)
                await settled(console, pilot)
                check(console)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_the_other_places_look_as_they_did(size: tuple[int, int], language: str) -> None:
    async with run_console(size, language=language, control=busy_world()) as (console, pilot):
        for name, place, keys in (
            ("logs", "logs", ("m", "k", "w")),
            ("logs-level", "logs", ("w", "L")),
            ("logs-inspect", "logs", ("escape", "E", "enter")),
            ("trace", "trace", ()),
            ("trace-one", "trace", ("e", "j", "j")),
            ("audit", "trace", ("a", "v", "j", "j")),
            ("audit-row", "trace", ("escape", "enter")),
            ("chats", "chats", ("enter", "k")),
            ("chats-dead", "chats", ("d",)),
            ("sandbox", "sandbox", ()),
        ):
            await visit(console, pilot, place)
            await press(console, pilot, *keys)
            golden(f"{name}-{size[0]}x{size[1]}-{language}", screen_text(console))
