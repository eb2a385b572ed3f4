from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from kagami.errors import SettingError
from kagami.operations.bots import AddBot, TestBot
from kagami.ports import Applied, BotKind, Finding, SettingRow
from kagami.tui.app import Console
from kagami.tui.dialogs.newbot import NewBot
from kagami.tui.shell import Leave
from tests.tui.engine import FakeControl
from tests.tui.pilot import on_screen, press, run_console

NAPCAT = BotKind(
    "napcat",
    [
        SettingRow("name", "bots", "text", "What people call it.", default=""),
        SettingRow("webui_url", "bots", "text", "The WebUI.", default=""),
    ],
    (),
)
Answers = list[AddBot | None]


def wrong(_: Any) -> None:
    raise SettingError(key="bots.1.webui_url", value="x", origin="this change", reason="no address", fix="Give one.")


@asynccontextmanager
async def form(**answers: Any) -> AsyncIterator[tuple[Console, Pilot[Leave], FakeControl, Answers]]:
    control = FakeControl()
    found = [Finding("ok", "port", "open")]
    control.answers |= {TestBot: lambda _: found, AddBot: lambda _: Applied(1, [], "v")}
    control.answers |= {{"test": TestBot, "add": AddBot}[name]: answer for name, answer in answers.items()}
    made: Answers = []
    async with run_console(control=control) as (console, pilot):
        await console.push_screen(NewBot(console, NAPCAT, "napcat-2"), made.append)
        yield console, pilot, control, made


async def test_the_kinds_own_keys_come_first() -> None:
    async with form() as (console, _, _, _):
        assert on_screen(console, "NapCat prints it when it starts")


async def test_it_answers_by_what_the_bot_was_added() -> None:
    async with form() as (console, pilot, control, made):
        await press(console, pilot, "enter", *"http://a", "enter", "A", "enter")
        added = AddBot(kind="napcat", keys={"webui_url": "http://a", "name": "napcat-2"})
        assert control.asked(AddBot) == [added]
        assert made == [added]


async def test_a_name_that_was_given_stays() -> None:
    async with form() as (console, pilot, control, _):
        await press(console, pilot, "j", "enter", *"qq", "enter", "A", "enter")
        assert control.asked(AddBot) == [AddBot(kind="napcat", keys={"name": "qq"})]


async def test_what_the_engine_refuses_stands_beside_its_key() -> None:
    async with form(test=wrong) as (console, pilot, control, _):
        await press(console, pilot, "A")
        assert on_screen(console, "no address")
        assert control.asked(AddBot) == []
    async with form(add=wrong) as (console, pilot, _, made):
        await press(console, pilot, "A", "enter")
        assert on_screen(console, "no address")
        assert made == []


async def test_nothing_is_added_when_it_is_left() -> None:
    async with form() as (console, pilot, control, made):
        await press(console, pilot, "escape")
        assert (control.asked(AddBot), made) == ([], [None])
