from __future__ import annotations

import asyncio

import pytest

from kagami.errors import PluginError
from kagami.plugins.api import Context, Plugin, Settings
from kagami.plugins.manifest import Manifest
from kagami.testing.chat import chat_with

Ctx = Context[Settings]


async def test_closing_lets_a_handler_finish() -> None:
    plugin = Plugin()

    @plugin.command("slow")
    async def slow(ctx: Ctx) -> str:
        await asyncio.sleep(0.02)
        return "done"

    async with chat_with(Plugin()) as chat:
        active = await chat.host.adopt(Manifest(id="slow", version="1.0.0", entry="x:y"), plugin)
        await chat.says("/slow")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert active.crew.busy == 1
        assert await active.close(5) == []
        assert await chat.hears() == "done"


async def test_a_handler_that_takes_longer_than_the_drain_is_cancelled() -> None:
    plugin, ended = Plugin(), list[str]()

    @plugin.command("slow")
    async def slow(ctx: Ctx) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    async with chat_with(Plugin()) as chat:
        active = await chat.host.adopt(Manifest(id="slow", version="1.0.0", entry="x:y"), plugin)
        await chat.says("/slow")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert await active.close(0.01) == []
        assert ended == ["cancelled"]
        with pytest.raises(PluginError, match="was interrupted"):
            await chat.finished()


async def test_a_task_that_nobody_owns_is_found_and_cancelled() -> None:
    plugin, loose = Plugin(), list[asyncio.Task[object]]()

    @plugin.command("leak")
    async def leak(ctx: Ctx) -> None:
        loose.append(asyncio.ensure_future(asyncio.wait_for(forever(), 100)))
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async with chat_with(plugin) as chat:
        await chat.says("/leak")
        await chat.finished()
        (stray,) = chat.host.strays()
        assert "has no owner" in stray
        await asyncio.wait(loose)
        assert loose[0].cancelled()


async def forever() -> None:
    await asyncio.Event().wait()
