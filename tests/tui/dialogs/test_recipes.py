from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from kagami.model.ids import BotId
from kagami.tui.app import Console
from kagami.tui.dialogs.recipes import Recipes
from kagami.tui.recipes import recipes
from kagami.tui.shell import Leave
from tests.tui.pilot import Size, on_screen, press, run_console, screen_text

TOKEN = "9f2c61d0b7e84a53"


@asynccontextmanager
async def page(
    size: Size = (80, 24), url: str = "", token: str = TOKEN
) -> AsyncIterator[tuple[Console, Pilot[Leave], list[str]]]:
    copied: list[str] = []
    found = recipes(url or "ws://127.0.0.1:3001/", [BotId("qq:10001")], dialled=bool(url))
    async with run_console(size) as (console, pilot):
        console.copy = copied.append  # type: ignore[assignment,method-assign]
        await console.push_screen(Recipes(console, "nonebot", found, token))
        await press(console, pilot)
        yield console, pilot, copied


async def test_there_is_a_page_for_each_application() -> None:
    async with page() as (console, pilot, _):
        assert on_screen(console, "[NoneBot2] Koishi  OneBot 11")
        assert on_screen(console, "ONEBOT_ACCESS_TOKEN=‹token›")
        await press(console, pilot, "right")
        assert on_screen(console, "selfId: '10001'")
        await press(console, pilot, "left", "left")
        assert on_screen(console, "Authorization: Bearer ‹token›")


async def test_the_lines_are_copied_without_the_token() -> None:
    async with page() as (console, pilot, copied):
        await press(console, pilot, "y")
        assert "ONEBOT_ACCESS_TOKEN=‹token›\n" in copied[0]
        assert TOKEN not in copied[0]
        assert not on_screen(console, TOKEN)


async def test_the_token_is_copied_only_after_a_question() -> None:
    async with page() as (console, pilot, copied):
        await press(console, pilot, "t", "enter", "t", "escape")
        assert copied == []
        await press(console, pilot, "t")
        assert on_screen(console, "speaks as its bots")
        await press(console, pilot, "right", "right", "enter")
        assert f"ONEBOT_ACCESS_TOKEN={TOKEN}\n" in copied[0]
        assert TOKEN not in "\n".join(screen_text(console))


async def test_the_token_is_shown_only_when_asked_for() -> None:
    async with page() as (console, pilot, copied):
        await press(console, pilot, "t", "right", "enter")
        assert on_screen(console, TOKEN)
        await press(console, pilot, "y", "escape")
        assert copied == [TOKEN]
        assert not on_screen(console, TOKEN)


async def test_where_there_is_no_token_none_is_offered() -> None:
    async with page(url="ws://127.0.0.1:5140/onebot") as (console, pilot, copied):
        assert on_screen(console, "t with the token")
        await press(console, pilot, "right")
        assert not on_screen(console, "t with the token")
        await press(console, pilot, "t")
        assert isinstance(console.screen, Recipes)
        assert copied == []
    async with page(token="") as (console, pilot, copied):
        assert not on_screen(console, "t with the token")
        await press(console, pilot, "t")
        assert isinstance(console.screen, Recipes)


async def test_a_long_line_goes_on_below_itself() -> None:
    async with page((60, 16)) as (console, _, _):
        shown = "".join(row.strip(" ┃") for row in screen_text(console))
        assert 'ONEBOT_WS_URLS=["ws://127.0.0.1:3001/?bot=qq:10001"]' in shown
