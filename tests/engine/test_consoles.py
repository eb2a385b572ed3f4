"""Consoles for browsers: one thread for all, limits, ends, and ways back."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

import msgspec
import pytest

from kagami.engine import consoles as room
from kagami.engine.consoles import NAMESPACE, Consoles
from kagami.errors import Conflict
from kagami.model.principal import Principal
from kagami.net.supervise import Nursery
from kagami.ports import Feed, Parts, Presence, StorePut
from kagami.ports.consoles import Screen, Seat
from kagami.ports.people import Login
from kagami.testing.clock import FakeClock
from kagami.tui.browser import BrowserConsole
from kagami.tui.line import MOST_WAITING
from kagami.web.config import WebConfig
from tests.tui.engine import FakeControl
from tests.web.doubles import make_parts

PAINTED = "\x1b[?1049h"


class KeptValues:
    """The store's values table."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str | None] = {}

    async def get(self, plugin: str, key: str) -> str | None:
        return self.values.get((plugin, key))

    async def put_many(self, writes: Sequence[StorePut]) -> None:
        self.values |= {(each.plugin, each.key): each.value for each in writes}


class Logins:
    """Counts every login but those that were ended."""

    def __init__(self) -> None:
        self.over: set[str] = set()

    async def goes_on(self, login: Login) -> bool:
        return login.id not in self.over


