from __future__ import annotations

from kagami.tui.dialogs.pick import Offer
from kagami.tui.dialogs.several import Several
from tests.tui.pilot import on_screen, press, run_console

OFFERS = [Offer(name, name, f"about {name}") for name in ("one", "two", "three")]


async def test_what_is_ticked_is_answered_in_the_order_of_the_list() -> None:
    async with run_console() as (console, pilot):
        answers: list[tuple[str, ...] | None] = []
        console.push_screen(Several(console, "Which?", OFFERS, ("three",)), answers.append)
        await press(console, pilot, "space")
        assert on_screen(console, "[x] one")
        await press(console, pilot, "enter")
        assert answers == [("one", "three")]


async def test_nothing_ticked_is_no_answer() -> None:
    async with run_console() as (console, pilot):
        answers: list[tuple[str, ...] | None] = []
        console.push_screen(Several(console, "Which?", OFFERS), answers.append)
        await press(console, pilot, "enter", "escape", "escape")
        assert answers == [None]
