from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from textual.pilot import Pilot

from kagami.operations.messages import ListMessages, Replay, Search
from kagami.ports import OperatorRow
from kagami.tui.app import Console
from kagami.tui.screens.chats import Chats
from kagami.tui.shell import Leave
from tests.tui.engine import NOW_MS
from tests.tui.pilot import press, run_console, screen_text, settled, until
from tests.tui.world import World, busy_world, execution, message_row


@asynccontextmanager
async def chats(world: World, size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Chats, Console, Pilot[Leave]]]:
    async with run_console(size, control=world) as (console, pilot):
        await pilot.press("6")
        await settled(console, pilot)
        yield cast(Chats, console.stage.current), console, pilot


def seen(console: Console, text: str) -> bool:
    return any(text in row for row in screen_text(console))


async def test_the_latest_chat_is_marked_and_what_was_said_in_it_is_shown() -> None:
    async with chats(busy_world()) as (place, console, _):
        assert place.list.key == "qq:10001000|group:99871"
        assert seen(console, "▶ 麻将部  group:99")
        assert seen(console, "100 dice is a lot. Roll anyway? (y/n)")
        assert seen(console, "! unknown no answer within 10 s")


async def test_another_chat_shows_its_own_messages() -> None:
    async with chats(busy_world()) as (_, console, pilot):
        await pilot.press("j")
        await until(lambda: seen(console, "天气 上海"))
        assert not seen(console, "/roll 3d6")


async def test_new_messages_appear_by_themselves() -> None:
    world = busy_world()
    async with chats(world) as (_, console, _pilot):
        world.messages.append(message_row(99, "in", "新消息", chat=world.messages[-1].chat))
        await until(lambda: seen(console, "新消息"))


async def test_the_marked_message_leads_to_its_trace() -> None:
    async with chats(busy_world()) as (_, console, pilot):
        await pilot.press("j", "j")
        await until(lambda: seen(console, "/weather 北京"))
        await pilot.press("enter", "k", "enter")
        await until(lambda: console.stage.current is not None and console.stage.current.NAME == "trace")
        await settled(console, pilot)
        assert seen(console, execution(1)[-8:])


async def test_at_the_first_message_older_ones_are_read() -> None:
    world = World()
    world.messages = [message_row(each, "in", f"m{each}") for each in range(1, 300)]
    async with chats(world) as (place, _, pilot):
        await pilot.press("enter", "g")
        await until(lambda: len(place.said.entries) == 200)
        assert world.asked(ListMessages)[-1].limit == 200


async def test_a_filter_narrows_the_chats() -> None:
    async with chats(busy_world()) as (place, console, pilot):
        await pilot.press("ampersand", "天", "气", "enter")
        await until(lambda: len(place.list.rows) == 1)
        assert seen(console, "filter 天气")


async def test_two_chinese_characters_are_searched_for() -> None:
    world = busy_world()
    async with chats(world) as (place, console, pilot):
        await pilot.press("slash", "上", "海", "enter")
        await until(lambda: len(place.results.rows) == 2)
        assert world.asked(Search)[-1].text == "上海"
        assert place.results.has_focus
        assert seen(console, "天气 上海")


async def test_a_search_without_a_result_says_so() -> None:
    async with chats(busy_world()) as (_, console, pilot):
        await pilot.press("slash", *"nowhere", "enter")
        await until(lambda: seen(console, "No message holds this text."))


async def test_a_found_message_leads_to_its_trace() -> None:
    async with chats(busy_world()) as (_, console, pilot):
        await pilot.press("slash", *"weather", "enter")
        await until(lambda: seen(console, "▶ 11-21"))
        await pilot.press("enter")
        await until(lambda: console.stage.current is not None and console.stage.current.NAME == "trace")


async def test_letters_go_into_the_search_box() -> None:
    async with chats(busy_world()) as (place, _, pilot):
        await pilot.press("slash", *"cdr6")
        assert place.box.value == "cdr6"
        assert place.tab == "search"


@pytest.mark.parametrize(("answer", "replayed"), [("enter", 0), ("right", 1)])
async def test_a_dead_letter_is_handled_again_only_after_a_yes(answer: str, replayed: int) -> None:
    world = busy_world()
    async with chats(world) as (_, console, pilot):
        await pilot.press("d")
        await until(lambda: seen(console, "/song 夜曲"))
        await pilot.press("r")
        await until(lambda: seen(console, "Handle this event again?"))
        await pilot.press(answer, *(["enter"] if answer == "right" else []))
        await until(lambda: not seen(console, "Handle this event again?"))
        await settled(console, pilot)
        assert len(world.asked(Replay)) == replayed
        assert len(world.dead) == 1 - replayed


async def test_only_a_dead_letter_can_be_handled_again() -> None:
    world = busy_world()
    async with chats(world) as (place, _, pilot):
        await pilot.press("r")
        assert "dead letter" in place.blocked("chat.replay")
        assert world.asked(Replay) == []


async def test_on_the_operators_no_key_is_about_a_message_that_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    world = busy_world()
    world.operators = [OperatorRow(kind="person", name="ann", face="browser", address="203.0.113.9", since_ms=NOW_MS)]
    async with chats(world) as (place, console, pilot):
        copied: list[str] = []
        monkeypatch.setattr(console, "copy", copied.append)
        await press(console, pilot, "o")
        assert [each.id for each in place.hinted() if each.row] == ["chat.copy"]
        assert place.blocked("chat.delete") == "no message of a conversation is marked"
        await press(console, pilot, "enter", "y")
        assert place.seen
        assert copied == ["ann person browser 203.0.113.9 0s -"]


async def test_an_empty_list_of_dead_letters_offers_nothing_of_a_message() -> None:
    world = busy_world()
    world.dead = []
    async with chats(world) as (place, console, pilot):
        await press(console, pilot, "d")
        assert [each.id for each in place.hinted() if each.row] == []
        assert place.blocked("chat.delete") == "no message of a conversation is marked"


async def test_a_message_without_an_id_cannot_be_taken_back() -> None:
    world = World()
    world.messages = [message_row(1, "in", "hello")]
    async with chats(world) as (place, console, pilot):
        await press(console, pilot, "enter")
        assert place.blocked("chat.delete") == "the platform gave it no id"


async def test_escape_goes_back_to_the_conversations_step_by_step() -> None:
    async with chats(busy_world()) as (place, _, pilot):
        await pilot.press("d", "escape")
        assert place.tab == "live"
        await pilot.press("enter", "escape")
        assert place.list.has_focus


async def test_a_click_on_a_tab_opens_it() -> None:
    async with chats(busy_world()) as (place, console, pilot):
        row = next(y for y, text in enumerate(screen_text(console)) if "Dead letters" in text)
        await pilot.click(offset=(screen_text(console)[row].index("Dead"), row))
        await until(lambda: place.tab == "dead")


async def test_no_chats_say_how_to_get_some() -> None:
    async with chats(World()) as (_, console, pilot):
        assert seen(console, "No conversations yet.")
        await pilot.press("d")
        await until(lambda: seen(console, "No dead letters."))


async def test_wide_screens_show_both_side_by_side() -> None:
    async with chats(busy_world(), (140, 40)) as (place, _, _pilot):
        assert place.list_pane.region.y == place.said_pane.region.y


async def test_an_engine_that_goes_away_is_told_and_nothing_crashes() -> None:
    world = busy_world()
    async with chats(world) as (_, console, pilot):
        world.away = True
        await pilot.press("slash", *"abc", "enter", "escape", "j", "d", "c")
        await settled(console, pilot)
        assert console.is_running
        assert console.return_value is None
