from __future__ import annotations

import msgspec

from kagami.tui.state import State, read
from tests.tui.pilot import on_screen, press, run_console, screen_text


async def test_filter_order_and_language_come_back() -> None:
    state = State(tips_off=True)
    async with run_console(state=state) as (console, pilot):
        await press(console, pilot, "2", "slash", *"qq", "enter", "s", "S", "f3")
        before = screen_text(console)[1:]
    again = read(msgspec.json.encode(state).decode())
    assert (again.filters, again.language) == ({"bots": "qq"}, "zh")
    async with run_console(state=again, language="zh") as (console, pilot):
        await press(console, pilot, "2")
        assert screen_text(console)[1:] == before
        assert on_screen(console, "▲")


async def test_a_filter_that_was_left_is_forgotten() -> None:
    state = State(tips_off=True, filters={"bots": "ding"}, sorts={"bots.0": "9-"})
    async with run_console(state=state) as (console, pilot):
        await press(console, pilot, "2")
        assert on_screen(console, "/ding")
        await press(console, pilot, "escape")
        assert state.filters == {}
        assert state.sorts == {}
