from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable
from functools import partial

import msgspec
import pytest

from kagami.errors import KagamiError, RowRefused, StoreClosed
from kagami.model.event import Event
from kagami.model.ids import bot_id
from kagami.testing.adapters import HoldingIntake, NotedMemory, QuickClock
from kagami.testing.clock import FakeClock
from kagami.testing.kook import Kook
from tests.adapters.kook.conftest import Play, Stage, config_of, until


class Refusing(HoldingIntake):
    """An intake whose disk refuses the next events."""

    def __init__(self, *errors: KagamiError) -> None:
        super().__init__()
        self.errors = list(errors)

    def accept(self, event: Event, read_at: float, *, once: bool = False) -> Awaitable[bool]:
        if not self.errors:
            return super().accept(event, read_at)
        failed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        failed.set_exception(self.errors.pop(0))
        return failed


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def beat(stage: Stage, clock: FakeClock) -> int:
    """Let the next ping become due; the number that it tells."""
    told = len(stage.kook.pings)
    await clock.asleep(2)  # who pings, and who watches
    await clock.advance(25)  # the kit draws the shortest time between two
    await until(lambda: len(stage.kook.pings) > told)
    return stage.kook.pings[-1]


def texts(stage: Stage) -> list[str]:
    return [event.text for event in stage.intake.events]


# --- acknowledgement ---


async def test_a_ping_tells_what_is_on_disk(kook: Kook, play: Play, clock: FakeClock) -> None:
    async with play(clock=clock) as stage:
        await stage.is_("online")
        stage.intake.hold()
        await kook.says("one")
        await stage.intake.event()
        assert await beat(stage, clock) == 0
        stage.intake.release()
        assert await beat(stage, clock) == 1


async def test_nothing_is_acknowledged_before_what_came_earlier_is_on_disk(
    kook: Kook, play: Play, clock: FakeClock
) -> None:
    async with play(clock=clock) as stage:
        await stage.is_("online")
        stage.intake.hold()
        await kook.says("one")
        await stage.intake.event()
        stage.intake._waiting, held = None, stage.intake._waiting
        await kook.says("two")
        await stage.intake.event()
        assert await beat(stage, clock) == 0
        stage.intake._waiting = held
        stage.intake.release()
        assert await beat(stage, clock) == 2


async def test_what_a_ping_tells_was_kept_before(kook: Kook, play: Play, clock: FakeClock) -> None:
    async with play(clock=clock) as stage:
        await stage.is_("online")
        await kook.says("one")
        await stage.intake.event()
        await beat(stage, clock)
        kept = stage.notes.values[bot_id("kook", config_of(kook).address), "session"]
        assert msgspec.json.decode(kept)["done"] == kook.pings[-1] == 1


