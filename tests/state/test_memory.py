"""What is shared within one process, where it differs from what a server keeps."""

from __future__ import annotations

import pytest

from kagami.errors import Unavailable
from kagami.meters import Meters
from kagami.state.memory import MANY_SESSIONS, TOPIC_HINTS, Hub
from kagami.testing.clock import FakeClock
from tests.state.nodes import hearing, until


def test_a_topic_that_nobody_hears_is_bounded() -> None:
    meters = Meters()
    bus = Hub(meters=meters).state().bus
    bus.post("p1", [str(number) for number in range(TOPIC_HINTS + 7)])
    assert meters.count["state_lost", "unheard hints"] == 7


async def test_what_is_posted_in_an_outage_is_lost_and_counted() -> None:
    hub = Hub()
    state = hub.state()
    hub.trouble = "played"
    state.bus.post("p1", ["lost"])
    assert (state.bus.healthy, state.bus.trouble, hub.meters.count["state_lost", "hints"]) == (False, "played", 1)
    with pytest.raises(Unavailable, match="played"):
        await state.sessions.get("a")
    hub.trouble = ""
    async with hearing(state.bus, "p1") as heard:
        state.bus.post("p1", ["after"])
        await until(lambda: heard.hints)
    assert heard.hints == ["after"]


async def test_a_wipe_takes_everything() -> None:
    hub = Hub()
    state = hub.state()
    state.bus.post("p1", ["before"])
    await state.sessions.put("a", b"1", 60)
    hub.wipe()
    async with hearing(state.bus, "p1") as heard:
        state.bus.post("p1", ["after"])
        await until(lambda: heard.hints)
    assert (heard.hints, await state.sessions.get("a")) == (["after"], None)


async def test_sessions_that_ended_do_not_pile_up() -> None:
    clock = FakeClock()
    hub = Hub(clock=clock)
    sessions = hub.state().sessions
    for number in range(MANY_SESSIONS):
        await sessions.put(str(number), b"", 1)
    await clock.advance(2)
    await sessions.put("new", b"", 1)
    assert list(hub.sessions) == ["new"]
