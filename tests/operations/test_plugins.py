from __future__ import annotations

from collections.abc import Callable

import pytest

from kagami.model.principal import CONSOLE
from kagami.operations import registry
from kagami.operations.plugins import ListPlugins, Reload
from kagami.ports import Parts, PluginRow, ReloadRow

MakeParts = Callable[..., Parts]
ROW = PluginRow("echo", "1.0", "Echo", "active")


class Plugins:
    def rows(self) -> list[PluginRow]:
        return [ROW]

    async def reload(self, plugin: str | None) -> list[ReloadRow]:
        return [ReloadRow(plugin or "all", "1.0", "1.1")]


async def test_plugins_are_listed(make_parts: MakeParts) -> None:
    assert await registry().call(make_parts(plugins=Plugins()), CONSOLE, ListPlugins()) == [ROW]


@pytest.mark.parametrize(("plugin", "reloaded"), [("echo", "echo"), ("", "all")])
async def test_one_plugin_or_all_are_reloaded(make_parts: MakeParts, plugin: str, reloaded: str) -> None:
    answer = await registry().call(make_parts(plugins=Plugins()), CONSOLE, Reload(plugin=plugin))
    assert answer == [ReloadRow(reloaded, "1.0", "1.1")]
