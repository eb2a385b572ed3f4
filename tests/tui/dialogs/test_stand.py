from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from kagami.errors import EngineAway, NotFound
from kagami.operations.bots import TestBot
from kagami.ports import Finding, Standing
from kagami.tui.app import Console
from kagami.tui.dialogs.stand import StandDialog
from kagami.tui.shell import Leave
from tests.tui.engine import FakeControl
from tests.tui.pilot import Size, on_screen, press, run_console, screen_text, until

FOLDER = "/srv/kagami/napcat"
STANDING = Standing(FOLDER, f"cd {FOLDER} && docker compose up -d", "napcat")
AWAY = Finding("bad", "bot napcat", "127.0.0.1:6099 refused the connection", "Start NapCat, or correct bots.webui_url.")
HERE = Finding("ok", "bot napcat", "NapCat's WebUI lets us in")
NOBODY = Finding("bad", "bot napcat", "nobody is logged in to QQ", "Log in by QR code.")


class Seat:
    """`found` is what each test of the bot says, or raises."""

    def __init__(self) -> None:
        self.control = FakeControl()
        self.found: Any = [AWAY]
        self.ended: list[bool | None] = []
        self.control.answers[TestBot] = self._test

    async def _test(self, _: TestBot) -> list[Finding]:
        await asyncio.sleep(0)
        if isinstance(self.found, Exception):
            raise self.found
        found: list[Finding] = self.found
        return found

    @asynccontextmanager
    async def open(self, size: Size = (80, 24)) -> AsyncIterator[tuple[Console, Pilot[Leave]]]:
        async with run_console(size, control=self.control) as (console, pilot):
            await console.push_screen(StandDialog(console, STANDING), self.ended.append)
            yield console, pilot


async def test_it_shows_the_folder_and_copies_the_command() -> None:
    seat = Seat()
    async with seat.open() as (console, pilot):
        await until(lambda: on_screen(console, "refused the connection"))
        for text in (FOLDER, "docker compose up -d", "Start NapCat, or correct"):
            assert on_screen(console, text)
        await press(console, pilot, "y")
        assert on_screen(console, f"Copied {len(STANDING.command)} characters")


async def test_it_tries_again_until_the_webui_answers() -> None:
    seat = Seat()
    async with seat.open():
        await until(lambda: len(seat.control.asked(TestBot)) > 3)
        assert seat.ended == []
        seat.found = [HERE, NOBODY]
        await until(lambda: seat.ended == [True])
    assert all(each.bot == "napcat" for each in seat.control.asked(TestBot))


async def test_the_engine_may_be_away_and_the_bot_gone() -> None:
    seat = Seat()
    seat.found = EngineAway(address="the socket")
    async with seat.open() as (console, pilot):
        await until(lambda: on_screen(console, "the socket"))
        seat.found = NotFound(what="bot", name="napcat")
        await until(lambda: on_screen(console, "no bot named napcat"))
        seat.found = [AWAY]
        await press(console, pilot, "r")
        await until(lambda: on_screen(console, "refused the connection"))
        assert not on_screen(console, "no bot named")


async def test_leaving_says_how_to_go_on() -> None:
    seat = Seat()
    async with seat.open() as (console, pilot):
        await press(console, pilot, "escape")
        assert seat.ended == [False]
        assert on_screen(console, "napcat waits for its NapCat")
        before = len(seat.control.asked(TestBot))
        await asyncio.sleep(0.03)
        assert len(seat.control.asked(TestBot)) == before


async def test_a_small_screen_has_the_command() -> None:
    async with Seat().open((60, 16)) as (console, _):
        await until(lambda: "docker compose up -d" in "".join(row.strip(" ┃") for row in screen_text(console)))