class Engine:
    """Answers like the consoles' test double, and remembers who asked."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.asked: set[str] = set()
        self._control = FakeControl()

    async def call(self, request: msgspec.Struct, who: Principal) -> Any:
        self.asked.add(who.name)
        return await self._control.call(request)

    def attend(self, who: Principal, session: str = "") -> AbstractContextManager[Presence]:
        return self.parts.attendance.enter(who, "browser", session)

    async def feed(self, topics: Sequence[str], who: Principal) -> AsyncGenerator[Feed, None]:
        async for item in self._control.feed(topics):
            yield item


class House:
    def __init__(self, **settings: Any) -> None:
        self.clock = FakeClock()
        self.store = KeptValues()
        self.logins = Logins()
        parts = make_parts(clock=self.clock, store=self.store, people=self.logins)
        self.engine = Engine(parts)
        self.nursery = Nursery(self.clock)
        self.consoles = Consoles(WebConfig(**settings), self.engine, self.nursery)

    async def pass_time(self, seconds: float) -> None:
        """Until the watch has looked again."""
        await self.clock.advance(seconds + room.SWEEP_S)


@asynccontextmanager
async def house(**settings: Any) -> AsyncIterator[House]:
    opened = House(**settings)
    async with opened.nursery, opened.consoles:
        yield opened


def seat(tab: str = "1", person: str = "ann", login: str = "") -> Seat:
    who = Principal("person", person, frozenset({"*"}))
    return Seat(who=who, login=Login(login or person, person, 1, 1), tab=tab, language="en", width=80, height=24)


async def seen(screen: Screen, text: str) -> str:
    """What came up to this text."""
    came = ""
    async with asyncio.timeout(10):
        while text not in came:
            piece = await screen.output()
            assert piece, f"ended: {screen.ended}"
            came += piece
    return came


async def to_the_end(screen: Screen) -> str:
    async with asyncio.timeout(10):
        while await screen.output():
            pass
    return screen.ended


async def test_a_tab_is_given_a_console_that_asks_as_its_person() -> None:
    async with house() as home:
        screen = await home.consoles.open(seat())
        await seen(screen, "idle\x07")
        assert home.engine.asked == {"ann"}


async def test_leaving_ends_it_and_the_next_begins_at_the_same_place() -> None:
    async with house() as home:
        screen = await home.consoles.open(seat())
        await seen(screen, "idle\x07")
        screen.type("2")
        await seen(screen, "bots · idle\x07")
        screen.type("q")
        assert await to_the_end(screen) == "left"
        async with asyncio.timeout(5):
            while (NAMESPACE, "ann") not in home.store.values:
                await asyncio.sleep(0.01)
        await seen(await home.consoles.open(seat("2")), "bots · idle\x07")


async def test_a_tab_that_comes_back_finds_the_same_console() -> None:
    async with house() as home:
        first = await home.consoles.open(seat())
        await seen(first, "idle\x07")
        first.type("2")
        await seen(first, "bots · idle\x07")
        first.leave(closed=False)
        again = await home.consoles.open(seat())
        assert "bots · idle" in await seen(again, "Bots")
        assert len(home.consoles) == 1


async def test_a_line_that_was_taken_over_is_told_and_types_no_more() -> None:
    async with house() as home:
        first = await home.consoles.open(seat())
        await seen(first, "idle\x07")
        second = await home.consoles.open(seat())
        assert await to_the_end(first) == "elsewhere"
        first.type("q")
        first.leave(closed=False)
        second.type("2")
        await seen(second, "bots · idle\x07")


async def test_the_same_tab_of_another_login_is_another_console() -> None:
    async with house() as home:
        await home.consoles.open(seat(login="one"))
        await home.consoles.open(seat(login="two"))
        assert len(home.consoles) == 2


@pytest.mark.parametrize(("closed", "seconds"), [(True, 11.0), (False, 61.0)])
async def test_a_console_whose_tab_stays_away_ends(closed: bool, seconds: float) -> None:
    async with house() as home:
        screen = await home.consoles.open(seat())
        await seen(screen, "idle\x07")
        screen.leave(closed=closed)
        await home.pass_time(seconds)
        assert await to_the_end(screen) == "away"


async def test_the_end_of_the_login_ends_its_consoles_and_no_others() -> None:
    async with house() as home:
        ann, bob = await home.consoles.open(seat()), await home.consoles.open(seat(person="bob"))
        await seen(ann, "idle\x07")
        await seen(bob, "idle\x07")
        home.logins.over.add("ann")
        await home.pass_time(0)
        assert await to_the_end(ann) == "logout"
        bob.type("2")
        await seen(bob, "bots · idle\x07")


async def test_a_console_in_which_nobody_types_ends() -> None:
    async with house(idle_minutes=5) as home:
        screen = await home.consoles.open(seat())
        await seen(screen, "idle\x07")
        await home.pass_time(301)
        assert await to_the_end(screen) == "idle"


async def test_there_are_no_more_than_allowed_each_and_in_all() -> None:
    async with house(sessions=3, sessions_per_person=2) as home:
        await home.consoles.open(seat("1"))
        await home.consoles.open(seat("2"))
        with pytest.raises(Conflict):
            await home.consoles.open(seat("3"))
        await home.consoles.open(seat("1", "bob"))
        with pytest.raises(Conflict):
            await home.consoles.open(seat("1", "eve"))


async def test_a_console_whose_tab_is_away_makes_room() -> None:
    async with house(sessions_per_person=2) as home:
        first = await home.consoles.open(seat("1"))
        await home.consoles.open(seat("2"))
        first.leave(closed=False)
        await seen(await home.consoles.open(seat("3")), PAINTED)
        assert await to_the_end(first) == "away"


async def test_a_tab_that_stops_reading_costs_nobody_anything_and_is_painted_anew() -> None:
    async with house() as home:
        slow, other = await home.consoles.open(seat("1")), await home.consoles.open(seat("2"))
        await seen(slow, "idle\x07")
        await seen(other, "idle\x07")
        loop, longest = asyncio.get_running_loop(), 0.0
        for turn in range(60):
            slow.type("2" if turn % 2 else "4")
            start = loop.time()
            other.type("2" if turn % 2 else "4")
            await seen(other, "bots · idle\x07" if turn % 2 else "plugins · idle\x07")
            longest = max(longest, loop.time() - start)
        assert home.consoles._sessions["ann", "1"].hold.line.waiting <= MOST_WAITING * 2
        await slow.output()
        whole = await seen(slow, "Bots")
        assert whole.count("\x1b[") > 100
        assert longest < 1.0


async def test_an_ended_console_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "COLLECT_S", 1.2)
    made: list[weakref.ref[BrowserConsole]] = []
    async with house() as home:
        for number in range(2):
            screen = await home.consoles.open(seat(str(number)))
            await seen(screen, "idle\x07")
            app = home.consoles._sessions["ann", str(number)]._app
            assert app is not None
            made.append(weakref.ref(app))
            del app
            screen.type("q")
            await to_the_end(screen)
        async with asyncio.timeout(10):
            while any(each() is not None for each in made):
                await asyncio.sleep(0.02)


async def test_the_end_of_the_engine_ends_them_all() -> None:
    async with house() as home:
        screen = await home.consoles.open(seat())
        await seen(screen, "idle\x07")
    assert await to_the_end(screen) == "stopping"
    assert len(home.consoles) == 0
