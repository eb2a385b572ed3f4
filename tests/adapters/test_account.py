"""The bot of a platform: its health, and what goes in and out of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kagami.adapters.account import Account, KeyedAccount
from kagami.adapters.kit import Kit
from kagami.core.pace import Pace
from kagami.core.pulse import GAPS_TO_LEARN
from kagami.errors import Denied, KagamiError, NotReached, Refused, Unavailable, WireError
from kagami.model.action import Action, Call, Failed, Receipt, Send, Sent, Unknown
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, UserId
from kagami.model.message import text
from kagami.ports import BotState, Keyed
from kagami.testing.adapters import HoldingIntake, open_kit
from kagami.testing.clock import FakeClock, settle

BOT = BotId("kook:1")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def kit(clock: FakeClock) -> AsyncIterator[Kit]:
    async with open_kit(clock=clock) as opened:
        yield opened


@pytest.fixture
def intake() -> HoldingIntake:
    return HoldingIntake()


def account(kit: Kit, intake: HoldingIntake, answer: Receipt | KagamiError | None = None) -> Account:
    async def perform(_action: Action) -> Receipt:
        if isinstance(answer, KagamiError):
            raise answer
        return answer or Sent("1")

    return Account(BOT, "kook", kit, intake, perform=perform, pace=Pace())


def event(kit: Kit, dedupe: str = "m:1") -> Event:
    now = kit.clock.wall_ms()
    return Event(kit.execution(now), BOT, "message", "group", ChatId("group:1"), UserId("2"), now, dedupe)


async def test_it_is_called_by_its_table_then_its_nickname_then_its_id(kit: Kit, intake: HoldingIntake) -> None:
    it = account(kit, intake)
    names = [it.name]
    it.called("Mira")
    names.append(it.name)
    it.configure(name="front desk", pace=Pace())
    assert [*names, it.name] == [BOT, "Mira", "front desk"]


async def test_a_reason_is_shown_with_the_state(kit: Kit, intake: HoldingIntake) -> None:
    it = account(kit, intake)
    it.tell("backoff", "HTTP 502; next try in 3 s")
    health = it.health()
    assert (health.state, health.reason) == ("backoff", "HTTP 502; next try in 3 s")


async def test_since_when_it_is_away_stays_while_it_is_tried_again(
    kit: Kit, intake: HoldingIntake, clock: FakeClock
) -> None:
    it = account(kit, intake)
    it.tell("online")
    await clock.advance(5)
    it.tell("backoff", "gone; next try in 1 s")
    since_ms = clock.wall_ms()
    tries: list[tuple[BotState, str]] = [("connecting", ""), ("backoff", "gone; next try in 2 s")]
    for state, reason in tries:
        await clock.advance(2)
        it.tell(state, reason)
    assert it.health().since_ms == since_ms


@pytest.mark.parametrize("state", ["online", "auth_failed", "stopped"])
async def test_since_when_begins_anew_with_another_kind_of_state(
    kit: Kit, intake: HoldingIntake, clock: FakeClock, state: BotState
) -> None:
    it = account(kit, intake)
    await clock.advance(5)
    it.tell(state)
    assert it.health().since_ms == clock.wall_ms()


async def test_coming_back_is_counted(kit: Kit, intake: HoldingIntake) -> None:
    it = account(kit, intake)
    for _ in range(3):
        it.tell("online", peer="www.kookapp.cn")
        it.tell("backoff", "gone")
    assert (it.health().reconnects, it.health().peer) == (2, "www.kookapp.cn")


async def test_what_cannot_be_reached_is_not_asked(kit: Kit, intake: HoldingIntake) -> None:
    it = account(kit, intake)
    it.tell("backoff", "gone")
    assert await it.perform(Call(BOT, "x")) == Failed("kook:1 is not connected: gone", "offline")


@pytest.mark.parametrize(
    ("error", "receipt"),
    [
        (NotReached(what="a.example", reason="refused"), Failed),
        (Refused(reason="too large"), Failed),
        (Denied(scope="x"), Failed),
        (Unavailable(what="a.example", reason="no answer"), Unknown),
        (WireError(reason="no JSON"), Unknown),
    ],
)
async def test_an_error_is_a_receipt(
    kit: Kit, intake: HoldingIntake, error: KagamiError, receipt: type[Receipt]
) -> None:
    it = account(kit, intake, error)
    it.tell("online")
    assert type(await it.perform(Call(BOT, "x"))) is receipt


async def test_an_event_is_taken_when_it_is_on_disk(kit: Kit, intake: HoldingIntake) -> None:
    it = account(kit, intake)
    intake.hold()
    taking = kit.nursery.start("take", it.take(event(kit), 0.0))
    await settle()
    assert not taking.done()
    intake.release()
    assert await taking


async def test_the_same_event_twice_at_once_waits_for_the_first(kit: Kit, intake: HoldingIntake) -> None:
    it = account(kit, intake)
    intake.hold()
    first = kit.nursery.start("take", it.take(event(kit), 0.0))
    second = kit.nursery.start("take again", it.take(event(kit), 0.0))
    await settle()
    assert not second.done()
    intake.release()
    assert (await first, await second) == (True, False)


async def test_it_waits_for_room(kit: Kit, intake: HoldingIntake, clock: FakeClock) -> None:
    it = account(kit, intake)
    intake.crowded = True
    waiting = kit.nursery.start("room", it.room())
    await clock.advance(1)
    assert not waiting.done()
    intake.crowded = False
    await clock.advance(1)
    await asyncio.wait_for(waiting, 10)


async def test_an_account_that_hears_nothing_for_long_is_silent(
    kit: Kit, intake: HoldingIntake, clock: FakeClock
) -> None:
    it = account(kit, intake)
    it.tell("online")
    kit.nursery.start("watch", it.watch())
    for number in range(GAPS_TO_LEARN):
        await it.take(event(kit, f"m:{number}"), 0.0)
        await clock.advance(2)
    for _ in range(100):  # an hour, with a sign of life every 36 s
        it.heard()
        await clock.advance(36)
    assert it.health().state == "silent"
    assert "usually one every" in it.health().reason
    assert it.reachable
    await it.take(event(kit, "m:last"), 0.0)
    assert it.health().state == "online"


async def test_it_is_left_as_its_link_says(kit: Kit, intake: HoldingIntake) -> None:
    it, told = account(kit, intake), list[str]()

    async def leave(reason: str) -> None:
        told.append(reason)

    await it.close("nobody listens")
    it.leave = leave
    await it.close("bye")
    assert told == ["bye"]


async def test_whoever_waits_for_it_is_told_when_it_is_back(kit: Kit, intake: HoldingIntake) -> None:
    it = account(kit, intake)
    intake.attach(it)
    for _ in range(2):
        before = len(intake.attached)
        it.tell("online")
        it.tell("online", "still")
        assert intake.attached[before:] == [it]
        it.tell("backoff", "gone")


async def test_a_send_with_a_key_is_its_links_to_make_once(kit: Kit, intake: HoldingIntake) -> None:
    keys = list[str]()

    async def perform(_action: Action) -> Receipt:
        raise AssertionError("it has a key")

    async def once(_send: Send, key: str) -> Receipt:
        keys.append(key)
        raise Unavailable(what="a.example", reason="no answer")

    it = KeyedAccount(BOT, "feishu", kit, intake, perform=perform, once=once, keyed_s=60, pace=Pace())
    send = Send(BOT, ChatId("group:1"), text("hi"))
    assert isinstance(await it.perform_once(send, "a:0"), Failed)
    it.tell("online")
    assert isinstance(await it.perform_once(send, "a:0"), Unknown)
    assert keys == ["a:0"]
    assert isinstance(it, Keyed)
