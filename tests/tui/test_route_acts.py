from __future__ import annotations

import pytest

from kagami.core.routing import Rule
from kagami.operations.guard import AddGuard, ImportGuard, RemoveGuard
from kagami.operations.routes import ReplaceRoutes
from kagami.operations.workers import Drain, Resume, WeighWorker
from kagami.tui.route_acts import hours_of, is_known
from kagami.tui.widgets.fieldset import LinesBox
from tests.tui.pilot import on_screen, run_console, settled
from tests.tui.routed import RULES, Routed, typed

SWAPPED = [RULES[1], RULES[0], *RULES[2:]]


async def test_saving_sends_the_list_once_and_u_brings_the_old_one_back() -> None:
    control = Routed()
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5", "J", "S")
        assert on_screen(console, "Save the rules?")
        assert on_screen(console, "user:10066 → drop")
        await typed(console, pilot, "enter")
        assert not control.asked(ReplaceRoutes)
        await typed(console, pilot, "S", "right", "enter")
        assert control.asked(ReplaceRoutes) == [ReplaceRoutes(rules=SWAPPED, version=7)]
        assert on_screen(console, "Saved. Rules from now on: 8")
        await typed(console, pilot, "u")
        assert control.rules == list(RULES)
        assert control.version == 9


@pytest.mark.parametrize(
    ("keys", "rules", "pending"),
    [
        (("enter",), [*RULES, Rule("*", "drop")], True),
        (("right", "enter"), [*RULES, Rule("*", "drop")], False),
        (("right", "right", "enter"), SWAPPED, False),
    ],
)
async def test_who_saved_meanwhile_is_shown_before_anything_is_lost(
    keys: tuple[str, ...], rules: list[Rule], pending: bool
) -> None:
    control = Routed()
    async with run_console((100, 30), control=control) as (console, pilot):
        await typed(console, pilot, "5", "J")
        control.rules, control.version = [*RULES, Rule("*", "drop")], 8
        await typed(console, pilot, "S", "right", "enter")
        assert on_screen(console, "The rules were changed meanwhile")
        assert on_screen(console, "+ * → drop")
        await typed(console, pilot, *keys)
        assert control.rules == rules
        assert on_screen(console, "unsaved: 1") == pending


async def test_a_worker_is_drained_resumed_and_weighed_with_a_way_back() -> None:
    control = Routed()
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5", "w", "j", "x")
        assert on_screen(console, "chats 14, open events 2")
        await typed(console, pilot, "right", "enter")
        assert control.asked(Drain) == [Drain(worker="ai-1")]
        await typed(console, pilot, "u")
        assert control.workers["ai-1"].state == "live"
        await typed(console, pilot, "j", "x")
        assert control.asked(Resume)[-1] == Resume(worker="ai-2")
        await typed(console, pilot, "enter", "backspace", "4", "enter", "u")
        assert [each.weight for each in control.asked(WeighWorker)] == [4.0, 2.0]


async def test_guard_lines_come_and_go_with_a_way_back() -> None:
    control = Routed()
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5", "l", "a", "down", *"spam", "enter")
        assert control.asked(AddGuard) == [AddGuard(kind="word", value="spam")]
        assert on_screen(console, "spam: kept out")
        await typed(console, pilot, "u")
        assert control.asked(RemoveGuard) == [RemoveGuard(kind="word", value="spam")]
        await typed(console, pilot, "home", "d")
        assert on_screen(console, "Take this line out?")
        await typed(console, pilot, "right", "enter", "u")
        assert control.asked(AddGuard)[-1] == AddGuard(kind="user", value="qq:10066", hours=24.0, note="spam")
        await typed(console, pilot, "end", "enter", *["down"] * 3, *"!", "enter", "u")
        assert [each.note for each in control.asked(AddGuard)[-2:]] == ["spam!", "spam"]


async def test_pasted_values_go_in_together_and_refused_ones_are_named() -> None:
    control = Routed()
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5", "l", "i", "left", "left")
        box = console.screen.query_one(LinesBox)
        box.value = "qq:7 ;; nobody"
        box.focus()
        await settled(console, pilot)
        await typed(console, pilot, "enter")
        assert control.asked(ImportGuard) == [ImportGuard(kind="user", lines="qq:7\nnobody")]
        assert on_screen(console, "nobody: A user is platform:id")


async def test_the_test_says_what_would_go_elsewhere() -> None:
    async with run_console(control=Routed(busy=True)) as (console, pilot):
        await typed(console, pilot, "5", "j", "j", "j", "x", "T", "enter")
        assert on_screen(console, "1 of 5 messages would go elsewhere")
        assert on_screen(console, "plugin:weather (rule 4) → plugins (no rule)")


async def test_a_rule_is_deleted_after_a_question_and_z_brings_all_back() -> None:
    control = Routed()
    async with run_console(control=control) as (console, pilot):
        await typed(console, pilot, "5", "d", "enter")
        assert on_screen(console, "Routing rules 8")
        await typed(console, pilot, "d", "right", "enter")
        assert on_screen(console, "Routing rules 7")
        await typed(console, pilot, "Z", "right", "enter")
        assert on_screen(console, "Routing rules 8")
        assert not control.asked(ReplaceRoutes)


@pytest.mark.parametrize("text", ["-1", "x", "inf", "nan", "1e9"])
def test_hours_are_a_number_in_reach(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        hours_of(text)
    assert hours_of("") == 0
    assert hours_of("1.5") == 1.5


def test_drop_is_always_known() -> None:
    assert is_known(Rule("*", "drop"), ())
    assert is_known(Rule("*", "ai"), ("ai",))
    assert not is_known(Rule("*", "ai"), ())
