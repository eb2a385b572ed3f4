from __future__ import annotations

import asyncio
import socket
import textwrap
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from kagami import log
from kagami.config import Settings, load
from kagami.engine import RETENTION_S, Engine, open_engine, retain
from kagami.errors import SettingError, StoreClosed
from kagami.home import Home
from kagami.model.trace import Trace
from kagami.operations.messages import ListMessages, Say, Search
from kagami.operations.system import Connect, Status, Stop
from kagami.operations.traces import GetTrace, ListTraces, Traced
from kagami.testing.clock import FakeClock
from kagami.testing.onebot import Peer, connect_implementation


def settings(home: Path, **environ: str) -> Settings:
    free = {"KAGAMI_GATEWAY__PORT": "0", "KAGAMI_WEB__PORT": "0"}
    return load(Home(home), environ=free | environ)


@asynccontextmanager
async def engine(home: Path, **environ: str) -> AsyncIterator[Engine]:
    async with open_engine(settings(home, **environ), log.Ring()) as opened:
        yield opened


async def traced(opened: Engine, execution: str) -> Traced:
    async with asyncio.timeout(5):
        while True:
            try:
                found: Traced = await opened.call(GetTrace(execution=execution))
            except Exception:  # noqa: BLE001 - not there yet
                await asyncio.sleep(0.01)
            else:
                return found


