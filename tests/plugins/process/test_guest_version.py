from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kagami.errors import PluginError, SettingError
from kagami.plugins.api import Context, Plugin, Settings
from kagami.plugins.process import wire
from kagami.plugins.process.guest_pipe import Pipe
from kagami.plugins.process.guest_version import Version, load
from tests.plugins.process.guesthost import event_of


class Given(Settings):
    size: int


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    source, out = os.pipe()
    yield Pipe(out)
    os.close(source)
    os.close(out)


def hello(**more: Any) -> wire.HelloPayload:
    return wire.HelloPayload(plugin="tested", version="1.0.0", **more)


def test_everything_that_is_declared_is_told(pipe: Pipe) -> None:
    plugin = Plugin(max_age=5, state=3)

    @plugin.command("a", aliases=["b"], cooldown="1/h/chat", max_age=9, role="owner", operator=True)
    async def one(ctx: Context[Settings], n: int) -> None:
        """First."""

    @plugin.intent(keywords=["hi"])
    @plugin.on("notice")
    @plugin.every("10min", missed="all")
    async def two(ctx: Context[Settings]) -> None: ...

    ready = Version(hello(), plugin, pipe).ready()
    assert (ready.state, ready.max_age, ready.hooks) == (3, 5, wire.Hooks())
    assert ready.commands == (
        wire.CommandSpec(
            names=("a", "b"),
            key="command 0",
            usage="<n>",
            summary="First.",
            cooldown="1/3600s/chat",
            max_age=9,
            role="owner",
            operator=True,
        ),
    )
    assert (ready.intents[0].regex, ready.watchers[0].event) == ("(?i:hi)", "notice")
    assert (ready.jobs[0].timetable, ready.jobs[0].missed) == ("every 10min", "all")


def test_settings_are_checked(pipe: Pipe) -> None:
    with pytest.raises(SettingError):
        Version(hello(settings={"size": "large"}), Plugin(settings=Given), pipe)


async def test_a_call_for_nobody_is_refused(pipe: Pipe) -> None:
    call = wire.Event("1", "command", {"event": msgspec.to_builtins(event_of("/x")), "handler": "command 7"})
    with pytest.raises(PluginError, match="there is no handler 'command 7' for command"):
        await Version(hello(), Plugin(), pipe).serve(call)


async def test_stop_hooks_run_once(pipe: Pipe) -> None:
    plugin, runs = Plugin(), []

    @plugin.stop
    async def stop(life: object) -> None:
        runs.append(life)

    version = Version(hello(), plugin, pipe)
    await version.serve(wire.Event("1", "on_stop", {}))
    await version.stop()
    assert len(runs) == 1


async def test_a_value_goes_through_all_upgrades_from_its_state_on(pipe: Pipe) -> None:
    plugin = Plugin(state=4)
    for state in (1, 2, 3):
        plugin.upgrade(state)(lambda key, value, state=state: (key, [*value, state]))
    call = wire.Event("1", "on_upgrade", {"data": {"state": 2, "key": "k", "value": []}})
    assert (await Version(hello(), plugin, pipe).serve(call)).upgraded == ("k", [2, 3])


async def test_an_entry_that_is_no_plugin_is_refused(pipe: Pipe, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("plugin = 1")
    with pytest.raises(PluginError, match="main:plugin is int"):
        await load(hello(folder=str(tmp_path), entry="main:plugin"), pipe)


def test_a_summary_is_told_in_the_hosts_language(pipe: Pipe) -> None:
    plugin = Plugin()

    @plugin.command("open", summary={"en": "Open.", "zh": "打开。"})
    async def open_it(ctx: Context[Settings]) -> None: ...

    version = Version(hello(language="zh"), plugin, pipe)
    assert (version.kit.language, version.ready().commands[0].summary) == ("zh", "打开。")
