from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from kagami.errors import Conflict
from kagami.i18n import translator
from kagami.model.ability import Ability
from kagami.operations.bots import (
    Abilities,
    AddBot,
    BotKinds,
    EditBot,
    Login,
    Pause,
    Reconnect,
    RemoveBot,
    RenameBot,
    Resume,
    StandNapCat,
    TestBot,
)
from kagami.operations.settings import ListSettings
from kagami.operations.system import ListAlerts, Mute
from kagami.ports import AlertRow, Applied, BotKind, Finding, SettingRow, Standing
from kagami.tui.app import Console
from kagami.tui.dialogs.login import LoginDialog
from kagami.tui.shell import Leave
from tests.tui.engine import FakeControl, bot
from tests.tui.logged import LoggedControl
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


async def test_the_card_speaks_the_other_language_at_once() -> None:
    async with bots(engine()) as (console, pilot):
        await until(lambda: on_screen(console, "2/s in all"))
        await pilot.press("f3")
        await until(lambda: on_screen(console, f"2/s {translator('zh')('in all')}"))


async def test_a_card_that_is_not_seen_speaks_it_when_it_is_seen_again() -> None:
    async with bots(engine()) as (console, pilot):
        await until(lambda: on_screen(console, "2/s in all"))
        await press(console, pilot, "3", "f3", "2")
        await until(lambda: on_screen(console, f"2/s {translator('zh')('in all')}"))


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


async def test_a_new_bot_is_tried_before_it_is_added() -> None:
    control = engine()
    async with bots(control) as (console, pilot):
        await press(console, pilot, "a", "j", "enter", "A")
        assert on_screen(console, "missing: url")
        await press(console, pilot, "enter", *"ws://a", "enter", "A")
        assert control.asked(TestBot) == [TestBot(keys={"kind": "onebot11", "url": "ws://a"})]
        assert on_screen(console, "2 ✗ refused")
        await press(console, pilot, "escape")
        assert control.asked(AddBot) == []
        await press(console, pilot, "A", "enter")
        assert control.asked(AddBot) == [AddBot(kind="onebot11", keys={"url": "ws://a"})]
        assert on_screen(console, "The bot was added")


async def test_a_kind_that_logs_in_is_named_and_logs_in_at_once() -> None:
    control = LoggedControl()
    kinds = [BotKind("weixin", [SettingRow("name", "bots", "text", "", default="")], ())]
    found = [Finding("ok", "port", "open")]
    control.bots.append(bot("weixin", "weixin:1", "weixin", "online"))
    control.answers |= {BotKinds: lambda _: kinds, TestBot: lambda _: found, AddBot: lambda _: Applied(1, [], "v")}
    async with bots(control) as (console, pilot):
        await press(console, pilot, "a", "j", "enter", "A", "enter")
        assert control.asked(AddBot) == [AddBot(kind="weixin", keys={"name": "weixin-2"})]
        assert control.asked(Login) == [Login(bot="weixin-2")]
        assert isinstance(console.screen, LoginDialog)


def napcats() -> LoggedControl:
    control = LoggedControl()
    control.answers |= {
        BotKinds: lambda _: [BotKind("napcat", [SettingRow("webui_url", "bots", "text", "", default="")], ())],
        StandNapCat: lambda _: Standing(
            "/srv/kagami/napcat", "cd /srv/kagami/napcat && docker compose up -d", "napcat"
        ),
        TestBot: lambda _: [Finding("ok", "bot", "lets us in"), Finding("bad", "bot", "nobody is logged in")],
    }
    return control


async def test_a_napcat_is_put_beside_kagami_and_logged_in() -> None:
    control = napcats()
    async with bots(control) as (console, pilot):
        await press(console, pilot, "a", "j", "enter", "enter")
        assert on_screen(console, "Set a NapCat up beside Kagami?")
        assert control.asked(StandNapCat) == []
        await press(console, pilot, "right", "enter")
        await until(lambda: isinstance(console.screen, LoginDialog))
        assert control.asked(StandNapCat) == [StandNapCat()]
        assert control.asked(TestBot) == [TestBot(bot="napcat")]
        assert control.asked(Login) == [Login(bot="napcat")]


async def test_a_napcat_that_runs_is_asked_for_its_address() -> None:
    control = napcats()
    async with bots(control) as (console, pilot):
        await press(console, pilot, "a", "j", "enter", "j", "enter")
        assert on_screen(console, "NapCat prints it when it starts")
        assert control.asked(StandNapCat) == []


async def test_a_second_napcat_beside_kagami_is_refused_in_words() -> None:
    def there(_: StandNapCat) -> None:
        raise Conflict(reason="There is a bot named napcat already.")

    control = napcats()
    control.answers[StandNapCat] = there
    async with bots(control) as (console, pilot):
        await press(console, pilot, "a", "j", "enter", "enter", "right", "enter")
        assert on_screen(console, "There is a bot named napcat already.")


async def test_each_kind_says_what_it_needs_and_where_to_get_it() -> None:
    control = engine()
    rows = [
        SettingRow("name", "bots", "text", "What people call it.", default=""),
        SettingRow("token", "bots", "secret", ""),
    ]
    control.answers[BotKinds] = lambda _: [KIND, BotKind("telegram", rows, ("token",))]
    async with bots(control) as (console, pilot):
        await press(console, pilot, "a")
        assert on_screen(console, "a bot token from @BotFather")
        await press(console, pilot, "j", "enter")
        assert on_screen(console, "write /newbot to @BotFather")


async def test_it_is_told_what_a_bot_can_do() -> None:
    control = engine()
    control.answers[Abilities] = lambda _: [
        Ability("edit", "no", note="Nothing to be done."),
        Ability("text", "yes", "yes"),
    ]
    async with bots(control) as (console, pilot):
        await press(console, pilot, "v")
        assert control.asked(Abilities) == [Abilities(bot="qq:1")]
        assert on_screen(console, "Nothing to be done.")


async def test_the_name_of_the_entry_logs_in_and_not_the_account() -> None:
    control = LoggedControl()
    control.bots = [bot("小明", "qq:1", "napcat", "auth_failed")]
    control.answers[ListSettings] = lambda _: [SettingRow("bots", "bots", "table", "", value=[{"kind": "napcat"}])]
    async with bots(control) as (console, pilot):
        await press(console, pilot, "l")
        assert control.asked(Login) == [Login(bot="qq:1")]
        await press(console, pilot, "escape")
        rows = [{"kind": "napcat", "name": "1"}]
        control.answers[ListSettings] = lambda _: [SettingRow("bots", "bots", "table", "", value=rows)]
        await press(console, pilot, "l")
        assert control.asked(Login)[-1] == Login(bot="1")


async def test_a_bot_is_tried_step_by_step_and_its_alerts_muted() -> None:
    control = engine()
    async with bots(control) as (console, pilot):
        await press(console, pilot, "m")
        assert control.asked(Mute) == [Mute(alert="bot qq:1", minutes=60)]
        await press(console, pilot, "T")
        assert on_screen(console, "refused")
        assert on_screen(console, "check it")
