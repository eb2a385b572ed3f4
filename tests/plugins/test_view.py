"""Plugins as operators see them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kagami.errors import PluginError
from kagami.plugins.process import jail
from kagami.plugins.records import Record, keep
from kagami.plugins.versions import digest, fingerprints
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
LEAKS = """
    @plugin.stop
    async def end(life: object) -> None:
        raise OSError("it is held")
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


async def test_one_whose_manifest_cannot_be_read_has_failed_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "greeter").mkdir()
    (tmp_path / "greeter" / "plugin.json").write_text("{", "utf-8")
    async with chat_with(tmp_path) as chat:
        (version,) = row(chat).versions
        assert (version.state, "JSON" in version.error, row(chat).state) == ("failed", True, "failed")


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


async def test_one_that_rests_tells_how_it_failed_last(tmp_path: Path, write: Write) -> None:
    write("greeter", main=CODE.replace('"bad" in ctx.text', "True"))
    async with chat_with(tmp_path) as chat:
        for _ in range(5):
            await chat.says("/v")
            with pytest.raises(PluginError):
                await chat.finished()
        (version,) = row(chat).versions
        assert (version.state, version.error.splitlines()[-1]) == (
            "parked",
            "OSError: disk (main.py, line 8) (version)",
        )


async def test_a_canary_that_was_taken_back_says_why_until_it_serves(tmp_path: Path, write: Write) -> None:
    for version in ("1.0.0", "1.1.0", "2.0.0"):
        write("greeter", version, main=CODE)
    async with chat_with(tmp_path) as chat:
        for version in ("1.0.0", "1.1.0"):
            await chat.host.office.use("greeter", version)
        await chat.host.office.weigh("greeter", 10, "2.0.0")
        await chat.host.office.rollback("greeter")
        told = {each.version: (each.state, each.taken_back) for each in row(chat).versions}
        assert told == {
            "2.0.0": ("standby", "an operator went back"),
            "1.1.0": ("standby", ""),
            "1.0.0": ("active", ""),
        }
        await chat.host.office.use("greeter", "2.0.0")
        assert not any(each.taken_back for each in row(chat).versions)


async def test_who_signed_a_version_is_told_of_all_that_were_installed(tmp_path: Path, write: Write) -> None:
    for version in ("1.0.0", "1.1.0"):
        place = write("greeter", version, main=CODE)
        files = digest(fingerprints(place))
        keep(tmp_path, Record("greeter", version, files, signer=f"key {version}", dependencies_digest=digest({})))
    async with chat_with(tmp_path) as chat:
        assert [(each.state, each.signer) for each in row(chat).versions] == [
            ("active", "key 1.1.0"),
            ("standby", "key 1.0.0"),
        ]


async def test_what_a_version_left_behind_is_told_after_clean_reloads_too(tmp_path: Path, write: Write) -> None:
    write("greeter", main=CODE + LEAKS)
    async with chat_with(tmp_path) as chat:
        write("greeter", main=CODE)
        (leaky,) = await chat.host.office.reload("greeter")
        (clean,) = await chat.host.office.reload("greeter")
        assert (bool(leaky.survivors), clean.survivors) == (True, ())
        (version,) = row(chat).versions
        assert [each.rpartition(" (")[0] for each in version.survivors] == [*leaky.survivors]
