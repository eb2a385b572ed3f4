from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from kagami.errors import DialogClosed, DialogReplaced, PluginError, UsageError
from kagami.plugins.api import Context, KagamiError, Plugin, Settings
from kagami.plugins.inprocess import Run
from kagami.plugins.manifest import Manifest
from kagami.testing.chat import PluginChat, chat_with
from kagami.testing.clock import FakeClock

Ctx = Context[Settings]


def doing(what: str) -> Plugin[Settings]:
    plugin = Plugin()

    @plugin.command("do")
    async def do(ctx: Ctx) -> Any:
        match what:
            case "fail":
                raise RuntimeError("broken")
            case "exit":
                raise SystemExit(3)
            case "usage":
                raise UsageError(reason="Not like that.")
            case "number":
                return 5
            case "forever":
                await asyncio.Event().wait()
        return None

    return plugin


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("fail", "RuntimeError: broken"),
        ("exit", "SystemExit: 3"),
        ("number", "TypeError: a message is a text"),
        ("forever", "a handler ran for more than 0.02 s"),
    ],
)
async def test_a_failure_is_raised_on_with_the_plugins_name(what: str, reason: str) -> None:
    async with chat_with(doing(what), timeout=0.02) as chat:
        await chat.says("/do")
        with pytest.raises(PluginError) as caught:
            await chat.finished()
    assert str(caught.value).startswith(f"Plugin plugin: {reason}")


async def test_a_usage_error_is_an_answer() -> None:
    async with chat_with(doing("usage")) as chat:
        await chat.says("/do")
        assert await chat.hears() == "Not like that."
        await chat.finished()


async def test_an_error_of_the_house_is_raised_on_as_it_is() -> None:
    plugin = Plugin()

    class Away(KagamiError):
        """Away."""

    @plugin.command("do")
    async def do(ctx: Ctx) -> None:
        raise Away

    async with chat_with(plugin) as chat:
        execution = await chat.says("/do")
        with pytest.raises(Away):
            await chat.host.handle(execution)


async def test_waiting_for_a_person_does_not_count_towards_the_limit() -> None:
    plugin = Plugin()

    @plugin.command("ask")
    async def ask(ctx: Ctx) -> str:
        await ctx.ask("First?", timeout=1_000)
        return await ctx.ask("Second?", timeout=1_000)

    clock = FakeClock()
    async with chat_with(plugin, clock=clock, timeout=0.5) as chat:
        await chat.says("/ask")
        await chat.hears()
        await asyncio.sleep(0.55)
        await chat.says("a")
        assert await chat.hears() == "Second?"
        await asyncio.sleep(0.55)
        await chat.says("b")
        assert await chat.hears() == "b"


async def test_time_before_and_after_a_question_counts_together() -> None:
    plugin = Plugin()

    @plugin.command("ask")
    async def ask(ctx: Ctx) -> None:
        await asyncio.sleep(0.06)
        await ctx.ask("What?")
        await asyncio.sleep(0.06)

    async with chat_with(plugin, timeout=0.1) as chat:
        await chat.says("/ask")
        await chat.hears()
        await chat.says("this")
        with pytest.raises(PluginError, match="ran for more than"):
            await chat.finished()


async def test_a_handler_that_ignores_its_cancellation_is_left_behind() -> None:
    plugin, release = Plugin(), asyncio.Event()

    @plugin.command("stick")
    async def stick(ctx: Ctx) -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    @plugin.command("next")
    async def following(ctx: Ctx) -> str:
        return "next"

    async with chat_with(plugin, timeout=0.02, grace=0.02) as chat:
        await chat.says("/stick")
        await chat.says("/next")
        try:
            assert await chat.hears() == "next"
            with pytest.raises(PluginError, match="stuck"):
                await chat.finished()
            assert chat.host.office.rows()[0].problems == ("1 handlers ignore their cancellation",)
        finally:
            release.set()


