from __future__ import annotations

from tests.tui.engine import FixedClock
from tests.tui.pilot import on_screen, press, run_console, settled


async def test_information_goes_after_four_seconds_and_errors_stay() -> None:
    clock = FixedClock()
    async with run_console(clock=clock) as (console, pilot):
        console.say("saved")
        console.say("careful", level="warning")
        console.say("broken", "look at the log", "error")
        await settled(console, pilot)
        assert all(on_screen(console, word) for word in ("saved", "careful", "broken", "look at the log"))
        clock.now += 5
        console.tick()
        await settled(console, pilot)
        assert not on_screen(console, "saved")
        assert on_screen(console, "careful")
        clock.now += 100
        console.tick()
        await settled(console, pilot)
        assert not on_screen(console, "careful")
        assert on_screen(console, "broken")
        await press(console, pilot, "escape")
        assert not on_screen(console, "broken")


async def test_the_same_words_are_counted() -> None:
    async with run_console() as (console, pilot):
        for _ in range(3):
            console.say("again")
        await settled(console, pilot)
        assert on_screen(console, "again x3")
        assert [each.times for each in console.toasts.said] == [3]


async def test_three_at_most_are_shown_and_all_are_kept() -> None:
    async with run_console() as (console, pilot):
        for number in range(5):
            console.say(f"word {number}")
        await settled(console, pilot)
        assert not on_screen(console, "word 1")
        assert on_screen(console, "word 4")
        assert len(console.toasts.said) == 5


async def test_a_long_body_is_cut_and_foreign_text_is_shown() -> None:
    async with run_console() as (console, pilot):
        console.say("\x1b[31mred[/]", "x " * 400, "error")
        await settled(console, pilot)
        assert on_screen(console, "␛[31mred[/]")
        assert console.toasts.size.height == 4
