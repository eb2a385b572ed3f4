"""Who is told, and where."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kagami.hub.alarm import Alarm
from kagami.hub.board import Board
from kagami.hub.registry import BotRegistry
from kagami.i18n import translator
from kagami.meters import Meters
from kagami.model.action import Send
from kagami.model.ids import BotId, ExecutionId
from kagami.model.message import plain_text
from kagami.net.supervise import Nursery
from kagami.ports import BotHealth, BotRow
from kagami.testing.clock import FakeClock
from tests.hub.doubles import Account, Letters


@pytest.fixture
def letters() -> Letters:
    return Letters()


def alarm(letters: Letters, nursery: Nursery, *accounts: Account) -> Alarm:
    bots = BotRegistry()
    for account in accounts:
        bots.attach(account)
    board = Board(FakeClock(), Meters(), bots, load=lambda: (0.0, 0, 0), log_seq=lambda: 0)
    return Alarm(
        board,
        bots,
        letters,
        nursery,
        admins={"qq:10001", "telegram:7"},
        translate=lambda text: {"{plugin} failed: {reason}": "{plugin} 失败：{reason}", "too often": "太多次"}.get(
            text, text
        ),
        new_execution=lambda: ExecutionId("e1"),
    )


async def settled(letters: Letters, count: int) -> None:
    async with asyncio.timeout(5):
        while len(letters.sent) < count:
            await asyncio.sleep(0)


async def test_what_is_serious_reaches_the_admins_of_platforms_that_are_online(letters: Letters) -> None:
    async with Nursery() as nursery:
        alarm(letters, nursery, Account()).tell(
            "error", "canary_abort", "{plugin} failed: {reason}", plugin="w", reason="x"
        )
        await settled(letters, 1)
    (_, _, action), *others = letters.sent
    assert isinstance(action, Send)
    assert (action.chat, others) == ("private:10001", [])


async def test_the_text_and_its_parts_are_translated(letters: Letters) -> None:
    async with Nursery() as nursery:
        alarm(letters, nursery, Account()).tell(
            "error", "canary_abort", "{plugin} failed: {reason}", plugin="w", reason="too often"
        )
        await settled(letters, 1)
    action = letters.sent[0][2]
    assert isinstance(action, Send)
    assert plain_text(action.message) == "w 失败：太多次"


async def test_what_is_not_serious_stays_on_the_board(letters: Letters) -> None:
    async with Nursery() as nursery:
        alarm(letters, nursery, Account()).tell("warning", "leak", "{plugin} left something", plugin="w")
        assert not len(nursery)


async def test_an_empty_field_stays_empty(letters: Letters) -> None:
    async with Nursery() as nursery:
        one = alarm(letters, nursery, Account())
        one._translate = translator("zh")
        one.tell("error", "recall", "<{version}>", version="")
        await settled(letters, 1)
    action = letters.sent[0][2]
    assert isinstance(action, Send)
    assert plain_text(action.message) == "<>"


async def test_an_account_of_another_process_brings_it_where_this_one_has_none(letters: Letters) -> None:
    async with Nursery() as nursery:
        told = alarm(letters, nursery)
        row = BotRow(BotId("qq:1"), "", "onebot11", BotHealth("online"), node="gateway-2")
        told._bots.elsewhere = {row.id: row}
        told.tell("error", "process_gone", "gone")
        await settled(letters, 1)
    ((_, _, action),) = letters.sent
    assert isinstance(action, Send)
    assert (action.bot, action.chat) == ("qq:1", "private:10001")


async def test_the_end_of_a_state_is_posted_under_the_kind_of_the_state(letters: Letters) -> None:
    posted: list[dict[str, Any]] = []

    async def post(told: dict[str, Any]) -> None:
        posted.append(told)

    async with Nursery() as nursery:
        told = alarm(letters, nursery)
        told.post = post
        told.tell("info", "bot_offline_over", "Over: {bot}", bot="qq:1")
        async with asyncio.timeout(5):
            while not posted:
                await asyncio.sleep(0)
    assert (posted[0]["kind"], posted[0]["over"]) == ("bot_offline", True)
