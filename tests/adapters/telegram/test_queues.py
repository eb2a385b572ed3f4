from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from kagami.adapters.telegram import queues as module
from kagami.adapters.telegram.queues import ChatQueues
from kagami.adapters.telegram.wire import Answer, Hints
from kagami.net.supervise import Nursery
from kagami.testing.clock import FakeClock, settle

YES = Answer(ok=True)


def wait_for(seconds: int) -> Answer:
    return Answer(ok=False, error_code=429, parameters=Hints(retry_after=seconds))


def answers(*given: Answer) -> Callable[[], Awaitable[Answer]]:
    left = list(given)

    async def ask() -> Answer:
        return left.pop(0)

    return ask


async def test_after_too_many_the_same_request_goes_when_it_may() -> None:
    clock = FakeClock()
    queues = ChatQueues(clock, lambda: 0.0)
    async with Nursery(clock) as nursery:
        asked = nursery.start("ask", queues.run("1", answers(wait_for(3), YES)))
        await clock.asleep()
        await clock.advance(2.9)
        assert not asked.done()
        await clock.advance(0.1)
        assert await asked == YES


async def test_a_chat_that_has_to_wait_holds_up_what_comes_behind_and_no_other_chat() -> None:
    clock = FakeClock()
    queues = ChatQueues(clock, lambda: 0.0)
    async with Nursery(clock) as nursery:
        first = nursery.start("first", queues.run("1", answers(wait_for(3), YES)))
        await clock.asleep()
        behind = nursery.start("behind", queues.run("1", answers(YES)))
        assert await queues.run("2", answers(YES)) == YES
        await settle()
        assert not behind.done()
        await clock.advance(3)
        assert (await first, await behind) == (YES, YES)


async def test_nobody_waits_longer_than_a_minute() -> None:
    clock = FakeClock()
    queues = ChatQueues(clock, lambda: 0.0)
    assert (await queues.run("1", answers(wait_for(61)))).error_code == 429
    # The next one does not even ask.
    assert (await queues.run("1", answers())).error_code == 429
    await clock.advance(61)
    assert await queues.run("1", answers(YES)) == YES


async def test_an_endless_row_of_refusals_ends() -> None:
    clock = FakeClock()
    queues = ChatQueues(clock, lambda: 0.0)
    async with Nursery(clock) as nursery:
        asked = nursery.start("ask", queues.run("1", answers(*[wait_for(25)] * 5)))
        for _ in range(2):
            await clock.asleep()
            await clock.advance(25)
        assert (await asked).error_code == 429


async def test_chats_that_may_be_asked_again_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_CHATS", 2)
    clock = FakeClock()
    queues = ChatQueues(clock, lambda: 0.0)
    for chat in "abcd":
        await queues.run(chat, answers(wait_for(61)))
        await clock.advance(61)
    assert len(queues._blocked) <= 2


async def test_whoever_gives_up_gives_the_turn_on() -> None:
    clock = FakeClock()
    queues = ChatQueues(clock, lambda: 0.0)
    async with Nursery(clock) as nursery:
        waiting = nursery.start("ask", queues.run("1", answers(wait_for(50), YES)))
        await clock.asleep()
        waiting.cancel()
        await asyncio.wait([waiting])
        behind = nursery.start("behind", queues.run("1", answers(YES)))
        await clock.asleep()
        await clock.advance(50)
        assert await behind == YES
