from __future__ import annotations

from kagami.model.ids import BotId, ChatId
from kagami.operations.messages import ListChats
from kagami.operations.plugins import ListPlugins, PinChat
from kagami.ports import ChatRow, PluginRow
from kagami.tui.pinning import fit_versions
from tests.tui.engine import NOW_MS, FakeControl
from tests.tui.pilot import on_screen, press, run_console
from tests.tui.plugged import plugged, plugin, version, weather
from tests.tui.world import busy_world

CHAT = ChatRow(BotId("qq:1"), ChatId("group:7"), "ops", NOW_MS, "hi", "ann", 3)


def engine(rows: list[PluginRow], chats: list[ChatRow]) -> FakeControl:
    control = plugged(rows)
    control.answers |= {ListChats: lambda _: chats, PinChat: lambda _: None}
    return control


async def test_a_plugin_s_chat_is_kept_on_a_version() -> None:
    control = engine([weather()], [CHAT])
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "P")
        assert on_screen(console, "weather: in which chat?")
        await press(console, pilot, "enter", "j", "enter")
        assert control.asked(PinChat) == [
            PinChat(plugin="com.example.weather", bot="qq:1", chat="group:7", version="1.3.2")
        ]
        assert on_screen(console, "gets weather 1.3.2")


async def test_a_pin_is_taken_away_by_the_last_row() -> None:
    control = engine([weather()], [CHAT])
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "P", "enter", "k", "enter")
        assert control.asked(PinChat)[0].version == ""


async def test_a_chat_is_kept_from_the_chats_place() -> None:
    world = busy_world()
    world.answers |= {ListPlugins: lambda _: [weather()], PinChat: lambda _: None}
    async with run_console(control=world) as (console, pilot):
        await press(console, pilot, "6", "p")
        assert on_screen(console, "which plugin?")
        await press(console, pilot, "enter", "enter")
        assert world.asked(PinChat)[0].chat == "group:99871"
        assert world.asked(PinChat)[0].version == "1.4.0"


async def test_without_a_chat_or_a_plugin_it_says_so() -> None:
    async with run_console(control=engine([weather()], [])) as (console, pilot):
        await press(console, pilot, "4", "P")
        assert on_screen(console, "there is no chat yet")
    world = busy_world()
    world.answers[ListPlugins] = lambda _: [plugin("echo", builtin=True)]
    async with run_console(control=world) as (console, pilot):
        await press(console, pilot, "6", "p")
        assert on_screen(console, "there is no plugin whose version")


def test_a_version_that_cannot_serve_is_not_offered() -> None:
    rows = (version("2.0.0", "failed"), version("1.0.0", "active"), version("0.9.0", "recalled"))
    assert fit_versions(plugin("dice", versions=rows)) == ["1.0.0"]
