from __future__ import annotations

import pytest

from kagami.ports import PluginRow
from kagami.tui.app import Console
from kagami.tui.dialogs.versions import VersionList, Wish
from tests.tui.pilot import on_screen, press, run_console
from tests.tui.plugged import TRACEBACK, plugin, version, weather


async def wish(rows: PluginRow, *keys: str) -> tuple[Wish | None, Console]:
    """What the keys make of the list."""
    answers: list[Wish | None] = []
    async with run_console() as (console, pilot):
        console.push_screen(VersionList(console, rows), answers.append)
        await press(console, pilot, *keys)
        return answers[0] if answers else None, console


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("j j u", Wish("use", "1.3.1")),
        ("j j enter", Wish("use", "1.3.1")),
        ("j j j p", Wish("pin", "1.2.0")),
        ("j j c", Wish("canary", "1.3.1")),
        ("k x", Wish("remove", "1.2.0")),
        ("escape", None),
    ],
)
async def test_a_key_acts_on_the_version_under_the_cursor(keys: str, expected: Wish | None) -> None:
    answer, _ = await wish(weather(), *keys.split())
    assert answer == expected


@pytest.mark.parametrize(
    ("keys", "reason"),
    [("x", "it serves now"), ("j u", "it is the stable version already"), ("j c", "it is the stable version already")],
)
async def test_what_cannot_be_done_has_its_reason(keys: str, reason: str) -> None:
    async with run_console() as (console, pilot):
        console.push_screen(VersionList(console, weather()))
        await press(console, pilot, *keys.split())
        assert on_screen(console, reason)
        assert len(console.screen_stack) == 2


async def test_a_recalled_version_is_not_served_but_can_be_removed() -> None:
    rows = plugin("dice", versions=(version("2.0.0", "recalled"), version("1.0.0", "active")))
    assert (await wish(rows, "u"))[0] is None
    assert (await wish(rows, "x"))[0] == Wish("remove", "2.0.0")


async def test_a_canary_that_was_taken_back_says_why_below() -> None:
    rows = plugin("dice", versions=(version("2.0.0", "standby", taken_back="it failed"), version("1.0.0", "active")))
    async with run_console() as (console, pilot):
        console.push_screen(VersionList(console, rows))
        await press(console, pilot)
        await pilot.pause()
        assert on_screen(console, "it failed")


async def test_the_reason_of_a_failed_version_stands_below() -> None:
    rows = plugin("stocks", versions=(version("0.3.1", "failed", error=TRACEBACK), version("0.3.0", "active")))
    async with run_console() as (console, pilot):
        console.push_screen(VersionList(console, rows))
        await press(console, pilot)
        await pilot.pause()
        assert on_screen(console, "No module named 'pandas'")


async def test_a_click_chooses_a_version() -> None:
    async with run_console() as (console, pilot):
        dialog = VersionList(console, weather())
        console.push_screen(dialog)
        await pilot.pause()
        await pilot.click(dialog.sheet, offset=(6, 2))
        assert dialog.version.version == "1.3.1"
