from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kagami.tui.feed import EngineFeed
from tests.tui.engine import NOTICES, FakeControl, FixedClock, pulse
from tests.tui.pilot import until


@asynccontextmanager
async def listening(control: FakeControl, clock: FixedClock) -> AsyncIterator[EngineFeed]:
    feed = EngineFeed(control, clock, lambda: None)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(feed.run())
        yield feed
        task.cancel()


async def test_it_catches_up_and_follows() -> None:
    control = FakeControl(notices=NOTICES)
    async with listening(control, FixedClock()) as feed:
        await until(lambda: feed.pulse is not None)
        assert len(feed.history) == 300
        assert list(feed.notices) == NOTICES
        control.push("pulse", pulse(1, online=7))
        await until(lambda: feed.pulse is not None and feed.pulse.online == 7)


async def test_new_notices_are_kept() -> None:
    control = FakeControl()
    async with listening(control, FixedClock()) as feed:
        await until(lambda: feed.pulse is not None)
        control.push("notice", NOTICES[0])
        await until(lambda: list(feed.notices) == [NOTICES[0]])


async def test_three_silent_seconds_are_stale_and_five_are_lost() -> None:
    clock = FixedClock()
    async with listening(FakeControl(), clock) as feed:
        await until(lambda: feed.pulse is not None)
        clock.now += 2.9
        assert not feed.stale_s
        clock.now += 0.2
        assert feed.stale_s
        assert not feed.lost
        clock.now += 2
        assert feed.lost


async def test_a_closed_link_is_stale_at_once() -> None:
    control, clock = FakeControl(), FixedClock()
    async with listening(control, clock) as feed:
        await until(lambda: feed.pulse is not None)
        clock.now += 0.1
        control.lose()
        await until(lambda: feed.tries == 1)
        assert feed.stale_s
        assert "fake socket" in feed.reason


async def test_retry_attaches_again_at_once() -> None:
    control = FakeControl()
    async with listening(control, FixedClock()) as feed:
        await until(lambda: feed.pulse is not None)
        control.lose()
        await until(lambda: feed.tries == 1)
        control.away = False
        feed.retry()
        await asyncio.wait_for(control.attached.wait(), 0.8)
        await until(lambda: feed.tries == 0)


async def test_pauses_stay_short_enough_to_be_back_within_three_seconds() -> None:
    control, clock = FakeControl(), FixedClock()
    control.away = True
    pauses = []
    async with listening(control, clock) as feed:
        for tries in range(1, 7):
            await until(lambda tries=tries: feed.tries == tries)  # type: ignore[misc]
            pauses.append(feed.wait_s)
            feed.retry()
    assert pauses == [1, 2, 2, 2, 2, 2]
