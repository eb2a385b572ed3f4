"""The corpus through every place, by Pilot: nothing crashes, nothing is obeyed, and every row keeps its width."""

from __future__ import annotations

import time
import unicodedata

import pytest
from textual.pilot import Pilot

from kagami.tui.app import Console
from kagami.tui.format import Tier
from kagami.tui.shell import Leave
from tests.tui.corpus import CORPUS, HUGE, MARKUP
from tests.tui.nasty import nasty_world
from tests.tui.pilot import run_console, screen_text, settled
from tests.tui.world import message_row

PLACES = {
    "1": (),
    "2": ("j", "enter"),
    "3": ("k", "enter", "j", "j"),
    "4": ("j", "enter", "G", "escape", "v", "escape", "r"),
    "6": ("enter", "k", "k", "k"),
    "7": ("j", "enter", "j"),
    "8": ("h", "i", "enter"),
}


def check_screen(console: Console, tier: Tier) -> None:
    """Every row has the width of the screen, and no character of it can steer anything."""
    for strip in console.screen._compositor.render_strips():
        assert strip.cell_length == console.size.width
        for character in strip.text:
            assert unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}, strip.text
            assert tier != "ascii" or character.isascii(), strip.text


async def visit(console: Console, pilot: Pilot[Leave], digit: str) -> None:
    console.go(
        {"1": "overview", "2": "bots", "3": "logs", "4": "plugins", "6": "chats", "7": "trace", "8": "sandbox"}[digit]
    )
    await settled(console, pilot)


@pytest.mark.parametrize("tier", ["full", "safe", "ascii"])
@pytest.mark.parametrize("digit", PLACES)
async def test_no_place_lets_the_corpus_through(digit: str, tier: Tier) -> None:
    world = nasty_world()
    async with run_console((80, 24), control=world, tier=tier) as (console, pilot):
        await visit(console, pilot, digit)
        check_screen(console, tier)
        for key in PLACES[digit]:
            await pilot.press(key)
            check_screen(console, tier)


async def test_each_text_is_shown_in_its_turn() -> None:
    """Down through the log, line by line, with the inspector open beside it."""
    world = nasty_world(huge=False)
    async with run_console((140, 40), control=world) as (console, pilot):
        await visit(console, pilot, "3")
        await pilot.press("enter")
        for _ in CORPUS:
            await pilot.press("k")
            check_screen(console, "full")


async def test_markup_is_printed_as_it_was_written() -> None:
    world = nasty_world(MARKUP, huge=False)
    async with run_console((140, 40), control=world) as (console, pilot):
        await visit(console, pilot, "3")
        text = "\n".join(screen_text(console))
        for expected in ("[b]bold[/b]", "[@click=app.quit]quit[/]", "[/x]", "[$x]", "\\[b]"):
            assert expected in text


@pytest.mark.parametrize("digit", ["3", "6", "7"])
async def test_clicking_on_every_row_runs_nothing_that_was_written_there(digit: str) -> None:
    world = nasty_world(MARKUP, huge=False)
    async with run_console((80, 24), control=world) as (console, pilot):
        await visit(console, pilot, digit)
        for y in range(2, 22, 3):
            for x in (4, 30, 60):
                await pilot.click(offset=(x, y))
        assert console.is_running
        assert console.return_value is None


@pytest.mark.parametrize("digit", ["3", "6", "7"])
async def test_ten_megabytes_do_not_stop_the_keys(digit: str) -> None:
    world = nasty_world(("short",), huge=True)
    world.messages += [message_row(900 + each, "in", HUGE) for each in range(20)]
    async with run_console((80, 24), control=world) as (console, pilot):
        await visit(console, pilot, digit)
        place = console.stage.current
        assert place is not None
        taken = []
        for _ in range(5):
            before = time.thread_time()
            await place.refresh_now()
            taken.append(time.thread_time() - before)
        assert min(taken) < 0.05  # of processor time: others share it
