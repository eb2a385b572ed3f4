from __future__ import annotations

import asyncio

import pytest

from kagami.core.numbers import number_of
from kagami.hub.registry import BotRegistry, Tally
from kagami.model.ids import BotId, split_id
from kagami.ports import BotHealth, BotRow, BotState
from tests.hub.doubles import QQ, Account


def test_a_bot_is_found_after_it_was_attached() -> None:
    bots, bot = BotRegistry(), Account()
    assert bots.attach(bot) is None
    assert bots.get(QQ) is bot


def test_attaching_another_object_for_the_same_account_gives_back_the_first() -> None:
    bots, first, second = BotRegistry(), Account(), Account()
    bots.attach(first)
    assert bots.attach(second) is first
    assert bots.get(QQ) is second


def test_a_late_detach_of_the_replaced_object_leaves_the_new_one() -> None:
    bots, first, second = BotRegistry(), Account(), Account()
    bots.attach(first)
    bots.attach(second)
    assert not bots.detach(first)
    assert bots.get(QQ) is second


def test_a_row_tells_the_number_that_applications_know_the_account_by() -> None:
    bots = BotRegistry()
    bots.attach(Account())
    assert bots.rows()[0].number == number_of(split_id(QQ)[1])


def test_counts_outlive_a_connection() -> None:
    bots, bot = BotRegistry(), Account()
    bots.attach(bot)
    bots.tally[QQ].received += 3
    assert bots.detach(bot)
    bots.attach(Account())
    assert bots.rows()[0].received == 3


def test_rates_are_of_the_second_that_was_closed() -> None:
    tally = Tally()
    tally.received, tally.sent = 10, 4
    tally.tick(2.0)
    assert (tally.in_per_s, tally.out_per_s) == pytest.approx((5.0, 2.0))
    tally.tick(1.0)
    assert (tally.in_per_s, tally.out_per_s) == (0.0, 0.0)


async def test_a_bot_that_is_away_is_waited_for() -> None:
    bots, bot = BotRegistry(), Account(state="connecting")
    bots.attach(bot)
    waiting = asyncio.ensure_future(bots.reach(QQ, 5.0))
    await asyncio.sleep(0)
    bot.state = "online"
    bots.attach(bot)
    assert await waiting is bot


async def test_who_does_not_wait_gets_what_there_is() -> None:
    bots, bot = BotRegistry(), Account(state="connecting")
    bots.attach(bot)
    assert await bots.reach(QQ, 0.0) is bot
    assert await bots.reach(BotId("qq:2"), 0.0) is None


async def test_waiting_for_a_bot_ends() -> None:
    assert await BotRegistry().reach(QQ, 0.01) is None


async def test_a_stop_ends_all_waiting_for_bots() -> None:
    bots = BotRegistry()
    waiting = asyncio.ensure_future(bots.reach(QQ, 60.0))
    await asyncio.sleep(0)
    bots.hurry()
    assert await waiting is None


def test_all_gives_every_bot() -> None:
    bots, bot = BotRegistry(), Account()
    bots.attach(bot)
    assert bots.all() == [bot]


@pytest.mark.parametrize(
    ("here", "there", "node"), [("online", "online", ""), ("backoff", "online", "b"), ("backoff", "backoff", "")]
)
def test_an_account_that_has_moved_is_where_it_is_online(here: BotState, there: BotState, node: str) -> None:
    bots = BotRegistry()
    bots.attach(Account(state=here))
    bots.elsewhere = {QQ: BotRow(QQ, "Mira", "onebot11", BotHealth(there), node="b")}
    assert [(row.id, row.node) for row in bots.rows()] == [(QQ, node)]


def test_an_account_of_another_process_is_known_too() -> None:
    bots = BotRegistry()
    bots.elsewhere = {QQ: BotRow(QQ, "Mira", "onebot11", BotHealth("connecting"), node="b")}
    assert [row.node for row in bots.rows()] == ["b"]
    assert bots.own_rows() == []


def test_who_is_in_no_process_is_listed_once_and_only_for_people() -> None:
    bots = BotRegistry()
    bots.elsewhere = {QQ: BotRow(QQ, "Mira", "onebot11", BotHealth("online"), node="b")}
    bots.unheld = lambda: [
        BotRow(BotId(f"onebot11:{name}"), name, "onebot11", BotHealth("connecting")) for name in ("Mira", "Yui")
    ]
    assert [(row.id, row.name) for row in bots.listed()] == [(QQ, "Mira"), ("onebot11:Yui", "Yui")]
    assert [row.id for row in bots.rows()] == [QQ]
