from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from kagami.errors import NotFound, PluginError
from kagami.model.action import Action, Call, Delete, Receipt, Send
from kagami.model.ids import BotId
from kagami.model.segment import Image, Mention, Reply, Text
from kagami.plugins.api import (
    Chat,
    Conflict,
    Context,
    DialogCancelled,
    DialogTimeout,
    Failed,
    Lifetime,
    Plugin,
    Sent,
    Settings,
    Unknown,
    User,
)
from kagami.plugins.context import as_message
from kagami.testing.chat import ChatExecution, chat_with
from kagami.testing.clock import FakeClock

Ctx = Context[Settings]


def asking(kind: Any = str, **options: Any) -> Plugin[Settings]:
    """A plugin whose `/ask` asks and says what it got."""
    plugin = Plugin()

    @plugin.command("ask")
    async def ask(ctx: Ctx) -> str:
        return repr(await ctx.ask("What?", kind, **options))

    @plugin.command("help")
    async def show(ctx: Ctx) -> str:
        return "help"

    return plugin


async def test_a_handler_sees_who_said_what_and_where() -> None:
    plugin = Plugin()

    @plugin.command("who")
    async def who(ctx: Ctx) -> str:
        return f"{ctx.bot} {ctx.chat} {ctx.user} {ctx.text} {ctx.word}"

    async with chat_with(plugin) as chat:
        await chat.says("/WHO", user="7", chat="group:5")
        assert await chat.hears() == "test:1 group:5 7 /WHO who"


async def test_what_the_platform_said_is_the_value_of_a_send() -> None:
    plugin, receipts = Plugin(), list[Any]()

    @plugin.command("say")
    async def say(ctx: Ctx) -> None:
        receipts.extend([await ctx.reply("a"), await ctx.reply("b"), await ctx.reply("c")])

    async with chat_with(plugin) as chat:
        chat.receipts = [Sent("1"), Failed("muted"), Unknown("no answer")]
        await chat.says("/say")
        await chat.finished()
    assert receipts == [Sent("1"), Failed("muted"), Unknown("no answer")]


async def test_actions_leave_through_the_account_of_the_event_unless_another_is_named() -> None:
    plugin = Plugin()

    @plugin.command("act")
    async def act(ctx: Ctx) -> None:
        await ctx.reply("quoted", quote=True)
        await ctx.send(Chat("group:9"), Image("cat"))
        await ctx.send(Chat("group:9"), "there", bot=BotId("test:2"))
        await ctx.delete("m1")
        await ctx.call("set_group_ban", user_id=1)

    async with chat_with(plugin) as chat:
        execution = await chat.says("/act")
        bot, here = execution.event.bot, execution.event.chat
        assert await chat.receives() == Send(bot, here, (Reply(execution.event.message_id), Text("quoted")))
        assert await chat.receives() == Send(bot, Chat("group:9"), (Image("cat"),))
        assert await chat.receives() == Send(BotId("test:2"), Chat("group:9"), (Text("there"),))
        assert await chat.receives() == Delete(bot, here, "m1")
        assert await chat.receives() == Call(bot, "set_group_ban", {"user_id": 1})


async def test_a_returned_message_is_the_reply() -> None:
    plugin = Plugin()

    @plugin.command("cat")
    async def cat(ctx: Ctx) -> tuple[Text, Image]:
        return Text("look"), Image("cat")

    async with chat_with(plugin) as chat:
        await chat.says("/cat")
        action = await chat.receives()
        assert isinstance(action, Send)
        assert action.message == (Text("look"), Image("cat"))


@pytest.mark.parametrize("text", ["[CQ:at,qq=all]", "", "{0}", "[/b]"])
def test_a_text_is_never_parsed(text: str) -> None:
    assert as_message(text) == (Text(text),)


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(TypeError, match="not int"):
        as_message(5)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("type_", "answer", "shown"),
    [
        (str, "two words", "'two words'"),
        (int, " 3 ", "3"),
        (bool, "不", "False"),
        (timedelta, "2h 30m", None),
        (timedelta, "90s", "datetime.timedelta(seconds=90)"),
    ],
)
async def test_an_answer_is_read_as_its_type(type_: Any, answer: str, shown: str | None) -> None:
    async with chat_with(asking(type_)) as chat:
        await chat.says("/ask")
        assert await chat.hears() == "What?"
        await chat.says(answer)
        heard = await chat.hears()
        if shown is None:
            assert heard.startswith("Please answer with a duration")
            await chat.says("cancel")
            assert await chat.hears()
        else:
            assert heard == shown


async def test_a_mention_answers_for_a_user_and_a_picture_for_an_image() -> None:
    plugin = Plugin()

    @plugin.command("both")
    async def both(ctx: Ctx) -> str:
        who = await ctx.ask("Who?", User)
        return f"{who} {(await ctx.ask('Picture?', Image)).file}"

    async with chat_with(plugin) as chat:
        await chat.says("/both")
        await chat.hears()
        await chat.says((Mention("42"), Text(" ")))
        assert await chat.hears() == "Picture?"
        await chat.says("no picture")
        assert await chat.hears() == "Please answer with a picture."
        await chat.says((Image("cat"),))
        assert await chat.hears() == "42 cat"


