"""Processes that limit floods together, and ask nobody for it."""

from __future__ import annotations

from collections.abc import Mapping

from kagami.core import limits
from kagami.hub import tally
from kagami.hub.tally import PERIOD_S, SHARES, Tally
from kagami.net.supervise import Nursery
from kagami.ports import Buckets
from kagami.state.memory import Hub
from kagami.testing.clock import FakeClock

RATE, BURST = 1.0, 60


class Process:
    """Lets messages through as a guard does."""

    def __init__(self, shared: Buckets, clock: FakeClock) -> None:
        self.own = limits.Buckets(RATE, BURST)
        self.tally = Tally(self.own, shared, "user", BURST, clock)
        self.passed = 0
        self._clock = clock

    def hear(self, user: str) -> bool:
        if not self.own.take(user, self._clock.monotonic()):
            return False
        self.tally.count(user)
        self.passed += 1
        return True


class Asked:
    """Implements `ports.Buckets`: counts what it is told, and knows of nobody else."""

    def __init__(self) -> None:
        self.told: list[dict[str, float]] = []

    async def take(self, key: str, rate: float, burst: float, amount: float = 1.0) -> float:
        raise AssertionError((key, rate, burst, amount))

    async def charge(self, amounts: Mapping[str, float], rate: float) -> dict[str, float]:
        assert rate == RATE
        self.told.append(dict(amounts))
        return {}


async def test_a_flood_over_three_processes_passes_little_more_than_over_one() -> None:
    clock = FakeClock()
    hub = Hub(clock=clock)
    processes = [Process(hub.state().buckets, clock) for _ in range(3)]
    async with Nursery() as nursery:
        for each in processes:
            nursery.start("tally", each.tally.run())
        for _ in range(200):
            for each in processes:
                each.hear("qq:1")
            await clock.advance(PERIOD_S / 10)
    passed = sum(each.passed for each in processes)
    ours = BURST + 200 * PERIOD_S / 10 * RATE
    assert ours <= passed <= ours + len(processes) * (BURST / SHARES + 10)


async def test_a_user_of_another_process_is_not_limited_with_it() -> None:
    clock = FakeClock()
    hub = Hub(clock=clock)
    one, other = (Process(hub.state().buckets, clock) for _ in range(2))
    while one.hear("qq:1"):
        pass
    await one.tally.tell()
    await other.tally.tell()
    assert other.hear("qq:2")


async def test_who_floods_nobody_is_told_to_nobody() -> None:
    shared, clock = Asked(), FakeClock()
    process = Process(shared, clock)
    async with Nursery() as nursery:
        nursery.start("tally", process.tally.run())
        for user in range(100):
            process.hear(f"qq:{user}")
        await clock.advance(10)
    assert shared.told == []


async def test_a_tenth_of_a_bucket_is_told_at_once_with_all_others() -> None:
    shared, clock = Asked(), FakeClock()
    process = Process(shared, clock)
    for _ in range(BURST // SHARES):
        process.hear("qq:1")
        process.hear("qq:2")
    process.hear("qq:3")
    await process.tally.tell()
    assert shared.told == [{"user:qq:1": BURST / SHARES, "user:qq:2": BURST / SHARES}]


async def test_alone_everybody_has_the_whole_bucket() -> None:
    process = Process(Asked(), FakeClock())
    while process.hear("qq:1"):
        await process.tally.tell()
    assert process.passed == BURST


async def test_users_who_went_away_are_forgotten() -> None:
    clock = FakeClock()
    process = Process(Asked(), clock)
    for user in range(tally.MANY):
        process.hear(f"qq:{user}")
    await clock.advance(2)
    process.hear("qq:new")
    assert process.tally._untold == {"qq:new": 1}
