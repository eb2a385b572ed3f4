from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from textual.pilot import Pilot

from kagami.operations.plugins import Configure, Form, Promote, Reload, Rollback, Switch, Weigh
from kagami.ports import Notice
from kagami.tui.app import Console
from kagami.tui.format import Tier
from kagami.tui.screens.plugins import Plugins
from kagami.tui.shell import Leave
from tests.tui.engine import NOW_MS, FakeControl, FixedClock
from tests.tui.pilot import golden, on_screen, press, run_console, screen_text, settled, until
from tests.tui.plugged import plugged, plugin, plugins, weather

CHANGES = (Weigh, Reload, Promote, Rollback, Switch, Configure)
Opened = tuple[Plugins, Console, Pilot[Leave]]


@asynccontextmanager
async def opened(
    control: FakeControl | None = None, size: tuple[int, int] = (80, 24), clock: FixedClock | None = None
) -> AsyncIterator[Opened]:
    async with run_console(size, control=control or plugged(), clock=clock) as (console, pilot):
        await press(console, pilot, "4")
        place = console.stage.current
        assert isinstance(place, Plugins)
        yield place, console, pilot


def weighing() -> FakeControl:
    """An engine that remembers the weight."""
    control = plugged([weather()])

    def weigh(request: Weigh) -> object:
        control.plugins = [weather(request.weight)]
        return control.plugins[0]

    control.answers[Weigh] = weigh
    return control


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("tier", ["full", "ascii"])
async def test_looks_as_it_should(size: tuple[int, int], language: str, tier: Tier) -> None:
    name = f"{size[0]}x{size[1]}-{language}-{tier}"
    async with run_console(size, language=language, tier=tier, control=plugged()) as (console, pilot):
        await press(console, pilot, "4")
        golden(f"plugins-failed-{name}", screen_text(console))
        await press(console, pilot, "j", "j", "j", "right")
        golden(f"plugins-canary-{name}", screen_text(console))


async def test_the_weight_is_sent_once_and_only_by_enter() -> None:
    control = weighing()
    async with opened(control) as (place, console, pilot):
        await press(console, pilot, *["right"] * 5)
        assert on_screen(console, "weight 25% → 30%")
        assert not control.asked(Weigh)
        await press(console, pilot, "enter")
        assert control.asked(Weigh) == [Weigh(plugin="com.example.weather", weight=30, version="1.4.0")]
        assert on_screen(console, "25% → 30% of the chats")
        assert place.table.has_focus
        await press(console, pilot, "u")
        assert [each.weight for each in control.asked(Weigh)] == [30, 25]


async def test_escape_takes_the_wish_back() -> None:
    control = weighing()
    async with opened(control) as (place, console, pilot):
        await press(console, pilot, "shift+right", "escape", "enter")
        assert place.slider.wanted is None
        assert not control.asked(Weigh)


async def test_digits_are_the_sliders_while_it_is_open() -> None:
    async with opened(weighing()) as (place, console, pilot):
        await press(console, pilot, "w", "8", "0")
        assert place.slider.wanted == 80
        assert console.stage.current is place


async def test_another_plugin_has_another_weight() -> None:
    async with opened() as (place, console, pilot):
        await press(console, pilot, "j", "j", "j", "right")
        assert place.slider.wanted == 26
        place.table.select("welcome")
        await settled(console, pilot)
        assert not place.slider.display
        await press(console, pilot, "right")
        assert place.slider.wanted != 27


async def test_a_version_that_stands_by_becomes_a_canary() -> None:
    control = weighing()
    async with opened(control) as (place, console, pilot):
        await press(console, pilot, "v", "j", "j", "c")
        assert place.slider.wanted == 25
        await press(console, pilot, "1", "0", "enter")
        assert control.asked(Weigh) == [Weigh(plugin="com.example.weather", weight=10, version="1.3.1")]


async def test_a_wide_screen_compares_beside_the_list() -> None:
    async with opened(size=(140, 40)) as (_, console, pilot):
        await press(console, pilot, "j", "j", "j")
        assert on_screen(console, "share                  75%           25%")
        assert on_screen(console, "stocks")


async def test_a_low_screen_opens_the_panel_alone() -> None:
    async with opened(size=(60, 16)) as (_, console, pilot):
        assert not on_screen(console, "Traceback")
        await press(console, pilot, "enter")
        assert on_screen(console, "Traceback")
        await press(console, pilot, "escape", "j", "j", "j", "right")
        assert on_screen(console, "weight 25% → 26%")


async def test_a_traceback_is_read_to_its_end() -> None:
    async with opened() as (_, console, pilot):
        await press(console, pilot, "enter")
        assert on_screen(console, "✗ 0.3.1: ModuleNotFoundError")
        assert not on_screen(console, "part9.py")
        await press(console, pilot, "pagedown")
        assert on_screen(console, "part9.py")
        await press(console, pilot, "escape")
        assert on_screen(console, "weather")


