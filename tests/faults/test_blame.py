"""Plugins that hold everybody up, hang or break, in a whole engine."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from kagami.engine import Engine
from kagami.operations.plugins import ListPlugins, Release, Reload
from kagami.operations.system import Notices
from kagami.operations.traces import ListTraces
from kagami.ports import Notice, PluginRow
from tests.faults.plugins import CODE, running, write_version

SLEEPS = """
import time

from kagami.plugins.api import Context, Plugin, Settings

plugin = Plugin()


@plugin.command("n")
async def number(ctx: Context[Settings], n: str) -> str:
    if n == "0":
        time.sleep(3)
    return f"{n} VERSION"
"""
HANGS = """
import asyncio

from kagami.plugins.api import Context, Plugin, Settings

plugin = Plugin()


@plugin.command("n")
async def number(ctx: Context[Settings], n: str) -> str:
    if n == "0":
        await asyncio.Event().wait()
    return f"{n} VERSION"
"""
STUBBORN = """
import asyncio

from kagami.plugins.api import Context, Plugin, Settings

plugin = Plugin()


@plugin.command("n")
async def number(ctx: Context[Settings], n: str) -> str:
    for _ in range(2 if n == "0" else 0):  # it ends with the loop, which asks a second time
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if _:
                raise
    return f"{n} VERSION"
"""
FAILS = """
from kagami.plugins.api import Context, Plugin, Settings

plugin = Plugin()


@plugin.command("n")
async def number(ctx: Context[Settings], n: str) -> str:
    raise OSError("no network")
"""


async def row(engine: Engine) -> PluginRow:
    rows: list[PluginRow] = await engine.call(ListPlugins())
    return next(each for each in rows if each.id == "count")


async def notice(engine: Engine, kind: str) -> Notice | None:
    notices: list[Notice] = await engine.call(Notices())
    return next((each for each in notices if each.kind == kind), None)


async def outcomes(engine: Engine) -> list[str]:
    traces: list[Any] = await engine.call(ListTraces())
    return [trace.outcome for trace in traces]


async def test_a_plugin_that_sleeps_is_named_with_its_stack_within_two_seconds(tmp_path: Path) -> None:
    write_version(tmp_path, "1.0.0", SLEEPS)
    async with running(tmp_path) as (engine, people):
        began = time.time()
        await people.say(1)
        async with asyncio.timeout(20):
            while (told := await notice(engine, "stall")) is None:
                await asyncio.sleep(0.05)
    assert told.fields["where"] == "count"
    assert "time.sleep(3)" in told.fields["stack"]
    assert told.at_ms / 1000 - began < 2


async def test_a_handler_that_hangs_is_cut_and_its_conversation_goes_on(tmp_path: Path) -> None:
    write_version(tmp_path, "1.0.0", HANGS, timeout=0.5)
    async with running(tmp_path) as (engine, people):
        await people.say(1)
        number = await people.say(1)
        await people.until(lambda: number in people.heard)
        assert "retry" in await outcomes(engine)


async def test_a_handler_that_ignores_its_end_is_left_behind_and_named(tmp_path: Path) -> None:
    write_version(tmp_path, "1.0.0", STUBBORN, timeout=0.5)
    async with running(tmp_path) as (engine, people):
        await people.say(1)
        number = await people.say(1)
        await people.until(lambda: number in people.heard)
        assert (await row(engine)).problems == ("1 handlers ignore their cancellation",)


async def test_who_holds_up_everybody_three_times_is_quarantined_and_loses_nothing(tmp_path: Path) -> None:
    write_version(tmp_path, "1.0.0", SLEEPS.replace('n == "0"', "int(n) < 3").replace("sleep(3)", "sleep(1.3)"))
    async with running(tmp_path) as (engine, people):
        for chat in range(3):
            await people.say(chat)
            await people.until(lambda: len(people.heard) > chat)  # noqa: B023 - awaited at once
        async with asyncio.timeout(20):
            # It is left alone at once, and told when that is on disk.
            while (await row(engine)).state != "quarantined" or await notice(engine, "quarantine") is None:
                await asyncio.sleep(0.05)
        number = await people.say(5)
        async with asyncio.timeout(20):
            while "parked" not in await outcomes(engine):
                await asyncio.sleep(0.05)
    async with running(tmp_path) as (engine, people):
        people.said = number + 1
        assert (await row(engine)).state == "quarantined"
        await engine.call(Release(plugin="count"))
        await people.until(lambda: number in people.heard)
        assert people.heard[number] == [("1.0.0", 5)]


async def test_a_plugin_that_fails_again_and_again_rests_and_what_came_meanwhile_is_handled(tmp_path: Path) -> None:
    write_version(tmp_path, "1.0.0", FAILS)
    async with running(tmp_path) as (engine, people):
        for chat in range(6):
            await people.say(chat)
        async with asyncio.timeout(20):
            while (await row(engine)).state != "parked":
                await asyncio.sleep(0.05)
        number = await people.say(7)
        async with asyncio.timeout(20):
            while "parked" not in await outcomes(engine):
                await asyncio.sleep(0.05)
        write_version(tmp_path, "1.0.1", CODE)
        await engine.call(Reload(plugin="count"))
        await people.until(lambda: number in people.heard)
        assert people.heard[number] == [("1.0.1", 7)]
