from __future__ import annotations

from tests.tui.pilot import on_screen, press, run_console, screen_text, settled


async def test_an_overlay_has_a_path_and_keys_of_its_own() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "question_mark")
        assert screen_text(console)[-2] == " Help: Overview"
        assert screen_text(console)[-1].endswith("esc close")


async def test_the_place_below_stays_in_sight() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "space")
        assert on_screen(console, "[1 Home]")
        assert on_screen(console, "feishu-hr")


async def test_it_fits_a_smaller_screen() -> None:
    async with run_console((140, 40)) as (console, pilot):
        await press(console, pilot, "question_mark")
        await pilot.resize_terminal(60, 16)
        await settled(console, pilot)
        assert max(len(row) for row in screen_text(console)) <= 60
        assert on_screen(console, "┗")
