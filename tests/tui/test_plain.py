from __future__ import annotations

from kagami.tui.plain import screen_rows
from tests.tui.pilot import on_screen, press, run_console, screen_text


async def test_the_screen_as_text_is_what_is_seen() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2")
        assert screen_rows(console.screen) == screen_text(console)


async def test_where_the_terminal_cannot_be_given_back_another_way_is_told() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "Y")
        assert on_screen(console, "hold Shift and drag")
