from __future__ import annotations

import random
from collections import Counter
from typing import Any

import msgspec
import pytest

from kagami.core.pools import SETTLED_S
from kagami.errors import Unavailable
from kagami.hub import workers
from kagami.hub.execution import Execution
from kagami.hub.workers import FAILED_S, Workers
from kagami.model.ids import ChatId
from tests.hub.doubles import Hand, Kept, StillClock, desk, event


class House:
    """Workers with a clock and a fixed chance; `say` gives one event of a chat to a pool."""

    def __init__(self, *hands: Hand, store: Any = None, seed: int = 7) -> None:
        self.clock = StillClock()
        kept: Any = store or Kept()
        self.workers = Workers(kept, self.clock, chance=random.Random(seed).random)  # noqa: S311
        self.number = 0
        self.effects: dict[str, str] = {}
        for hand in hands:
            hand.clock = self.clock
            self.workers.attach(hand)

    async def say(self, chat: int, target: str = "pool") -> str:
        """The name of who heard it."""
        self.number += 1
        said = msgspec.structs.replace(event(self.number), chat=ChatId(f"group:{chat}"))
        execution = Execution(said, desk(), read_at=0.0, accepted_ms=5)
        post = self.workers.choose(target, execution)
        if post is None:
            return ""
        await post.handle(execution)
        self.effects |= {write.key: write.value or "" for write in execution.effects}
        return post.worker.name


async def test_a_pool_shares_its_chats_by_weight() -> None:
    house = House(Hand("a", "pool", 3.0, seconds=0.1), Hand("b", "pool", 1.0, seconds=0.1))
    shares = Counter([await house.say(chat) for chat in range(2_000)])
    assert shares["a"] == pytest.approx(1_500, abs=120)


async def test_a_chat_stays_with_its_worker() -> None:
    house = House(*(Hand(name, "pool", seconds=0.1) for name in "abc"))
    first = {chat: await house.say(chat) for chat in range(50)}
    again = [{chat: await house.say(chat) for chat in range(50)} for _ in range(5)]
    assert len(set(first.values())) == 3
    assert all(each == first for each in again)


async def test_a_slow_worker_loses_its_share() -> None:
    slow, quick = Hand("slow", "pool", seconds=0.4), Hand("quick", "pool", seconds=0.1)
    house = House(slow, quick)
    shares = Counter([await house.say(chat) for chat in range(1_000)])
    assert shares["slow"] == pytest.approx(200, abs=60)


async def test_one_that_fails_at_once_is_not_the_quickest() -> None:
    broken = Hand("broken", "pool")
    broken.fails = Unavailable(what="it", reason="broken")
    house = House(broken, Hand("sound", "pool", seconds=0.1))
    for chat in range(200):
        try:
            await house.say(chat)
        except Unavailable:
            continue
    (row, _) = house.workers.rows()
    assert (row.failed, row.mean_ms > 0.9 * FAILED_S * 1000) == (len(broken.heard), True)
    assert len(broken.heard) < 20


async def test_when_a_worker_is_away_its_chats_go_to_others_and_later_return() -> None:
    hands = [Hand(name, "pool", seconds=0.01) for name in "ab"]
    house = House(*hands)
    first = {chat: await house.say(chat) for chat in range(20)}
    hands[0].live = False
    assert {await house.say(chat) for chat in range(20)} == {"b"}
    hands[0].live = True
    assert {await house.say(chat) for chat in range(20)} == {"b"}
    house.clock.now += SETTLED_S
    assert {chat: await house.say(chat) for chat in range(20)} == first


async def test_no_event_is_heard_twice_while_workers_come_and_go() -> None:
    hands = [Hand(name, "pool", seconds=0.01) for name in "abc"]
    house, chance = House(*hands), random.Random(3)  # noqa: S311
    for _ in range(1_000):
        hand = chance.choice(hands)
        hand.live = not hand.live
        house.clock.now += chance.random() * 20
        if any(each.live for each in hands):
            assert await house.say(chance.randrange(30))
    heard = Counter(key for hand in hands for key in hand.heard)
    assert len(heard) == house.number
    assert set(heard.values()) == {1}


async def test_nobody_there_is_nobody() -> None:
    away = Hand("a", "pool")
    away.live = False
    house = House(away)
    assert [await house.say(1), await house.say(1, "a"), await house.say(1, "unknown")] == ["", "", ""]
    assert not house.workers.live("pool")


