from __future__ import annotations

from kagami.tui.dialogs.palette import Entry, Palette
from tests.tui.pilot import on_screen, run_console, settled


def entries(done: list[str]) -> list[Entry]:
    return [
        Entry("Open logs", "log.open", "Logs", "3", lambda: done.append("logs")),
        Entry("Reload", "plugin.reload", "Plugins", "r", lambda: done.append("reload"), reason="needs role admin"),
        Entry("沙盒", "sandbox", "", "8", lambda: done.append("sandbox")),
    ]


async def test_a_blocked_entry_shows_its_reason_and_is_not_done() -> None:
    async with run_console() as (console, pilot):
        console.push_screen(Palette(console, entries([]), print))
        await settled(console, pilot)
        await pilot.press(*"reload", "enter")
        await settled(console, pilot)
        assert on_screen(console, "needs role adm")
        assert isinstance(console.screen, Palette)


async def test_letters_narrow_and_the_count_says_how_much() -> None:
    async with run_console() as (console, pilot):
        console.push_screen(Palette(console, entries([]), print))
        await settled(console, pilot)
        await pilot.press("s", "h")
        await settled(console, pilot)
        assert on_screen(console, "1/3")
        assert on_screen(console, "沙盒")


async def test_no_match_is_said() -> None:
    async with run_console() as (console, pilot):
        console.push_screen(Palette(console, entries([]), print))
        await settled(console, pilot)
        await pilot.press(*"zzzz", "enter")
        await settled(console, pilot)
        assert on_screen(console, "Nothing has these letters.")


async def test_arrows_choose() -> None:
    async with run_console() as (console, pilot):
        palette = Palette(console, entries([]), print)
        console.push_screen(palette)
        await settled(console, pilot)
        await pilot.press("down", "down", "down", "up")
        assert palette.chosen == 1
        await pilot.press("pagedown")
        assert palette.chosen == 2
