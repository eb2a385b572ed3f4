from __future__ import annotations

import asyncio
from typing import Annotated, Any

import msgspec
import pytest

from kagami.errors import DialogClosed, DialogLeft, DialogTimeout
from kagami.plugins.api import Ask, Context, Plugin, Settings
from kagami.plugins.asking import Inquiry
from kagami.plugins.dialogs import DIALOGS
from kagami.testing.chat import PluginChat, chat_with
from kagami.testing.clock import FakeClock

Ctx = Context[Settings]
RESTARTED = "Kagami was restarted and does not wait for the answer any more. Please begin anew."
STOPS = "Kagami stops now and cannot wait for the answer. Please begin anew when it is back."


class Trip(msgspec.Struct):
    city: Annotated[str, Ask("Where to?")]
    days: Annotated[int, Ask("How many days?", ge=1, le=7)] = 3
    with_whom: str | None = None


def asking(*resumable: bool, **terms: Any) -> Plugin[Settings]:
    """A plugin whose `/ask` asks as many questions and says what it got."""
    plugin = Plugin()

    @plugin.command("ask")
    async def ask(ctx: Ctx) -> str:
        await ctx.reply("first")
        return ",".join([await ctx.ask(f"{n}?", resumable=each, **terms) for n, each in enumerate(resumable)])

    @plugin.command("other")
    async def other(ctx: Ctx) -> str:
        return "other"

    return plugin


async def heard(chat: PluginChat, *texts: str) -> None:
    """Exactly this is said, in this order."""
    assert [await chat.hears() for _ in texts] == list(texts)


async def test_a_form_asks_field_by_field_and_says_what_can_be_skipped() -> None:
    plugin, trips = Plugin(), list[Trip]()

    @plugin.command("trip")
    async def trip(ctx: Ctx) -> None:
        trips.append(await ctx.form(Trip))

    async with chat_with(plugin) as chat:
        await chat.says("/trip")
        assert await chat.hears() == "Where to?"
        await chat.says("Oslo")
        assert await chat.hears() == "How many days? (“-” skips it)"
        await chat.says("9")
        assert await chat.hears() == "It must be at most 7."
        await chat.says("跳过")
        assert await chat.hears() == "with whom (“-” skips it)"
        await chat.says("-")
        await chat.finished()
    assert trips == [Trip("Oslo", 3, None)]


@pytest.mark.parametrize(("terms", "said"), [({"timeout_text": "Too late."}, "Too late."), ({}, None)])
async def test_what_is_said_when_nobody_answers_can_be_chosen(terms: dict[str, str], said: str | None) -> None:
    clock = FakeClock()
    async with chat_with(asking(False, timeout=5, **terms), clock=clock) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await clock.asleep()
        await clock.advance(5)
        assert await chat.hears() == (said or "Nobody answered in time.")


async def test_silence_may_be_met_with_silence() -> None:
    clock = FakeClock()
    async with chat_with(asking(False, timeout=5, timeout_text=""), clock=clock) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await clock.asleep()
        await clock.advance(5)
        await chat.finished()
        assert chat.silent


async def test_a_command_ends_every_further_question_of_the_handler() -> None:
    plugin, ends = Plugin(), list[type]()

    @plugin.command("ask")
    async def ask(ctx: Ctx) -> None:
        for _ in range(3):
            try:
                await ctx.ask("What?")
            except DialogClosed as error:
                ends.append(type(error))

    @plugin.command("other")
    async def other(ctx: Ctx) -> str:
        return "other"

    async with chat_with(plugin) as chat:
        await chat.says("/ask")
        await chat.hears()
        await chat.says("/other")
        assert await chat.hears() == "other"
    assert ends == [DialogLeft] * 3


async def test_an_operators_command_ends_a_question() -> None:
    plugin = asking(False)

    @plugin.command("", operator=True)
    async def operate(ctx: Ctx, text: str) -> str:
        return f"ran {text}"

    async with chat_with(plugin) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await chat.says("#routes list", admin=True)
        await heard(chat, "The question is closed: a command came instead of an answer.", "ran #routes list")


async def test_commands_can_be_answers() -> None:
    async with chat_with(asking(False, commands=True)) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await chat.says("/other")
        await heard(chat, "/other")


async def test_a_kill_closes_an_open_question_with_a_notice() -> None:
    async with chat_with(asking(False)) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await chat.restart()
        await heard(chat, RESTARTED)
        await chat.finished()
        chat.assert_no_leaks()