async def test_the_sandbox_answers_without_any_account(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        found = await traced(opened, await opened.call(Say(text="/echo 你好")))
        assert found.trace.outcome == "handled"
        assert [row.text for row in found.sends] == ["你好"]


async def test_an_implementation_connects_and_its_message_is_answered(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        where = await opened.call(Connect())
        assert f":{opened.gateway_port}/" in where.url, "the real port, not the 0 of the settings"
        async with connect_implementation(where.url, token=where.token) as napcat, asyncio.timeout(5):
            await napcat.say("/echo hello", group="42")
            call = await napcat.called("send_group_msg")
        assert call["params"]["group_id"] == 42
        assert call["params"]["message"][0]["data"] == {"text": "hello"}


async def test_messages_are_found_by_two_chinese_characters(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        await traced(opened, await opened.call(Say(text="今天天气不错")))
        found = await opened.call(Search(text="天气"))
        assert [row.text for row in found] == ["今天天气不错"]


async def test_what_was_said_is_there_after_a_restart(tmp_path: Path) -> None:
    async with engine(tmp_path) as first:
        await traced(first, await first.call(Say(text="/echo one")))
    async with engine(tmp_path) as second:
        rows = await second.call(ListMessages())
        assert [(row.direction, row.text) for row in rows] == [("in", "/echo one"), ("out", "one")]


async def test_an_operator_can_stop_it(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        await opened.call(Stop())
        assert opened.stopping.is_set()


async def test_the_status_is_of_this_engine(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        status = await opened.call(Status())
        assert status.store_bytes > 0


async def test_the_feed_begins_with_what_is(tmp_path: Path) -> None:
    async with engine(tmp_path) as opened:
        feed = opened.feed(["pulse"])
        assert (await anext(feed)).topic == "pulse"
        await feed.aclose()


@pytest.mark.parametrize("section", ["GATEWAY", "WEB"])
async def test_a_port_that_is_taken_is_named_with_its_fix(tmp_path: Path, section: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with pytest.raises(SettingError) as caught:
            async with engine(tmp_path, **{f"KAGAMI_{section}__PORT": port}):
                pass
    assert f"set another {section.lower()}.port (KAGAMI_{section}__PORT)" in caught.value.text()
    assert port in caught.value.text()


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("192.168.1.5", "192.168.1.5")],  # noqa: S104
)
def test_the_address_to_paste_can_be_dialled_from_here(tmp_path: Path, host: str, shown: str) -> None:
    given = settings(tmp_path, KAGAMI_GATEWAY__HOST=host)
    assert given.gateway_url == f"ws://{shown}:0/onebot/v11/ws"


def plugin_of(home: Path, code: str) -> None:
    """A plugin named `book` in the home."""
    folder = home / "plugins" / "book" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "plugin.json").write_text('{"id": "book", "version": "1.0.0", "entry": "main:plugin"}', "utf-8")
    head = "from kagami.plugins.api import Context, Plugin\n\nplugin = Plugin()\n\n"
    (folder / "main.py").write_text(head + textwrap.dedent(code), "utf-8")


@asynccontextmanager
async def napcat(opened: Engine) -> AsyncIterator[Peer]:
    where = await opened.call(Connect())
    async with connect_implementation(where.url, token=where.token) as peer, asyncio.timeout(20):
        yield peer


def said(call: dict[str, Any]) -> str:
    text: str = call["params"]["message"][0]["data"]["text"]
    return text


async def test_what_is_being_handled_is_still_answered_when_it_stops(tmp_path: Path) -> None:
    plugin_of(
        tmp_path,
        """
        import asyncio
        from pathlib import Path

        @plugin.command("slow")
        async def slow(ctx: Context) -> str:
            await ctx.reply("begun")
            while not await asyncio.to_thread(Path(__file__).with_name("go").exists):
                await asyncio.sleep(0.01)
            return "done"
        """,
    )
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(engine(tmp_path))
        async with napcat(opened) as peer:
            await peer.say("/slow", group="42")
            assert said(await peer.called("send_group_msg")) == "begun"
            stopping = asyncio.ensure_future(stack.aclose())
            await peer.say("/echo too late", group="43")
            (tmp_path / "plugins" / "book" / "1.0.0" / "go").touch()
            assert said(await peer.called("send_group_msg")) == "done"
            await stopping
            assert [call["action"] for call in peer.calls].count("send_group_msg") == 2


async def test_an_open_question_is_closed_politely_and_holds_up_nothing(tmp_path: Path) -> None:
    plugin_of(
        tmp_path,
        """
        @plugin.command("book")
        async def book(ctx: Context) -> str:
            return await ctx.ask("How many days?")
        """,
    )
    async with AsyncExitStack() as stack:
        opened = await stack.enter_async_context(engine(tmp_path))
        async with napcat(opened) as peer:
            await peer.say("/book", group="42")
            assert said(await peer.called("send_group_msg")) == "How many days?"
            async with asyncio.timeout(5):
                await stack.aclose()
            assert "stops now" in said(await peer.called("send_group_msg"))


async def test_a_try_that_failed_after_its_answer_finds_the_answer_again(tmp_path: Path) -> None:
    plugin_of(
        tmp_path,
        """
        tried = []

        @plugin.command("book")
        async def book(ctx: Context) -> str:
            days = await ctx.ask("How many days?", int)
            tried.append(days)
            if len(tried) < 3:
                raise OSError("the other side is away")
            return f"{days} days, {len(tried)} tries"
        """,
    )
    async with engine(tmp_path, KAGAMI_HUB__RETRY_AFTER="[0.01]") as opened, napcat(opened) as peer:
        await peer.say("/book", group="42")
        assert said(await peer.called("send_group_msg")) == "How many days?"
        await peer.say("7", group="42")
        assert said(await peer.called("send_group_msg")) == "7 days, 3 tries"
        await peer.say("/echo next", group="42")
        assert said(await peer.called("send_group_msg")) == "next"
        rows = await opened.call(ListMessages())
        assert [row.outcome for row in rows if row.text == "7"] == ["answer"]


async def test_what_was_open_is_answered_when_its_bot_is_back(tmp_path: Path) -> None:
    plugin_of(
        tmp_path,
        """
        from pathlib import Path

        @plugin.command("book")
        async def book(ctx: Context) -> str:
            days = await ctx.ask("How many days?", int)
            if not Path(__file__).with_name("go").exists():
                raise OSError("the other side is away")
            return f"{days} days"
        """,
    )
    async with engine(tmp_path) as first, napcat(first) as peer:
        await peer.say("/book", group="42")
        await peer.called("send_group_msg")
        await peer.say("7", group="42")
        found = await until(first, "retry")
        assert found.error.endswith("the other side is away")
    (tmp_path / "plugins" / "book" / "1.0.0" / "go").touch()
    async with engine(tmp_path) as second, napcat(second) as peer:
        assert said(await peer.called("send_group_msg")) == "7 days"


async def test_a_resumable_dialog_goes_on_after_a_restart_as_if_nothing_had_been(tmp_path: Path) -> None:
    plugin_of(
        tmp_path,
        """
        @plugin.command("book")
        async def book(ctx: Context) -> str:
            city = await ctx.ask("Where to?", resumable=True)
            return f"{city}, {await ctx.ask('How many days?', int, resumable=True)} days"
        """,
    )
    async with engine(tmp_path) as first, napcat(first) as peer:
        await peer.say("/book", group="42")
        assert said(await peer.called("send_group_msg")) == "Where to?"
        await peer.say("Oslo", group="42")
        assert said(await peer.called("send_group_msg")) == "How many days?"
    async with engine(tmp_path) as second, napcat(second) as peer:
        for _ in range(9):
            peer.message("")  # the ids of the first connection are known
        await peer.say("3", group="42")
        assert said(await peer.called("send_group_msg")) == "Oslo, 3 days"
        await peer.say("/echo next", group="42")
        assert said(await peer.called("send_group_msg")) == "next"
        rows = await second.call(ListMessages())
        found = {row.text: row.outcome for row in rows if row.direction == "in"}
        assert (found["/book"], found["Oslo"], found["3"]) == ("handled", "answer", "answer")


async def until(opened: Engine, outcome: str) -> Trace:
    """The newest trace with this outcome, as soon as there is one."""
    async with asyncio.timeout(5):
        while not (found := await opened.call(ListTraces(outcome=outcome))):
            await asyncio.sleep(0.01)
    trace: Trace = found[0]
    return trace


async def test_a_host_that_is_not_ours_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"gateway\.host = nowhere\.invalid"):
        async with engine(tmp_path, KAGAMI_GATEWAY__HOST="nowhere.invalid"):
            pass


async def test_a_store_that_closes_under_the_retention_ends_it_quietly() -> None:
    clock = FakeClock()
    rounds: list[int] = []

    class Shut:
        async def retain(self, now_ms: int) -> None:
            rounds.append(now_ms)
            raise StoreClosed(reason="it stops")

        async def tidy(self, now_ms: int) -> int:
            return 0

    task = asyncio.create_task(retain(Shut(), Shut(), clock))  # type: ignore[arg-type]
    await clock.asleep()
    await clock.advance(RETENTION_S)
    assert (len(rounds), task.done()) == (2, False), "there is a next hour"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
