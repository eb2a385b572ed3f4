from __future__ import annotations

import asyncio
from typing import Any

from kagami.errors import Denied
from kagami.operations.bots import ListBots
from kagami.operations.routes import ListRoutes, RouteList, RouteRow
from kagami.operations.settings import ListSettings
from kagami.operations.traces import ListTraces
from kagami.ports import SettingRow
from kagami.tui import finds
from kagami.tui.dialogs.palette import Palette
from kagami.tui.finds import Finds
from tests.tui.pilot import press, run_console
from tests.tui.world import busy_world, trace_of


async def test_everything_that_has_a_name_is_found() -> None:
    world = busy_world()
    world.answers[ListRoutes] = lambda _: RouteList(1, [RouteRow(4, "text:^天气", "plugin:weather")])
    world.answers[ListSettings] = lambda _: [SettingRow("delivery.rate", "delivery", "int", "Messages a second")]
    world.answers[ListTraces] = lambda _: [trace_of(1, "/weather")]
    async with run_console(control=world) as (console, _):
        found = await Finds(console).entries()
    texts = {entry.where: entry.text for entry in found}
    assert "shiori" in " ".join(entry.text for entry in found)
    assert texts["rule"] == "4  text:^天气 plugin:weather"
    assert texts["setting"].startswith("delivery.rate")
    assert "/weather" in texts["message"]
    assert "chat" in texts


async def test_what_may_not_be_read_or_takes_too_long_is_left_out(monkeypatch: Any) -> None:
    world = busy_world()
    never = asyncio.Event()

    def refuse(_: object) -> object:
        raise Denied(scope="bots:read")

    async def wait(_: object) -> object:
        return await never.wait()

    async with run_console(control=world) as (console, pilot):
        world.answers[ListBots] = refuse
        world.answers[ListSettings] = wait
        monkeypatch.setattr(finds, "PATIENCE_S", 0.01)
        await press(console, pilot, "ctrl+p")
        assert isinstance(console.screen, Palette)
        assert not any(entry.where in ("bot", "setting") for entry in console.screen.entries)
        assert any(entry.where == "chat" for entry in console.screen.entries)
