from __future__ import annotations

import pytest

from kagami.tui.dialogs.pick import Offer, Pick
from tests.tui.pilot import on_screen, press, run_console, settled, until

OFFERS = (Offer("a", "first", "one"), Offer("b", "sec\x1b[1mond", "two"), Offer("", "none"))


@pytest.mark.parametrize(
    ("keys", "expected"), [("enter", "a"), ("j enter", "b"), ("k enter", ""), ("j escape", None), ("j j j enter", "a")]
)
async def test_the_row_under_the_cursor_is_answered(keys: str, expected: str | None) -> None:
    answers: list[str | None] = []
    async with run_console() as (console, pilot):
        console.push_screen(Pick(console, "which?", OFFERS), answers.append)
        await press(console, pilot, *keys.split())
        assert answers == [expected]


async def test_a_click_chooses() -> None:
    answers: list[str | None] = []
    async with run_console() as (console, pilot):
        pick = Pick(console, "which?", OFFERS)
        console.push_screen(pick, answers.append)
        await settled(console, pilot)
        pick.action_pick(1)
        await until(lambda: answers == ["b"])


async def test_names_are_data() -> None:
    async with run_console() as (console, pilot):
        console.push_screen(Pick(console, "which?", OFFERS))
        await settled(console, pilot)
        assert on_screen(console, "sec␛[1mond")


async def test_a_long_list_follows_the_cursor() -> None:
    offers = [Offer(str(place), f"chat {place}") for place in range(60)]
    async with run_console() as (console, pilot):
        console.push_screen(Pick(console, "which?", offers))
        await press(console, pilot, "k")
        assert on_screen(console, "chat 59")
