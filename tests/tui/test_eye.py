from __future__ import annotations

from kagami.tui.dialogs.jump import Jump
from kagami.tui.state import State
from kagami.tui.widgets.pane import Pane
from kagami.tui.widgets.table import LiveTable
from tests.tui.pilot import on_screen, press, run_console, screen_text, settled
from tests.tui.world import World


async def test_zoom_gives_a_pane_the_whole_place_and_takes_it_back() -> None:
    async with run_console((140, 40)) as (console, pilot):
        await press(console, pilot, "2")
        before = screen_text(console)
        shown = [pane.size.width for pane in console.query(Pane) if pane.region.area]
        await press(console, pilot, "z")
        alone = [pane.size.width for pane in console.query(Pane) if pane.region.area]
        assert (len(shown), alone) == (2, [sum(shown)])
        await press(console, pilot, "z")
        assert screen_text(console) == before
        await press(console, pilot, "z", "escape")
        assert screen_text(console) == before


async def test_what_has_everything_already_cannot_be_zoomed() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "z")
        assert on_screen(console, "the whole place already")


async def test_the_inspector_goes_and_comes() -> None:
    async with run_console((140, 40)) as (console, pilot):
        await press(console, pilot, "2")
        before = screen_text(console)
        await press(console, pilot, "p")
        assert sum(bool(pane.region.area) for pane in console.query(Pane)) == 1
        await press(console, pilot, "p")
        assert screen_text(console) == before


async def test_the_inspector_of_a_narrow_screen_opens_and_closes() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "p")
        assert on_screen(console, "Bots ▸ qq-2")
        await press(console, pilot, "p")
        assert not on_screen(console, "Bots ▸ qq-2")


async def test_a_letter_leads_to_a_row() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "f")
        assert isinstance(console.screen, Jump)
        await press(console, pilot, "d")
        assert len(console.screen_stack) == 1
        assert "▶" in screen_text(console)[6]


async def test_every_place_can_be_reached_by_letters_alone() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "f")
        row = screen_text(console)[1]
        label = row[row.index(" Logs") - 1]
        await press(console, pilot, label)
        assert console.state.place == "logs"


async def test_other_keys_leave_the_letters() -> None:
    async with run_console() as (console, pilot):
        before = screen_text(console)
        await press(console, pilot, "f", "escape")
        assert screen_text(console) == before


async def test_sorting_works_in_every_table() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2")
        first = screen_text(console)[4]
        console.action_act("ui.sort")
        console.action_act("ui.reverse")
        await press(console, pilot, "home")
        assert screen_text(console)[4] != first
        await press(console, pilot, "8", "escape")
        console.action_act("ui.sort")
        await press(console, pilot, "f3", "f3")
        assert on_screen(console, "What has the focus is no table")


async def test_what_has_the_focus_is_copied() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2")
        console.action_act("ui.copy")
        await settled(console, pilot)
        focused = console.focused
        assert isinstance(focused, LiveTable)
        copied = focused.copied()
        assert copied.startswith("qq-2 ")
        assert "needs login" in copied
        assert on_screen(console, f"Copied {len(copied)} characters")


async def test_a_filter_is_kept_and_the_palette_goes_there() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "ampersand")
        assert on_screen(console, "Nothing is filtered here")
        await press(console, pilot, "escape", "slash", *"ding", "enter", "ampersand")
        assert console.state.views == {"bots": ["ding"]}
        await press(console, pilot, "escape", "escape", "1", "ctrl+p", *"bots ding", "enter")
        assert console.state.place == "bots"
        assert on_screen(console, "ding-ops")
        assert not on_screen(console, "shiori")


async def test_density_takes_the_air_out_and_is_kept() -> None:
    async with run_console((140, 40)) as (console, pilot):
        before = screen_text(console)
        console.action_act("ui.density")
        await press(console, pilot, "2", "1")
        assert screen_text(console) != before
        assert console.state.density == "dense"


async def test_each_place_has_one_tip_once() -> None:
    state = State()
    async with run_console(state=state, control=World()) as (console, pilot):
        assert on_screen(console, "Space shows what can be done")
        await press(console, pilot, "2")
        assert on_screen(console, "f puts a letter")
        await press(console, pilot, "1")
        assert not on_screen(console, "Space shows what can be done")
        assert state.tips == ["overview", "bots"]
        await press(console, pilot, "X", "escape", "3")
        assert state.tips_off
        assert not on_screen(console, "no tips")


async def test_all_keys_are_listed_with_their_ids() -> None:
    async with run_console((120, 40)) as (console, pilot):
        await press(console, pilot, "2", "colon", *"keys", "enter")
        assert on_screen(console, "ui.palette")
        await press(console, pilot, "G")
        assert on_screen(console, "bot.copy")
