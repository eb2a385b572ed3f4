from __future__ import annotations

from textual.geometry import Offset

from kagami.tui.widgets.box import Box
from tests.tui.pilot import on_screen, press, run_console, screen_text, settled


async def test_a_filter_works_while_typing_and_esc_takes_it_back() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2")
        await pilot.press("slash", *"ding")
        await settled(console, pilot)
        assert on_screen(console, "Bots 1/8")
        await press(console, pilot, "escape")
        assert on_screen(console, "Bots 8")


async def test_enter_keeps_the_filter_and_esc_clears_it() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2")
        await pilot.press("slash", *"ding", "enter")
        await settled(console, pilot)
        assert screen_text(console)[-2] == " Bots ▸ /ding"
        await press(console, pilot, "escape")
        assert screen_text(console)[-2] == " Bots"


async def test_digits_are_typed_while_typing() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2")
        await pilot.press("slash", "3", "q", "question_mark")
        await settled(console, pilot)
        assert console.state.place == "bots"
        assert "3q?" in screen_text(console)[-2]


async def test_the_focus_returns() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2")
        before = console.focused
        await pilot.press("slash", "x", "escape")
        await settled(console, pilot)
        assert console.focused is before


async def test_up_recalls_the_last_commands() -> None:
    async with run_console() as (console, pilot):
        await pilot.press("colon", *"theme paper", "enter")
        await settled(console, pilot)
        await pilot.press("colon", "up")
        await settled(console, pilot)
        assert "theme paper" in screen_text(console)[-2]


async def test_tab_takes_what_is_suggested() -> None:
    async with run_console() as (console, pilot):
        await pilot.press("colon", *"theme pa")
        await settled(console, pilot)
        await pilot.press("tab")
        await settled(console, pilot)
        await pilot.press("enter")
        await settled(console, pilot)
        assert console.looks.theme == "paper"


async def test_chinese_is_typed_and_deleted_whole() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2")
        await pilot.press("slash", "小", "镜")
        await settled(console, pilot)
        assert on_screen(console, "Bots 1/8")
        await pilot.press("backspace")
        await settled(console, pilot)
        assert screen_text(console)[-2].split() == ["/", "小"]


async def test_a_click_on_either_half_of_a_wide_letter_is_a_click_on_it() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "8")
        box = console.screen.query_one("#sandbox-box", Box)
        await pilot.press("你", "好")
        for cell in (2, 3):
            await pilot.click(box, offset=(cell, 0))
            assert box.cursor_position == 1
            assert box.cursor_screen_offset == box.content_region.offset + Offset(2, 0)
        await pilot.press("backspace")
        assert (box.value, box.cursor_position) == ("好", 0)
        assert box.cursor_screen_offset == box.content_region.offset
        await pilot.press("您")
        assert box.value == "您好"


async def test_the_footer_says_what_keys_do_while_typing() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "slash")
        assert screen_text(console)[-1] == " ⏎ done  ↑ before  esc cancel"
        await press(console, pilot, "escape")
        assert screen_text(console)[-1].startswith(" ⏎ card")
