from __future__ import annotations

from kagami.ports import SyncRow
from kagami.tui.app import Console
from kagami.tui.dialogs.market import MarketList, wanted
from tests.tui.pilot import on_screen, press, run_console, settled

ROWS = (
    SyncRow("dice", "1.0.0", "1.0.0", "keep"),
    SyncRow("weather", "1.0.0", "1.2.0", "update", ("http:*", "store"), "Faster.\nAnd \x1b[2Jnicer."),
    SyncRow("stocks", "2.0.0", "", "recall"),
)


async def answer(rows: tuple[SyncRow, ...], *keys: str) -> tuple[list[bool | None], Console]:
    """What the keys make of the list."""
    answers: list[bool | None] = []
    async with run_console() as (console, pilot):
        console.push_screen(MarketList(console, rows), answers.append)
        await press(console, pilot, *keys)
        return answers, console


async def test_enter_is_a_yes_and_escape_is_none() -> None:
    assert (await answer(ROWS, "enter"))[0] == [True]
    assert (await answer(ROWS, "escape"))[0] == [None]


async def test_it_shows_versions_new_permissions_and_recalls_without_escapes() -> None:
    async with run_console() as (console, pilot):
        console.push_screen(MarketList(console, ROWS))
        await settled(console, pilot)
        for text in ("1.0.0 → 1.2.0", "may do more: http:*  store", "And ␛[2Jnicer.", "recalled", "2.0.0 → -"):
            assert on_screen(console, text)


async def test_what_needs_a_person_comes_first() -> None:
    async with run_console() as (console, _):
        assert [row.id for row in MarketList(console, ROWS).listed] == ["stocks", "weather", "dice"]


async def test_without_a_change_there_is_nothing_to_say_yes_to() -> None:
    answers, console = await answer(ROWS[:1], "enter")
    assert answers == []
    assert "there is nothing to change" in console.toasts.said[-1].body


def test_a_row_that_failed_is_not_wanted() -> None:
    broken = SyncRow("x", "1.0.0", "1.1.0", "update", error="it is not the file that the index describes")
    assert wanted([*ROWS, broken]) == list(ROWS[1:])
