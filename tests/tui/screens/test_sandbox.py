from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import msgspec
import pytest
from textual.pilot import Pilot

from kagami.errors import UsageError
from kagami.operations.messages import Say
from kagami.operations.trying import (
    ConversationRow,
    KeepConversation,
    ListConversations,
    ReplayConversations,
    TryMessage,
)
from kagami.ports.conversations import KeptConversation
from kagami.tui.app import Console
from kagami.tui.identity import Replayed
from kagami.tui.screens.sandbox import Sandbox
from kagami.tui.shell import Leave
from tests.tui.pilot import golden, press, run_console, screen_text, settled, until
from tests.tui.plugged import weather
from tests.tui.world import World


@asynccontextmanager
async def sandbox(
    world: World, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Sandbox, Console, Pilot[Leave]]]:
    async with run_console(size, control=world) as (console, pilot):
        await pilot.press("8")
        await settled(console, pilot)
        yield cast(Sandbox, console.stage.current), console, pilot


def seen(console: Console, text: str) -> bool:
    return any(text in row for row in screen_text(console))


async def test_it_says_what_to_type_and_that_no_account_is_needed() -> None:
    async with sandbox(World()) as (place, console, _):
        assert place.box.has_focus
        assert seen(console, "/help")
        assert seen(console, "No account is needed.")


async def test_what_is_said_is_answered_and_its_way_is_shown() -> None:
    world = World()
    async with sandbox(world, (100, 30)) as (place, console, pilot):
        await pilot.press(*"/roll", "space", "你", "好", "enter")
        await until(lambda: seen(console, "echo: /roll 你好"))
        assert place.box.value == ""
        await until(lambda: seen(console, "echo@1.0.0  1.20 ms"))
        assert seen(console, "✓ handled")
        said = world.asked(Say)
        assert [(each.text, each.user, each.chat) for each in said] == [("/roll 你好", "10001", "private:10001")]


async def test_while_the_trace_is_missing_it_says_that_it_waits() -> None:
    world = World()
    world.untraced = True
    async with sandbox(world, (100, 30)) as (_, console, pilot):
        await pilot.press(*"hi", "enter")
        await until(lambda: seen(console, "Not done yet"))
        world.untraced = False
        await until(lambda: seen(console, "✓ handled"))


async def test_as_makes_one_somebody_else_somewhere_else() -> None:
    world = World()
    async with sandbox(world) as (place, console, pilot):
        place.box.write("/as user:1 group:2 name:小明")
        await pilot.press("enter")
        await until(lambda: seen(console, "小明 1  group:2"))
        await pilot.press(*"hi", "enter")
        await until(lambda: bool(world.asked(Say)))
        said = world.asked(Say)[0]
        assert (said.user, said.chat, said.name) == ("1", "group:2", "小明")


async def test_a_wrong_identity_is_explained_and_not_said() -> None:
    world = World()
    async with sandbox(world) as (place, console, pilot):
        place.box.write("/as nobody")
        await pilot.press("enter")
        await until(lambda: seen(console, "Who are you?"))
        assert world.asked(Say) == []


async def test_up_and_down_walk_through_what_was_said() -> None:
    async with sandbox(World()) as (place, _, pilot):
        for text in ("one", "two"):
            await pilot.press(*text, "enter")
            await until(lambda: place.box.value == "")
        seen_values = []
        for key in ("up", "up", "up", "down", "down"):
            await pilot.press(key)
            seen_values.append(place.box.value)
        assert seen_values == ["two", "one", "one", "two", ""]


async def test_escape_leaves_the_box_and_letters_work_then() -> None:
    async with sandbox(World()) as (place, console, pilot):
        await pilot.press(*"hi", "enter")
        await until(lambda: seen(console, "echo: hi"))
        await pilot.press("escape")
        assert place.said.has_focus
        await pilot.press("i")
        assert place.box.has_focus
        await pilot.press("escape", "w")
        await until(lambda: console.stage.current is not None and console.stage.current.NAME == "trace")


async def test_digits_and_letters_go_into_the_box() -> None:
    async with sandbox(World()) as (place, console, pilot):
        await pilot.press(*"123qn?")
        assert place.box.value == "123qn?"
        assert console.stage.current is place


async def test_a_refusal_of_the_engine_is_told() -> None:
    world = World()

    def refuse(_request: Say) -> None:
        raise UsageError(reason="The sandbox is closed.")

    world.answers[Say] = refuse
    async with sandbox(world) as (_, console, pilot):
        await pilot.press(*"hi", "enter")
        await until(lambda: seen(console, "The sandbox is closed."))


async def test_small_screens_keep_the_conversation() -> None:
    async with sandbox(World(), (60, 16)) as (place, _, _pilot):
        assert not place.page_pane.display
        assert place.said_pane.size.width > 50


async def test_an_engine_that_goes_away_is_told_and_nothing_crashes() -> None:
    world = World()
    async with sandbox(world) as (_, console, pilot):
        world.away = True
        await pilot.press(*"abc", "enter", "escape", "k", "i")
        await settled(console, pilot)
        assert console.is_running
        assert console.return_value is None


async def test_a_way_back_does_not_write_into_the_box() -> None:
    async with sandbox(World()) as (place, console, pilot):
        await press(console, pilot, *"hi", "enter", "escape", "2", "escape")
        assert console.stage.current is place
        await pilot.press("x")
        assert place.box.value == ""
        await press(console, pilot, "enter", "x")
        assert place.box.value == "x"


