from __future__ import annotations

import pytest

from kagami.core.routing import Rule
from kagami.errors import UsageError
from kagami.operations.routes import ReplaceRoutes, TryRoutes
from kagami.operations.workers import Drain
from kagami.tui.screens.routes import Routes
from kagami.tui.widgets.fieldset import LinesBox
from tests.tui.engine import FixedClock
from tests.tui.pilot import golden, on_screen, run_console, screen_text, settled, until
from tests.tui.routed import RULES, Routed, typed


@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_looks_as_it_should(size: tuple[int, int], language: str) -> None:
    name = f"{size[0]}x{size[1]}-{language}"
    async with run_console(size, language=language, control=Routed(busy=True)) as (console, pilot):
        await typed(console, pilot, "5", "j", "j", "j")
        golden(f"routes-{name}", screen_text(console))
        await typed(console, pilot, "x", "E", *"user:qq:10001 group:123456 /weather")
        golden(f"routes-explain-{name}", screen_text(console))
        await typed(console, pilot, "escape", "enter")
        golden(f"routes-form-{name}", screen_text(console))
        await typed(console, pilot, "escape", "w")
        golden(f"routes-workers-{name}", screen_text(console))
        await typed(console, pilot, "l")
        golden(f"routes-guard-{name}", screen_text(console))


async def test_a_rule_is_made_in_a_form_and_waits_for_the_save() -> None:
    control = Routed()
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5", "a", *"text:天气*", "enter")
        assert on_screen(console, "A rule leads to plugins")
        await typed(console, pilot, "down", *"nowhere", "down", "right", "down", *"why", "enter")
        assert on_screen(console, "nothing is called nowhere yet")
        place = console.stage.current
        assert isinstance(place, Routes)
        made = Rule("text:天气*", "nowhere", exclusive=True, note="why")
        assert place.draft.rules == [RULES[0], made, *RULES[1:]]
        assert place.draft.rule(place.table.key) == made
        await typed(console, pilot, "escape", "enter", "down", *"!", "escape")
        assert place.draft.rule(place.table.key) == made
        assert not control.asked(ReplaceRoutes)


async def test_moving_and_switching_follow_the_cursor() -> None:
    async with run_console(control=Routed()) as (console, pilot):
        await typed(console, pilot, "5", "J", "J", "x", "K")
        place = console.stage.current
        assert isinstance(place, Routes)
        assert place.draft.rules[1] == Rule("text:/help*", "plugin:help", enabled=False)
        assert place.draft.place(place.table.key) == 1
        await typed(console, pilot, "x", "K")
        assert not place.draft.pending


async def test_leaving_with_unsaved_rules_asks_once() -> None:
    """R2."""
    control = Routed()
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5", "J", "1")
        assert on_screen(console, "Leave with unsaved rules?")
        await typed(console, pilot, "enter")
        assert console.state.place == "routes"
        assert on_screen(console, "unsaved: 1")
        await typed(console, pilot, "1", "right", "enter")
        assert console.state.place == "overview"
        assert not control.asked(ReplaceRoutes)
        await typed(console, pilot, "5", "1")
        assert console.state.place == "overview"
        await typed(console, pilot, "5", "J", "1", "right", "right", "enter")
        assert console.state.place == "overview"
        assert control.rules[0] == RULES[1]


async def test_a_list_that_is_refused_keeps_one_here() -> None:
    def refuse(_: object) -> None:
        raise UsageError(reason="no")

    control = Routed()
    control.answers[ReplaceRoutes] = refuse
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5", "J", "1", "right", "right", "enter")
        assert console.state.place == "routes"
        assert on_screen(console, "The rules were not saved")


async def test_somebody_elses_save_is_seen() -> None:
    control = Routed()
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5")
        place = console.stage.current
        assert isinstance(place, Routes)
        control.rules, control.version = list(RULES[1:]), 8
        await place.read_now()
        assert place.draft.rules == list(RULES[1:])
        await typed(console, pilot, "J")
        control.rules, control.version = list(RULES), 9
        await place.read_now()
        await settled(console, pilot)
        assert on_screen(console, "somebody else saved meanwhile")


async def test_the_command_line_tests_a_text_and_finds_rules() -> None:
    async with run_console(control=Routed()) as (console, pilot):
        await typed(console, pilot, "colon", *"route test group:1 /weather x", "enter")
        await until(lambda: on_screen(console, "plugin:weather   rule 4 wins"))
        console.go("routes", "6")
        await settled(console, pilot)
        assert any("▶   6" in row for row in screen_text(console))
        console.go("routes", "song")
        await settled(console, pilot)
        assert on_screen(console, "Routing rules 1/8")
        await typed(console, pilot, "escape", "escape", "slash", *"help", "enter")
        assert on_screen(console, "Routing rules 1/8")
        console.go("routes", "guard")
        await settled(console, pilot)
        assert on_screen(console, "qq:10066")


