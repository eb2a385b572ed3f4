from __future__ import annotations

import pytest

from kagami.operations.bots import Disconnect
from kagami.operations.plugins import ListPlugins, Reload
from kagami.operations.system import Stop
from kagami.operations.traces import GetTrace
from kagami.ports import PluginRow, ReloadRow
from tests.tui.engine import FakeControl
from tests.tui.pilot import on_screen, press, run_console, screen_text, settled, until
from tests.tui.world import busy_world


async def test_the_command_line_opens_places_at_something() -> None:
    async with run_console() as (console, pilot):
        await pilot.press("colon", *"bots ding", "enter")
        await until(lambda: console.state.place == "bots")
        await settled(console, pilot)
        assert on_screen(console, "ding-ops")
        assert not on_screen(console, "shiori")


async def test_an_operation_is_run_and_its_answer_shown() -> None:
    control = FakeControl()
    control.answers[ListPlugins] = lambda _: [PluginRow("echo", "1.0.0", "Echo \x1b[31m", "active")]
    async with run_console(control=control) as (console, pilot):
        await pilot.press("colon", *"plugins list", "enter")
        await until(lambda: len(console.screen_stack) == 2)
        await settled(console, pilot)
        assert on_screen(console, "plugins.list")
        assert on_screen(console, "Echo ␛[31m")


async def test_an_operation_without_an_answer_says_done() -> None:
    control = FakeControl()
    control.answers[Reload] = lambda _: list[ReloadRow]()
    async with run_console(control=control) as (console, pilot):
        await pilot.press("colon", *"plugins reload echo", "enter")
        await until(lambda: control.asked(Reload) == [Reload(plugin="echo")])
        await settled(console, pilot)
        assert on_screen(console, "done")


async def test_an_operation_that_matters_is_asked_for_first() -> None:
    control = FakeControl()
    async with run_console(control=control) as (console, pilot):
        await pilot.press("colon", *"system stop", "enter")
        await until(lambda: len(console.screen_stack) == 2)
        await pilot.press("enter")
        await settled(console, pilot)
        assert not control.asked(Stop)


async def test_a_wrong_command_says_what_was_expected() -> None:
    async with run_console() as (console, pilot):
        await pilot.press("colon", *"wat", "enter")
        await settled(console, pilot)
        assert on_screen(console, "Expected a place")


async def test_language_theme_and_signs_by_command() -> None:
    async with run_console() as (console, pilot):
        for line in ("theme paper", "glyphs ascii", "lang zh"):
            await pilot.press("colon", *line, "enter")
            await settled(console, pilot)
        assert (console.looks.theme, console.looks.glyphs.tier, console.language) == ("paper", "ascii", "zh")
        assert (console.state.theme, console.state.language) == ("paper", "zh")


async def test_the_sheet_lists_what_can_be_done_with_the_selected_bot() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "space")
        assert on_screen(console, "qq-2: what now?")
        assert on_screen(console, "Disconnect this bot…")


async def test_a_letter_in_the_sheet_does_it() -> None:
    control = FakeControl()
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "2", "space", "d")
        assert on_screen(console, "Disconnect qq-2?")
        await press(console, pilot, "right", "enter")
        await until(lambda: control.asked(Disconnect) == [Disconnect(bot="qq:10003000")])


async def test_what_cannot_be_done_stays_in_the_sheet_with_its_reason() -> None:
    control = FakeControl()
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "2", "end", "space")
        assert on_screen(console, "feishu-hr: what now?")
        row = next(each for each in screen_text(console) if "Disconnect this bot" in each)
        assert "not connected" in row
        await press(console, pilot, "d")
        assert not control.asked(Disconnect)
        assert on_screen(console, "feishu-hr: what now?")


async def test_the_palette_finds_a_bot_and_goes_there() -> None:
    async with run_console() as (console, pilot):
        await pilot.press("ctrl+p", *"tgmir", "enter")
        await until(lambda: console.state.place == "bots")
        await settled(console, pilot)
        assert screen_text(console)[-2] == " Bots ▸ tg-mirror"


async def test_the_palette_works_without_an_engine() -> None:
    control = FakeControl()
    async with run_console(control=control) as (console, pilot):
        control.away = True
        await pilot.press("ctrl+p")
        await until(lambda: len(console.screen_stack) == 2)
        await settled(console, pilot)
        assert on_screen(console, "Go to Logs")


@pytest.mark.parametrize("letters", ["备份", "bf"])
async def test_chinese_finds_what_is_shown_in_english(letters: str) -> None:
    async with run_console() as (console, pilot):
        await pilot.press("ctrl+p", *letters)
        await settled(console, pilot)
        assert on_screen(console, "backup")


async def test_pinyin_finds_a_place() -> None:
    async with run_console(language="zh") as (console, pilot):
        await pilot.press("ctrl+p", *"qwrz")
        await settled(console, pilot)
        assert "前往日志" in next(row for row in screen_text(console) if "▶" in row and "┃" in row)


async def test_choosing_an_operation_begins_its_command_line() -> None:
    async with run_console() as (console, pilot):
        await pilot.press("ctrl+p", *"plugins.reload", "enter")
        await until(lambda: len(console.screen_stack) == 1)
        await settled(console, pilot)
        assert on_screen(console, "plugins reload")


async def test_a_line_leads_to_a_message_by_a_part_of_its_id() -> None:
    world = busy_world()
    part = world.traces[2].execution[-8:]
    async with run_console((100, 30), control=world) as (console, pilot):
        await press(console, pilot, "colon", *f"trace {part}", "enter")
        assert console.state.place == "trace"
        assert any(each.execution == world.traces[2].execution for each in world.asked(GetTrace))


async def test_a_line_leads_to_a_moment_of_the_log() -> None:
    async with run_console(control=busy_world()) as (console, pilot):
        await press(console, pilot, "colon", *"log E plugin:weather -10m", "enter")
        assert console.state.place == "logs"
        assert console.behind == "-10:00"


async def test_a_colon_in_the_palette_begins_a_line() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "ctrl+p", "colon", *"bots ding", "enter")
        assert console.state.place == "bots"
        assert not on_screen(console, "shiori")