async def test_a_wrong_answer_is_asked_again_until_the_tries_are_used() -> None:
    async with chat_with(asking(int, ge=1, le=3, tries=4)) as chat:
        await chat.says("/ask")
        heard = []
        for answer in ("x", "0", "9", ""):
            heard.append(await chat.hears())
            await chat.says(answer)
        assert heard == [
            "What?",
            "Please answer with a whole number.",
            "It must be at least 1.",
            "It must be at most 3.",
        ]
        assert await chat.hears() == "The question was closed: too many answers that did not fit."
        await chat.finished()


async def test_every_answer_is_closed_with_the_event_that_asked() -> None:
    async with chat_with(asking(int)) as chat:
        asked = await chat.says("/ask")
        await chat.hears()
        wrong = await chat.says("x")
        await chat.hears()
        right = await chat.says("1")
        await chat.hears()
        assert asked.answers == [wrong, right]


@pytest.mark.parametrize("word", ["cancel", "CANCEL", " 取消 "])
async def test_a_question_can_be_cancelled(word: str) -> None:
    async with chat_with(asking(int)) as chat:
        await chat.says("/ask")
        await chat.hears()
        await chat.says(word)
        assert await chat.hears() == "The question was cancelled."
        await chat.finished()
        assert chat.handled[0].outcome == "handled"


async def test_words_that_cancel_can_be_chosen() -> None:
    async with chat_with(asking(str, cancel=["stop"])) as chat:
        await chat.says("/ask")
        await chat.hears()
        await chat.says("cancel")
        assert await chat.hears() == "'cancel'"


async def test_nobody_answers_in_time() -> None:
    clock = FakeClock()
    async with chat_with(asking(timeout=30), clock=clock) as chat:
        await chat.says("/ask")
        await chat.hears()
        await clock.asleep()
        await clock.advance(30)
        assert await chat.hears() == "Nobody answered in time."
        chat.assert_no_leaks()


async def test_a_handler_may_deal_with_silence_itself() -> None:
    plugin = Plugin()

    @plugin.command("ask")
    async def ask(ctx: Ctx) -> str:
        try:
            return await ctx.ask("What?", timeout=30)
        except DialogTimeout:
            return "never mind"
        except DialogCancelled:
            return "as you like"

    clock = FakeClock()
    async with chat_with(plugin, clock=clock) as chat:
        await chat.says("/ask")
        await chat.hears()
        await clock.asleep()
        await clock.advance(30)
        assert await chat.hears() == "never mind"
        await chat.says("/ask")
        await chat.hears()
        await chat.says("取消")
        assert await chat.hears() == "as you like"


async def test_a_command_ends_the_question_and_has_its_turn() -> None:
    async with chat_with(asking()) as chat:
        await chat.says("/ask")
        await chat.hears()
        await chat.says("/help")
        assert await chat.hears() == "The question is closed: a command came instead of an answer."
        assert await chat.hears() == "help"


async def test_what_is_no_command_is_an_answer() -> None:
    async with chat_with(asking()) as chat:
        await chat.says("/ask")
        await chat.hears()
        await chat.says("/no such command")
        assert await chat.hears() == "'/no such command'"


async def test_a_question_whose_choices_are_commands_takes_them() -> None:
    async with chat_with(asking(choices=["/help", "/ask"])) as chat:
        await chat.says("/ask")
        await chat.hears()
        await chat.says("/help")
        assert await chat.hears() == "'/help'"


@pytest.mark.parametrize(("answer", "said"), [("好的", "yes"), ("n", "no")])
async def test_a_confirmation_is_yes_or_no(answer: str, said: str) -> None:
    plugin = Plugin()

    @plugin.command("ask")
    async def ask(ctx: Ctx) -> str:
        return "yes" if await ctx.confirm("Sure?") else "no"

    async with chat_with(plugin) as chat:
        await chat.says("/ask")
        assert await chat.hears() == "Sure?"
        await chat.says("perhaps")
        assert await chat.hears() == "Please answer with yes or no."
        await chat.says(answer)
        assert await chat.hears() == said


async def test_an_option_is_chosen_by_its_number() -> None:
    plugin = Plugin()

    @plugin.command("ask")
    async def ask(ctx: Ctx) -> str:
        return await ctx.choose("Colour?", ["red", "blue"])

    async with chat_with(plugin) as chat:
        await chat.says("/ask")
        assert await chat.hears() == "Colour?\n1. red\n2. blue"
        await chat.says("3")
        assert await chat.hears() == "Please answer with one of: red, blue."
        await chat.says("2")
        assert await chat.hears() == "blue"


async def test_waiting_for_a_picture_lets_other_messages_pass() -> None:
    plugin = Plugin()

    @plugin.command("wait")
    async def wait(ctx: Ctx) -> str:
        return (await ctx.wait_for(Image)).file

    async with chat_with(plugin) as chat:
        asked = await chat.says("/wait")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await chat.says("no picture")
        shown = await chat.says((Text("here"), Image("cat")))
        assert await chat.hears() == "cat"
        assert asked.answers == [shown]


