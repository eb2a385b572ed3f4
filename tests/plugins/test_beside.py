"""Several versions and several plugins at once: what one event, one chat and one start see of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kagami.errors import Parked
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import text
from kagami.testing.chat import ChatExecution, PluginChat, chat_with
from kagami.testing.clock import FakeClock

Write = Callable[..., Path]

ASKS = """
    from kagami.plugins.api import Context, Plugin, Settings
    plugin = Plugin()

    @plugin.command("ask")
    async def ask(ctx: Context[Settings]) -> str:
        return "{} " + await ctx.ask("What?", resumable=True)
"""
ANSWERS = """
    from kagami.plugins.api import Context, Plugin, Settings
    plugin = Plugin()

    @plugin.command("v")
    async def version(ctx: Context[Settings]) -> str:
        return "{}"
"""
WATCHES = """
    from kagami.plugins.api import Context, Plugin, Settings
    plugin = Plugin()

    @plugin.on("message")
    async def every(ctx: Context[Settings]) -> None:
        await ctx.store.put(ctx.text, "{}")
"""


def running(chat: PluginChat, plugin: str) -> list[str]:
    return [active.version for active in chat.host.fleet.line(plugin).running]


def arrives(words: str) -> Event:
    return Event(
        ExecutionId("e"), BotId("test:1"), "message", "private", ChatId("private:1"), UserId("1"), 0, "e", text(words)
    )


async def test_an_open_dialog_of_one_plugin_holds_nothing_of_another(tmp_path: Path, write: Write) -> None:
    write("asker", main=ASKS.format("asker"))
    write("watcher", main=WATCHES.format("old"))
    async with chat_with(tmp_path) as chat:
        await chat.says("/ask")
        await chat.hears()
        write("watcher", main=WATCHES.format("new"))
        (row,) = await chat.host.office.reload("watcher")
        assert row.survivors == ()
        await chat.says("this")
        assert await chat.hears() == "asker this"
        await chat.finished()
        assert await chat.store.items("watcher") == {"/ask": '"new"'}


async def test_a_timetable_is_run_by_the_stable_version(tmp_path: Path, write: Write) -> None:
    runs = """
    from kagami.plugins.api import Context, Plugin, Settings
    plugin = Plugin()

    @plugin.cron("0 * * * *")
    async def hourly(ctx: Context[Settings]) -> None:
        await ctx.store.put("by", "{}")
    """
    write("greeter", "1.0.0", main=runs.format("1.0.0"))
    write("greeter", "2.0.0", main=runs.format("2.0.0"), manifest={"canary_weight": 100})
    async with chat_with(tmp_path, clock=FakeClock()) as chat:
        await chat.advance(hours=1)
        await chat.finished()
        assert await chat.store.get("greeter", "by") == '"1.0.0"'


async def asked_by_the_older(chat: PluginChat, folder: Path, write: Write) -> None:
    """A dialog of 1.0.0 is open, and the next start serves 2.0.0."""
    await chat.says("/ask")
    await chat.hears()
    write("asker", "2.0.0", main=ANSWERS.format("2.0.0"))
    await chat.restart(graceful=True)
    assert running(chat, "asker")[:1] == ["2.0.0"], folder


async def test_a_version_that_was_brought_for_a_dialog_goes_with_it(tmp_path: Path, write: Write) -> None:
    write("asker", "1.0.0", main=ASKS.format("1.0.0"))
    async with chat_with(tmp_path) as chat:
        await asked_by_the_older(chat, tmp_path, write)
        await chat.says("this")
        assert await chat.hears() == "1.0.0 this"
        await chat.finished()
        assert running(chat, "asker") == ["2.0.0"]


async def test_a_dialog_that_goes_on_leaves_other_plugins_as_the_chat_has_them(tmp_path: Path, write: Write) -> None:
    write("asker", "1.0.0", main=ASKS.format("1.0.0").replace('command("ask")', 'on("message")'))
    write("watcher", main=WATCHES.format("off"))
    async with chat_with(tmp_path) as chat:
        await chat.host.office.switch("watcher", "test:1", "private:10001", on=False)
        await asked_by_the_older(chat, tmp_path, write)
        await chat.says("this")
        assert await chat.hears() == "1.0.0 this"
        await chat.finished()
        assert await chat.store.items("watcher") == {}


async def test_a_question_without_a_word_before_it_is_not_too_late_after_a_restart(
    tmp_path: Path, write: Write
) -> None:
    silent = ASKS.format("1.0.0").replace('ctx.ask("What?", ', "ctx.wait_for(timeout=3600, ")
    write("asker", main=silent)
    async with chat_with(tmp_path, clock=FakeClock()) as chat:
        await chat.says("/ask")
        await chat.advance(minutes=10)
        await chat.restart(graceful=True)
        await chat.advance(seconds=1)
        await chat.says("this")
        assert await chat.hears() == "1.0.0 this"


SLOW = """
    import asyncio
    from kagami.plugins.api import Plugin
    plugin = Plugin()

    @plugin.start
    async def begin(life):
        await life.store.put("begun", True)
        await asyncio.sleep(0.05)

    @plugin.stop
    async def end(life):
        await life.store.put("ended", True)
