from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kagami.model.ids import BotId
from kagami.net.supervise import Nursery
from tests.gateway.house import FEISHU, QQ, House


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with Nursery() as nursery:
        yield House(nursery)


async def test_an_account_here_can_be_reached_while_it_is_connected(house: House) -> None:
    assert house.means.reachable(QQ)
    house.accounts.here[QQ].state = "backoff"
    assert not house.means.reachable(QQ)


async def test_one_at_another_process_too(house: House) -> None:
    house.accounts.move(QQ)
    house.accounts.here[FEISHU].state = "backoff"
    house.accounts.move(FEISHU)
    assert [house.means.reachable(bot) for bot in (QQ, FEISHU)] == [True, False]


async def test_one_that_nobody_knows_cannot(house: House) -> None:
    assert not house.means.reachable(BotId("qq:3"))
