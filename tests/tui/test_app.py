from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input

from kagami.operations.bots import ListBots
from kagami.tui.app import Console
from kagami.tui.format import Tier
from kagami.tui.looks import THEMES
from kagami.tui.shell import Leave
from tests.tui.engine import NOTICES, FakeControl, FixedClock, pulse
from tests.tui.pilot import golden, on_screen, press, run_console, screen_text, settled, until
from tests.tui.world import World

SIZES = ((80, 24), (100, 30), (140, 40))
LANGUAGES = ("en", "zh")
TIERS: tuple[Tier, ...] = ("full", "ascii")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tier", TIERS)
async def test_overview_and_bots_look_as_they_should(size: tuple[int, int], language: str, tier: Tier) -> None:
    control = FakeControl(notices=NOTICES)
    async with run_console(size, language=language, tier=tier, control=control) as (console, pilot):
        name = f"{size[0]}x{size[1]}-{language}-{tier}"
        golden(f"overview-{name}", screen_text(console))
        await press(console, pilot, "2")
        golden(f"bots-{name}", screen_text(console))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_no_row_is_wider_than_the_screen(language: str) -> None:
    for size in (*SIZES, (60, 16), (200, 60)):
        async with run_console(size, language=language, control=FakeControl(notices=NOTICES)) as (console, pilot):
            for key in ("1", "2", "question_mark"):
                await press(console, pilot, key)
                assert max(cell_len(row) for row in screen_text(console)) <= size[0]


@pytest.mark.parametrize("theme", THEMES)
async def test_themes_change_colours_and_nothing_else(theme: str) -> None:
    async with run_console(theme=theme) as (console, pilot):
        first = screen_text(console)
        for other in THEMES:
            console.dress(theme_name=other)
            await settled(console, pilot)
            assert screen_text(console) == first


async def test_digits_open_places() -> None:
    async with run_console(control=World()) as (console, pilot):
        for key, title in (("2", "Bots"), ("3", "Logs"), ("6", "Chats"), ("7", "Trace"), ("8", "Sandbox")):
            await press(console, pilot, key)
            assert screen_text(console)[-2].strip().startswith(title)
            await press(console, pilot, "escape", "1")


async def test_visits_can_be_walked() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "left_square_bracket")
        assert screen_text(console)[-2] == " Overview"
        await press(console, pilot, "right_square_bracket")
        assert screen_text(console)[-2] == " Bots"
        await press(console, pilot, "escape")
        assert screen_text(console)[-2] == " Overview"


async def test_only_the_seen_place_reads() -> None:
    control = FakeControl()
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "2")
        overview = console.stage.places[0]
        before = len(control.asked(ListBots))
        overview._tick()
        await settled(console, pilot)
        assert len(control.asked(ListBots)) == before


async def test_f3_changes_the_language_of_everything_that_is_seen() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "f3")
        text = "\n".join(screen_text(console))
        assert "[1 总览]" in text
        assert "帮助" in text.splitlines()[-1]
        await press(console, pilot, "f3")
        assert on_screen(console, "[1 Home]")


async def test_a_terminal_for_ascii_only_stays_english() -> None:
    async with run_console(tier="ascii") as (console, pilot):
        await press(console, pilot, "f3")
        assert console.language == "en"


async def test_stale_is_said_on_three_lines_of_defence() -> None:
    control, clock = FakeControl(), FixedClock()
    async with run_console(control=control, clock=clock) as (console, pilot):
        await until(lambda: console.pulse is not None)
        clock.now += 4
        console.tick()
        await pilot.pause()
        assert on_screen(console, "STALE 4s")
        assert on_screen(console, "changes are off")
        await press(console, pilot, "2", "d")
        assert on_screen(console, "the engine does not answer")


async def test_a_lost_link_gets_a_card_and_comes_back_by_r() -> None:
    control, clock = FakeControl(), FixedClock()
    async with run_console(control=control, clock=clock) as (console, pilot):
        await until(lambda: console.pulse is not None)
        control.lose()
        await until(lambda: console.feed.tries > 0)
        clock.now += 6
        console.tick()
        await pilot.pause()
        assert on_screen(console, "Engine link lost")
        control.away = False
        await pilot.press("r")
        await until(lambda: not console.card.display)
        assert not console.stale_s


async def test_a_fresh_pulse_is_painted() -> None:
    control = FakeControl()
    async with run_console(control=control) as (console, pilot):
        await until(lambda: console.pulse is not None)
        control.push("pulse", pulse(1, online=77))
        await until(lambda: console.pulse is not None and console.pulse.online == 77)
        await pilot.pause()
        assert "●77" in screen_text(console)[0]


@pytest.mark.parametrize("size", [(59, 24), (80, 15)])
async def test_a_small_terminal_gets_the_vital_figures(size: tuple[int, int]) -> None:
    async with run_console(size) as (console, _):
        text = "\n".join(screen_text(console))
        assert f"kagami needs 60x16, this is {size[0]}x{size[1]}" in text
        assert "●5" in text


async def test_the_place_is_remembered() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2")
        assert console.state.place == "bots"


async def test_tasks_are_not_eager() -> None:
    async with run_console() as (console, _):
        assert console._loop is not None
        assert console._loop.get_task_factory() is None


async def test_no_input_blinks_and_nothing_moves() -> None:
    async with run_console() as (console, pilot):
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert all(not each.cursor_blink for each in console.screen.query(Input))


async def test_a_dialog_hides_the_keys_below_it() -> None:
    async with run_console() as (console, pilot):
        await pilot.press("question_mark", "2")
        await pilot.pause()
        assert console.state.place == "overview"


async def test_the_footer_can_be_clicked() -> None:
    async with run_console() as (console, pilot):
        row = screen_text(console)[-1]
        await _click_text(console, pilot, row, "help")
        assert on_screen(console, "keys of this place")


async def test_tabs_can_be_clicked() -> None:
    async with run_console() as (console, pilot):
        await pilot.click(offset=(screen_text(console)[1].index("2 Bots"), 1))
        await until(lambda: console.state.place == "bots")


async def _click_text(console: Console, pilot: Pilot[Leave], row: str, text: str) -> None:
    await pilot.click(offset=(row.index(text), console.size.height - 1))
    await pilot.pause()
