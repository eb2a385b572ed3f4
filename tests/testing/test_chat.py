from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec
import pytest

from kagami.errors import PluginError
from kagami.model.action import Delete
from kagami.model.ids import BotId, ChatId
from kagami.plugins.api import Context, Lifetime, Plugin, Settings
from kagami.testing.chat import MemoryValues, chat_with
from kagami.testing.clock import FakeClock
from tests.testing.elsewhere import hello


class BookSettings(Settings):
    max_days: int = 7


plugin = Plugin(settings=BookSettings)


@plugin.command("book", aliases=["订"], cooldown="5/min/user")
async def book(ctx: Context[BookSettings], city: str, days: int | None = None) -> str:
    """Book a trip, for example: /book 上海 3"""
    days = days or await ctx.ask("How many days?", int, le=ctx.settings.max_days, timeout=60, tries=3)
    if not await ctx.confirm(f"{city}, {days} days?"):
        return "Then not."
    await ctx.store.put(f"trip:{ctx.user}", {"city": city, "days": days})
    return f"Done: {city} × {days}"


async def test_a_chat_reads_like_a_chat() -> None:
    async with chat_with(plugin, settings={"max_days": 3}) as chat:
        await chat.says("/book 上海")
        assert await chat.hears() == "How many days?"
        await chat.says("4")
        assert await chat.hears() == "It must be at most 3."
        await chat.says("2")
        await chat.hears()
        await chat.says("yes")
        assert "Done" in await chat.hears()
        chat.assert_no_leaks()
        assert chat.store.kept == {("plugin", "trip:10001"): '{"city":"上海","days":2}'}


async def test_conversations_stand_side_by_side_and_each_keeps_its_order() -> None:
    async with chat_with(plugin) as chat:
        await chat.says("/book Oslo", user="1")
        await chat.says("/book Rome", user="2")
        assert [await chat.hears(), await chat.hears()] == ["How many days?", "How many days?"]
        await chat.says("2", user="2")
        assert await chat.hears() == "Rome, 2 days?"


async def test_an_open_question_is_a_leak() -> None:
    async with chat_with(plugin) as chat:
        await chat.says("/book Oslo")
        await chat.hears()
        with pytest.raises(AssertionError, match="handlers still run"):
            chat.assert_no_leaks()


async def test_a_task_without_an_owner_is_a_leak() -> None:
    leaky, tasks = Plugin(), list[asyncio.Task[None]]()

    @leaky.command("leak")
    async def leak(ctx: Context[Settings]) -> None:
        tasks.append(asyncio.ensure_future(forever()))
        await asyncio.sleep(0)

    async with chat_with(leaky) as chat:
        await chat.says("/leak")
        await chat.finished()
        with pytest.raises(AssertionError, match="has no owner"):
            chat.assert_no_leaks()


async def forever() -> None:
    await asyncio.Event().wait()


async def test_what_survives_fails_the_test() -> None:
    leaky = Plugin()

    @leaky.command("leak")
    async def leak(ctx: Context[Settings]) -> None:
        ctx.scope.on_close(forever)

    async def one_chat() -> None:
        async with chat_with(leaky, grace=0.01) as chat:
            await chat.says("/leak")
            await chat.finished()

    with pytest.raises(AssertionError, match="took too long"):
        await one_chat()


async def test_silence_is_told() -> None:
    async with chat_with(Plugin()) as chat:
        with pytest.raises(AssertionError, match="said nothing within"):
            await chat.hears(within=0.01)


async def test_a_failure_of_a_handler_is_heard() -> None:
    broken = Plugin()

    @broken.command("break")
    async def fail(ctx: Context[Settings]) -> None:
        raise RuntimeError("broken")

    async with chat_with(broken) as chat:
        await chat.says("/break")
        with pytest.raises(PluginError, match="broken"):
            await chat.hears(within=0.05)


async def test_what_is_no_message_is_heard_as_it_is() -> None:
    deleting = Plugin()

    @deleting.command("delete")
    async def delete(ctx: Context[Settings]) -> None:
        await ctx.delete("m1")

    async with chat_with(deleting) as chat:
        await chat.says("/delete")
        await chat.says("/delete")
        assert "m1" in await chat.hears()
        assert isinstance(await chat.receives(), Delete)


async def test_operations_are_answered_by_the_test() -> None:
    class Ask(msgspec.Struct):
        pass

    asking = Plugin()

    @asking.command("ask", operator=True)
    async def ask(ctx: Context[Settings]) -> str:
        return str(await ctx.operate(Ask()))

    async with chat_with(asking) as chat:
        chat.answers[Ask] = 7
        await chat.says("#ask", admin=True)
        assert await chat.hears() == "7"
        assert chat.calls == [Ask()]


async def test_values_are_kept_by_plugin() -> None:
    values = MemoryValues()
    values.kept[("a", "x:1")] = "1"
    assert (await values.get("a", "x:1"), await values.get("b", "x:1")) == ("1", None)
    assert (await values.keys("a", "x"), await values.keys("a", "y"), await values.keys("b", "")) == (["x:1"], [], [])


