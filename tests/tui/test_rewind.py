"""The one time cursor: header, charts, logs and traces follow it."""

from __future__ import annotations

from datetime import datetime

import pytest

from kagami.errors import UsageError
from kagami.operations.system import Pulses
from kagami.operations.traces import ListTraces
from kagami.tui.rewind import moment
from tests.tui.engine import NOW_MS, FakeControl
from tests.tui.pilot import on_screen, press, run_console, screen_text, settled
from tests.tui.world import World, line

TEN_MINUTES_MS = 600_000


async def test_keys_move_the_moment_and_the_header_says_how_far() -> None:
    async with run_console() as (console, pilot):
        assert on_screen(console, "LIVE")
        await press(console, pilot, "t")
        assert "◀ -00:10" in screen_text(console)[0]
        await press(console, pilot, "left", "shift+left")
        assert "◀ -00:21" in screen_text(console)[0]
        await press(console, pilot, "right", "shift+right")
        assert "◀ -00:10" in screen_text(console)[0]
        await press(console, pilot, "0")
        assert "LIVE" in screen_text(console)[0]


async def test_esc_is_a_way_back_to_now() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "t", "escape")
        assert (console.moment_ms, on_screen(console, "LIVE")) == (0, True)


async def test_going_forward_ends_at_now() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "t", "shift+right")
        assert console.moment_ms == 0


async def test_the_arrows_are_nobody_s_while_everything_is_live() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "left", "0")
        assert console.moment_ms == 0


async def test_pulse_and_history_are_of_the_moment() -> None:
    control = FakeControl()
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "t")
        assert console.pulse is not None
        assert console.pulse.at_ms <= NOW_MS - 10_000
        assert console.history[-1] is console.pulse
        assert Pulses(seconds=3_600) in control.calls


async def test_a_click_on_a_chart_shows_that_moment() -> None:
    async with run_console() as (console, pilot):
        await pilot.click("Tiles", offset=(9, 2))
        await settled(console, pilot)
        assert 60_000 < NOW_MS - console.moment_ms < 300_000


async def test_the_footer_says_how_to_move_and_how_to_come_back() -> None:
    async with run_console(size=(140, 40)) as (console, pilot):
        assert "+10 s" not in screen_text(console)[-1]
        await press(console, pilot, "t")
        assert "+10 s" in screen_text(console)[-1]


async def test_the_command_line_goes_to_a_time_and_back() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "colon", *"at -5m", "enter")
        assert "◀ -05:00" in screen_text(console)[0]
        await press(console, pilot, "colon", *"at", "enter")
        assert "LIVE" in screen_text(console)[0]


async def test_what_is_longer_ago_than_is_known_is_the_oldest_second() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "colon", *"at -3h", "enter")
        assert console.moment_ms == NOW_MS - 3_600_000


async def test_a_wrong_time_is_explained() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "colon", *"at noon", "enter")
        assert on_screen(console, "23:41")
        assert console.moment_ms == 0


async def test_traces_are_those_of_before_the_moment() -> None:
    control = World()
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "7", "t")
        assert control.asked(ListTraces)[-1].before_ms == console.moment_ms > 0


async def test_logs_show_the_moment_and_follow_again_when_live() -> None:
    world = World()
    world.log(line(seq, f"line {seq}", time_ms=NOW_MS - TEN_MINUTES_MS + seq * 1_000) for seq in range(1, 600))
    async with run_console(control=world) as (console, pilot):
        await press(console, pilot, "3")
        assert on_screen(console, "line 599")
        await press(console, pilot, "colon", *"at -5m", "enter")
        assert on_screen(console, "line 300")
        assert not on_screen(console, "line 599")
        await press(console, pilot, "0")
        assert on_screen(console, "line 599")


@pytest.mark.parametrize(
    ("words", "ago_s"), [("-10m", 600), ("-90s", 90), ("-1.5h", 5_400), ("12:00", 1_800), ("12:29:30", 30)]
)
def test_a_moment_is_read_as_people_write_it(words: str, ago_s: int) -> None:
    now_ms = int(datetime(2026, 1, 5, 12, 30).astimezone().timestamp() * 1000)
    assert now_ms - moment(words, now_ms) == ago_s * 1000


def test_a_time_of_day_that_is_still_to_come_is_yesterday_s() -> None:
    now_ms = int(datetime(2026, 1, 5, 12, 30).astimezone().timestamp() * 1000)
    assert now_ms - moment("13:00", now_ms) == 23.5 * 3_600_000


@pytest.mark.parametrize("words", ["noon", "25:00", "-m", "-5", "", "-1.2.3s"])
def test_what_is_no_moment_is_refused(words: str) -> None:
    with pytest.raises(UsageError):
        moment(words, NOW_MS)
