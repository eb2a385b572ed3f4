from __future__ import annotations

from rich.cells import cell_len

from tests.tui.engine import FakeControl, FixedClock
from tests.tui.pilot import run_console, screen_text, settled, until


async def test_the_card_says_since_when_and_what_is_tried() -> None:
    control, clock = FakeControl(), FixedClock()
    async with run_console(control=control, clock=clock, language="zh") as (console, pilot):
        control.lose()
        await until(lambda: console.feed.tries > 0)
        clock.now += 8
        console.tick()
        await settled(console, pilot)
        box = [row[9:71] for row in screen_text(console) if "┃ " in row[9:12] or "┏" in row[9:12]]
        text = "\n".join(screen_text(console))
        assert "与引擎的连接已断开" in text
        assert "引擎已 8 秒没有响应" in text
        assert "23:41:07" in text
        assert box
        assert len({cell_len(row.rstrip()) for row in screen_text(console)[8:15]}) == 1


async def test_figures_go_on_in_a_window_that_is_too_small_and_the_rest_comes_back() -> None:
    async with run_console((50, 12)) as (console, pilot):
        assert "412 msg/s" in "\n".join(screen_text(console))
        await pilot.resize_terminal(80, 24)
        await settled(console, pilot)
        assert "[1 Home]" in screen_text(console)[1]
