from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import count, cycle
from pathlib import Path

import pytest

from kagami.core.canary import bucket
from kagami.errors import NotFound, UsageError
from kagami.meters import Meters
from kagami.plugins.rollouts import ARMS, PINS, ROLLOUTS, STABLE, Rollouts
from kagami.plugins.values import Values
from kagami.ports import StorePut
from kagami.storage.store import open_store
from kagami.testing.chat import MemoryValues
from kagami.testing.clock import FakeClock

CHATS = [(f"qq:{number % 3}", f"group:{number}") for number in range(300)]
HERE = CHATS[0]
P, OLD, NEW, NEWER = "weather", "1.0.0", "1.1.0", "1.2.0"

Open = Callable[[], AbstractAsyncContextManager[Values]]


@pytest.fixture
def values() -> MemoryValues:
    return MemoryValues()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def opened(values: Values, clock: FakeClock) -> Rollouts:
    salts = count()
    rollouts = Rollouts(values, clock, lambda: f"salt {next(salts)}")
    await rollouts.open()
    return rollouts


async def arms(rollouts: Rollouts, values: Values | None = None) -> list[str]:
    """The version of each chat, kept as the host keeps it."""
    found, writes = [], []
    for place in CHATS:
        chosen = rollouts.choose(P, *place)
        found.append(chosen.version)
        if chosen.write is not None:
            writes.append(chosen.write)
            rollouts.decided(P, *place)
    if values is not None:
        await values.put_many(writes)
    return found


async def on(rollouts: Rollouts) -> set[int]:
    """Which chats are on a canary."""
    return {place for place, version in enumerate(await arms(rollouts)) if version}


async def lose(values: Values, namespace: str) -> None:
    await values.put_many([StorePut(namespace, key, None) for key in await values.keys(namespace, "")])


