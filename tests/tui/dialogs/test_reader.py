from __future__ import annotations

from kagami.tui.dialogs.answer import AnswerReader
from tests.tui.pilot import on_screen, press, run_console, settled


async def test_long_answers_scroll_both_ways() -> None:
    async with run_console() as (console, pilot):
        console.push_screen(AnswerReader(console, "x.y", [f"row {each}." for each in range(100)]))
        await settled(console, pilot)
        assert on_screen(console, "row 0.")
        await press(console, pilot, "G")
        assert on_screen(console, "row 99.")
        assert not on_screen(console, "row 0.")
        await press(console, pilot, "pageup", "up")
        assert not on_screen(console, "row 99.")
        await press(console, pilot, "g", "down")
        assert not on_screen(console, "row 0.")


async def test_long_rows_are_folded_and_foreign_text_is_shown() -> None:
    async with run_console() as (console, pilot):
        console.push_screen(AnswerReader(console, "x.y", ["a" * 200, "evil \x1b[2J"]))
        await settled(console, pilot)
        assert on_screen(console, "evil ␛[2J")
