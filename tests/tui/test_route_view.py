from __future__ import annotations

from kagami.core.guard import GuardEntry
from kagami.errors import Denied
from kagami.operations.guard import ListGuard
from kagami.operations.workers import ListWorkers
from kagami.tui.route_view import MOST_LINES
from kagami.tui.screens.routes import Routes
from tests.tui.engine import FixedClock
from tests.tui.pilot import on_screen, run_console, screen_text, settled
from tests.tui.routed import Routed, typed


async def test_a_form_stands_beside_the_list_only_where_there_is_room() -> None:
    for size, beside in (((80, 24), False), ((140, 40), True)):
        async with run_console(size, control=Routed()) as (console, pilot):
            await typed(console, pilot, "5", "a")
            assert on_screen(console, "New rule")
            assert on_screen(console, "Routing rules 8") == beside
            assert not on_screen(console, "hits a second")
            await typed(console, pilot, "escape")
            assert on_screen(console, "hits a second") == beside


async def test_on_a_low_screen_the_answer_has_the_place_of_the_list() -> None:
    async with run_console((60, 16), control=Routed()) as (console, pilot):
        await typed(console, pilot, "5", "E", *"/weather")
        assert on_screen(console, "rule 4 wins")
        assert not on_screen(console, "Routing rules")
        await typed(console, pilot, "escape")
        assert on_screen(console, "Routing rules")


async def test_who_may_see_rules_alone_sees_rules() -> None:
    def refuse(_: object) -> None:
        raise Denied(scope="workers:read")

    control = Routed()
    control.answers[ListWorkers] = refuse
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5")
        assert on_screen(console, "Routing rules 8")


async def test_long_guard_lists_are_read_when_they_are_seen_and_not_every_second() -> None:
    control, clock = Routed(), FixedClock()
    control.entries = {str(number): GuardEntry("word", f"word{number}") for number in range(MOST_LINES + 5)}
    async with run_console(control=control, clock=clock) as (console, pilot):
        await typed(console, pilot, "5")
        place = console.stage.current
        assert isinstance(place, Routes)
        assert not control.asked(ListGuard)
        await typed(console, pilot, "l")
        for _ in range(3):
            await place.read_now()
        assert len(control.asked(ListGuard)) == 1
        clock.now += 11
        await place.read_now()
        assert len(control.asked(ListGuard)) == 2


async def test_a_long_list_shows_its_beginning_and_says_so() -> None:
    control = Routed()
    control.entries = {str(number): GuardEntry("word", f"word{number}") for number in range(MOST_LINES + 5)}
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5", "l")
        assert on_screen(console, f"Guard lists {MOST_LINES + 5}")
        assert on_screen(console, f"the first {MOST_LINES} are shown")
        await typed(console, pilot, "slash", *"word1004", "enter")
        await settled(console, pilot)
        assert on_screen(console, "word1004")


async def test_the_bar_survives_another_language_and_another_tab() -> None:
    async with run_console(control=Routed()) as (console, pilot):
        await typed(console, pilot, "5", "E", *"/weather", "escape", "f3")
        place = console.stage.current
        assert isinstance(place, Routes)
        assert place.table.has_focus
        assert all("Routing rules" not in row for row in screen_text(console))