async def test_two_questions_in_one_conversation_conflict() -> None:
    plugin, caught = Plugin(), list[Conflict]()

    @plugin.command("ask")
    async def ask(ctx: Ctx) -> None:
        other: asyncio.Task[str] = ctx.scope.task(ctx.wait_for())
        await asyncio.sleep(0)
        try:
            await ctx.ask("What?")
        except Conflict as error:
            caught.append(error)
        other.cancel()

    async with chat_with(plugin) as chat:
        await chat.says("/ask")
        await chat.finished()
    assert caught


async def test_an_operation_is_called_as_the_operator_and_its_refusal_is_said() -> None:
    class Ask(msgspec.Struct):
        pass

    plugin = Plugin()

    @plugin.command("op")
    @plugin.command("op", operator=True)
    async def op(ctx: Ctx) -> str:
        return str(await ctx.operate(Ask()))

    async with chat_with(plugin) as chat:
        await chat.says("/op")
        assert await chat.hears() == "This needs the right Ask."
        chat.answers[Ask] = 5
        await chat.says("#op", admin=True)
        assert await chat.hears() == "5"
        chat.answers[Ask] = NotFound(what="x", name="y")
        await chat.says("#op", admin=True)
        assert await chat.hears() == "There is no x named y."


async def test_commands_of_operators_are_shown_to_operators_only() -> None:
    plugin, seen = Plugin(), list[list[str]]()

    @plugin.command("mine")
    async def mine(ctx: Ctx) -> None:
        seen.append([line.name for line in ctx.commands])

    @plugin.command("all", operator=True)
    async def everything(ctx: Ctx) -> None:
        seen.append([line.name for line in ctx.commands])

    async with chat_with(plugin) as chat:
        await chat.says("/mine")
        await chat.says("#all", admin=True)
        await chat.finished()
    assert seen == [["mine"], ["mine", "all"]]


async def test_questions_are_repeated_in_the_configured_language() -> None:
    words = {"Please answer with {expected}.": "请回答{expected}。", "a whole number": "一个整数"}
    async with chat_with(asking(int), translate=lambda text: words.get(text, text)) as chat:
        await chat.says("/ask")
        await chat.hears()
        await chat.says("x")
        assert await chat.hears() == "请回答一个整数。"


async def test_an_answer_that_comes_while_the_prompt_fails_is_closed_with_its_event() -> None:
    plugin = Plugin()

    @plugin.command("ask")
    async def ask(ctx: Ctx) -> str:
        return await ctx.ask("What?")

    async with chat_with(plugin) as chat:
        quick = None

        async def breaks(action: Action) -> Receipt:
            nonlocal quick
            quick = await chat.says("quick")
            raise ConnectionError("gone")

        asked = ChatExecution(chat, (await chat.says("/none")).event)
        asked.event = msgspec.structs.replace(asked.event, message=(Text("/ask"),))
        asked.perform = breaks  # type: ignore[method-assign]
        with pytest.raises(PluginError):
            await chat.host.handle(asked)
        assert asked.answers == [quick]


async def test_a_handler_knows_the_roles_of_who_writes() -> None:
    plugin = Plugin()

    @plugin.command("may")
    async def may(ctx: Ctx) -> str:
        return " ".join(role for role in ("member", "admin", "owner", "super", "helper") if ctx.may(role))

    async with chat_with(plugin) as chat:
        await chat.host.decided.roles.grant("helper", "test:7", on=True)
        await chat.says("/may", chat="group:1", user="7", role="admin")
        assert await chat.hears() == "member admin helper"
        await chat.says("/may", chat="group:1", user="8")
        assert await chat.hears() == "member"


async def test_a_handler_knows_the_time_of_the_tests_clock() -> None:
    plugin = Plugin()

    @plugin.command("now")
    async def now(ctx: Ctx) -> str:
        return str(round(ctx.now().timestamp() * 1000))

    clock = FakeClock()
    async with chat_with(plugin, clock=clock) as chat:
        await chat.says("/now")
        assert await chat.hears() == str(clock.wall_ms())


async def test_a_watcher_of_a_name_gets_what_narrows_it() -> None:
    plugin, seen = Plugin(), list[str]()

    @plugin.on("group_increase")
    async def joined(ctx: Ctx) -> None:
        seen.append(ctx.event.name)

    async with chat_with(plugin) as chat:
        await chat.happens("notice", "group_increase.approve")
        await chat.happens("notice", "group_decrease.kick")
        await chat.finished()
        assert seen == ["group_increase.approve"]


async def test_hooks_know_the_language_of_the_answers() -> None:
    plugin, known = Plugin(), list[str]()

    @plugin.start
    async def begin(life: Lifetime[Settings]) -> None:
        known.append(life.language)

    async with chat_with(plugin, language="zh"):
        assert known == ["zh"]
