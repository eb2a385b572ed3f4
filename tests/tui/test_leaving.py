from __future__ import annotations

from kagami.tui.app import Console
from kagami.tui.shell import Leave
from tests.tui.engine import FixedClock
from tests.tui.pilot import on_screen, press, run_console, until


def left(console: Console) -> Leave | None:
    return console.return_value


async def test_an_attached_console_goes_at_once() -> None:
    async with run_console() as (console, pilot):
        await pilot.press("q")
        await until(lambda: left(console) is Leave.DETACH)


async def test_the_console_that_holds_the_engine_asks_and_stays_by_default() -> None:
    async with run_console(owned=True) as (console, pilot):
        await press(console, pilot, "q")
        assert on_screen(console, "Leave the console?")
        assert on_screen(console, "Bots online")
        await press(console, pilot, "enter")
        assert left(console) is None
        assert not on_screen(console, "Leave the console?")


async def test_esc_stays() -> None:
    async with run_console(owned=True) as (console, pilot):
        await press(console, pilot, "q", "escape")
        assert not on_screen(console, "Leave the console?")
        assert left(console) is None


async def test_the_bots_can_be_left_running() -> None:
    async with run_console(owned=True) as (console, pilot):
        await press(console, pilot, "q")
        await pilot.press("right", "enter")
        await until(lambda: left(console) is Leave.DETACH)


async def test_the_bots_can_be_stopped() -> None:
    async with run_console(owned=True) as (console, pilot):
        await press(console, pilot, "q")
        await pilot.press("right", "right", "enter")
        await until(lambda: left(console) is Leave.STOP)


async def test_ctrl_c_warns_first_and_then_asks() -> None:
    async with run_console(owned=True) as (console, pilot):
        await press(console, pilot, "ctrl+c")
        assert on_screen(console, "Press ^C again to leave")
        await press(console, pilot, "ctrl+c")
        assert on_screen(console, "Leave the console?")
        await pilot.press("ctrl+c")
        await until(lambda: left(console) is Leave.STOP)


async def test_two_ctrl_c_far_apart_are_two_first_ones() -> None:
    clock = FixedClock()
    async with run_console(clock=clock) as (console, pilot):
        await press(console, pilot, "ctrl+c")
        clock.now += 3
        await press(console, pilot, "ctrl+c")
        assert left(console) is None


async def test_ctrl_c_works_under_a_dialog() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "question_mark")
        await pilot.press("ctrl+c")
        await pilot.press("ctrl+c")
        await until(lambda: left(console) is Leave.DETACH)