"""


async def test_what_is_being_loaded_when_everything_ends_ends_too(tmp_path: Path, write: Write) -> None:
    write("slow", main=ANSWERS.format("1.0.0"))
    async with chat_with(tmp_path) as chat:
        write("slow", main=SLOW)
        reloading = asyncio.ensure_future(chat.host.office.reload("slow"))
        async with asyncio.timeout(5):
            while await chat.store.get("slow", "begun") is None:
                await asyncio.sleep(0)
    await reloading
    assert await chat.store.get("slow", "ended") == "true"


async def test_taking_the_version_that_serves_forgets_nothing_of_the_past(tmp_path: Path, write: Write) -> None:
    for version in ("1.0.0", "1.5.0", "2.0.0"):
        write("greeter", version, main=ANSWERS.format(version))
    async with chat_with(tmp_path) as chat:
        await chat.host.office.use("greeter", "1.0.0")
        await chat.host.office.use("greeter", "")
        await chat.host.office.use("greeter", "")
        assert (await chat.host.office.rollback("greeter")).new == "1.0.0"


async def test_an_event_of_before_the_restart_is_wanted_until_its_asker_was_looked_for(tmp_path: Path) -> None:
    async with chat_with(tmp_path) as chat:
        assert not chat.host.wants(ChatExecution(chat, arrives("/ask")))
        assert chat.host.wants(ChatExecution(chat, arrives("/ask"), restarted=True))


async def test_a_canary_whose_reload_fails_goes_on_as_it_is(tmp_path: Path, write: Write) -> None:
    write("greeter", "1.0.0", main=ANSWERS.format("1.0.0"))
    write("greeter", "2.0.0", main=ANSWERS.format("2.0.0"))
    async with chat_with(tmp_path) as chat:
        await chat.host.office.use("greeter", "1.0.0")
        await chat.host.office.weigh("greeter", 100, "2.0.0")
        write("greeter", "2.0.0", main="1 / 0")
        await chat.host.office.reload("greeter")
        await chat.says("/v")
        assert await chat.hears() == "2.0.0"
        assert "ZeroDivisionError" in chat.host.fleet.line("greeter").failed["2.0.0"]


async def test_a_chosen_version_that_cannot_be_loaded_is_not_the_choice_of_the_next_start(
    tmp_path: Path, write: Write
) -> None:
    write("greeter", "1.0.0", main="1 / 0")
    write("greeter", "2.0.0", main=ANSWERS.format("2.0.0"))
    async with chat_with(tmp_path) as chat:
        row = await chat.host.office.use("greeter", "1.0.0")
        assert (row.new, bool(row.error)) == ("2.0.0", True)
        await chat.restart()
        await chat.says("/v")
        assert await chat.hears() == "2.0.0"


async def test_a_version_is_removed_once_whatever_happens_meanwhile(tmp_path: Path, write: Write) -> None:
    for version in ("1.0.0", "2.0.0"):
        write("greeter", version, main=ANSWERS.format(version))
    async with chat_with(tmp_path) as chat:
        office = chat.host.office
        await asyncio.gather(office.remove("greeter", "1.0.0"), office.reload("greeter"), office.reload(None))
        assert [found.manifest.version for found in chat.host.fleet.line("greeter").found] == ["2.0.0"]


async def test_a_file_that_cannot_be_read_stops_nobody_else(tmp_path: Path, write: Write) -> None:
    folder = write("broken", main=ANSWERS.format("broken"))
    (folder / "x.py").symlink_to("/proc/self/mem")
    write("greeter", main=ANSWERS.format("fine"))
    async with chat_with(tmp_path) as chat:
        await chat.says("/v")
        assert await chat.hears() == "fine"
        assert chat.host.fleet.line("broken").failed


DIES = """
    import asyncio
    raise asyncio.CancelledError  # ends the start, as the end of the process would
