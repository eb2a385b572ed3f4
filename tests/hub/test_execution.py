from __future__ import annotations

import asyncio

import pytest

from kagami.errors import Denied
from kagami.hub.execution import Slots
from kagami.model.action import Failed, Send, Sent, Unknown
from kagami.model.ids import ChatId
from kagami.model.message import text
from kagami.operations.system import Stop
from kagami.ports import StorePut
from tests.hub.doubles import QQ, Letters, desk, execution

HELLO = Send(QQ, ChatId("group:7"), text("hi"))


async def test_sends_are_numbered_in_order() -> None:
    letters = Letters()
    one = execution(at=desk(letters))
    await one.perform(HELLO)
    await one.perform(HELLO)
    assert [ordinal for _, ordinal, _ in letters.sent] == [0, 1]


async def test_a_send_of_an_earlier_try_is_not_made_again() -> None:
    letters = Letters()
    one = execution(at=desk(letters))
    one.journal[0] = Sent("55")
    assert await one.perform(HELLO) == Sent("55")
    assert letters.sent == []


async def test_an_unknown_send_of_an_earlier_try_is_not_made_again() -> None:
    letters = Letters()
    one = execution(at=desk(letters))
    one.journal[0] = Unknown("crash")
    assert await one.perform(HELLO) == Unknown("crash")
    assert letters.sent == []


async def test_a_send_that_certainly_failed_is_made_again_by_the_next_try() -> None:
    one = execution(at=desk(Letters(Failed("muted"))))
    await one.perform(HELLO)
    assert one.journal == {}


async def test_staged_writes_are_seen_by_their_own_plugin_alone() -> None:
    one = execution()
    one.stage(StorePut("a", "k", "1"))
    one.stage(StorePut("a", "k", "2"))
    one.stage(StorePut("b", "k", None))
    assert one.staged("a") == {"k": "2"}
    assert one.staged("b") == {"k": None}
    assert one.effects == (StorePut("a", "k", "2"), StorePut("b", "k", None))


async def test_a_waiting_handler_gives_its_slot_back_and_takes_it_again() -> None:
    slots = Slots(1)
    one = execution(at=desk(slots=slots))
    await slots.take()
    async with one.waiting():
        await asyncio.wait_for(slots.take(), 1)
        slots.give()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(slots.take(), 0.01)


async def test_slots_are_given_in_the_order_of_asking() -> None:
    slots, order = Slots(1), list[int]()

    async def ask(number: int) -> None:
        await slots.take()
        order.append(number)
        slots.give()

    await slots.take()
    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(ask(number))
        await asyncio.sleep(0)
        assert not slots.take_free()
        slots.give()
    assert order == [0, 1, 2]
    assert slots.take_free()


@pytest.mark.parametrize("given", [True, False])
async def test_a_slot_is_not_lost_with_who_waited_for_it(given: bool) -> None:
    slots = Slots(1)
    await slots.take()
    waiting = asyncio.ensure_future(slots.take())
    await asyncio.sleep(0)
    if given:
        slots.give()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    if not given:
        slots.give()
    assert slots.take_free()
    assert not slots.take_free()


async def test_nobody_but_an_admin_calls_operations() -> None:
    with pytest.raises(Denied):
        await execution().call(Stop())


async def test_the_trace_tells_the_way() -> None:
    one = execution()
    one.mark("lane")
    one.mark("route", "no rules")
    trace = one.trace("handled", "echo@1", "hello")
    assert [mark.stage for mark in trace.marks] == ["lane", "route"]
    assert (trace.outcome, trace.plugin, trace.text, trace.started_ms) == ("handled", "echo@1", "hello", 5)
    assert trace.total_us >= trace.marks[-1].at_us >= trace.marks[0].at_us


async def test_a_crowded_chat_holds_up_another_by_one_turn() -> None:
    slots, served = Slots(1), list[str]()
    await slots.take("crowd")

    async def work(chat: str) -> None:
        await slots.take(chat)
        served.append(chat)
        slots.give()

    async with asyncio.TaskGroup() as group:
        for _ in range(50):
            group.create_task(work("crowd"))
        await asyncio.sleep(0)
        group.create_task(work("quiet"))
        await asyncio.sleep(0)
        slots.give()
    assert served.index("quiet") == 1
    assert len(served) == 51


async def test_more_slots_are_given_to_those_who_wait() -> None:
    slots = Slots(1)
    await slots.take()
    waiting = [asyncio.ensure_future(slots.take()) for _ in range(3)]
    await asyncio.sleep(0)
    slots.configure(3)
    await asyncio.wait_for(asyncio.gather(*waiting[:2]), 10)
    assert not waiting[2].done()
    slots.give()
    await asyncio.wait_for(waiting[2], 10)


async def test_fewer_slots_come_about_as_those_that_are_taken_are_given_back() -> None:
    slots = Slots(3)
    for _ in range(3):
        await slots.take()
    slots.configure(1)
    waiting = asyncio.ensure_future(slots.take())
    for _ in range(2):
        slots.give()
        await asyncio.sleep(0)
        assert not waiting.done()
    slots.give()
    await asyncio.wait_for(waiting, 10)
    assert not slots.take_free()
