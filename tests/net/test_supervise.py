"""Tasks with an owner."""

from __future__ import annotations

import asyncio
import gc

import pytest

from kagami.net.supervise import Nursery
from kagami.testing.clock import FakeClock, settle


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def fail(text: str = "broken") -> None:
    raise ValueError(text)


async def test_a_task_gives_its_result_to_who_awaits_it() -> None:
    async def answer() -> int:
        return 42

    async with Nursery() as nursery:
        assert await nursery.start("answer", answer()) == 42


async def test_a_failure_leaves_its_siblings_alone() -> None:
    async with Nursery() as nursery:
        sibling = nursery.start("sibling", forever())
        nursery.start("failing", fail())
        await settle()
        assert (sibling.done(), nursery.names()) == (False, ["sibling"])


async def test_a_failure_is_kept_with_its_name_and_reason() -> None:
    async with Nursery(FakeClock(wall_ms=7)) as nursery:
        nursery.start("failing", fail())
        await settle()
        assert [(f.task, f.reason, f.at_ms) for f in nursery.failures] == [("failing", "ValueError: broken", 7)]


async def test_a_failure_is_logged_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    async with Nursery() as nursery:
        nursery.start("failing", fail())
        await settle()
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["broken"]


async def test_a_running_task_survives_the_garbage_collector() -> None:
    done = asyncio.Event()

    async def work() -> None:
        # Nobody but the nursery holds on to this task, and nobody but it to the future.
        await asyncio.sleep(0)
        done.set()

    async with Nursery() as nursery:
        nursery.start("lonely", work())
        gc.collect()
        async with asyncio.timeout(10):
            await done.wait()


async def test_closing_cancels_the_newest_task_first() -> None:
    ended: list[str] = []

    async def work(name: str) -> None:
        try:
            await forever()
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    async with Nursery() as nursery:
        for name in ("store", "hub", "gateway"):
            nursery.start(name, work(name))
        await settle()
    assert ended == ["gateway", "hub", "store"]


async def test_closing_does_not_wait_for_ever() -> None:
    release = asyncio.Event()

    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    nursery = Nursery(closing=0.01)
    task = nursery.start("stubborn", stubborn())
    await settle()
    async with asyncio.timeout(10):
        await nursery.close()
    assert nursery.names() == ["stubborn"]
    release.set()
    await task


async def test_a_closed_nursery_starts_nothing() -> None:
    nursery = Nursery()
    await nursery.close()
    with pytest.raises(RuntimeError, match="late cannot start"):
        nursery.start("late", forever())


async def test_a_task_may_close_its_own_nursery() -> None:
    nursery = Nursery()
    async with asyncio.timeout(10):
        await nursery.start("closer", nursery.close())
    assert len(nursery) == 0


async def crash_until(clock: FakeClock, nursery: Nursery, crashes: int) -> list[float]:
    """Run a kept loop that crashes so often; the times of its starts."""
    starts: list[float] = []

    async def work() -> None:
        starts.append(clock.monotonic())
        if len(starts) <= crashes:
            await fail(str(len(starts)))

    task = nursery.keep("work", work)
    await settle()
    while not task.done():
        await clock.advance(1)
    return starts


async def test_a_kept_loop_is_started_again_after_growing_pauses() -> None:
    clock = FakeClock()
    async with Nursery(clock, randomness=lambda: 0.5) as nursery:
        assert await crash_until(clock, nursery, 3) == [0, 1, 3, 7]


async def test_five_crashes_are_a_crash_loop_that_is_tried_every_five_minutes() -> None:
    clock = FakeClock()
    async with Nursery(clock, randomness=lambda: 0.5) as nursery:
        assert (await crash_until(clock, nursery, 5))[-1] == 1 + 2 + 4 + 8 + 300


async def test_a_kept_loop_shows_how_it_is() -> None:
    clock = FakeClock()
    seen: list[tuple[str, str, int]] = []

    async def crash() -> None:
        seen.append((nursery.loops["work"].state, nursery.loops["work"].reason, nursery.loops["work"].crashes))
        await fail()

    async with Nursery(clock, randomness=lambda: 0.5) as nursery:
        nursery.keep("work", crash)
        await clock.asleep()
        assert nursery.loops["work"].state == "backoff"
        await clock.advance(20)
        assert (nursery.loops["work"].state, nursery.loops["work"].crashes) == ("crash_loop", 5)
    assert (seen[:2], nursery.loops["work"].state) == (
        [("running", "", 0), ("running", "ValueError: broken", 1)],
        "stopped",
    )


async def test_a_kept_loop_that_returns_has_ended() -> None:
    async def once() -> None:
        return

    async with Nursery() as nursery:
        await nursery.keep("once", once)
        assert nursery.loops["once"].state == "stopped"


async def test_an_error_without_text_is_shown_by_its_name() -> None:
    async def interrupted() -> None:
        raise TimeoutError

    async with Nursery() as nursery:
        nursery.start("interrupted", interrupted())
        await settle()
        assert nursery.failures[0].reason == "TimeoutError"