async def test_a_trace_explains_its_route() -> None:
    async with run_console(control=Routed(busy=True)) as (console, pilot):
        await typed(console, pilot, "7", "end", "R")
        await until(lambda: on_screen(console, "> user:qq:10001 chat:group:123456 bot:qq:10001000 /weather 北京"))
        await until(lambda: on_screen(console, "rule 4 wins"))


async def test_pasted_rules_stand_behind_the_others() -> None:
    async with run_console(control=Routed()) as (console, pilot):
        await typed(console, pilot, "5", "i")
        console.screen.query_one(LinesBox).value = "text:a => plugins ;; * => drop -"
        await typed(console, pilot, "enter")
        place = console.stage.current
        assert isinstance(place, Routes)
        assert place.draft.rules == [*RULES, Rule("text:a", "plugins"), Rule("*", "drop", enabled=False)]


async def test_the_sheet_keeps_what_cannot_be_done_with_its_reason() -> None:
    async with run_console((100, 40), control=Routed()) as (console, pilot):
        await typed(console, pilot, "5", "space")
        row = next(each for each in screen_text(console) if "Save all rules" in each)
        assert "nothing is changed" in row
        await typed(console, pilot, "escape", "w", "space")
        row = next(each for each in screen_text(console) if "Paste many rules" in each)
        assert "that is for rules" in row


async def test_a_list_that_is_empty_says_how_it_begins() -> None:
    control = Routed(())
    control.entries.clear()
    control.workers.clear()
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5")
        assert on_screen(console, "makes the first rule")
        await typed(console, pilot, "enter", "x", "d", "J", "S", "T", "y")
        assert on_screen(console, "there is no rule here")
        await typed(console, pilot, "w", "x")
        assert on_screen(console, "No workers.")
        await typed(console, pilot, "l", "d")
        assert on_screen(console, "keeps somebody or something out")
        assert not control.asked(TryRoutes)


async def test_the_palette_reaches_rules_and_what_has_no_key() -> None:
    control = Routed()
    async with run_console(control=control) as (console, pilot):
        place_before = console.stage.current
        await typed(console, pilot, "ctrl+p", *"deploy", "enter")
        await until(lambda: console.stage.current is not place_before)
        await settled(console, pilot)
        assert any("▶   3" in row for row in screen_text(console))
        await typed(console, pilot, "w", "j")
        place = console.stage.current
        assert isinstance(place, Routes)
        place.action_act("worker.drain")
        await settled(console, pilot)
        assert on_screen(console, "Drain ai-1?")
        await typed(console, pilot, "escape")
        place.action_act("guard.check")
        await settled(console, pilot)
        assert on_screen(console, "What would the guard do with")
        assert not control.asked(Drain)


async def test_each_tab_needs_a_right_of_its_own() -> None:
    async with run_console(control=Routed()) as (console, pilot):
        await typed(console, pilot, "5")
        console.rights = ("*:read", "routes:write")
        await typed(console, pilot, "J")
        assert on_screen(console, "unsaved: 1")
        await typed(console, pilot, "l", "a")
        assert on_screen(console, "needs")
        assert not on_screen(console, "New guard line")


async def test_what_changes_is_blocked_while_the_engine_is_away() -> None:
    control, clock = Routed(), FixedClock()
    async with run_console(control=control, clock=clock) as (console, pilot):
        await typed(console, pilot, "5")
        clock.now += 60
        await until(lambda: console.stale_s > 0)
        await pilot.press("J", "x", "a")
        await pilot.pause()
        place = console.stage.current
        assert isinstance(place, Routes)
        assert not place.draft.pending


async def test_hostile_names_are_shown_and_not_obeyed() -> None:
    bad = "text:\x1b[2J\x9b31m\u202eevil[/b]*"
    async with run_console((140, 40), control=Routed((Rule(bad, "plugins", note=bad),))) as (console, pilot):
        await typed(console, pilot, "5", "enter", "escape", "d")
        shown = "\n".join(screen_text(console))
        assert "\x1b" not in shown
        assert "\x9b" not in shown
        assert "␛[2J⟦CSI⟧31m⟦RLO⟧evil" in shown
