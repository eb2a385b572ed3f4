"""Both ways to an implementation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from kagami.adapters.onebot11 import introduction
from kagami.adapters.onebot11 import link as link_module
from kagami.adapters.onebot11.config import OneBot11Config
from kagami.adapters.onebot11.link import ForwardBot
from kagami.clock import Clock, SystemClock
from kagami.core.secrets import Secret
from kagami.meters import Meters
from kagami.model.action import Call, Failed, Send, Sent
from kagami.model.ids import BotId, ChatId
from kagami.model.message import text
from kagami.net.supervise import Nursery
from kagami.ports import Bot, BotState
from kagami.testing.clock import FakeClock
from kagami.testing.gateway import TOKEN, OpenGateway, WritingIntake
from kagami.testing.onebot import (
    Peer,
    Refusing,
    connect_implementation,
    handshake_headers,
    listen_as_implementation,
    silent,
)

GROUP = ChatId("group:42")


async def until(bot: Bot, state: BotState) -> None:
    async with asyncio.timeout(10):
        while bot.health().state != state:
            await asyncio.sleep(0.001)


async def refused(port: OpenGateway, role: str = "Universal") -> int:
    headers = handshake_headers(account="10001", token=TOKEN, role=role)
    with pytest.raises(InvalidStatus) as caught:
        async with connect(port.url, additional_headers=headers, proxy=None):
            pass
    return caught.value.response.status_code


async def works(port: OpenGateway, peer: Peer) -> bool:
    """An event from this very connection comes in, and a call reaches it."""
    await peer.say("ping", group="42")
    event = await port.intake.event()
    receipt = await (await port.intake.bot("10001")).perform(Send(event.bot, GROUP, text("pong")))
    return isinstance(receipt, Sent) and (await peer.called("send_group_msg"))["params"]["group_id"] == 42


# --- it connects to us ---


async def test_a_second_connection_for_a_live_account_is_refused(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        await port.intake.bot("10001")
        assert (await refused(port), await works(port, peer)) == (409, True)
    assert port.meters.count["onebot_conflicts", "qq:10001"] == 1


async def test_the_same_account_number_on_another_platform_is_another_account(port: OpenGateway) -> None:
    async with (
        connect_implementation(port.url, token=TOKEN) as peer,
        connect_implementation(port.url, token=TOKEN, platform="wechat"),
    ):
        await port.intake.bot("10001", "wechat")
        assert await works(port, peer)


async def test_a_dead_connection_is_taken_over(port: OpenGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "ALIVE_SECONDS", 0.02)
    async with connect_implementation(port.url, token=TOKEN) as dead:
        await port.intake.bot("10001")
        dead.stall()
        async with connect_implementation(port.url, token=TOKEN) as peer:
            assert await works(port, peer)
            dead.connection.transport.abort()
            while "close a dead connection" in port.nursery.names():
                await asyncio.sleep(0.001)
            # The end of the dead one has not taken the seats of the new one along.
            assert await works(port, peer)


async def test_of_two_that_come_for_a_dead_account_at_once_one_gets_it(
    port: OpenGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "ALIVE_SECONDS", 0.02)
    async with connect_implementation(port.url, token=TOKEN) as dead:
        await port.intake.bot("10001")
        dead.stall()
        headers = handshake_headers(account="10001", token=TOKEN, role="Universal")
        pair = await asyncio.gather(
            *(connect(port.url, additional_headers=headers, proxy=None) for _ in range(2)), return_exceptions=True
        )
        accepted = [each for each in pair if not isinstance(each, BaseException)]
        assert len(accepted) == 2
        first, _ = await asyncio.wait(
            [port.nursery.start("end", each.wait_closed()) for each in accepted], return_when="FIRST_COMPLETED"
        )
        assert len(first) == 1
        assert sorted(str(each.close_code) for each in accepted) == ["1008", "None"]
        dead.connection.transport.abort()
        for each in accepted:
            await each.close()


async def test_events_come_by_one_connection_and_calls_go_by_the_other(port: OpenGateway) -> None:
    async with (
        connect_implementation(port.url, token=TOKEN, role="Event", account="7") as events,
        connect_implementation(port.url, token=TOKEN, role="API", account="7") as api,
    ):
        await events.say("hello", group="42")
        event = await port.intake.event()
        receipt = await (await port.intake.bot("7")).perform(Send(event.bot, event.chat, text("hi")))
        assert isinstance(receipt, Sent)
        assert (events.calls, len(port.intake.bots)) == ([], 1)
        assert "send_group_msg" in [call["action"] for call in api.calls]


async def test_one_of_two_connections_alone_says_what_is_missing(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN, role="API"):
        bot = await port.intake.bot("10001")
        assert (bot.health().state, bot.health().reason) == ("connecting", "waiting for its Event connection")
    await until(bot, "connecting")
    async with connect_implementation(port.url, token=TOKEN, role="Event"):
        await until(bot, "online")
        assert bot.health().reason == "it cannot be called: its API connection is missing"
        assert await bot.perform(Call(bot.id, "get_status")) == Failed("offline", "offline")


@pytest.mark.parametrize("role", ["Event", "API", "Universal"])
async def test_a_seat_that_a_universal_connection_has_is_taken(port: OpenGateway, role: str) -> None:
    async with connect_implementation(port.url, token=TOKEN):
        await port.intake.bot("10001")
        assert await refused(port, role) == 409


async def test_fifty_reconnects_leave_one_bot_one_listener_and_nothing_behind(port: OpenGateway) -> None:
    for _ in range(50):
        async with connect_implementation(port.url, token=TOKEN) as peer:
            await peer.say("again")
            await port.intake.event()
        await until(await port.intake.bot("10001"), "connecting")
    async with connect_implementation(port.url, token=TOKEN) as peer:
        assert await works(port, peer)
        bot = await port.intake.bot("10001")
        assert (len(port.intake.bots), bot.health().reconnects) == (1, 50)
        while "name of qq:10001" in port.nursery.names():
            await asyncio.sleep(0.001)
        assert port.nursery.names() == ["watch qq:10001"]


async def test_an_account_that_is_connected_another_way_is_refused(port: OpenGateway) -> None:
    async with listen_as_implementation() as napcat, forward(napcat.url, intake=port.intake):
        await until(await port.intake.bot("10001"), "online")
        assert await refused(port) == 409


async def test_an_account_that_is_configured_but_away_may_connect(port: OpenGateway, clock: FakeClock) -> None:
    async with listen_as_implementation() as napcat, forward(napcat.url, intake=port.intake, clock=clock):
        away = await port.intake.bot("10001")
        await (await napcat.accepted()).connection.close()
        await until(away, "backoff")
        async with connect_implementation(port.url, token=TOKEN) as peer:
            await peer.say("I am here")
            assert (await port.intake.event()).text == "I am here"
            assert port.intake.bots[away.id] is not away


# --- we connect to it ---


@asynccontextmanager
async def forward(
    url: str, *, token: str = "", name: str = "", clock: Clock | None = None, intake: WritingIntake | None = None
) -> AsyncIterator[WritingIntake]:
    """A forward bot at work on an intake."""
    intake, clock = intake or WritingIntake(), clock or SystemClock()
    config = OneBot11Config(url=url, token=Secret(token), name=name)
    async with Nursery(clock) as nursery:
        adapter = ForwardBot(config, clock=clock, nursery=nursery, meters=Meters())
        nursery.start("forward", adapter.run(intake))
        yield intake


async def test_the_account_is_learnt_from_the_first_frame() -> None:
    async with (
        listen_as_implementation(account="7007", token="s3cret") as napcat,
        forward(napcat.url, token="s3cret") as intake,
    ):
        peer = await napcat.accepted()
        bot = await intake.bot("7007")
        await peer.say("hello", group="42")
        assert (await intake.event()).bot == "qq:7007"
        assert isinstance(await bot.perform(Send(bot.id, GROUP, text("hi"))), Sent)


async def test_until_then_the_address_stands_for_the_account() -> None:
    async with listen_as_implementation(greeting=False, answers={"get_login_info": silent}) as napcat:
        address = BotId(f"onebot11:{napcat.url.removeprefix('ws://').rstrip('/')}")
        async with forward(napcat.url) as intake:
            bot = await intake.present(address)
            assert await bot.perform(Call(address, "get_status")) == Failed("offline", "offline")
            await (await napcat.accepted()).greet()
            await intake.bot("10001")
            assert (list(intake.bots), intake.detached) == (["qq:10001"], [bot])


async def test_a_configured_name_stays() -> None:
    async with listen_as_implementation() as napcat, forward(napcat.url, name="main") as intake:
        assert (await intake.bot("10001")).name == "main"


async def test_an_implementation_that_says_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(introduction, "INTRODUCTION_SECONDS", 0.01)
    async with listen_as_implementation(greeting=False) as napcat, forward(napcat.url) as intake:
        await intake.bot("10001")


async def test_frames_that_came_before_the_account_was_known_are_not_lost() -> None:
    async with listen_as_implementation(greeting=False) as napcat, forward(napcat.url) as intake:
        peer = await napcat.accepted()
        await peer.send(b"not JSON")
        await peer.say("early")
        assert (await intake.event()).text == "early"
        assert intake.complaints[0][2] == b"not JSON"


async def test_an_implementation_that_never_says_who_it_is_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(introduction, "INTRODUCTION_SECONDS", 0.01)
    async with (
        listen_as_implementation(greeting=False, answers={"get_login_info": silent}) as napcat,
        forward(napcat.url, name="mute") as intake,
    ):
        bot = await intake.present(BotId("onebot11:mute"))
        await until(bot, "backoff")
        assert bot.health().reason.startswith("the implementation does not say which account it has;")


async def test_an_implementation_that_talks_without_end_and_never_says_who_it_is_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(introduction, "MAX_HELD_FRAMES", 3)
    async with listen_as_implementation(greeting=False) as napcat, forward(napcat.url, name="babble") as intake:
        peer = await napcat.accepted()
        for _ in range(3):
            await peer.send({"hello": "world"})
        await until(await intake.present(BotId("onebot11:babble")), "backoff")


@pytest.mark.parametrize("refusing", ["http", "napcat"])
async def test_a_token_that_is_refused_three_times_is_not_tried_again(refusing: Refusing, clock: FakeClock) -> None:
    async with (
        listen_as_implementation(token="right", refusing=refusing) as napcat,
        forward(napcat.url, token="wrong", name="x", clock=clock) as intake,
    ):
        bot = await intake.present(BotId("onebot11:x"))
        while bot.health().state != "auth_failed":
            await clock.advance(1)
            await asyncio.sleep(0.001)
        await clock.advance(3600)
        assert (napcat.attempts, "refuses our credentials" in bot.health().reason) == (3, True)


async def test_an_account_that_changed_behind_the_address_is_another_bot(clock: FakeClock) -> None:
    async with listen_as_implementation(account="1") as napcat, forward(napcat.url, clock=clock) as intake:
        first = await intake.bot("1")
        napcat.account = "2"
        await (await napcat.accepted()).connection.close()
        await until(first, "backoff")
        await clock.advance(2)
        await intake.bot("2")
        assert list(intake.bots) == ["qq:2"]


async def test_a_reconnect_keeps_the_bot(clock: FakeClock) -> None:
    async with listen_as_implementation() as napcat, forward(napcat.url, clock=clock) as intake:
        bot = await intake.bot("10001")
        await (await napcat.accepted()).connection.close()
        await until(bot, "backoff")
        await clock.advance(2)
        await until(bot, "online")
        assert (intake.bots[bot.id] is bot, bot.health().reconnects) == (True, 1)


async def test_a_removed_connection_takes_its_bot_along() -> None:
    async with listen_as_implementation() as napcat:
        async with forward(napcat.url) as intake:
            await intake.bot("10001")
        assert not intake.bots


async def test_accounts_without_end_are_not_remembered(port: OpenGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "MAX_ACCOUNTS", 1)
    async with connect_implementation(port.url, token=TOKEN, account="10002"):
        assert await refused(port) == 503
    async with connect_implementation(port.url, token=TOKEN, account="10002") as again:
        await port.intake.bot("10002")
        await again.say("still known", group="42")
        assert (await port.intake.event()).text == "still known"
