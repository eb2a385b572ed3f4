"""Plugins as operators see them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kagami.plugins.process import jail
from kagami.ports import PluginRow
from kagami.testing.chat import PluginChat, chat_with
from tests.plugins.process.children import put

Write = Callable[..., Path]
CODE = """
    from kagami.plugins.api import Context, Plugin, Settings
    plugin = Plugin()

    @plugin.command("v")
    async def version(ctx: Context[Settings]) -> str:
        if "bad" in ctx.text:
            raise OSError("disk")
        return "fine"
"""


def row(chat: PluginChat, plugin: str = "greeter") -> PluginRow:
    return next(each for each in chat.host.office.rows() if each.id == plugin)


async def test_built_in_plugins_come_first(tmp_path: Path, write: Write) -> None:
    write("aaa", main=CODE)
    async with chat_with(tmp_path) as chat:
        assert [each.id for each in chat.host.office.rows()] == ["admin", "echo", "help", "aaa"]


async def test_a_version_counts_its_own_events_and_failures(tmp_path: Path, write: Write) -> None:
    write("greeter", main=CODE)
    async with chat_with(tmp_path) as chat:
        await chat.says("/v")
        await chat.finished()
        (version,) = row(chat).versions
        assert (version.state, version.events, version.errors, row(chat).handled) == ("active", 1, 0, 1)
        assert version.digest


async def test_versions_that_wait_are_listed_too(tmp_path: Path, write: Write) -> None:
    for version in ("1.0.0", "1.1.0"):
        write("greeter", version, main=CODE)
    async with chat_with(tmp_path) as chat:
        states = {each.version: each.state for each in row(chat).versions}
        assert states == {"1.1.0": "active", "1.0.0": "standby"}


async def test_what_is_told_of_a_plugin_is_what_its_manifest_says(tmp_path: Path, write: Write) -> None:
    write("greeter", main=CODE, manifest={"name": "Greeter", "author": "Ada", "permissions": ["store"]})
    async with chat_with(tmp_path) as chat:
        told = row(chat)
        assert (told.name, told.author, told.permissions, told.commands) == ("Greeter", "Ada", ("store",), ("/v",))


async def test_what_does_not_confine_a_process_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "child", "ready()\nhear()")
    async with chat_with(tmp_path) as chat:
        assert row(chat, "child").problems == ()
    monkeypatch.setattr(jail, "missing", lambda: ["landlock: files are open to it"])
    async with chat_with(tmp_path) as chat:
        (problem,) = row(chat, "child").problems
        assert problem.endswith("this system has no landlock: files are open to it")
