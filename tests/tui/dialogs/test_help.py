from __future__ import annotations

from tests.tui.pilot import on_screen, press, run_console, screen_text


async def test_help_explains_the_place_and_then_everywhere() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "question_mark")
        assert on_screen(console, "Accounts on chat platforms")
        assert on_screen(console, "d           Disconnect this bot…")
        await press(console, pilot, "tab")
        assert on_screen(console, "keys of everywhere")
        assert on_screen(console, "^P          Find any action, place or bot")
        await press(console, pilot, "escape")
        assert screen_text(console)[-2] == " Bots"


async def test_f1_is_help_too() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "f1")
        assert on_screen(console, "Help: Overview")


async def test_help_speaks_chinese() -> None:
    async with run_console(language="zh") as (console, pilot):
        await press(console, pilot, "question_mark")
        assert on_screen(console, "帮助: 总览")
        assert on_screen(console, "一览全局")
