from __future__ import annotations

import pytest

from kagami.plugins.api import Context, Plugin, Settings
from kagami.testing.chat import chat_with

Ctx = Context[Settings]


def with_operator_fallback() -> Plugin[Settings]:
    plugin = Plugin()

    @plugin.command("stop", operator=True)
    async def stop(ctx: Ctx, what: str) -> str:
        return f"stopped {what}"

    @plugin.command("", operator=True)
    async def anything(ctx: Ctx, text: str) -> str:
        return f"unknown {text}"

    return plugin


async def test_an_operators_command_that_nobody_has_goes_to_the_fallback() -> None:
    async with chat_with(with_operator_fallback()) as chat:
        await chat.says("#nonsense 1 2", admin=True)
        assert await chat.hears() == "unknown #nonsense 1 2"


async def test_a_wrong_call_of_an_operator_gets_a_usage_line() -> None:
    async with chat_with(with_operator_fallback()) as chat:
        await chat.says("#stop", admin=True)
        assert await chat.hears() == "what is missing: a text.\nUsage: #stop <what>"


async def test_without_a_fallback_an_unknown_operators_command_is_ignored() -> None:
    async with chat_with(Plugin()) as chat:
        await chat.says("#nonsense", admin=True)
        await chat.finished()
        assert chat.handled[0].outcome == "ignored"


async def test_what_only_looks_like_an_operators_command_is_an_answer() -> None:
    plugin = with_operator_fallback()

    @plugin.command("ask")
    async def ask(ctx: Ctx) -> str:
        return await ctx.ask("What?")

    async with chat_with(plugin) as chat:
        await chat.says("/ask")
        await chat.hears()
        await chat.says("#trending")
        assert await chat.hears() == "#trending"


async def test_names_are_found_whatever_their_case_and_by_alias() -> None:
    plugin = Plugin()

    @plugin.command("Hi", aliases=["嗨"])
    async def hi(ctx: Ctx) -> str:
        return ctx.word

    async with chat_with(plugin) as chat:
        for said in ("/hi", "/HI", "/嗨"):
            await chat.says(said)
        assert [await chat.hears() for _ in range(3)] == ["hi", "hi", "嗨"]


async def test_the_first_intent_that_matches_gets_the_message() -> None:
    plugin = Plugin()

    @plugin.intent(keywords=["weather"])
    async def first(ctx: Ctx) -> str:
        return "first"

    @plugin.intent(regex="wea.*")
    async def second(ctx: Ctx) -> str:
        return "second"

    async with chat_with(plugin) as chat:
        await chat.says("weather")
        assert await chat.hears() == "first"
        await chat.says("wealth")
        assert await chat.hears() == "second"
        assert chat.silent


@pytest.mark.parametrize(
    ("language", "summaries"), [("en", ["Open.", "Close.", "Same."]), ("zh", ["打开。", "Close.", "Same."])]
)
async def test_commands_are_described_in_the_language_of_the_answers(language: str, summaries: list[str]) -> None:
    plugin = Plugin()

    @plugin.command("open", summary={"en": "Open.", "zh": "打开。"})
    async def open_it(ctx: Ctx) -> str:
        return f"{ctx.language}: {[each.summary for each in ctx.commands]}"

    @plugin.command("close", summary={"en": "Close."})
    async def close(ctx: Ctx) -> None: ...

    @plugin.command("same")
    async def same(ctx: Ctx) -> None:
        """Same."""

    async with chat_with(plugin, language=language) as chat:
        await chat.says("/open")
        assert await chat.hears() == f"{language}: {summaries}"