async def test_what_is_scheduled_is_run_when_time_passes() -> None:
    reminder = Plugin()

    @reminder.cron("0 9 * * *")
    async def morning(ctx: Context[Settings]) -> None:
        await ctx.send(ChatId("group:1"), "Good morning!", bot=BotId("qq:1"))

    @reminder.job("remind")
    async def remind(ctx: Context[Settings], what: str) -> str:
        return f"Now: {what}"

    @reminder.command("remind")
    async def ask(ctx: Context[Settings], minutes: int, what: str) -> str:
        due = await ctx.jobs.put(what, "remind", after=60 * minutes, data=what)
        return f"At {due:%H:%M}"

    async with chat_with(reminder, clock=FakeClock()) as chat:
        await chat.says("/remind 5 tea")
        assert await chat.hears() == "At 08:58"
        await chat.finished()
        await chat.advance(minutes=5)
        assert await chat.hears() == "Now: tea"
        await chat.advance(hours=24)
        assert await chat.hears() == "Good morning!"
        await chat.finished()
        chat.assert_no_leaks()
        assert chat.silent


async def test_what_is_scheduled_outlives_a_restart() -> None:
    reminder = Plugin()

    @reminder.job("remind")
    async def remind(ctx: Context[Settings]) -> str:
        return "Now!"

    @reminder.command("remind")
    async def ask(ctx: Context[Settings]) -> None:
        await ctx.jobs.put("a", "remind", after=60)

    async with chat_with(reminder, clock=FakeClock()) as chat:
        await chat.says("/remind")
        await chat.finished()
        await chat.restart()
        await chat.advance(minutes=1)
        assert await chat.hears() == "Now!"


async def test_a_job_of_a_handler_that_failed_is_not_scheduled() -> None:
    reminder = Plugin()

    @reminder.job("remind")
    async def remind(ctx: Context[Settings]) -> str:
        return "Now!"

    @reminder.command("remind")
    async def ask(ctx: Context[Settings]) -> None:
        await ctx.jobs.put("a", "remind", after=60)
        raise LookupError

    async with chat_with(reminder, clock=FakeClock()) as chat:
        await chat.says("/remind")
        with pytest.raises(PluginError):
            await chat.finished()
        await chat.advance(hours=1)
        assert chat.silent


async def test_only_a_clock_that_stands_still_is_advanced() -> None:
    async with chat_with(Plugin()) as chat:
        with pytest.raises(TypeError, match="FakeClock"):
            await chat.advance(1)


async def test_a_plugin_that_blocks_is_named() -> None:
    plugin = Plugin()

    @plugin.command("slow")
    async def slow(ctx: Context[Settings]) -> str:
        time.sleep(0.2)  # noqa: ASYNC251 - what is tested
        return "done"

    async with chat_with(plugin) as chat:
        chat.assert_never_blocked()
        await chat.says("/slow")
        await chat.hears()
        with pytest.raises(AssertionError, match=r"stood still for 0\.\d+ s at .*test_chat\.py:\d+"):
            chat.assert_never_blocked()


@pytest.mark.parametrize("owned", [True, False])
async def test_a_timer_is_a_leak_unless_the_scope_knows_it(owned: bool) -> None:
    plugin = Plugin()

    @plugin.command("later")
    async def later(ctx: Context[Settings]) -> str:
        timer = asyncio.get_running_loop().call_later(3600, print)
        if owned:
            ctx.scope.on_close(timer.cancel)
        return "done"

    async with chat_with(plugin) as chat:
        await chat.says("/later")
        await chat.hears()
        await chat.finished()
        if owned:
            chat.assert_no_leaks()
        else:
            with pytest.raises(AssertionError, match=r"timer print of .*test_chat\.py:\d+"):
                chat.assert_no_leaks()


async def test_a_task_of_the_scope_is_no_leak() -> None:
    plugin = Plugin()

    @plugin.start
    async def begin(life: Lifetime[Settings]) -> None:
        life.scope.task(asyncio.sleep(3600))

    async with chat_with(plugin) as chat:
        chat.assert_no_leaks()


@pytest.fixture
def patched() -> Plugin[Settings]:
    """A plugin of another module with commands of this one."""
    patched = Plugin()
    patched.command("hello")(hello)

    @patched.command("leak")
    async def leak(ctx: Context[Settings]) -> None:
        asyncio.get_running_loop().call_later(3600, print)
        forgotten.append(asyncio.ensure_future(asyncio.Event().wait()))

    @patched.job("open")
    async def keep_open(ctx: Context[Settings]) -> None:
        forgotten.append(Path(__file__).open())  # noqa: SIM115, ASYNC230 - that is the leak

    @patched.command("soon")
    async def soon(ctx: Context[Settings]) -> None:
        await ctx.jobs.put("a", "open", after=0)

    return patched


forgotten: list[object] = []


async def test_what_a_command_that_a_test_added_leaks_is_found(patched: Plugin[Settings]) -> None:
    async with chat_with(patched) as chat:
        await chat.says("/leak")
        await chat.finished()
        with pytest.raises(AssertionError, match=r"(?s)task .*test_chat\.py:\d+.*timer print of .*test_chat\.py:\d+"):
            chat.assert_no_leaks()


async def test_a_file_that_a_job_of_a_test_leaves_open_is_found(patched: Plugin[Settings]) -> None:
    async with AsyncExitStack() as stack:
        chat = await stack.enter_async_context(chat_with(patched, clock=FakeClock()))
        await chat.says("/soon")
        await chat.finished()
        await chat.advance(1)
        await chat.finished()
        with pytest.raises(AssertionError, match=r"file .*test_chat\.py of .*test_chat\.py:\d+"):
            await stack.aclose()
