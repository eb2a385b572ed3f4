"""Files that change while somebody develops."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from kagami.plugins.watching import touched, watch
from kagami.testing.chat import chat_with

Write = Callable[..., Path]
CODE = """
    from kagami.plugins.api import Context, Plugin, Settings
    plugin = Plugin()

    @plugin.command("v")
    async def version(ctx: Context[Settings]) -> str:
        return "{}"
"""


async def test_a_file_that_changes_is_served_anew(tmp_path: Path, write: Write) -> None:
    write("greeter", main=CODE.format("old"))
    async with chat_with(tmp_path) as chat:
        ready, reloaded = asyncio.Event(), asyncio.Event()

        async def reload(plugin: str) -> None:
            if plugin == "probe":
                ready.set()
                return
            await chat.host.fleet.reload(plugin)
            reloaded.set()

        watching = asyncio.ensure_future(watch(chat.host.fleet, tmp_path, reload=reload))
        try:
            async with asyncio.timeout(20):
                # The watcher says by nothing when it has begun: something is changed until it sees that.
                while not ready.is_set():
                    write("probe", main=CODE.format("probe"))
                    await asyncio.sleep(0.1)
                write("greeter", main=CODE.format("new"))
                await reloaded.wait()
        finally:
            watching.cancel()
        await chat.says("/v")
        assert await chat.hears() == "new"


async def test_a_broken_change_does_not_end_the_watch(tmp_path: Path, write: Write) -> None:
    write("greeter", main=CODE.format("old"))
    async with chat_with(tmp_path) as chat:
        watching = asyncio.ensure_future(watch(chat.host.fleet, tmp_path))
        try:
            async with asyncio.timeout(20):
                while not chat.host.fleet.line("greeter").failed:
                    write("greeter", main="1 / 0  # " + str(asyncio.get_running_loop().time()))
                    await asyncio.sleep(0.1)
                while chat.host.fleet.line("greeter").failed:
                    write("greeter", main=CODE.format("new") + f"    # {asyncio.get_running_loop().time()}")
                    await asyncio.sleep(0.1)
        finally:
            watching.cancel()
        await chat.says("/v")
        assert await chat.hears() == "new"


def test_files_belong_to_the_plugin_of_their_folder_whatever_that_is_called(tmp_path: Path, write: Write) -> None:
    folder = write("folder", manifest={"id": "greeter"})
    assert touched(tmp_path, [folder / "main.py", folder / "plugin.json"]) == ["greeter"]


def test_what_comes_and_goes_by_itself_is_no_change(tmp_path: Path, write: Write) -> None:
    folder = write("greeter")
    hidden = [folder / "__pycache__" / "main.pyc", folder / ".git" / "index", tmp_path / ".staging" / "x" / "main.py"]
    assert touched(tmp_path, [*hidden, tmp_path / "README"]) == []
