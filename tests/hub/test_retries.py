from __future__ import annotations

import asyncio
from contextlib import suppress

from kagami.hub.retries import HOLD_S, Retries
from kagami.model.action import Sent
from kagami.ports import Fence, Open
from tests.hub.doubles import StillClock, execution


def test_what_is_due_comes_out_in_order_of_time() -> None:
    retries = Retries(StillClock(), lambda _: None)
    for number, at_ms in ((1, 300), (2, 100), (3, 200)):
        retries.put(execution(number), at_ms)
    assert [each.event.dedupe for each in retries.due(0.25)] == ["m:2", "m:3"]
    assert len(retries) == 1


def test_a_try_more_is_counted_and_the_receipts_go_along() -> None:
    retries = Retries(StillClock(), lambda _: None)
    one = execution(attempts=2)
    one.journal[0] = Sent("5")
    retries.put(one, 0)
    found = retries.due(0)[0]
    assert (found.attempts, found.sends) == (3, {0: Sent("5")})


async def test_events_are_handed_out_when_their_time_comes() -> None:
    clock, seen, told = StillClock(), [], asyncio.Event()

    def again(found: Open) -> None:
        seen.append((found.event.dedupe, clock.wall_ms()))
        told.set()

    retries = Retries(clock, again)
    running = asyncio.ensure_future(retries.run())
    retries.put(execution(1), clock.wall_ms() + 2_500)
    await asyncio.wait_for(told.wait(), 5)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert seen == [("m:1", 1_002_500)]


def test_the_answers_of_the_failed_try_come_behind_their_event() -> None:
    clock = StillClock()
    retries = Retries(clock, lambda _: None)
    one = execution(1, attempts=1)
    one.consumed(execution(2, "7"))
    retries.put(one, clock.wall_ms())
    found = retries.due(clock.monotonic())
    assert [(each.event.dedupe, each.attempts) for each in found] == [("m:1", 2), ("m:2", 0)]


def test_a_clock_that_is_set_back_delays_no_try() -> None:
    clock = StillClock()
    retries = Retries(clock, lambda _: None)
    retries.put(execution(1), clock.wall_ms() + 5_000)
    clock.set_back_s = 3_600
    assert [each.event.dedupe for each in retries.due(clock.monotonic() + 5)] == ["m:1"]


def test_what_is_to_be_tried_under_a_lost_lease_is_forgotten() -> None:
    retries = Retries(StillClock(), lambda _: None)
    for number, lease in ((1, "part:1"), (2, "part:2")):
        one = execution(number)
        one.fence = Fence(lease, 1)
        retries.put(one, 0, plugin="slow")
    retries.drop(["part:1"])
    assert [each.event.dedupe for each in retries.due(0.25)] == ["m:2"]
    assert retries.parked["slow"] == 0


def test_the_lease_of_an_event_is_that_of_its_next_try() -> None:
    retries = Retries(StillClock(), lambda _: None)
    one = execution()
    one.fence = Fence("part:1", 7)
    retries.put(one, 0)
    assert retries.due(0.25)[0].fence == Fence("part:1", 7)


def test_what_waits_for_the_store_comes_again_in_the_order_of_its_conversation() -> None:
    clock = StillClock()
    retries = Retries(clock, lambda _: None)
    for number in (1, 2, 3):
        clock.now += 0.4
        retries.hold(execution(number))
    assert retries.due(clock.now) == []
    assert [each.event.dedupe for each in retries.due(clock.now + HOLD_S)] == ["m:1", "m:2", "m:3"]


def test_a_conversation_waits_for_the_store_until_it_is_handed_out() -> None:
    retries, one = Retries(StillClock(), lambda _: None), execution()
    assert not retries.holds(one.event.session)
    retries.hold(one)
    assert retries.holds(one.event.session)
    retries.due(1_000_000.0)
    assert not retries.holds(one.event.session)


def test_waiting_for_the_store_is_no_try_but_is_counted() -> None:
    retries, one = Retries(StillClock(), lambda _: None), execution(attempts=2)
    retries.hold(one)
    (found,) = retries.due(1_000_000.0)
    assert (found.attempts, found.holds) == (2, 1)


def test_a_lost_lease_forgets_what_waits_for_the_store_too() -> None:
    retries, one = Retries(StillClock(), lambda _: None), execution()
    one.fence = Fence("part:1", 1)
    retries.hold(one)
    retries.drop(["part:1"])
    assert not retries.holds(one.event.session)
    assert retries.due(1_000_000.0) == []
