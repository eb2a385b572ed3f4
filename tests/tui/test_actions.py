"""The registry of actions is complete: keys, palette, help and both languages (no key is dead, none is forbidden)."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from kagami.i18n import translator
from kagami.tui.acting import Acting
from kagami.tui.actions import ACTIONS, EVERYWHERE
from kagami.tui.app import Console
from kagami.tui.dialogs.ask import Ask
from kagami.tui.dialogs.form import FormDialog
from kagami.tui.dialogs.help import Help
from kagami.tui.dialogs.palette import Palette
from kagami.tui.dialogs.reader import Reader
from kagami.tui.dialogs.sheet import ActionSheet
from kagami.tui.dialogs.versions import VersionList
from kagami.tui.keys import FORBIDDEN, Action
from kagami.tui.place import Place
from kagami.tui.screens.bots import Bots
from kagami.tui.screens.chats import Chats
from kagami.tui.screens.logs import Logs
from kagami.tui.screens.overview import Overview
from kagami.tui.screens.plugins import Plugins
from kagami.tui.screens.sandbox import Sandbox
from kagami.tui.screens.trace import Trace
from tests.tui.pilot import press, run_console, screen_text
from tests.tui.world import World

PLACES: tuple[type[Place], ...] = (Overview, Bots, Logs, Plugins, Chats, Trace, Sandbox)
ACTORS: tuple[type[Acting], ...] = (Console, Ask, FormDialog, Help, Palette, Reader, ActionSheet, VersionList, *PLACES)
# Signs, names and figures are the same in both languages.
SAME = {"p95"}


def every_action() -> Iterable[Action]:
    return {action.id: action for actor in ACTORS for action in actor.ACTIONS}.values()


def test_no_key_is_one_that_terminals_or_browsers_keep() -> None:
    assert not FORBIDDEN & {key for action in every_action() for key in action.keys}


@pytest.mark.parametrize("actor", ACTORS)
def test_a_key_means_one_thing(actor: type[Acting]) -> None:
    keys = [key for action in actor.ACTIONS for key in action.keys]
    assert sorted(keys) == sorted(set(keys))


@pytest.mark.parametrize("actor", ACTORS)
def test_ids_are_unique(actor: type[Acting]) -> None:
    ids = [action.id for action in actor.ACTIONS]
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("action", every_action(), ids=lambda action: action.id)
def test_every_action_speaks_chinese(action: Action) -> None:
    chinese = translator("zh")
    for text in (action.label, action.text):
        assert text in SAME or chinese(text) != text


@pytest.mark.parametrize("place", PLACES)
def test_every_place_says_what_it_is_for_in_both_languages(place: type[Place]) -> None:
    assert place.PURPOSE
    assert translator("zh")(place.PURPOSE) != place.PURPOSE


async def test_every_action_has_a_verb() -> None:
    async with run_console(control=World()) as (console, pilot):
        assert set(console.verbs()) == {action.id for action in console.ACTIONS}
        for digit in "1234678":
            await press(console, pilot, digit)
            place = console.stage.current
            assert place is not None
            assert set(place.verbs()) == {action.id for action in place.ACTIONS}
            await press(console, pilot, "escape")


async def test_every_action_is_in_the_palette() -> None:
    async with run_console() as (console, pilot):
        await pilot.press("2")
        await pilot.press("ctrl+p")
        await pilot.pause()
        palette = console.screen
        assert isinstance(palette, Palette)
        texts = {entry.text for entry in palette.entries}
        own = {"ui.palette", "ui.back", "ui.next", "ui.previous"}
        assert {action.text for action in (*ACTIONS, *Bots.ACTIONS) if action.id not in own} <= texts


async def test_help_lists_every_key_of_the_place_and_of_everywhere() -> None:
    async with run_console((140, 60)) as (console, pilot):
        await press(console, pilot, "2", "question_mark")
        here = "\n".join(screen_text(console))
        assert all(action.text in here for action in Bots.ACTIONS)
        await press(console, pilot, "tab")
        anywhere = "\n".join(screen_text(console))
        assert all(action.text in anywhere for action in ACTIONS if action.keys)


@pytest.mark.parametrize(
    "action", [each for each in EVERYWHERE if each.keys and not each.priority], ids=lambda action: action.id
)
async def test_every_key_of_everywhere_does_something(action: Action) -> None:
    async with run_console((120, 30), control=World()) as (console, pilot):
        await press(console, pilot, "2")
        before = (screen_text(console), console.focused, console.is_running)
        await press(console, pilot, action.keys[0])
        after = (screen_text(console), console.focused, console.is_running)
        assert before != after or action.id == "go.bots"
