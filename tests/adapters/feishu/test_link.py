"""A robot on its long connection, against the fake."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from kagami.adapters.feishu.config import FeishuConfig
from kagami.adapters.feishu.link import CROWDED_S, FeishuBot, open_bot
from kagami.core.backoff import Budget
from kagami.core.pace import Pace
from kagami.core.secrets import Secret
from kagami.model.action import Call, Failed, Send, Sent, Unknown
from kagami.model.message import text
from kagami.model.segment import Image, Mention, Reply, Text
from kagami.ports import BotHealth
from kagami.testing.adapters import HoldingIntake, open_kit
from kagami.testing.clock import FakeClock
from kagami.testing.feishu import FakeFeishu, fake_feishu
from kagami.testing.feishu_calls import Fault
from tests.adapters.contract import Stage, acting, until
from tests.adapters.feishu.peer import FeishuPeer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@asynccontextmanager
async def still(peer: FeishuPeer, clock: FakeClock, *, online: bool = True) -> AsyncIterator[HoldingIntake]:
    """An adapter for which time passes only when its clock is moved."""
    intake = HoldingIntake()
    async with open_kit(clock=clock) as kit:
        kit.nursery.start("adapter", open_bot(table(peer.feishu), kit).run(intake))
        bot = await intake.present(peer.bot)
        if online:
            await until(lambda: bot.health().state == "online")
        yield intake


def table(feishu: FakeFeishu) -> FeishuConfig:
    return FeishuConfig(app_id=feishu.app_id, app_secret=Secret(feishu.app_secret), api_url=feishu.url)


def health(stage: Stage) -> BotHealth:
    return stage.bot.health()


async def test_a_message_in_many_parts_is_one_message(stage: Stage, feishu: FakeFeishu) -> None:
    words = "飞书" * 5000
    _, delivery = await feishu.say("text", {"text": words}, parts=7)
    event = await stage.intake.event()
    assert event.text == words
    await until(lambda: feishu.deliveries[delivery].acks)


async def test_a_mention_of_the_bot_in_a_group_is_for_the_bot(stage: Stage, feishu: FakeFeishu) -> None:
    await feishu.say("text", {"text": "@_user_1 /echo hi"}, group="oc_group", mentions=[feishu.naming_us()])
    event = await stage.intake.event()
    assert (event.mentioned, event.text) == (True, "/echo hi")
    assert event.message[0] == Mention(feishu.app_id, {"name": "Mirror"})


async def test_an_answer_to_the_bot_is_for_the_bot(stage: Stage, feishu: FakeFeishu) -> None:
    sent = await stage.bot.perform(Send(stage.bot.id, FeishuPeer.group, text("question?")))
    assert isinstance(sent, Sent)
    await feishu.say("text", {"text": "yes"}, group="oc_group", parent_id=sent.message_id)
    event = await stage.intake.event()
    assert (event.mentioned, event.message) == (True, (Reply(sent.message_id), Text("yes")))


async def test_the_account_is_called_as_the_platform_calls_it(stage: Stage) -> None:
    assert stage.bot.name == "Mirror"
    receipt = await stage.bot.perform(Call(stage.bot.id, "get_login_info"))
    assert receipt == Sent(result={"user_id": "cli_a1b2c3d4e5f60718", "nickname": "Mirror"})


async def test_without_the_right_to_ask_who_it_is_it_works_all_the_same(peer: FeishuPeer) -> None:
    peer.feishu.robot_code = 99991672
    async with acting(peer) as stage:
        await stage.online()
        await peer.feishu.say("text", {"text": "hi"})
        assert (await stage.intake.event()).text == "hi"


async def test_an_event_that_was_stored_too_late_comes_again_and_is_known(peer: FeishuPeer, clock: FakeClock) -> None:
    async with still(peer, clock) as intake:
        intake.hold()
        _, delivery = await peer.feishu.say("text", {"text": "hi"})
        await intake.event()
        await clock.advance(2.6)
        intake.release()
        await until(lambda: peer.feishu.deliveries[delivery].acks)
        assert (peer.feishu.deliveries[delivery].sent, intake.again, len(intake.events)) == (2, 1, 1)


async def test_nothing_is_acknowledged_while_the_store_is_away(peer: FeishuPeer, clock: FakeClock) -> None:
    async with still(peer, clock) as intake:
        intake.hold()
        _, delivery = await peer.feishu.say("text", {"text": "hi"})
        await intake.event()
        await clock.advance(60)
        assert peer.feishu.deliveries[delivery].acks == []
        intake.release()
        await until(lambda: peer.feishu.deliveries[delivery].acks)


async def test_what_is_no_event_is_complained_of_and_does_not_come_again(stage: Stage, feishu: FakeFeishu) -> None:
    delivery = await feishu.emit_raw(b'{"schema":"1.0"}')
    await until(lambda: feishu.deliveries[delivery].acks)
    assert [frame for _, _, frame in stage.intake.complaints] == [b'{"schema":"1.0"}']


async def test_a_chat_s_events_stay_in_order_while_a_picture_is_fetched(stage: Stage, feishu: FakeFeishu) -> None:
    for _ in range(5):
        await feishu.say("image", {"image_key": "img_1"}, files={"img_1": PNG})
        await feishu.say("text", {"text": "behind it"})
    kinds = [type((await stage.intake.event()).message[0]) for _ in range(10)]
    assert kinds == [Image, Text] * 5


async def test_a_button_and_a_reaction_come_as_notices(stage: Stage, feishu: FakeFeishu) -> None:
    number, _ = await feishu.say("text", {"text": "hi"}, group="oc_group")
    await stage.intake.event()
    person = {"open_id": "ou_bob"}
    reaction = {"message_id": number, "operator_type": "user", "user_id": person, "reaction_type": {"emoji_type": "OK"}}
    await feishu.emit("im.message.reaction.created_v1", reaction)
    reacted = await stage.intake.event()
    button = {"operator": person, "action": {"value": {"k": 1}}, "context": {"open_message_id": number}}
    await feishu.emit_raw(
        json.dumps(
            {"schema": "2.0", "header": {"event_id": "b1", "event_type": "card.action.trigger"}, "event": button}
        ).encode(),
        kind="card",
    )
    pressed = await stage.intake.event()
    assert [(each.name, each.chat, each.user) for each in (reacted, pressed)] == [
        ("reaction.created", "group:oc_group", "ou_bob"),
        ("button", "group:oc_group", "ou_bob"),
    ]


async def test_a_send_without_an_answer_arrives_once(stage: Stage, feishu: FakeFeishu) -> None:
    feishu.faults.append(Fault())
    receipt = await stage.bot.perform(Send(stage.bot.id, FeishuPeer.group, text("once")))
    assert isinstance(receipt, Sent)
    assert len(feishu.sent) == 1


async def test_a_send_that_never_gets_an_answer_is_unknown(stage: Stage, feishu: FakeFeishu) -> None:
    feishu.faults += [Fault(502, 1), Fault(502, 1)]
    assert isinstance(await stage.bot.perform(Send(stage.bot.id, FeishuPeer.group, text("x"))), Unknown)


async def test_an_operator_can_end_the_connection(stage: Stage, feishu: FakeFeishu) -> None:
    connects = feishu.connects
    await stage.bot.close("enough")
    await until(lambda: feishu.connects > connects and len(feishu.open) == 1)


# --- how it comes back ---


async def test_no_pong_brings_a_new_connection(peer: FeishuPeer, clock: FakeClock) -> None:
    peer.feishu.pong = None
    peer.feishu.client_config = {"PingInterval": 10}
    async with still(peer, clock):
        for _ in range(3):
            await until(lambda: clock.sleeping >= 2)
            await clock.advance(10)
        await until(lambda: peer.feishu.connects == 2)


async def test_too_many_connections_bring_a_long_pause(peer: FeishuPeer, clock: FakeClock) -> None:
    peer.feishu.endpoint_code = 1000040350
    async with still(peer, clock, online=False) as intake:
        bot = await intake.present(peer.bot)
        await until(lambda: "pause" in bot.health().reason or clock.sleeping >= 2)
        await clock.advance(CROWDED_S - 10)
        assert peer.feishu.endpoint_calls == 1
        peer.feishu.endpoint_code = 0
        await clock.advance(20)
        await until(lambda: bot.health().state == "online")
        assert peer.feishu.endpoint_calls == 2


async def test_a_refused_handshake_of_too_many_brings_a_long_pause_too(peer: FeishuPeer, clock: FakeClock) -> None:
    peer.feishu.handshake_refusal = {"handshake-status": "514", "handshake-autherrcode": "1000040350"}
    async with still(peer, clock, online=False) as intake:
        bot = await intake.present(peer.bot)
        await until(lambda: "pause" in bot.health().reason)
        peer.feishu.handshake_refusal = {}
        await clock.advance(CROWDED_S - 10)
        assert peer.feishu.connects == 0
        await clock.advance(20)
        await until(lambda: bot.health().state == "online")


@pytest.mark.parametrize("code", [403, 514, 1000040344])
async def test_a_refusal_for_good_ends_the_tries(peer: FeishuPeer, code: int) -> None:
    peer.feishu.endpoint_code = code
    async with acting(peer) as stage:
        await until(lambda: stage.intake.bots and health(stage).state == "auth_failed")
        assert (peer.feishu.endpoint_calls, str(code) in health(stage).reason) == (3, True)


async def test_a_forbidden_handshake_ends_the_tries(peer: FeishuPeer) -> None:
    peer.feishu.handshake_refusal = {"handshake-status": "403", "handshake-msg": "forbidden"}
    peer.feishu.client_config = {"ReconnectNonce": 0, "ReconnectInterval": 0}
    async with acting(peer) as stage:
        await until(lambda: stage.intake.bots and health(stage).state == "auth_failed")


async def test_a_busy_platform_is_asked_again(peer: FeishuPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "wait", lambda _self, _now: 0.0)
    peer.feishu.endpoint_code = 1
    async with acting(peer) as stage:
        await until(lambda: peer.feishu.endpoint_calls > 3)
        peer.feishu.endpoint_code = 0
        await stage.online()


async def test_after_the_first_try_it_waits_as_long_as_the_platform_asks(peer: FeishuPeer, clock: FakeClock) -> None:
    async with still(peer, clock) as intake:
        bot = await intake.present(peer.bot)
        peer.feishu.endpoint_code = 1
        await peer.feishu.cut()
        # One try at once; one after the random pause, which is none here; from then on every 120 s.
        await until(lambda: "asks for a pause" in bot.health().reason and peer.feishu.endpoint_calls == 3)
        await clock.advance(119)
        assert peer.feishu.endpoint_calls == 3
        await clock.advance(2)
        await until(lambda: peer.feishu.endpoint_calls == 4)


# --- its table ---


async def test_another_name_needs_no_new_connection(stage: Stage, peer: FeishuPeer) -> None:
    table = msgspec.structs.replace(peer.config(), name="clerk", pace=Pace(chat_per_second=3))
    assert stage.adapter.configure(table)
    assert (stage.bot.name, stage.bot.pace.chat_per_second, peer.tries) == ("clerk", 3, 1)


async def test_another_secret_needs_a_new_connection(stage: Stage, feishu: FakeFeishu) -> None:
    other = msgspec.structs.replace(table(feishu), app_secret=Secret("another"))
    assert not stage.adapter.configure(other)


async def test_what_was_known_is_known_behind_a_new_connection(stage: Stage, feishu: FakeFeishu) -> None:
    sent = await stage.bot.perform(Send(stage.bot.id, FeishuPeer.group, text("question?")))
    assert isinstance(sent, Sent)
    assert isinstance(stage.adapter, FeishuBot)
    later = open_bot(table(feishu), stage.kit, stage.adapter)
    assert later.known.recent.is_ours(sent.message_id)
    assert later.known.who.open_id == feishu.open_id


async def test_who_is_not_running_cannot_be_spoken_through() -> None:
    async with fake_feishu() as feishu, open_kit() as kit:
        intake = HoldingIntake()
        task = kit.nursery.start("adapter", open_bot(table(feishu), kit).run(intake))
        bot = await intake.present((await intake.bot(feishu.app_id, "feishu")).id)
        await until(lambda: bot.reachable)
        task.cancel()
        await asyncio.wait([task])
        receipt = await bot.perform(Send(bot.id, FeishuPeer.group, text("x")))
        assert isinstance(receipt, Failed)
        assert receipt.code == "offline"
        assert intake.bots == {}
