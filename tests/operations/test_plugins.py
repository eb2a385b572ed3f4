from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from kagami.errors import NotFound
from kagami.model.ids import BotId, ChatId
from kagami.model.principal import CONSOLE
from kagami.operations import registry
from kagami.operations.plugins import Configure, ListPlugins, PinChat, Reload, Switch
from kagami.operations.registry import Request
from kagami.ports import ChatRow, Parts, PluginRow, ReloadRow
from tests.operations.conftest import AuditStore

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


class Configured(Plugins):
    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}

    def check(self, plugin: str, values: Mapping[str, Any]) -> dict[str, Any]:
        return {**self.settings, **values}

    async def configure(self, plugin: str, values: Mapping[str, Any]) -> ReloadRow:
        self.settings = dict(values)
        return ReloadRow(plugin, "1.0", "1.0")


class SlowFiles:
    async def set_plugin(self, plugin: str, values: Mapping[str, Any]) -> None:
        await asyncio.sleep(0)


async def test_two_who_change_different_settings_at_once_both_get_what_they_want(make_parts: MakeParts) -> None:
    plugins = Configured()
    parts = make_parts(plugins=plugins, files=SlowFiles())
    both = (Configure(plugin="echo", values={key: 1}) for key in ("a", "b"))
    await asyncio.gather(*(registry().call(parts, CONSOLE, each) for each in both))
    assert plugins.settings == {"a": 1, "b": 1}


class Chats(AuditStore):
    async def chats(self, *, limit: int = 200) -> list[ChatRow]:
        return [ChatRow(BotId("qq:1"), ChatId("group:1"), "", 0, "", "", 0)][:limit]


class Nobody:
    def get(self, bot: str) -> None:
        return None


class Chosen(Plugins):
    async def pin_chat(self, plugin: str, bot: str, chat: str, version: str) -> None: ...

    async def switch(self, plugin: str, bot: str, chat: str, *, on: bool) -> None: ...


REFUSED = [
    PinChat(plugin="echo", bot="qq:2", chat="group:1", version="1.0"),
    Switch(plugin="echo", on=False, bot="qq:2", chat="group:1"),
]


@pytest.mark.parametrize("request_", REFUSED)
async def test_a_bot_that_was_never_here_is_not_found(make_parts: MakeParts, request_: Request) -> None:
    parts = make_parts(plugins=Chosen(), bots=Nobody(), store=Chats())
    with pytest.raises(NotFound, match="qq:2"):
        await registry().call(parts, CONSOLE, request_)


@pytest.mark.parametrize("request_", [msgspec.structs.replace(each, bot="qq:1") for each in REFUSED])
async def test_a_bot_that_is_away_is_known_by_its_chats(make_parts: MakeParts, request_: Request) -> None:
    parts = make_parts(plugins=Chosen(), bots=Nobody(), store=Chats())
    assert await registry().call(parts, CONSOLE, request_) is None
