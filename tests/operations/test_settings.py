from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from kagami.errors import Denied
from kagami.model.principal import CONSOLE, Principal
from kagami.operations import registry
from kagami.operations.bots import AddBot, EditBot, Pause, RenameBot
from kagami.operations.bots import TestBot as TryBot
from kagami.operations.settings import (
    ApplySettings,
    CheckSettings,
    ListSettings,
    ResetSettings,
    SetSetting,
    SettingsHistory,
    UndoSettings,
)
from kagami.ports import Applied, Parts, SettingRow

MakeParts = Callable[..., Parts]
ROWS = [
    SettingRow("gateway.port", "gateway", "int", "Where to connect.", modified=True),
    SettingRow("log.level", "log", "choice", "What is kept."),
    SettingRow("prefix", "general", "text", "What a command begins with in a chat."),
]
DONE = Applied(1, [], "v")


class Centre:
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def rows(self) -> list[SettingRow]:
        return ROWS

    async def apply(
        self, who: Principal, changes: Mapping[str, Any], *, version: str = "", act: str = "apply"
    ) -> Applied:
        self.asked.append((who.name, dict(changes), version, act))
        return DONE

    async def undo(self, who: Principal, change: int) -> Applied:
        self.asked.append((who.name, change))
        return DONE


@pytest.mark.parametrize(
    ("request_", "keys"),
    [
        (ListSettings(), ["gateway.port", "log.level", "prefix"]),
        (ListSettings(group="log"), ["log.level"]),
        (ListSettings(text="CONNECT"), ["gateway.port"]),
        (ListSettings(text="level"), ["log.level"]),
        (ListSettings(text="命令"), ["prefix"]),
        (ListSettings(modified=True), ["gateway.port"]),
    ],
)
async def test_rows_are_filtered(make_parts: MakeParts, request_: ListSettings, keys: list[str]) -> None:
    found = await registry().call(make_parts(centre=Centre()), CONSOLE, request_)
    assert [row.key for row in found] == keys


async def test_changes_carry_who_made_them(make_parts: MakeParts) -> None:
    centre = Centre()
    parts, mira = make_parts(centre=centre), Principal("person", "mira", frozenset({"settings:write"}))
    for request in (
        ApplySettings(changes={"prefix": "!"}, file_version="v"),
        SetSetting(key="prefix", value="!"),
        ResetSettings(keys=["prefix"]),
        UndoSettings(change=3),
    ):
        assert await registry().call(parts, mira, request) == DONE
    assert centre.asked == [
        ("mira", {"prefix": "!"}, "v", "apply"),
        ("mira", {"prefix": "!"}, "", "apply"),
        ("mira", {"prefix": None}, "", "reset"),
        ("mira", 3),
    ]


async def test_who_may_only_look_changes_nothing(make_parts: MakeParts) -> None:
    reader = Principal("person", "mira", frozenset({"*:read"}))
    for request in (CheckSettings(changes={}), UndoSettings(), AddBot(url="ws://x"), Pause(bot="x"), TryBot(bot="x")):
        with pytest.raises(Denied):
            await registry().call(make_parts(centre=Centre()), reader, request)


@pytest.mark.parametrize(
    "request_",
    [
        ApplySettings(changes={"gateway.token": "s3cret"}),
        CheckSettings(changes={"gateway.token": "s3cret"}),
        SetSetting(key="gateway.token", value="s3cret"),
        AddBot(url="ws://me:s3cret@h/?access_token=s3cret", token="s3cret", keys={"app_secret": "s3cret"}),
        EditBot(bot="x", url="s3cret"),
        TryBot(token="s3cret"),
    ],
)
def test_the_audit_is_told_no_secret(request_: Any) -> None:
    assert b"s3cret" not in msgspec.json.encode(request_.told())


def test_the_audit_is_told_what_was_meant() -> None:
    told = msgspec.to_builtins(AddBot(url="ws://me:pw@h:1/x?a=b", name="one").told())
    assert told["url"] == "ws://h:1/x"
    assert told["name"] == "one"
    assert msgspec.to_builtins(RenameBot(bot="a", name="b").told()) == {"bot": "a", "name": "b"}
    assert SettingsHistory().told() == SettingsHistory()