@pytest.fixture(params=["memory", "sqlite"])
def restart(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens the same store again and again."""
    memory = MemoryValues()

    @asynccontextmanager
    async def one() -> AsyncIterator[Values]:
        if request.param == "memory":
            yield memory
            return
        async with open_store(str(tmp_path / "k.db"), clock=FakeClock(), meters=Meters()) as store:
            yield store

    return one


async def test_300_chats_over_20_restarts_and_weights_never_flip_unexplained(restart: Open, clock: FakeClock) -> None:
    weights = cycle([25, 50, 51, 20, 100, 10])
    weight, before = 10, list[str]()
    async with restart() as values:
        rollouts = await opened(values, clock)
        salt = (await rollouts.begin(P, NEW, OLD, weight, chats=CHATS)).salt
        before = await arms(rollouts, values)
    places = [bucket(salt, *place) for place in CHATS]
    for number in range(20):
        async with restart() as values:
            if number % 2:
                await lose(values, ARMS)
                await lose(values, PINS)
            rollouts = await opened(values, clock)
            assert await arms(rollouts, values) == before, "flipped by a restart"
            old, weight = weight, next(weights)
            await rollouts.weigh(P, weight)
            after = await arms(rollouts, values)
            low, high = sorted((old * 100, weight * 100))
            moved = {chat for chat in range(len(CHATS)) if before[chat] != after[chat]}
            assert moved == {chat for chat, place in enumerate(places) if low <= place < high}
            assert 100 * after.count(NEW) / len(CHATS) == pytest.approx(weight, abs=3)
            before = after


class TestChoose:
    async def test_a_plugin_without_a_rollout_is_stable(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        assert rollouts.choose(P, *HERE) is STABLE
        assert P not in rollouts.mixed

    async def test_a_rollout_is_about_its_plugin(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, 100)
        assert set(rollouts.mixed) == {P}
        assert [rollouts.choose(each, *HERE).version for each in (P, "other")] == [NEW, ""]

    async def test_the_trace_is_told_why(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        place = bucket((await rollouts.begin(P, NEW, OLD, 100)).salt, *HERE) / 100
        assert rollouts.choose(P, *HERE).reason == f"canary {place:.2f} < 100"
        await rollouts.weigh(P, 0)
        assert rollouts.choose(P, *HERE).reason == f"canary {place:.2f} >= 0"

    async def test_the_write_is_given_until_it_is_decided(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, 100)
        writes = [rollouts.choose(P, *HERE).write for _ in range(2)]
        assert writes[0] == writes[1] is not None
        rollouts.decided(P, *HERE)
        assert rollouts.choose(P, *HERE).write is None

    async def test_kept_arms_are_bounded(
        self, values: MemoryValues, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("kagami.plugins.rollouts.MOST_ARMS", 10)
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, 50)
        before = await arms(rollouts, values)
        assert len(await values.keys(ARMS, "")) == 10
        assert await arms(await opened(values, clock)) == before

    async def test_a_kept_arm_outlives_its_salt(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, 50)
        before = await arms(rollouts, values)
        fact = values.kept[ROLLOUTS, P]
        values.kept[ROLLOUTS, P] = fact.replace('"salt 0"', '"another"')
        assert values.kept[ROLLOUTS, P] != fact
        assert await arms(await opened(values, clock)) == before

    async def test_a_decision_after_the_end_is_dropped_at_the_next_start(
        self, values: MemoryValues, clock: FakeClock
    ) -> None:
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, 100)
        late = rollouts.choose(P, *HERE).write
        assert late is not None
        await rollouts.abort(P, "bad")
        rollouts.decided(P, *HERE)
        await values.put_many([late])
        await opened(values, clock)
        assert await values.keys(ARMS, "") == []


class TestPins:
    async def test_an_operator_decides_first(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, 100)
        await rollouts.pin_chat(P, *HERE, OLD)
        assert rollouts.choose(P, *HERE) == (OLD, "pinned by an operator", None)
        assert rollouts.choose(P, *CHATS[1]).version == NEW

    async def test_a_pin_needs_no_rollout_and_survives_a_restart(self, values: MemoryValues, clock: FakeClock) -> None:
        await (await opened(values, clock)).pin_chat(P, *HERE, OLD)
        again = await opened(values, clock)
        assert again.choose(P, *HERE).version == OLD
        assert again.choose(P, *CHATS[1]) is STABLE

    async def test_a_pin_outlives_the_rollout(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, 50)
        await rollouts.pin_chat(P, *HERE, OLD)
        await rollouts.promote(P)
        assert rollouts.choose(P, *HERE).version == OLD

    async def test_an_unpinned_chat_is_where_it_was(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, 50)
        before = await arms(rollouts)
        for place in CHATS[:10]:
            await rollouts.pin_chat(P, *place, "9.9.9")
        for place in CHATS[:10]:
            assert await rollouts.unpin_chat(P, *place)
        assert await arms(rollouts) == before

    async def test_the_last_pin_leaves_nothing_behind(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        await rollouts.pin_chat(P, *HERE, OLD)
        assert list(rollouts.pins(P)) == [HERE]
        assert [await rollouts.unpin_chat(P, *HERE) for _ in range(2)] == [True, False]
        assert (values.kept, set(rollouts.mixed), rollouts.pins(P)) == ({}, set(), {})


class TestActs:
    async def test_a_newer_canary_keeps_the_chats_of_the_one_before(
        self, values: MemoryValues, clock: FakeClock
    ) -> None:
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, 30)
        before = await arms(rollouts)
        await rollouts.begin(P, NEWER, OLD, 30)
        assert await arms(rollouts) == [version and NEWER for version in before]

    @pytest.mark.parametrize("act", ["promote", "abort"])
    async def test_at_the_end_all_are_stable_and_no_arm_is_left(
        self, values: MemoryValues, clock: FakeClock, act: str
    ) -> None:
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, 50)
        await arms(rollouts, values)
        assert len(await values.keys(ARMS, "")) == len(CHATS)
        await (rollouts.promote(P) if act == "promote" else rollouts.abort(P, "bad"))
        assert await values.keys(ARMS, "") == []
        for each in (rollouts, await opened(values, clock)):
            assert (await on(each), dict(each.active)) == (set(), {})

    async def test_the_next_rollout_tries_other_chats(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, 50)
        before = await on(rollouts)
        await rollouts.abort(P, "bad")
        await rollouts.begin(P, NEWER, OLD, 50)
        assert await on(rollouts) != before

    async def test_acts_are_remembered(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, 10)
        await rollouts.weigh(P, 25)
        ended = await rollouts.abort(P, "bad")
        assert [(step.what, step.weight, step.reason) for step in ended.steps] == [
            ("begin", 10, ""),
            ("weigh", 25, ""),
            ("abort", 0, "bad"),
        ]

    async def test_without_a_rollout_there_is_nothing_to_change(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        for act in (rollouts.weigh(P, 1), rollouts.promote(P), rollouts.abort(P, "")):
            with pytest.raises(NotFound):
                await act

    @pytest.mark.parametrize("weight", [-1, 101])
    async def test_a_weight_is_a_percentage(self, values: MemoryValues, clock: FakeClock, weight: int) -> None:
        rollouts = await opened(values, clock)
        with pytest.raises(UsageError, match="percent"):
            await rollouts.begin(P, NEW, OLD, weight)


class TestOffers:
    async def test_a_manifest_begins_a_rollout(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        assert await rollouts.offer(P, NEW, OLD, 10)
        assert rollouts.active[P].weight == 10

    async def test_a_restart_keeps_the_weight_of_operators(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        await rollouts.offer(P, NEW, OLD, 10)
        await rollouts.weigh(P, 60)
        again = await opened(values, clock)
        assert await again.offer(P, NEW, OLD, 10) is None
        assert again.active[P].weight == 60

    async def test_a_newer_one_keeps_the_weight_of_the_canary_before(
        self, values: MemoryValues, clock: FakeClock
    ) -> None:
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, 60)
        await rollouts.offer(P, NEWER, OLD, 10)
        assert (rollouts.active[P].version, rollouts.active[P].weight) == (NEWER, 60)

    async def test_what_was_aborted_is_begun_by_operators_only(self, values: MemoryValues, clock: FakeClock) -> None:
        await (await opened(values, clock)).begin(P, NEW, OLD, 10)
        await (await opened(values, clock)).abort(P, "bad")
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEWER, OLD, 10)
        await rollouts.promote(P)
        assert (rollouts.aborted(P, NEW), await rollouts.offer(P, NEW, NEWER, 10)) == ("bad", None)
        await rollouts.begin(P, NEW, NEWER, 10)
        assert rollouts.aborted(P, NEW) == ""


class TestVerdict:
    async def busy(self, values: MemoryValues, clock: FakeClock, weight: int = 10) -> Rollouts:
        rollouts = await opened(values, clock)
        await rollouts.begin(P, NEW, OLD, weight)
        for number in range(400):
            rollouts.note(P, OLD, 0.01, failed=False)
            rollouts.note(P, NEW, 0.02, failed=number < 40)
        return rollouts

    async def test_a_canary_that_fails_more_must_go(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await self.busy(values, clock)
        assert rollouts.verdict(P).startswith("40 of its last 400 events failed")

    async def test_one_that_gets_no_chats_may_stay(self, values: MemoryValues, clock: FakeClock) -> None:
        assert (await self.busy(values, clock, weight=0)).verdict(P) == ""

    async def test_another_try_is_judged_anew(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await self.busy(values, clock)
        await rollouts.abort(P, rollouts.verdict(P))
        await rollouts.begin(P, NEW, OLD, 10)
        assert rollouts.verdict(P) == ""
        assert rollouts.tally(P, NEW).events == 400

    async def test_without_a_rollout_there_is_none(self, values: MemoryValues, clock: FakeClock) -> None:
        rollouts = await opened(values, clock)
        rollouts.note(P, OLD, 0.01, failed=True)
        assert (rollouts.verdict(P), rollouts.tally(P, OLD).errors, rollouts.tally("x", "1").events) == ("", 1, 0)
