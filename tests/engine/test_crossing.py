from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec
import pytest

from kagami.engine.crossing import Crossing
from kagami.errors import Denied, EngineAway
from kagami.model.principal import Principal
from kagami.operations.system import Status
from kagami.people.attendance import Attended
from kagami.ports import Feed, Presence
from kagami.testing.clock import FakeClock

ANN = Principal("person", "ann", frozenset({"*"}))


class Engine:
    """Answers with who asked; feeds what it is asked for, then waits."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.refuses = False
        self.attended = Attended(FakeClock())

    async def call(self, request: msgspec.Struct, who: Principal) -> Any:
        if self.refuses:
            raise Denied(scope="bots:write")
        return who.name, threading.current_thread().name

    def attend(self, who: Principal, session: str = "") -> AbstractContextManager[Presence]:
        return self.attended.enter(who, "console", session)

    async def feed(self, topics: Sequence[str], who: Principal) -> AsyncGenerator[Feed, None]:
        try:
            for topic in topics:
                yield Feed(topic, topic)
            await asyncio.Event().wait()
        finally:
            self.closed.set()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    other = asyncio.new_event_loop()
    thread = threading.Thread(target=other.run_forever, name="elsewhere")
    thread.start()
    yield other
    if not other.is_closed():
        other.call_soon_threadsafe(other.stop)
        thread.join()
        other.run_until_complete(other.shutdown_asyncgens())
        other.close()


async def test_a_call_is_made_in_the_engines_loop_as_the_person(loop: asyncio.AbstractEventLoop) -> None:
    assert await Crossing(Engine(), loop, ANN).call(Status()) == ("ann", "elsewhere")


async def test_the_engines_errors_come_back_as_they_are(loop: asyncio.AbstractEventLoop) -> None:
    engine = Engine()
    engine.refuses = True
    with pytest.raises(Denied):
        await Crossing(engine, loop, ANN).call(Status())


async def test_a_feed_holds_only_what_the_person_may_see(loop: asyncio.AbstractEventLoop) -> None:
    viewer = Principal("person", "bob", frozenset({"bots:read"}))
    items = Crossing(Engine(), loop, viewer).feed(["pulse", "bots", "notice", "unheard of"])
    assert (await anext(items)).topic == "bots"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await anext(items)
    await items.aclose()


async def test_a_feed_that_is_closed_ends_in_the_engine_too(loop: asyncio.AbstractEventLoop) -> None:
    engine = Engine()
    items = Crossing(engine, loop, ANN).feed(["pulse"])
    await anext(items)
    await items.aclose()
    assert await asyncio.to_thread(engine.closed.wait, 5)


async def test_an_engine_whose_loop_has_ended_is_away() -> None:
    gone = asyncio.new_event_loop()
    gone.close()
    with pytest.raises(EngineAway):
        await Crossing(Engine(), gone, ANN).call(Status())