async def test_nothing_is_acknowledged_that_could_not_be_kept(
    kook: Kook, play: Play, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StoreClosed(reason="disk full")

    async with play(clock=clock) as stage:
        await stage.is_("online")
        monkeypatch.setattr(NotedMemory, "write", away)
        await kook.says("one")
        await stage.intake.event()
        assert (await beat(stage, clock), stage.adapter._session.done) == (0, 1)


async def test_an_event_that_the_disk_did_not_take_comes_again(kook: Kook, play: Play) -> None:
    async with play(intake=Refusing(StoreClosed(reason="disk full"))) as stage:
        await stage.is_("online")
        await kook.says("one")
        assert (await stage.intake.event()).text == "one"
        assert kook.attempts == 2
        assert "&resume=1&sn=0&session_id=" in kook.urls[-1]


async def test_an_event_that_the_disk_never_takes_is_shown_and_passed_over(
    kook: Kook, play: Play, clock: FakeClock
) -> None:
    async with play(intake=Refusing(RowRefused(reason="NUL")), clock=clock) as stage:
        await stage.is_("online")
        await kook.says("one")
        await stage.intake.complaint()
        assert (await beat(stage, clock), kook.attempts) == (1, 1)


# --- order ---


async def test_what_comes_out_of_order_is_taken_in_order(kook: Kook, play: Play) -> None:
    async with play() as stage:
        await stage.is_("online")
        session = kook.session
        assert session
        held, session.socket = session.socket, None
        for text in ("one", "two", "three"):
            await kook.says(text)
        session.socket = held
        for sn in (3, 1, 1, 2):
            await kook.send(session.frames[sn])
        await until(lambda: len(stage.intake.events) == 3)
        assert texts(stage) == ["one", "two", "three"]


async def test_a_lost_event_is_asked_for_at_once(kook: Kook, play: Play, clock: FakeClock) -> None:
    async with play(clock=clock) as stage:
        await stage.is_("online")
        session = kook.session
        assert session
        held, session.socket = session.socket, None
        await kook.says("lost")
        session.socket = held
        await kook.says("next")
        await until(lambda: len(stage.intake.events) == 2)
        assert (texts(stage), kook.pings) == (["lost", "next"], [0])


async def test_what_cannot_be_read_is_shown_and_does_not_hold_up_the_rest(
    kook: Kook, play: Play, clock: FakeClock
) -> None:
    async with play(clock=clock) as stage:
        await stage.is_("online")
        await kook.pour(b"\x00 no stream")
        await kook.pour(zlib.compress(bytes(5_000_000)))
        await kook.happens({"type": 9})
        await kook.says("fine")
        assert (await stage.intake.event()).text == "fine"
        assert len(stage.intake.complaints) == 3
        assert (await beat(stage, clock), kook.attempts) == (2, 1)


async def test_half_an_emoji_holds_up_nothing(kook: Kook, play: Play, clock: FakeClock) -> None:
    async with play(clock=clock) as stage:
        await stage.is_("online")
        await kook.says("half \ud83d")
        await kook.says("fine")
        await until(lambda: len(stage.intake.events) == 2)
        assert (texts(stage), stage.intake.complaints) == (["half \ufffd", "fine"], [])
        assert await beat(stage, clock) == 2


async def test_a_numbered_event_that_cannot_be_read_is_shown_and_counts_as_done(
    kook: Kook, play: Play, clock: FakeClock
) -> None:
    async with play(clock=clock) as stage:
        await stage.is_("online")
        await kook.happens({"type": 9, "msg_id": "x", "extra": 2**64})
        await kook.says("fine")
        assert (await stage.intake.event()).text == "fine"
        assert len(stage.intake.complaints) == 1
        assert (await beat(stage, clock), kook.attempts) == (2, 1)


# --- life ---


async def test_without_a_greeting_the_connection_is_left_after_six_seconds(
    kook: Kook, play: Play, clock: FakeClock
) -> None:
    kook.hello = None
    async with play(clock=clock) as stage:
        await until(lambda: kook.open == 1)
        await clock.asleep(2)
        await clock.advance(5.9)
        assert (kook.attempts, stage.bot.health().state) == (1, "connecting")
        kook.hello = 0
        await clock.advance(0.2)
        await stage.is_("online")
        assert kook.attempts == 2


async def test_three_pings_without_an_answer_lead_to_a_resume(kook: Kook, play: Play, clock: FakeClock) -> None:
    async with play(clock=clock) as stage:
        await stage.is_("online")
        kook.pongs = False

        def pinged(count: int) -> bool:
            return len(kook.pings) == count

        await clock.asleep(2)
        for seconds, count in ((25.0, 1), (6.0, 2), (2.0, 3)):
            await clock.advance(seconds)
            await until(partial(pinged, count))
        await clock.advance(4.0)
        await until(lambda: kook.attempts == 2)
        await stage.is_("online")
        assert ("&resume=1&" in kook.urls[-1], kook.most_open) == (True, 1)


async def test_the_round_trip_of_a_ping_is_shown(kook: Kook, play: Play) -> None:
    async with play(clock=QuickClock(100.0)) as stage:
        await stage.is_("online")
        await until(lambda: stage.bot.health().rtt_ms > 0)


async def test_a_call_to_reconnect_leads_to_a_session_of_its_own(kook: Kook, play: Play) -> None:
    async with play() as stage:
        await stage.is_("online")
        first = kook.session
        await kook.send({"s": 5, "d": {"code": 40107, "err": "expired"}})
        await until(lambda: kook.session is not first)
        await stage.is_("online")
        await kook.says("hi")
        assert (await stage.intake.event()).text == "hi"
        assert len(kook.asked("GET /gateway/index")) == 2


async def test_a_flood_is_taken_whole_and_in_order(kook: Kook, play: Play) -> None:
    async with play() as stage:
        await stage.is_("online")
        stage.intake.hold()
        for number in range(600):
            await kook.says(str(number))
        stage.intake.release()
        await until(lambda: len(stage.intake.events) == 600)
        assert texts(stage) == [str(number) for number in range(600)]


async def test_an_event_on_its_way_to_the_disk_is_waited_for_when_it_comes_again(
    kook: Kook, play: Play, clock: FakeClock
) -> None:
    async with play(clock=clock) as stage:
        await stage.is_("online")
        stage.intake.hold()
        await kook.says("one")
        await stage.intake.event()
        await stage.bot.close("by hand")
        await until(lambda: kook.attempts == 2)
        await stage.is_("online")
        assert (await beat(stage, clock), stage.intake.again) == (0, 0)
        stage.intake.release()
        assert (await beat(stage, clock), stage.intake.again) == (1, 1)


async def test_nothing_of_a_connection_runs_on_when_it_has_ended(kook: Kook, play: Play) -> None:
    async with play() as stage:
        await stage.is_("online")
        before = sorted(stage.kit.nursery.names())

        def tried(count: int) -> bool:
            return kook.attempts == count

        for count in range(2, 5):
            await (await stage.is_("online")).close("by hand")
            await until(partial(tried, count))
        await stage.is_("online")
        assert sorted(stage.kit.nursery.names()) == before


async def test_nothing_at_all_runs_on_when_the_bot_is_removed(kook: Kook, play: Play) -> None:
    async with play() as stage:
        await stage.is_("online")
        stage.intake.hold()
        await kook.says("unkept")
        await stage.intake.event()
        nursery = stage.kit.nursery
        (adapter,) = [task for task in nursery._tasks if task.get_name() == "adapter"]
        adapter.cancel()
        await until(lambda: not nursery.names())
        assert kook.open == 0