async def test_a_long_message_is_read_whole_by_enter() -> None:
    world = World()
    async with sandbox(world) as (place, console, pilot):
        place.box.write(" ".join(f"word{number}" for number in range(200)))
        await press(console, pilot, "enter", "escape")
        await until(lambda: not place.said.whole)
        await press(console, pilot, "enter", "G")
        assert seen(console, "word199")
        assert len(console.screen_stack) == 2


async def test_a_dry_run_shows_what_would_be_done_and_says_nothing() -> None:
    world = World()
    async with sandbox(world, (140, 40)) as (place, console, pilot):
        place.box.write("/dry")
        await press(console, pilot, "enter")
        assert seen(console, "DRY RUN: nothing leaves")
        place.box.write("/as user:1 group:2")
        await press(console, pilot, "enter")
        place.box.write("/weather 东京")
        await press(console, pilot, "enter")
        for text in ("would say: /weather 东京", "uses the network 1", "GET https://api.example.com/now", "rule 4"):
            assert seen(console, text)
        place.box.write("/event join 10077")
        await press(console, pilot, "enter")
        assert seen(console, "would say: join")
        tried = world.asked(TryMessage)
        assert [(each.text, each.event, each.user, each.chat) for each in tried] == [
            ("/weather 东京", "", "1", "group:2"),
            ("", "join", "10077", "group:2"),
        ]
        assert world.asked(Say) == []
        place.box.write("/dry off")
        await press(console, pilot, "enter")
        assert not place.trying.dry


async def test_an_answer_in_a_dry_run_goes_to_the_question() -> None:
    world = World()
    async with sandbox(world, (100, 30)) as (place, console, pilot):
        for text in ("/dry net", "/ask", "3"):
            place.box.write(text)
            await press(console, pilot, "enter")
        assert [(each.text, each.answers, each.network) for each in world.asked(TryMessage)] == [
            ("/ask", ["3"], True),
            ("/ask", ["3"], True),
        ]
        assert seen(console, "would say: 3")


async def test_both_versions_are_tried_side_by_side_and_what_differs_is_marked() -> None:
    world = World()
    world.plugins = [weather()]
    async with sandbox(world, (140, 40)) as (place, console, pilot):
        place.box.write("/dry on")
        await press(console, pilot, "enter")
        place.box.write("/weather x")
        await press(console, pilot, "enter", "escape", "v")
        await until(lambda: seen(console, "They differ"))
        assert [(each.plugin, each.version) for each in world.asked(TryMessage)] == [
            ("", ""),
            ("com.example.weather", "1.3.2"),
            ("com.example.weather", "1.4.0"),
        ]
        assert seen(console, "! reply") or seen(console, "⚑ reply")


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(80, 24), (140, 40)], ids=["80x24", "140x40"])
async def test_the_comparison_looks_as_it_should(size: tuple[int, int], language: str) -> None:
    world = World()
    world.plugins = [weather()]
    async with run_console(size, language=language, control=world) as (console, pilot):
        await press(console, pilot, "8")
        place = cast(Sandbox, console.stage.current)
        place.box.write("/dry on")
        await press(console, pilot, "enter")
        place.box.write("/weather x")
        await press(console, pilot, "enter", "escape", "v")
        await until(lambda: bool(place.trying.attempts[-1].other))
        await settled(console, pilot)
        golden(f"sandbox-compare-{size[0]}x{size[1]}-{language}", screen_text(console))


async def test_a_conversation_is_kept_as_a_test_and_all_are_run_again() -> None:
    world = World()
    world.answers[KeepConversation] = lambda request: KeptConversation(
        request.name, f"house/sandbox/{request.name}.txt"
    )
    world.answers[ListConversations] = lambda _: [KeptConversation("a", "house/sandbox/a.txt")]
    world.answers[ReplayConversations] = lambda _: [
        ConversationRow("a", ok=True, heard=2, took_ms=9),
        ConversationRow("b", ok=False, heard=1, took_ms=3, line=2, wanted="how much?", got="how many?"),
    ]
    async with sandbox(world) as (place, console, pilot):
        await pilot.press(*"hi", "enter")
        await until(lambda: seen(console, "echo: hi"))
        place.box.write("/save a")
        await press(console, pilot, "enter")
        assert world.asked(KeepConversation)[0].script.splitlines()[1:] == [
            'as user:10001 chat:private:10001 name:"me"',
            "> hi",
            "< echo: hi",
        ]
        place.box.write("/save ../a")
        await press(console, pilot, "enter")
        assert len(world.asked(KeepConversation)) == 1
        place.said.focus()
        await press(console, pilot, "r")
        for text in ("1 of 2", "how much?", "how many?", "house/sandbox"):
            assert seen(console, text)


async def test_a_message_of_elsewhere_is_tried_as_it_came(tmp_path: Path) -> None:
    world = World()
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"\x89PNG")
    async with sandbox(world) as (place, console, pilot):
        said = Replayed("/roll", "10002", "group:7", "阿花", "qq:1")
        place.open_at(msgspec.json.encode(said).decode())
        await press(console, pilot, "enter")
        place.box.write(f"/image {picture} look")
        await press(console, pilot, "enter")
        first, second = world.asked(TryMessage)
        assert (first.text, first.user, first.chat, first.bot) == ("/roll", "10002", "group:7", "qq:1")
        assert (second.text, second.images) == ("look", ["base64://iVBORw=="])
        await press(console, pilot, "escape", "c")
        assert place.trying.attempts == []
