from __future__ import annotations

from kagami.tui.dialogs.review import PageReader, Review
from kagami.tui.widgets.painted import Span
from tests.tui.engine import FixedClock
from tests.tui.pilot import on_screen, press, run_console, until


def rows(_: int) -> list[list[Span]]:
    return [[Span("this will be so")]]


async def test_it_is_done_by_its_key_and_left_by_escape() -> None:
    async with run_console() as (console, pilot):
        answers: list[bool | None] = []
        for key in ("A", "enter", "escape"):
            console.push_screen(Review(console, ("What", "hint"), rows), answers.append)
            await until(lambda: on_screen(console, "this will be so"))
            await press(console, pilot, key)
        assert answers == [True, True, None]


async def test_nothing_is_done_while_the_engine_is_away() -> None:
    clock = FixedClock()
    async with run_console(clock=clock) as (console, pilot):
        answers: list[bool | None] = []
        console.push_screen(Review(console, ("What", ""), rows), answers.append)
        clock.now += 60
        await until(lambda: console.stale_s > 0)
        await pilot.press("enter")
        await pilot.pause()
        assert not answers


async def test_a_page_is_only_read() -> None:
    async with run_console() as (console, pilot):
        console.push_screen(PageReader(console, ("What", ""), rows))
        await until(lambda: on_screen(console, "this will be so"))
        await press(console, pilot, "enter")
        assert len(console.screen_stack) == 2
