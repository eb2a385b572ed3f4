from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec.structs import replace
from textual.pilot import Pilot

from kagami.model.ids import ChatId, UserId
from kagami.operations.messages import DropDead, Replay, Search
from kagami.operations.people import EndSession
from kagami.operations.plugins import EndDialog, PinChat, Switch
from kagami.operations.sending import DeleteMessage, Resend, SendMessage
from kagami.operations.trying import TryMessage
from kagami.ports import ChatChoice, DialogRow, OperatorRow
from kagami.tui.app import Console
from kagami.tui.chat_acts import read_search
from kagami.tui.shell import Leave
from tests.tui.engine import NOW_MS
from tests.tui.pilot import on_screen, press, run_console
from tests.tui.plugged import weather
from tests.tui.world import BOT, World, busy_world, dead_of


@asynccontextmanager
async def chats(world: World, size: tuple[int, int] = (100, 30)) -> AsyncIterator[tuple[Console, Pilot[Leave]]]:
    async with run_console(size, control=world) as (console, pilot):
        await press(console, pilot, "6")
        yield console, pilot


def test_filters_stand_anywhere_beside_the_text() -> None:
    assert read_search("天气 is:failed bot:qq:1 dir:out 上海 chat:group:7 user:9") == Search(
        text="天气 上海", bot="qq:1", chat="group:7", user="9", direction="out", outcome="failed", limit=200
    )
    assert read_search("http://a is it") == Search(text="http://a is it", limit=200)


async def test_a_question_of_a_plugin_is_shown_and_ended_with_its_consequences() -> None:
    world = busy_world()
    asked = "100 dice is a lot. Roll anyway?"
    who = ChatId("group:99871"), UserId("10002")
    world.dialogs = [DialogRow(BOT, *who, "dice@0.9.0", asked, NOW_MS - 9_000, NOW_MS + 51_000)]
    async with chats(world) as (console, pilot):
        assert on_screen(console, "dice waits 9s")
        assert on_screen(console, asked)
        await press(console, pilot, "K")
        assert on_screen(console, "End this question?")
        assert on_screen(console, "9s, 51s more")
        await press(console, pilot, "right", "enter")
        assert world.asked(EndDialog) == [EndDialog(bot=BOT, chat="group:99871", user="10002")]
        assert not on_screen(console, "dice waits")
        await press(console, pilot, "K")
        assert on_screen(console, "no plugin waits for an answer there")


async def test_one_answers_as_the_bot_only_after_a_yes() -> None:
    world = busy_world()
    async with chats(world) as (console, pilot):
        await press(console, pilot, "a", *"hello", "enter")
        assert on_screen(console, "Send this to real people?")
        await press(console, pilot, "enter")
        assert world.asked(SendMessage) == []
        await press(console, pilot, "a", *"hi", "enter", "right", "enter")
        assert world.asked(SendMessage) == [SendMessage(bot=BOT, chat="group:99871", text="hi")]


async def test_a_send_of_unknown_end_is_sent_again_with_a_warning_and_a_message_tried_in_the_sandbox() -> None:
    world = busy_world()
    async with chats(world) as (console, pilot):
        await press(console, pilot, "enter", "A")
        assert on_screen(console, "only what failed or is unknown")
        await press(console, pilot, "k", "A")
        assert on_screen(console, "nobody knows whether it arrived")
        await press(console, pilot, "right", "enter")
        assert len(world.asked(Resend)) == 1
        assert on_screen(console, "Nobody knows whether it was done")
        await press(console, pilot, "j", "s", "enter")
        (tried,) = world.asked(TryMessage)
        assert (tried.text, tried.chat, tried.bot) == ("y", "group:99871", BOT)


async def test_a_message_with_an_id_is_taken_back() -> None:
    world = busy_world()
    world.messages = [*world.messages[:-1], replace(world.messages[-1], message_id="77")]
    async with chats(world) as (console, pilot):
        await press(console, pilot, "enter", "D")
        assert on_screen(console, "gone for everybody there")
        await press(console, pilot, "right", "enter")
        assert world.asked(DeleteMessage) == [DeleteMessage(bot=BOT, chat="group:99871", message_id="77")]
        assert on_screen(console, "too old")


async def test_a_plugin_is_turned_off_in_one_chat_and_what_is_kept_is_listed_and_given_back() -> None:
    world = busy_world()
    world.plugins = [weather()]
    world.choices = [ChatChoice("com.example.weather", BOT, "group:99871", "1.3.1", since_ms=1)]
    world.answers |= {Switch: lambda _: None, PinChat: lambda _: None}
    async with chats(world) as (console, pilot):
        await press(console, pilot, "e", "enter")
        plugin, here = "com.example.weather", {"bot": BOT, "chat": "group:99871"}
        assert world.asked(Switch) == [Switch(plugin=plugin, on=False, **here)]
        await press(console, pilot, "u")
        assert world.asked(Switch)[-1] == Switch(plugin=plugin, on=True, **here)
        await press(console, pilot, "P")
        assert on_screen(console, "1.3.1")
        await press(console, pilot, "enter")
        assert world.asked(PinChat) == [PinChat(plugin=plugin, **here)]


async def test_dead_letters_are_all_handled_again_or_one_given_up_with_a_reason() -> None:
    world = busy_world()
    world.dead = [dead_of(1, "one", "boom"), dead_of(2, "two", "boom")]
    async with chats(world) as (console, pilot):
        await press(console, pilot, "d", "X", *"spam", "enter", "right", "enter")
        assert [(each.execution, each.reason) for each in world.asked(DropDead)] == [
            (dead_of(1, "", "").event.execution, "spam")
        ]
        await press(console, pilot, "R", "right", "enter")
        assert len(world.asked(Replay)) == 1
        assert world.dead == []


async def test_who_is_here_is_listed_and_a_login_can_be_ended() -> None:
    world = busy_world()
    world.operators = [
        OperatorRow("console", "console", "console", NOW_MS - 90_000, sent_bytes=20_400),
        OperatorRow("person", "ann", "browser", NOW_MS - 5_000, "203.0.113.9", "login-1"),
    ]
    world.answers[EndSession] = lambda _: None
    async with chats(world) as (console, pilot):
        await press(console, pilot, "o", "x")
        assert on_screen(console, "only a login in a browser can be ended")
        await press(console, pilot, "j", "x")
        assert on_screen(console, "203.0.113.9")
        await press(console, pilot, "right", "enter")
        assert world.asked(EndSession) == [EndSession(id="login-1")]
