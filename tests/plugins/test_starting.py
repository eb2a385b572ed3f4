"""Processes that take long to start: who waits for them, and who does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kagami.clock import SystemClock
from kagami.errors import Parked
from kagami.meters import Meters
from kagami.plugins.config import PluginsConfig
from kagami.plugins.dialogs import Desk
from kagami.plugins.host import Host
from kagami.ports import PluginRow
from kagami.testing.chat import ChatExecution, MemoryValues, PluginChat, chat_with
from tests.plugins.process.children import put

Write = Callable[..., Path]
# Gets ready when there is a file `go` beside it.
SLOW = """
hear()
while not os.path.exists("go"): time.sleep(0.01)
say(type="ready", id="0", payload={"commands": [{"names": ["do"]}]})
while True:
    event = hear()
    if event["type"] == "event": result(event, "done")
"""
ANSWERS = """
    from kagami.plugins.api import Context, Plugin, Settings
    plugin = Plugin()

    @plugin.command("v")
    async def version(ctx: Context[Settings]) -> str:
        return "fine"
"""
WITHIN_S = 20.0


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.plugins.fleet.SOON_S", 0.0)


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[PluginChat]:
    """Where what a house says is heard; it has no plugins of its own but the built-in ones."""
    async with chat_with(tmp_path / "nothing") as opened:
        yield opened


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[Host]:
    clock = SystemClock()
    made = Host(
        PluginsConfig(),
        store=MemoryValues(),
        clock=clock,
        meters=Meters(),
        dialogs=Desk(clock),
        folder=folder,
        work=folder.parent / "work",
    )
    async with asyncio.timeout(WITHIN_S), made:
        yield made


async def event(chat: PluginChat, text: str) -> ChatExecution:
    said = await chat.says(text)
    await chat.finished()
    return ChatExecution(chat, said.event)


def row(host: Host, plugin: str) -> PluginRow:
    return next(each for each in host.office.rows() if each.id == plugin)


@pytest.fixture
def folder(tmp_path: Path, write: Write) -> Path:
    write("plugins/greeter", main=ANSWERS, manifest={"id": "greeter"})
    put(tmp_path / "plugins" / "child", SLOW)
    return tmp_path / "plugins"


async def test_a_process_that_is_not_ready_holds_up_nobody(folder: Path, chat: PluginChat) -> None:
    async with house(folder) as host:
        assert (await host.handle(await event(chat, "/v"))).outcome == "handled"
        (version,) = row(host, "child").versions
        assert (row(host, "child").state, version.state, version.error) == (
            "parked",
            "parked",
            "Its process is starting: what happens meanwhile waits for it.",
        )


async def test_what_may_be_for_it_waits_until_it_is_ready(folder: Path, chat: PluginChat) -> None:
    async with house(folder) as host:
        changed: list[str] = []
        host.fleet.changed = changed.append
        given = await event(chat, "/do it")
        assert host.wants(given)
        with pytest.raises(Parked, match="child cannot serve now"):
            await host.handle(given)
        (folder / "child" / "go").touch()
        await host.started()
        assert (changed, (await host.handle(given)).plugin) == (["child"], "child@1.0.0")
        assert row(host, "child").state == "active"


async def test_one_that_fails_is_listed_with_its_reason(folder: Path) -> None:
    put(folder / "child", "hear()\nraise OSError('no disk')")
    async with house(folder) as host:
        await host.started()
        (version,) = row(host, "child").versions
        assert (version.state, version.error.splitlines()[-1]) == ("failed", "it exited with 1: OSError: no disk")


async def test_a_reload_begins_its_start_anew(folder: Path) -> None:
    async with house(folder) as host:
        (folder / "child" / "main.py").write_text((folder / "child" / "main.py").read_text().replace('"go"', '"."'))
        (loaded,) = await host.office.reload("child")
        assert (loaded.new, loaded.error, row(host, "child").state) == ("1.0.0", "", "active")
        await host.started()


async def test_a_house_that_closes_ends_what_is_starting(folder: Path) -> None:
    async with house(folder) as host:
        starting = asyncio.create_task(host.started())
        await asyncio.sleep(0)
    await starting
    assert (await host.close(), host.fleet.starting.first) == ([], "")


async def test_a_plugin_that_is_off_is_not_started(folder: Path) -> None:
    async with house(folder) as host:
        await host.office.switch("child", "", "", on=False)
        assert (host.fleet.starting.first, row(host, "child").state) == ("", "disabled")
