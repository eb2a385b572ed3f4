"""The registry of actions is complete: keys, palette, help and both languages (no key is dead, none is forbidden)."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from kagami.i18n import translator
from kagami.operations import registry
from kagami.operations.people import Identity, Me
from kagami.tui.acting import Acting
from kagami.tui.actions import ACTIONS, EVERYWHERE
from kagami.tui.app import Console
from kagami.tui.dialogs.ask import Ask
from kagami.tui.dialogs.form import FormDialog
from kagami.tui.dialogs.help import Help
from kagami.tui.dialogs.name import AskName
from kagami.tui.dialogs.palette import Palette
from kagami.tui.dialogs.reader import Reader
from kagami.tui.dialogs.sheet import ActionSheet
from kagami.tui.dialogs.versions import VersionList
from kagami.tui.keys import FORBIDDEN, Action
from kagami.tui.place import Place
from kagami.tui.places import PLACES as PLACES_OF_ALL
from kagami.tui.screens.bots import Bots
from kagami.tui.screens.chats import Chats
from kagami.tui.screens.logs import Logs
from kagami.tui.screens.overview import Overview
from kagami.tui.screens.plugins import Plugins
from kagami.tui.screens.routes import Routes
from kagami.tui.screens.sandbox import Sandbox
from kagami.tui.screens.settings import Settings
from kagami.tui.screens.trace import Trace
from tests.tui.pilot import on_screen, press, run_console, screen_text, settled, until
from tests.tui.world import World

PLACES: tuple[type[Place], ...] = (Overview, Bots, Logs, Plugins, Routes, Chats, Trace, Sandbox, Settings)
ACTORS: tuple[type[Acting], ...] = (
    *(Console, Ask, AskName, FormDialog, Help, Palette, Reader, ActionSheet, VersionList),
    *PLACES,
)
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
        for digit in "12345678":
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
        assert [action.id for action in Bots.ACTIONS if action.keys and action.text[:50] not in here] == []
        await press(console, pilot, "tab")
        anywhere = "\n".join(screen_text(console))
        assert [action.id for action in ACTIONS if action.keys and action.text not in anywhere] == []


async def test_every_key_of_everywhere_does_something() -> None:
    dead = []
    async with run_console((120, 30), control=World()) as (console, pilot):
        for action in EVERYWHERE:
            if not action.keys or action.priority or action.id in ("go.bots", "app.quit"):
                continue
            console.go("bots")
            await settled(console, pilot)
            before = _seen(console)
            await press(console, pilot, action.keys[0])
            if _seen(console) == before:
                dead.append(action.id)
            await press(console, pilot, "escape", "escape")
    assert dead == []


def _seen(console: Console) -> tuple[object, ...]:
    return screen_text(console), console.focused, sum(each.times for each in console.toasts.said)


@pytest.mark.parametrize("action", every_action(), ids=lambda action: action.id)
def test_every_action_has_an_id_of_words_and_a_line_of_help(action: Action) -> None:
    topic, _, verb = action.id.partition(".")
    assert topic.isidentifier()
    assert verb.isidentifier()
    assert action.text[:1].isupper()
    assert len(action.label) <= 18


async def test_every_action_can_be_done_by_its_id() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "colon", *"ui.notices", "enter")
        assert on_screen(console, "Nothing was reported yet")
        await press(console, pilot, "escape", "2", "colon", *"bot.filter", "enter", *"ding", "enter")
        assert on_screen(console, "/ding")
        await press(console, pilot, "colon", *"no.such", "enter")
        assert on_screen(console, "no.such")


async def test_what_the_person_has_no_right_to_says_which() -> None:
    control = World()
    control.answers[Me] = lambda _: Identity("person", "ann", ["*:read"], "")
    async with run_console(control=control) as (console, pilot):
        await until(lambda: tuple(console.rights) == ("*:read",))
        await press(console, pilot, "2", "space")
        row = next(each for each in screen_text(console) if "Disconnect this bot" in each)
        assert "needs the right bots:write" in row


async def test_what_changes_something_is_refused_without_its_right() -> None:
    control = World()
    control.answers[Me] = lambda _: Identity("person", "ann", ["*:read"], "")
    scopes = {each.scope for each in registry().by_name.values()}
    free = []
    async with run_console(control=control) as (console, pilot):
        await until(lambda: tuple(console.rights) == ("*:read",))
        for entry in PLACES_OF_ALL:
            console.go(entry.name)
            await settled(console, pilot)
            place = console.stage.current
            assert place is not None
            for action in place.actions:
                words = place.refusal(action).removeprefix("needs the right ")
                if action.changes and words not in scopes and "admin" not in words:
                    free.append((action.id, words))
    assert free == []