async def test_the_notice_is_said_once_however_often_it_is_killed() -> None:
    async with chat_with(asking(False, False)) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await chat.says("a")
        await heard(chat, "1?")
        await chat.restart()
        await heard(chat, RESTARTED)
        await chat.restart()
        await chat.finished()
        assert chat.silent


async def test_a_resumable_question_survives_a_kill_without_a_word() -> None:
    async with chat_with(asking(True)) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await chat.restart()
        await opened(chat)
        assert chat.silent
        await chat.says("answer")
        await heard(chat, "answer")
        await chat.finished()
        assert chat.handled[-1].outcome == "handled"


async def test_answers_of_before_the_kill_come_again_in_order() -> None:
    async with chat_with(asking(True, True, True)) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await chat.says("a")
        await heard(chat, "1?")
        await chat.says("b")
        await heard(chat, "2?")
        await chat.restart()
        await opened(chat)
        assert chat.silent
        await chat.says("c")
        await heard(chat, "a,b,c")


async def test_a_question_that_is_not_resumable_closes_the_dialog_after_those_that_are() -> None:
    async with chat_with(asking(True, False)) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await chat.says("a")
        await heard(chat, "1?")
        await chat.restart()
        await heard(chat, RESTARTED)
        await chat.finished()


async def test_what_had_not_been_asked_before_the_kill_is_asked() -> None:
    async with chat_with(asking(True, False)) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await chat.restart()
        await opened(chat)
        await chat.says("a")
        await heard(chat, "1?")
        await chat.says("b")
        await heard(chat, "a,b")


async def test_a_stop_ends_a_question_with_a_word() -> None:
    async with chat_with(asking(False)) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await chat.restart(graceful=True)
        await heard(chat, STOPS)
        await chat.finished()
        assert chat.silent


async def test_a_stop_says_nothing_about_a_resumable_question() -> None:
    async with chat_with(asking(True)) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await chat.restart(graceful=True)
        await opened(chat)
        assert chat.silent
        await chat.says("answer")
        await heard(chat, "answer")


async def test_a_suspended_handler_cannot_send_on_its_way_out() -> None:
    plugin = Plugin()

    @plugin.command("ask")
    async def ask(ctx: Ctx) -> str:
        try:
            return await ctx.ask("What?", resumable=True)
        finally:
            await ctx.reply("bye")

    async with chat_with(plugin) as chat:
        await chat.says("/ask")
        await heard(chat, "What?")
        await chat.restart(graceful=True)
        await opened(chat)
        assert chat.silent
        await chat.says("answer")
        await heard(chat, "bye", "answer")


async def test_the_time_for_an_answer_begins_anew_with_the_restart() -> None:
    clock = FakeClock()
    async with chat_with(asking(True, timeout=60), clock=clock) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await clock.asleep()
        await clock.advance(59)
        await chat.restart()
        await opened(chat)
        await clock.advance(59)
        await chat.says("answer")
        await heard(chat, "answer")


async def test_a_dialog_of_before_the_restart_is_never_too_old() -> None:
    clock = FakeClock()
    async with chat_with(asking(True, timeout=3_600), clock=clock) as chat:
        await chat.says("/ask")
        await heard(chat, "first", "0?")
        await clock.advance(1_000)
        await chat.restart()
        await opened(chat)
        await chat.says("answer")
        await heard(chat, "answer")


async def test_who_asks_is_kept_as_long_as_the_question() -> None:
    async with chat_with(asking(True)) as chat:
        asked = await chat.says("/ask")
        await heard(chat, "first", "0?")
        kept = chat.store.kept[DIALOGS, asked.event.execution]
        await chat.says("a")
        await chat.finished()
        assert kept == '{"plugin":"plugin","version":"1.0.0"}'
        assert (DIALOGS, asked.event.execution) not in chat.store.kept


async def test_a_question_can_be_put_as_it_is() -> None:
    plugin, said = Plugin(), list[str]()

    @plugin.command("put")
    async def put(ctx: Ctx) -> None:
        said.append((await ctx.put(Inquiry("Number?", wanted=int))).text)
        with pytest.raises(DialogTimeout):
            await ctx.put(Inquiry(None, seconds=0.01))

    async with chat_with(plugin) as chat:
        await chat.says("/put")
        await chat.hears()
        await chat.says("5")
        await chat.finished()
    assert said == ["5"]


async def opened(chat: PluginChat) -> None:
    """A question is open."""
    async with asyncio.timeout(5):
        while not chat.questions:
            await asyncio.sleep(0)
