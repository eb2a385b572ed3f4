"""What a tab may still do with a console that it has, has no more, or that has not begun."""

from __future__ import annotations

from kagami.engine.session import AWAY_S, CLOSED_S, Session
from kagami.model.principal import Principal
from kagami.ports.consoles import Seat
from kagami.ports.people import Login
from kagami.testing.clock import FakeClock
from tests.tui.engine import FakeControl


def session(clock: FakeClock | None = None) -> Session:
    who = Principal("person", "ann", frozenset({"*"}))
    seat = Seat(who=who, login=Login("l", "ann", 1, 1), tab="t", language="en", width=80, height=24)
    return Session(seat, FakeControl(), "", clock or FakeClock())


async def test_a_tab_that_leaves_is_waited_for_longer_when_it_did_not_close() -> None:
    clock = FakeClock()
    one = session(clock)
    one.hold.leave(closed=False)
    assert one.gone_by == clock.monotonic() + AWAY_S
    one.hold.leave(closed=True)
    assert one.gone_by == clock.monotonic() + CLOSED_S


async def test_coming_back_ends_the_wait_and_the_old_hold() -> None:
    one = session()
    old = one.hold
    old.leave(closed=False)
    new = one.attach(one.seat)
    assert one.gone_by == float("inf")
    assert (await old.output(), old.ended) == ("", "elsewhere")
    old.leave(closed=True)
    assert one.gone_by == float("inf")
    assert one.hold is new


async def test_typing_counts_as_being_there() -> None:
    clock = FakeClock()
    one = session(clock)
    await clock.advance(100)
    one.hold.type("x")
    assert one.typed_at == clock.monotonic()


async def test_one_that_is_ended_before_it_began_shows_nothing() -> None:
    one = session()
    one.end("stopping")
    await one.run()
    assert one.ended == "stopping"
    assert await one.hold.output() == ""
