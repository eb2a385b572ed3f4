"""Versions that do badly: what is taken back, what rests, and what is nobody's fault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import text
from kagami.testing.chat import ChatExecution, PluginChat, chat_with

Write = Callable[..., Path]

ANSWERS = """
    from kagami.plugins.api import Context, Plugin, Settings
    plugin = Plugin()

    @plugin.command("v")
    async def version(ctx: Context[Settings]) -> str:
        return "{}"
"""


def running(chat: PluginChat, plugin: str) -> list[str]:
    return [active.version for active in chat.host.fleet.line(plugin).running]


def arrives(words: str) -> Event:
    return Event(
        ExecutionId("e"), BotId("test:1"), "message", "private", ChatId("private:1"), UserId("1"), 0, "e", text(words)
    )


FAILS = """
    from kagami.plugins.api import Context, Plugin, Settings
    plugin = Plugin()

    @plugin.command("v")
    async def version(ctx: Context[Settings]) -> str:
        raise ValueError("no")
"""


async def test_a_canary_that_fails_is_taken_back_once_and_what_waited_for_it_goes_on(
    tmp_path: Path, write: Write
) -> None:
    write("greeter", "1.0.0", main=ANSWERS.format("1.0.0"))
    write("greeter", "2.0.0", main=FAILS, manifest={"canary_weight": 100})
    async with chat_with(tmp_path) as chat:
        host, loop = chat.host, asyncio.get_running_loop()
        told: list[str] = []
        hastened = asyncio.Event()
        troubles: list[dict[str, object]] = []
        loop.set_exception_handler(lambda _, context: troubles.append(context))
        host.fleet.tell = lambda _level, kind, _text, **_: told.append(kind)
        host.fleet.changed = lambda _: hastened.set()
        for number in range(8):
            await chat.says("/v", user=str(number))
        async with asyncio.timeout(30):
            await hastened.wait()
        assert (told.count("canary_abort"), running(chat, "greeter"), troubles) == (1, ["1.0.0"], [])
        await chat.abandon()


async def test_one_event_that_fails_again_and_again_is_one_failure(tmp_path: Path, write: Write) -> None:
    write("greeter", "1.0.0", main=FAILS)
    async with chat_with(tmp_path) as chat:
        for tried in range(5):
            with pytest.raises(Exception, match="no"):
                await chat.host.handle(ChatExecution(chat, arrives("/v"), attempts=tried))
        assert not chat.host.fleet.line("greeter").running[0].resting


@pytest.mark.parametrize(("seen", "kind"), [("2.0.0", "canary_abort"), ("1.0.0", "quarantine")])
async def test_the_version_that_holds_up_everybody_is_the_one_that_pays(
    tmp_path: Path, write: Write, seen: str, kind: str
) -> None:
    for version, manifest in (("1.0.0", {}), ("2.0.0", {"canary_weight": 50})):
        write("greeter", version, main=ANSWERS.format(version), manifest=manifest)
    async with chat_with(tmp_path) as chat:
        told: asyncio.Queue[str] = asyncio.Queue()
        chat.host.fleet.tell = lambda _level, kind, _text, **_: told.put_nowait(kind)
        guard = asyncio.ensure_future(chat.host.guard())
        chat.host.blamed(chat.host.blame(["kagami/app.py", str(tmp_path / "greeter" / seen / "main.py")]), 11.0)
        async with asyncio.timeout(30):
            assert await told.get() == kind
        guard.cancel()
        assert bool(chat.host.decided.quarantine.is_quarantined("greeter")) == (kind == "quarantine")