@pytest.mark.parametrize("asks", [True, False])
async def test_one_that_is_late_has_its_grace_alone_whoever_hurries_it_and_whatever_it_waits_for(*, asks: bool) -> None:
    plugin, late, release = Plugin(), asyncio.Event(), asyncio.Event()

    @plugin.command("go")
    async def go(ctx: Ctx) -> None:
        try:
            await release.wait()
        except asyncio.CancelledError:
            late.set()
            await (ctx.ask("What?", timeout=1_000) if asks else release.wait())

    async with chat_with(plugin, timeout=0.02, grace=0.2) as chat:
        await chat.says("/go")
        await late.wait()
        (crew,) = [active.crew for active in chat.host.fleet.line("plugin").running]
        for run in crew.tasks.values():
            run.hurry(0.01)
        try:
            with pytest.raises(PluginError, match="stuck"):
                async with asyncio.timeout(20):
                    await chat.finished()
        finally:
            release.set()
            await chat.says("done")


async def test_a_handler_ends_with_the_lane_that_waits_for_it() -> None:
    plugin, ended = Plugin(), asyncio.Event()

    @plugin.command("wait")
    async def wait(ctx: Ctx) -> None:
        await ctx.reply("waiting")
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with chat_with(plugin) as chat:
        await chat.says("/wait")
        await chat.hears()
        await chat.abandon()
        async with asyncio.timeout(10):
            await ended.wait()


async def test_a_handler_that_cancels_itself_has_failed() -> None:
    plugin = Plugin()

    @plugin.command("do")
    async def do(ctx: Ctx) -> None:
        raise asyncio.CancelledError

    async with chat_with(plugin) as chat:
        await chat.says("/do")
        with pytest.raises(PluginError, match="was interrupted"):
            await chat.finished()


async def test_an_event_that_is_done_leaves_nothing_for_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        async with chat_with(doing("nothing")) as chat:
            await chat.says("/do")
            await chat.finished()
            await asyncio.sleep(0)
            assert not [each for each in gc.get_objects() if type(each) is Run]
    finally:
        gc.enable()


async def drained(plugin: Plugin[Settings], chat: PluginChat, limit: float, longest: float) -> asyncio.Task[int]:
    """Its version makes way for another."""
    running = await chat.host.adopt(Manifest(id="other", version="1.0.0", entry="tests:plugin"), plugin)
    await chat.says("/go")
    await chat.hears()
    assert running.crew.busy == 1
    return asyncio.ensure_future(running.crew.drain(limit, longest))


def going() -> Plugin[Settings]:
    plugin = Plugin()

    @plugin.command("go")
    async def go(ctx: Ctx) -> str:
        return await ctx.ask("What?", timeout=1_000)

    return plugin


async def test_a_version_is_kept_as_long_as_a_person_is_asked() -> None:
    async with chat_with(Plugin()) as chat:
        draining = await drained(going(), chat, 0.01, 60)
        await asyncio.sleep(0.05)
        assert not draining.done()
        await chat.says("this")
        assert await chat.hears() == "this"
        assert await draining == 0


async def test_a_question_that_takes_too_long_is_closed_with_a_word() -> None:
    async with chat_with(Plugin()) as chat:
        draining = await drained(going(), chat, 5, 0.02)
        assert (await chat.hears()).startswith("The question is closed: the plugin that asked makes way")
        assert await draining == 0
        await chat.finished()


async def test_nobody_is_asked_by_a_version_that_has_to_go() -> None:
    plugin, ends = Plugin(), list[type]()

    @plugin.command("go")
    async def go(ctx: Ctx) -> None:
        for _ in range(2):
            try:
                await ctx.ask("What?", timeout=1_000)
            except DialogClosed as error:
                ends.append(type(error))

    async with chat_with(Plugin()) as chat:
        assert await (await drained(plugin, chat, 5, 0.02)) == 0
    assert ends == [DialogReplaced, DialogReplaced]


async def test_a_handler_that_works_has_its_time_while_the_version_drains() -> None:
    plugin = Plugin()

    @plugin.command("go")
    async def go(ctx: Ctx) -> None:
        await ctx.reply("begun")
        await asyncio.Event().wait()

    async with chat_with(Plugin()) as chat:
        assert await (await drained(plugin, chat, 0.02, 60)) == 0
        with pytest.raises(PluginError, match="was interrupted"):
            await chat.finished()