"""


async def test_a_canary_that_ends_the_process_is_left_out_and_the_stable_version_serves(
    tmp_path: Path, write: Write
) -> None:
    write("greeter", "1.0.0", main=ANSWERS.format("1.0.0"))
    async with chat_with(tmp_path) as chat:
        write("greeter", "2.0.0", main=DIES, manifest={"canary_weight": 50})
        for _ in range(3):
            with pytest.raises(asyncio.CancelledError):
                await chat.restart()
        await chat.restart()
        assert running(chat, "greeter") == ["1.0.0"]
        assert "2.0.0" in chat.host.fleet.line("greeter").failed


COUNTS = """
    from kagami.plugins.api import Context, Plugin, Settings
    plugin = Plugin(state={})

    @plugin.upgrade(1)
    def upgrade(key, value):
        return key, value + (0 if value < 900 else None)

    @plugin.command("up")
    async def up(ctx: Context[Settings]) -> str:
        count = await ctx.store.get("count", 0) + 1
        await ctx.store.put("count", count)
        return str(count)

    @plugin.command("hold")
    async def hold(ctx: Context[Settings]) -> None:
        await ctx.ask("Why?")
"""


async def test_a_promoted_version_has_from_its_first_event_on_what_the_older_wrote(
    tmp_path: Path, write: Write
) -> None:
    write("counter", "1.0.0", main=COUNTS.format(1))
    write("counter", "2.0.0", main=COUNTS.format(2))
    async with chat_with(tmp_path) as chat:
        await chat.host.office.use("counter", "1.0.0")
        await chat.host.office.weigh("counter", 0, "2.0.0")
        await chat.says("/hold", user="7")
        await chat.hears()
        for _ in range(3):
            await chat.says("/up")
            await chat.hears()
        async with asyncio.timeout(5):
            while await chat.store.get("counter", "count") != "3":
                await asyncio.sleep(0)
        await chat.host.office.promote("counter")
        await chat.says("/up")
        assert await chat.hears() == "4"
        await chat.says("so", user="7")


async def test_a_value_that_cannot_be_taken_over_does_not_undo_the_switch(tmp_path: Path, write: Write) -> None:
    write("counter", "1.0.0", main=COUNTS.format(1))
    write("counter", "2.0.0", main=COUNTS.format(2))
    async with chat_with(tmp_path) as chat:
        await chat.host.office.use("counter", "1.0.0")
        await chat.host.office.weigh("counter", 0, "2.0.0")
        await chat.store.put_many([])
        chat.store.kept["counter", "count"] = "1000"
        told: list[str] = []
        chat.host.fleet.tell = lambda _level, kind, _text, **_: told.append(kind)
        assert (await chat.host.office.promote("counter")).new == "2.0.0"
        assert "merge" in told


async def test_a_command_that_has_to_wait_for_its_plugin_is_not_used_up(tmp_path: Path, write: Write) -> None:
    write("greeter", main=ANSWERS.format("hi").replace('"v"', '"v", cooldown="1/h/user"'))
    async with chat_with(tmp_path) as chat:
        sentence = {"reason": "because", "since_ms": 1}
        chat.store.kept["@quarantine", "greeter"] = json.dumps(sentence)
        await chat.host.decided.quarantine.open()
        for _ in range(2):
            with pytest.raises(Parked):
                await chat.host.handle(ChatExecution(chat, arrives("/v")))
        await chat.host.office.release("greeter")
        handled = await chat.host.handle(ChatExecution(chat, arrives("/v")))
        assert (handled.outcome, await chat.hears()) == ("handled", "hi")
