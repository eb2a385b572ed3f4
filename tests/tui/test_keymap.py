from __future__ import annotations

import pytest

from kagami.tui.app import Console
from kagami.tui.keymap import Keymap, key_name
from kagami.tui.keys import Action
from kagami.tui.screens.bots import Bots
from kagami.tui.state import State
from tests.tui.pilot import on_screen, press, run_console

PAIR = (Action("a.one", ("x",), "one", "One"), Action("a.two", ("y",), "two", "Two"))


@pytest.mark.parametrize(
    ("written", "name"), [("A", "A"), ("?", "question_mark"), ("^P", "ctrl+p"), ("F5", "f5"), ("Space", "space")]
)
def test_keys_are_named_as_people_write_them(written: str, name: str) -> None:
    assert key_name(written) == name


def test_chosen_keys_replace_the_shipped_ones() -> None:
    keymap = Keymap({"a.one": "A,^G", "elsewhere": "B"})
    assert [each.keys for each in keymap.of(PAIR)] == [("A", "ctrl+g"), ("y",)]
    assert keymap.refused == []


@pytest.mark.parametrize("key", ["ctrl+h", "^B", "F12", "ctrl+w", "nokey", "ctrl+", ""])
def test_keys_that_terminals_keep_or_that_do_not_exist_are_refused(key: str) -> None:
    keymap = Keymap({"a.one": key})
    assert [each.id for each in keymap.refused] == ["a.one"]
    assert keymap.of(PAIR) == PAIR


def test_a_key_of_another_action_is_refused_by_its_name() -> None:
    keymap = Keymap({"a.one": "y"})
    assert keymap.of(PAIR) == PAIR
    assert [(each.key, each.other) for each in keymap.refused] == [("y", "a.two")]


def test_two_actions_may_change_places() -> None:
    keymap = Keymap({"a.one": "y", "a.two": "x"})
    assert [each.keys for each in keymap.of(PAIR)] == [("y",), ("x",)]


@pytest.mark.parametrize("action", [*Console.ACTIONS, *Bots.ACTIONS], ids=lambda action: action.id)
def test_every_shipped_key_could_be_chosen(action: Action) -> None:
    assert not Keymap({action.id: ",".join(action.keys)} if action.keys else {}).refused


async def test_chosen_keys_work_and_are_what_help_and_footer_show() -> None:
    state = State(tips_off=True, keys={"bot.add": "B", "help.screen": "H", "bot.sort": "a", "ui.zoom": "^W"})
    async with run_console(state=state) as (console, pilot):
        await press(console, pilot, "2")
        assert on_screen(console, "B add")
        await press(console, pilot, "H")
        assert on_screen(console, "B           Connect another bot")
        await press(console, pilot, "escape", "question_mark")
        assert len(console.screen_stack) == 1
        said = {each.title: each.body for each in console.toasts.said}
        assert "terminals" in said["The key of ui.zoom stays as it was"]


async def test_a_key_is_changed_by_command_and_kept() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "colon", *"key bot.add B", "enter")
        assert console.state.keys == {"bot.add": "B"}
        assert on_screen(console, "B add")
        await press(console, pilot, "colon", *"key bot.add s", "enter")
        assert on_screen(console, "s is bot.sort already")
        assert console.state.keys == {"bot.add": "B"}
        await press(console, pilot, "escape", "colon", *"key bot.add", "enter")
        assert on_screen(console, "a add")