async def test_calls_a_second_are_the_difference_between_two_looks() -> None:
    control, clock = plugged([plugin("dice", handled=100)]), FixedClock()
    async with opened(control, clock=clock) as (place, console, pilot):
        control.plugins = [plugin("dice", handled=142)]
        clock.now += 1
        await place.read_now()
        await settled(console, pilot)
        assert place.table.rows[0].cells[4].text == "42"


async def test_the_place_can_be_opened_at_a_plugin_or_at_a_weight() -> None:
    async with run_console(control=plugged()) as (console, pilot):
        await press(console, pilot, "colon", *"plug weather 40", "enter")
        await until(lambda: on_screen(console, "weight 25% → 40%"))
        console.go("plugins", "stocks")
        await until(lambda: on_screen(console, "Traceback"))
        console.go("plugins", "zzz")
        await settled(console, pilot)
        await until(lambda: on_screen(console, "Plugins 0/9"))


async def test_letters_filter_the_list() -> None:
    async with opened() as (place, console, pilot):
        await press(console, pilot, "slash", *"chat", "enter")
        assert [row.key for row in place.table.rows] == ["ai-chat"]
        await press(console, pilot, "escape")
        assert len(place.table.rows) == 9


async def test_sorting_and_reversing() -> None:
    async with opened() as (place, console, pilot):
        await press(console, pilot, "o", "O")
        names = [row.cells[0].text for row in place.table.rows]
        assert names == sorted(names)


async def test_no_plugin_at_all_says_what_one_is() -> None:
    control = plugged([])
    async with opened(control) as (_, console, pilot):
        assert on_screen(console, "kagami plugin new hello")
        await press(console, pilot, "r", "enter", "right")
        assert on_screen(console, "there is no plugin yet")
        assert not any(control.asked(kind) for kind in CHANGES)


async def test_only_built_in_plugins_invite_to_a_first_one() -> None:
    async with opened(plugged(plugins()[:2])) as (_, console, pilot):
        assert on_screen(console, "Your first plugin")
        await press(console, pilot, "b")
        assert on_screen(console, "a built-in plugin has one version")


async def test_settings_open_from_here() -> None:
    control = plugged([weather()])
    control.answers[Form] = lambda _: []
    async with opened(control) as (_, console, pilot):
        await press(console, pilot, "s")
        assert control.asked(Form) == [Form(plugin="com.example.weather")]


async def test_permissions_are_in_the_palette() -> None:
    async with opened(plugged([weather()])) as (place, console, pilot):
        place.action_act("plugin.permissions")
        await settled(console, pilot)
        assert on_screen(console, "http:api.example.com")


async def test_a_notice_about_a_plugin_is_mended_here() -> None:
    control = plugged()
    notice = Notice(NOW_MS, "error", "plugin.load_failed", "{plugin}: {reason}", {"plugin": "stocks", "reason": "x"})
    control.notices = [notice]
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "m")
        await until(lambda: on_screen(console, "✗ 0.3.1: ModuleNotFoundError"))


async def test_the_rail_counts_plugins_and_those_that_need_a_person() -> None:
    async with run_console((140, 40), control=plugged()) as (console, _):
        await until(lambda: on_screen(console, "4 Plugins !3 9"))


async def test_the_palette_finds_plugins() -> None:
    async with run_console(control=plugged()) as (console, pilot):
        await pilot.press("ctrl+p", *"stocks", "enter")
        await settled(console, pilot)
        await until(lambda: on_screen(console, "Traceback"))


async def test_what_changes_is_blocked_while_the_engine_is_away() -> None:
    control = weighing()
    clock = FixedClock()
    async with opened(control, clock=clock) as (_, console, pilot):
        clock.now += 60
        await until(lambda: console.stale_s > 0)
        await pilot.press("b", "p", "e", "right", "enter")
        await pilot.pause()
        assert not any(control.asked(kind) for kind in CHANGES)


async def test_a_plugin_that_vanishes_while_it_is_shown_breaks_nothing() -> None:
    control = plugged([weather()])
    async with opened(control) as (place, console, pilot):
        await press(console, pilot, "enter", "right")
        control.plugins = []
        await place.read_now()
        await press(console, pilot, "enter", "escape", "escape", "r")
        assert console.is_running


async def test_hostile_names_and_errors_are_shown_and_not_obeyed() -> None:
    bad = "\x1b[2J\x9b31m\u202eevil[/b]"
    row = msgspec.structs.replace(weather(), name=bad, state="failed", error=bad)
    control = plugged([row])
    control.answers[Switch] = lambda _: None
    async with opened(control, (140, 40)) as (_, console, pilot):
        await press(console, pilot, "enter", "escape", "e")
        shown = "\n".join(screen_text(console))
        assert "\x1b" not in shown
        assert "\x9b" not in shown
        assert "␛[2J⟦CSI⟧31m⟦RLO⟧evil[/b]" in shown


async def test_its_first_command_waits_in_the_sandbox() -> None:
    async with opened(plugged([weather()])) as (_, console, pilot):
        await press(console, pilot, "T")
        assert on_screen(console, "┃/weather ")
