from __future__ import annotations

from collections.abc import Callable

import pytest

from kagami.errors import NotFound, UsageError
from kagami.model.ids import BotId
from kagami.model.principal import CONSOLE
from kagami.operations import registry
from kagami.operations.bots import Disconnect, ListBots
from kagami.ports import BotHealth, BotRow, Parts

MakeParts = Callable[..., Parts]
ROW = BotRow(BotId("qq:1"), "one", "onebot11", BotHealth("online"))


class OneBot:
    def __init__(self, adapter: str = "onebot11") -> None:
        self.adapter = adapter
        self.closed: list[str] = []

    async def close(self, reason: str) -> None:
        self.closed.append(reason)


class Bots:
    def __init__(self) -> None:
        self.bot = OneBot()
        self.sandbox = OneBot("sandbox")

    def rows(self) -> list[BotRow]:
        return [ROW]

    def get(self, bot: BotId) -> OneBot | None:
        return {"qq:1": self.bot, "sandbox:local": self.sandbox}.get(bot)


async def test_bots_are_listed(make_parts: MakeParts) -> None:
    assert await registry().call(make_parts(bots=Bots()), CONSOLE, ListBots()) == [ROW]


async def test_a_bot_is_disconnected(make_parts: MakeParts) -> None:
    bots = Bots()
    await registry().call(make_parts(bots=bots), CONSOLE, Disconnect(bot="qq:1"))
    assert bots.bot.closed == ["disconnected by an operator"]


async def test_the_sandbox_stays(make_parts: MakeParts) -> None:
    bots = Bots()
    with pytest.raises(UsageError, match="part of Kagami"):
        await registry().call(make_parts(bots=bots), CONSOLE, Disconnect(bot="sandbox:local"))
    assert bots.sandbox.closed == []


async def test_an_unknown_bot_is_not_found(make_parts: MakeParts) -> None:
    with pytest.raises(NotFound, match="bot named qq:2"):
        await registry().call(make_parts(bots=Bots()), CONSOLE, Disconnect(bot="qq:2"))
