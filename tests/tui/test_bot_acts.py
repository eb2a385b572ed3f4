from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from kagami.operations.bots import (
    AddBot,
    BotKinds,
    EditBot,
    Pause,
    Reconnect,
    RemoveBot,
    RenameBot,
    Resume,
    TestBot,
)
from kagami.operations.settings import ListSettings
from kagami.operations.system import ListAlerts, Mute
from kagami.ports import AlertRow, Applied, BotKind, Finding, SettingRow
from kagami.tui.app import Console
from kagami.tui.shell import Leave
from tests.tui.engine import FakeControl, bot
from tests.tui.pilot import on_screen, press, run_console, until

KIND = BotKind(
    "onebot11",
    [
        SettingRow("url", "bots", "text", "WebSocket address of the implementation."),
        SettingRow(
            "token", "bots", "secret", "The token that it asks for.", default={"set": False, "changed_at_ms": 0}
        ),
        SettingRow("enabled", "bots", "bool", "Whether it is connected.", default=True),
    ],
    ("url",),
)
TABLE = {"kind": "onebot11", "url": "ws://127.0.0.1:3001", "token": {"set": True, "changed_at_ms": 1}, "name": "foo",
         "enabled": True, "pace": {"account_per_second": 2.0, "chat_per_second": None}}  # fmt: skip


def engine() -> FakeControl:
    control = FakeControl(bots=[bot("foo", "qq:1", "onebot11", "online"), bot("paused", "qq:2", "onebot11", "stopped")])
    done: Any = lambda _: Applied(1, [], "v")  # noqa: E731
    control.answers |= dict.fromkeys((AddBot, EditBot, Pause, Resume, RenameBot, RemoveBot), done)
    control.answers |= {
        BotKinds: lambda _: [KIND],
        ListSettings: lambda _: [SettingRow("bots", "bots", "table", "", value=[TABLE])],
        Reconnect: lambda _: None,
        TestBot: lambda _: [Finding("ok", "port", "open"), Finding("bad", "token", "refused", "check it")],
        ListAlerts: lambda _: [AlertRow("bot qq:1", "bot.offline", "error", "{bot} is away", {"bot": "foo"})],
        Mute: lambda _: None,
    }
    return control


@asynccontextmanager
async def bots(control: FakeControl) -> AsyncIterator[tuple[Console, Pilot[Leave]]]:
    async with run_console((120, 36), control=control) as (console, pilot):
        await press(console, pilot, "2")
        yield console, pilot


async def test_the_card_tells_entry_and_pace() -> None:
    async with bots(engine()) as (console, _):
        await until(lambda: on_screen(console, "2/s in all"))
        assert on_screen(console, "ws://127.0.0.1:3001")


async def test_a_bot_is_paused_resumed_renamed_and_connected_anew() -> None:
    control = engine()
    async with bots(control) as (console, pilot):
        await press(console, pilot, "X", "enter", "X", "right", "enter", "u")
        assert (control.asked(Pause), control.asked(Resume)) == ([Pause(bot="qq:1")], [Resume(bot="qq:1")])
        await press(console, pilot, "c", "right", "enter", "R", *"2", "enter")
        assert control.asked(Reconnect) == [Reconnect(bot="qq:1")]
        assert control.asked(RenameBot) == [RenameBot(bot="qq:1", name="foo2")]
        await press(console, pilot, "x", "j", "x")
        assert on_screen(console, "it is not paused")
        assert control.asked(Resume)[-1] == Resume(bot="qq:2")


async def test_a_bot_is_removed_only_when_its_name_is_typed() -> None:
    control = engine()
    async with bots(control) as (console, pilot):
        await press(console, pilot, "D", *"bar", "enter")
        assert control.asked(RemoveBot) == []
        await press(console, pilot, "escape", "D", *"foo", "enter")
        assert control.asked(RemoveBot) == [RemoveBot(bot="qq:1")]


async def test_the_form_is_of_the_kind_and_shows_no_secret() -> None:
    control = engine()
    async with bots(control) as (console, pilot):
        await press(console, pilot, "e")
        assert on_screen(console, "ws://127.0.0.1:3001")
        await press(console, pilot, "j", "enter", *"geheim", "enter")
        assert on_screen(console, "••••••")
        assert not on_screen(console, "geheim")
        await press(console, pilot, "j", "enter", "A")
        assert control.asked(EditBot) == [EditBot(bot="qq:1", keys={"token": "geheim", "enabled": False})]
        await press(console, pilot, "a", "j", "enter", "enter", *"ws://a", "enter", "A")
        assert control.asked(AddBot) == [AddBot(kind="onebot11", keys={"url": "ws://a"})]


async def test_a_bot_is_tried_step_by_step_and_its_alerts_muted() -> None:
    control = engine()
    async with bots(control) as (console, pilot):
        await press(console, pilot, "m")
        assert control.asked(Mute) == [Mute(alert="bot qq:1", minutes=60)]
        await press(console, pilot, "T")
        assert on_screen(console, "token: refused")
        assert on_screen(console, "check it")