async def test_a_restart_leaves_chats_where_they_were() -> None:
    before = House(*(Hand(name, "pool", seconds=0.1) for name in "abc"), seed=1)
    first = {chat: await before.say(chat) for chat in range(30)}
    after = House(*(Hand(name, "pool", seconds=0.1) for name in "abc"), store=Kept(workers=before.effects), seed=2)
    await after.workers.open()
    assert {chat: await after.say(chat) for chat in range(30)} == first


async def test_only_a_new_choice_is_written() -> None:
    house = House(Hand("a", "pool"))
    await house.say(1)
    assert house.effects == {"seat:pool|qq:1000|group:1": '["a","a"]'}
    house.effects.clear()
    await house.say(1)
    assert house.effects == {}


async def test_what_cannot_be_read_is_left_out() -> None:
    house = House(Hand("a", "pool"), store=Kept(workers={"seat:pool|qq:1|group:1": "7", "worker:a": "[]"}))
    await house.workers.open()
    assert await house.say(1) == "a"


async def test_a_drained_worker_gets_nothing_until_it_is_resumed() -> None:
    store = Kept(workers={"worker:a": '{"drained":true}'})
    house = House(Hand("a", "pool"), Hand("b", "pool"), store=store)
    await house.workers.read()
    assert {await house.say(chat) for chat in range(20)} == {"b"}
    assert [row.state for row in house.workers.rows()] == ["drained", "live"]
    del store.kept["@workers"]["worker:a"]
    await house.workers.read()
    assert house.workers.live("a")


async def test_an_operators_weight_goes_before_the_workers_own() -> None:
    house = House(Hand("a", "pool"), Hand("b", "pool"), store=Kept(workers={"worker:a": '{"weight":0}'}))
    await house.workers.read()
    assert {await house.say(chat) for chat in range(20)} == {"b"}


async def test_one_without_a_weight_keeps_its_chats_and_gets_no_new_ones() -> None:
    store = Kept(workers={})
    house = House(Hand("a", "pool"), Hand("b", "pool"), store=store)
    first = {chat: await house.say(chat) for chat in range(20)}
    assert set(first.values()) == {"a", "b"}
    store.kept["@workers"]["worker:a"] = '{"weight":0}'
    await house.workers.read()
    assert {chat: await house.say(chat) for chat in range(20)} == first
    assert {await house.say(chat) for chat in range(20, 40)} == {"b"}


async def test_a_pool_without_any_weight_is_not_there() -> None:
    house = House(Hand("a", "pool", 0.0))
    assert not house.workers.live("pool")
    assert house.workers.live("a")
    assert [await house.say(1), await house.say(1, "a")] == ["", "a"]


async def test_a_seat_that_is_forgotten_is_not_kept_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MOST_SEATS", 2)
    house = House(Hand("a", "pool"))
    for chat in range(3):
        await house.say(chat)
    kept = [key for key, value in house.effects.items() if value]
    assert kept == ["seat:pool|qq:1000|group:1", "seat:pool|qq:1000|group:2"]


async def test_one_that_comes_back_keeps_what_was_measured() -> None:
    house = House(Hand("a", seconds=0.5))
    await house.say(1, "a")
    house.workers.attach(Hand("a"))
    (row,) = house.workers.rows()
    assert row.handled == 1
    assert row.mean_ms == pytest.approx(500)


@pytest.mark.parametrize("name", ["plugins", "drop", "plugin:x"])
def test_a_worker_cannot_take_a_name_that_means_something(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be"):
        House(Hand(name))


async def test_candidates_are_the_holder_or_else_all() -> None:
    house = House(Hand("a", "pool"), Hand("b", "pool"))
    said = msgspec.structs.replace(event(), chat=ChatId("group:1"))
    assert house.workers.candidates("pool", said) == ["a", "b"]
    holder = await house.say(1)
    assert house.workers.candidates("pool", said) == [holder]


async def test_a_member_gets_no_chat_that_its_table_hides() -> None:
    one, other = Hand("a", "pool", 50.0), Hand("b", "pool")
    one.hidden.add("group:1")
    house = House(one, other)
    assert {await house.say(1) for _ in range(5)} == {"b"}
    assert house.workers.candidates("pool", msgspec.structs.replace(event(9), chat=ChatId("group:1"))) == ["b"]
    assert await house.say(1, target="a") == "a"  # a rule that names it goes before its filter
