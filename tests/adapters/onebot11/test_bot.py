"""One account: its health, its frames, its calls."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import msgspec
import pytest

from kagami.adapters.onebot11.bot import OneBotBot
from kagami.adapters.onebot11.codec import identity
from kagami.adapters.onebot11.history import MOST
from kagami.core.pace import Pace
from kagami.core.pulse import GAPS_TO_LEARN
from kagami.model.action import Call, Failed, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId, execution_ms
from kagami.model.message import text
from kagami.ports import Bot, BotState, Recalls
from kagami.testing.clock import START_MS, FakeClock
from kagami.testing.gateway import TOKEN, OpenGateway
from kagami.testing.onebot import Peer, connect_implementation, silent
from kagami.testing.qq import Chats

GROUP = ChatId("group:42")


async def until(bot: Bot, state: BotState) -> None:
    async with asyncio.timeout(10):
        while bot.health().state != state:
            await asyncio.sleep(0.001)


async def seen(port: OpenGateway, peer: Peer) -> None:
    """Everything that the peer has sent so far has been read."""
    await peer.say("mark")
    await port.intake.event()


async def test_an_account_without_connections_is_offline(port: OpenGateway, clock: FakeClock) -> None:
    bot = OneBotBot(
        identity("qq", "1"), port.intake, clock=clock, nursery=port.nursery, meters=port.meters, call_seconds=1
    )
    assert await bot.perform(Call(bot.id, "get_status")) == Failed("offline", "offline")
    assert (bot.health().state, bot.name, bot.adapter, bot.pace) == ("connecting", "qq:1", "onebot11", Pace())


async def test_an_event_carries_its_time_and_a_fresh_id(still: OpenGateway) -> None:
    async with connect_implementation(still.url, token=TOKEN) as peer:
        await peer.say("one")
        await peer.say("two")
        events = [await still.intake.event(), await still.intake.event()]
    assert [execution_ms(event.execution) for event in events] == [START_MS, START_MS]
    assert len({event.execution for event in events}) == 2


async def test_a_crowded_house_is_given_a_pause(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        port.intake.crowded = True
        await peer.say("one")
        await port.intake.event()
        await peer.say("two")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(port.intake.event(), 0.03)
        port.intake.crowded = False
        assert (await port.intake.event()).text == "two"


async def test_the_reader_does_not_wait_for_what_is_stored(port: OpenGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    never = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(port.intake, "accept", lambda _event, _read_at, **_: never)
    async with connect_implementation(port.url, token=TOKEN) as peer:
        bot = await port.intake.bot("10001")
        for _ in range(100):
            await peer.say("nobody stores this")
        assert isinstance(await bot.perform(Send(bot.id, GROUP, text("answer"))), Sent)
    never.cancel()


@pytest.mark.parametrize("binary", [True, False])
async def test_frames_may_be_text_or_binary(port: OpenGateway, binary: bool) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        frame = peer.message("镜", group="42")
        await peer.connection.send(msgspec.json.encode(frame), text=not binary)
        assert (await port.intake.event()).text == "镜"


async def test_a_frame_may_come_in_fragments(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        frame = msgspec.json.encode(peer.message("whole")).decode()
        await peer.connection.send([frame[:10], frame[10:50], frame[50:]])
        assert (await port.intake.event()).text == "whole"


async def test_a_frame_for_another_account_is_complained_of(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        await peer.send(peer.message("forged") | {"self_id": 99})
        bot, reason, _ = await port.intake.complaint()
        await seen(port, peer)
    assert (bot, "self_id is not 10001" in reason) == ("qq:10001", True)
    assert [event.text for event in port.intake.events] == ["mark"]


async def test_what_the_bot_says_itself_is_no_event(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        await peer.say("my own words", user=peer.account)
        await seen(port, peer)
    assert [event.text for event in port.intake.events] == ["mark"]


async def test_the_name_is_asked_for(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        await peer.called("get_login_info")
        bot = await port.intake.bot("10001")
        while bot.name != "bot 10001":
            await asyncio.sleep(0.001)


async def test_an_implementation_that_does_not_tell_its_name_is_named_by_its_id(hasty: OpenGateway) -> None:
    async with connect_implementation(hasty.url, token=TOKEN, answers={"get_login_info": silent}) as peer:
        await peer.called("get_login_info")
        await seen(hasty, peer)
        while "name of qq:10001" in hasty.nursery.names():
            await asyncio.sleep(0.001)
        assert (await hasty.intake.bot("10001")).name == "qq:10001"


async def test_an_answer_that_never_comes_is_unknown(hasty: OpenGateway) -> None:
    async with connect_implementation(hasty.url, token=TOKEN, answers={"send_group_msg": silent}):
        bot = await hasty.intake.bot("10001")
        assert await bot.perform(Send(bot.id, GROUP, text("x"))) == Unknown("no answer within 0.5 s")


async def test_a_link_that_is_lost_after_the_write_is_unknown(still: OpenGateway) -> None:
    async with connect_implementation(still.url, token=TOKEN, answers={"send_group_msg": silent}) as peer:
        bot = await still.intake.bot("10001")
        call = still.nursery.start("call", bot.perform(Send(bot.id, GROUP, text("x"))))
        await peer.called("send_group_msg")
        peer.connection.transport.abort()
        assert await call == Unknown("the connection was lost before the answer came")


async def test_an_answer_that_nobody_waits_for_is_counted(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        await peer.send({"status": "ok", "retcode": 0, "data": None, "echo": "nobody"})
        await seen(port, peer)
    assert port.meters.count["onebot_unmatched_answers", "qq:10001"] == 1


# --- health ---


async def test_a_connected_account_is_online_and_shows_its_peer(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        health = (await port.intake.bot("10001")).health()
        host, number = peer.connection.local_address
    assert (health.state, health.reason, health.peer, health.reconnects) == ("online", "", f"{host}:{number}", 0)


async def test_an_account_whose_connection_closed_says_why(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        bot = await port.intake.bot("10001")
        await peer.connection.close(1000, "bye")
    await until(bot, "connecting")
    assert bot.health().reason == "closed by the peer (1000: bye); waiting for it to connect again"
    assert await bot.perform(Send(bot.id, GROUP, text("x"))) == Failed("offline", "offline")


async def test_since_when_it_is_away_stays_while_it_is_dialled_again(port: OpenGateway, clock: FakeClock) -> None:
    bot = OneBotBot(
        identity("qq", "1"), port.intake, clock=clock, nursery=port.nursery, meters=port.meters, call_seconds=1
    )
    tries: list[tuple[BotState, str]] = [("backoff", "gone; next try in 1 s"), ("connecting", ""), ("auth_failed", "")]
    since = list[int]()
    for state, reason in tries:
        await clock.advance(2)
        bot.away(state, reason)
        since.append(bot.health().since_ms)
    assert since == [START_MS, START_MS, START_MS + 6000]


async def test_health_shows_since_when_and_the_last_event(still: OpenGateway, clock: FakeClock) -> None:
    async with connect_implementation(still.url, token=TOKEN) as peer:
        bot = await still.intake.bot("10001")
        await clock.advance(2)
        await seen(still, peer)
        assert (bot.health().since_ms, bot.health().last_event_ms) == (START_MS, START_MS + 2000)


async def test_a_heart_that_stops_closes_the_connection(still: OpenGateway, clock: FakeClock) -> None:
    async with connect_implementation(still.url, token=TOKEN) as peer:
        await peer.beat(interval_ms=5000)
        await seen(still, peer)
        await clock.advance(15.1)
        await clock.asleep()
        await clock.advance(15)
        code, reason = await peer.closed()
    assert (code, reason) == (1011, "no frame for 3 heartbeats of 5 s")


async def test_a_heart_that_beats_keeps_the_connection(still: OpenGateway, clock: FakeClock) -> None:
    async with connect_implementation(still.url, token=TOKEN) as peer:
        bot = await still.intake.bot("10001")
        for _ in range(10):
            await peer.beat(interval_ms=5000)
            await seen(still, peer)
            await clock.asleep()
            await clock.advance(5)
        assert bot.health().state == "online"


async def test_an_account_that_is_offline_behind_its_implementation_is_silent(
    still: OpenGateway, clock: FakeClock
) -> None:
    async with connect_implementation(still.url, token=TOKEN) as peer:
        bot = await still.intake.bot("10001")
        await peer.beat(interval_ms=60_000, online=False)
        await seen(still, peer)
        await clock.asleep()
        await clock.advance(15)
        await until(bot, "silent")
        assert bot.health().reason == "the implementation says that its account is offline"


async def test_an_account_that_hears_nothing_any_more_is_silent_until_it_hears_again(
    still: OpenGateway, clock: FakeClock
) -> None:
    async with connect_implementation(still.url, token=TOKEN) as peer:
        bot = await still.intake.bot("10001")
        for _ in range(GAPS_TO_LEARN):
            await clock.advance(0.1)
            await seen(still, peer)
        while bot.health().state != "silent":
            await peer.beat(interval_ms=30_000)
            await clock.asleep()
            await clock.advance(15)
        assert bot.health().reason.startswith("no event for 6")
        await seen(still, peer)
        assert bot.health().state == "online"


async def test_the_round_trip_is_measured(still: OpenGateway, clock: FakeClock) -> None:
    async with connect_implementation(still.url, token=TOKEN):
        bot = await still.intake.bot("10001")
        await clock.asleep()
        await clock.advance(15)
        while not bot.health().rtt_ms:
            await asyncio.sleep(0.001)


async def test_closing_ends_the_connection_with_the_reason(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        await (await port.intake.bot("10001")).close("disconnected by an operator")
        assert await peer.closed() == (1008, "disconnected by an operator")


# --- what was said while nobody was connected ---


async def recalling(port: OpenGateway) -> Recalls:
    bot = await port.intake.bot("10001")
    assert isinstance(bot, Recalls)
    return bot


async def test_what_others_said_since_then_is_taken_once(port: OpenGateway) -> None:
    chats = Chats("10001")
    async with connect_implementation(port.url, token=TOKEN, answers=chats.answers) as peer:
        bot = await recalling(port)
        heard = chats.say("heard", group="42")
        await peer.send(heard)
        first = await port.intake.event()
        chats.say("old", group="42")["time"] -= 3600
        missed = chats.say("missed", group="42")
        chats.answers["send_group_msg"]({"group_id": 42, "message": [{"type": "text", "data": {"text": "own"}}]})
        assert await bot.catch_up(GROUP, heard["time"] * 1000) == 2  # this intake knows nothing of what it had
        again, new = await port.intake.event(), await port.intake.event()
        assert again.dedupe == first.dedupe
        assert (new.text, new.message_id) == ("missed", str(missed["message_id"]))


async def test_a_long_absence_is_taken_page_by_page_in_its_order(port: OpenGateway) -> None:
    chats = Chats("10001")
    async with connect_implementation(port.url, token=TOKEN, answers=chats.answers):
        bot = await recalling(port)
        for number in range(120):
            chats.say(str(number), group="42")
        assert await bot.catch_up(GROUP, 0) == 120
        assert [(await port.intake.event()).text for _ in range(120)] == [str(number) for number in range(120)]


async def test_a_gap_that_stays_open_is_told(port: OpenGateway, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="kagami")
    chats = Chats("10001")
    async with connect_implementation(port.url, token=TOKEN, answers=chats.answers):
        bot = await recalling(port)
        for number in range(MOST + 200):
            chats.say(str(number), group="42")
        events = await bot.catch_up(GROUP, 0)
    assert events is not None
    assert events >= MOST
    (told,) = caplog.records
    assert told.__dict__["fields"] == {"bot": "qq:10001", "chat": GROUP, "events": events}


async def test_a_page_without_an_answer_ends_it_and_what_came_before_is_taken(hasty: OpenGateway) -> None:
    chats = Chats("10001")

    def history(params: dict[str, Any]) -> Any:
        return silent(params) if "message_seq" in params else chats.answers["get_group_msg_history"](params)

    async with connect_implementation(hasty.url, token=TOKEN, answers={"get_group_msg_history": history}):
        bot = await recalling(hasty)
        chats.say("missed", group="42")
        assert await bot.catch_up(GROUP, 0) is None
        assert (await hasty.intake.event()).text == "missed"


async def test_a_send_is_found_in_its_chat(port: OpenGateway) -> None:
    chats = Chats("10001")
    async with connect_implementation(port.url, token=TOKEN, answers=chats.answers):
        bot = await recalling(port)
        send = Send(BotId("qq:10001"), GROUP, text("hi"))
        made = chats.answers["send_group_msg"]({"group_id": 42, "message": [{"type": "text", "data": {"text": "hi"}}]})
        since_ms = int(time.time() * 1000)
        assert await bot.settle(send, since_ms, ()) == Sent(str(made["message_id"]))
        assert await bot.settle(send, since_ms, (str(made["message_id"]),)) is None
        assert await bot.settle(send, since_ms + 3_600_000, ()) is None


async def test_an_implementation_without_a_history_says_so_and_a_chat_that_is_left_does_not(port: OpenGateway) -> None:
    async with connect_implementation(port.url, token=TOKEN) as peer:
        bot = await recalling(port)
        assert await bot.catch_up(GROUP, 0) is None
        assert await bot.catch_up(ChatId("channel:1"), 0) == 0

        async def refuse(call: dict[str, Any]) -> None:
            await peer.send({"status": "failed", "retcode": 1200, "data": None, "echo": call["echo"]})

        peer._answer = refuse  # type: ignore[method-assign]
        assert await bot.catch_up(GROUP, 0) == 0
    await until(await port.intake.bot("10001"), "connecting")
    assert await bot.catch_up(GROUP, 0) is None
