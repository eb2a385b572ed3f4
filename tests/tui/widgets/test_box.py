from __future__ import annotations

from textual import events

from kagami.tui.widgets.box import Box
from tests.tui.stand import Stand, standing


def box_of(stand: Stand) -> Box:
    assert isinstance(stand.widget, Box)
    return stand.widget


async def test_pasted_controls_do_not_reach_the_value() -> None:
    async with standing(lambda _: Box()) as (stand, pilot):
        box_of(stand).post_message(events.Paste("a\x1b]52;c;x\x07b\x9b31m\u202ec"))
        await pilot.pause()
        assert box_of(stand).value == "a ]52;c;x b 31m c"


async def test_joined_emoji_stay_as_they_were_typed() -> None:
    async with standing(lambda _: Box()) as (stand, _):
        box_of(stand).write("👨\u200d👩\u200d👧")
        assert box_of(stand).value == "👨\u200d👩\u200d👧"


async def test_chinese_is_typed_and_taken_back_by_character() -> None:
    async with standing(lambda _: Box()) as (stand, pilot):
        await pilot.press("你", "好", "backspace")
        assert box_of(stand).value == "你"
        assert stand.text()[0].startswith("你")


async def test_a_click_on_the_right_half_of_a_wide_character_puts_the_cursor_behind_it() -> None:
    async with standing(lambda _: Box("你好吗")) as (stand, pilot):
        await pilot.click(offset=(3, 0))
        await pilot.press("啊")
        assert box_of(stand).value in {"你好啊吗", "你啊好吗"}


async def test_the_cursor_does_not_blink() -> None:
    async with standing(lambda _: Box()) as (stand, _):
        assert not box_of(stand).cursor_blink
