from __future__ import annotations

import asyncio

import pytest

from kagami.model.action import Failed, Send, Sent
from kagami.model.message import text
from kagami.plugins.api import Plugin
from kagami.testing.chat import ChatExecution, chat_with


async def test_what_an_earlier_run_sent_is_not_sent_again() -> None:
    async with chat_with(Plugin()) as chat:
        event = (await chat.says("hello")).event
        execution = ChatExecution(chat, event, restarted=True, journal={0: Sent("old")})
        before = execution.replays
        assert await execution.perform(Send(event.bot, event.chat, text("a"))) == Sent("old")
        assert (before, execution.replays) == (True, False)
        assert chat.silent


async def test_a_send_that_failed_is_made_again() -> None:
    async with chat_with(Plugin()) as chat:
        execution = await chat.says("hello")
        chat.receipts = [Failed("muted")]
        await execution.perform(Send(execution.event.bot, execution.event.chat, text("a")))
        assert not execution.journal


async def test_a_process_that_is_gone_sends_nothing() -> None:
    async with chat_with(Plugin()) as chat:
        execution = await chat.says("hello")
        execution.ended = True
        with pytest.raises(asyncio.CancelledError):
            await execution.perform(Send(execution.event.bot, execution.event.chat, text("a")))
        assert chat.silent
