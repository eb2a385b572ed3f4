"""What every adapter promises, whatever its platform."""

from __future__ import annotations

import logging

import msgspec
import pytest

from kagami.adapters.kinds import abilities, open_bot
from kagami.core import pulse
from kagami.core.backoff import Budget
from kagami.core.secrets import Secret
from kagami.model.ability import AbilityName
from kagami.model.action import Delete, Send, Sent
from kagami.model.message import text
from kagami.model.segment import Image, Reply
from tests.adapters.contract import KINDS, Stage, acting, opener, playing, until

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)
RECONNECTS = 50
LEARNT = 4

pytestmark = pytest.mark.parametrize("kind", KINDS)


def can(kind: str, name: AbilityName) -> bool:
    return next(each.send for each in abilities(kind) if each.name == name) != "no"


async def test_a_message_is_received_with_its_chat_user_and_text(kind: str) -> None:
    async with playing(kind) as stage:
        number = await stage.peer.say("hello 你好", chat=stage.peer.private)
        event = await stage.intake.event()
        assert (event.bot, event.kind, event.chat, event.user) == (
            stage.peer.bot,
            "message",
            stage.peer.private,
            stage.peer.user,
        )
        assert (event.text.strip(), event.message_id, event.mentioned) == ("hello 你好", number, True)


async def test_a_message_of_a_group_is_of_that_group(kind: str) -> None:
    async with playing(kind) as stage:
        if not stage.peer.group:
            return  # a platform of private chats only
        await stage.peer.say("/echo hi", chat=stage.peer.group)
        event = await stage.intake.event()
        assert (event.chat, event.name, event.text.strip()) == (stage.peer.group, "group", "/echo hi")


async def test_it_is_acknowledged_only_when_it_is_on_disk(kind: str) -> None:
    if not can(kind, "redelivers"):
        return  # nothing is acknowledged there
    async with playing(kind) as stage:
        stage.intake.hold()
        number = await stage.peer.say("one", chat=stage.peer.private)
        await stage.intake.event()
        for _ in range(50):
            await stage.kit.clock.sleep(0.01)
            assert not stage.peer.acknowledged(number)
        stage.intake.release()
        await until(lambda: stage.peer.acknowledged(number))


async def test_what_comes_again_is_known(kind: str) -> None:
    if not can(kind, "redelivers"):
        return
    async with playing(kind) as stage:
        number = await stage.peer.say("one", chat=stage.peer.private)
        await stage.intake.event()
        await until(lambda: stage.peer.acknowledged(number))
        await stage.peer.redeliver()
        after = await stage.peer.say("two", chat=stage.peer.private)
        await until(lambda: stage.peer.acknowledged(after))
        assert [event.message_id for event in stage.intake.events] == [number, after]


async def test_a_text_is_sent_to_its_chat(kind: str) -> None:
    async with playing(kind) as stage:
        await stage.peer.say("hi", chat=stage.peer.private)
        await stage.intake.event()
        receipt = await stage.bot.perform(Send(stage.peer.bot, stage.peer.private, text("answer <b>&amp; *x* 😀")))
        assert isinstance(receipt, Sent), receipt
        assert [(each.chat, each.text) for each in stage.peer.heard] == [(stage.peer.private, "answer <b>&amp; *x* 😀")]


async def test_a_picture_is_sent(kind: str) -> None:
    async with playing(kind) as stage:
        await stage.peer.say("hi", chat=stage.peer.private)
        await stage.intake.event()
        reference = stage.media.accept(PNG)
        receipt = await stage.bot.perform(Send(stage.peer.bot, stage.peer.private, (Image(reference),)))
        assert isinstance(receipt, Sent), receipt
        assert [each.media for each in stage.peer.heard if each.media is not None] == [PNG]


async def test_a_picture_is_received(kind: str) -> None:
    async with playing(kind) as stage:
        await stage.peer.say("", chat=stage.peer.private, media=PNG)
        event = await stage.intake.event()
        (picture,) = (part for part in event.message if isinstance(part, Image))
        content = stage.media.files.get(picture.file)
        assert content == PNG or picture.url.startswith("http")


async def test_a_message_can_be_taken_back(kind: str) -> None:
    if not can(kind, "delete"):
        return
    async with playing(kind) as stage:
        chat = stage.peer.group or stage.peer.private
        receipt = await stage.bot.perform(Send(stage.peer.bot, chat, text("oops")))
        assert isinstance(receipt, Sent)
        assert receipt.message_id
        gone = await stage.bot.perform(Delete(stage.peer.bot, chat, receipt.message_id))
        assert isinstance(gone, Sent), gone
        assert stage.peer.deleted == [receipt.message_id]


async def test_a_reply_quotes_the_message(kind: str) -> None:
    if not can(kind, "reply"):
        return
    async with playing(kind) as stage:
        chat = stage.peer.group or stage.peer.private
        number = await stage.peer.say("hi", chat=chat)
        await stage.intake.event()
        receipt = await stage.bot.perform(Send(stage.peer.bot, chat, (Reply(number), *text("yes"))))
        assert isinstance(receipt, Sent), receipt
        assert [(each.text, each.reply) for each in stage.peer.heard] == [("yes", number)]


async def come_back(stage: Stage) -> None:
    """Break what is open and wait until somebody listens again."""
    before = stage.peer.tries
    await stage.peer.cut()
    await until(lambda: stage.peer.tries > before and stage.peer.listening == 1)


async def test_fifty_broken_connections_leave_one_listener(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "wait", lambda _self, _now: 0.0)
    async with playing(kind) as stage:
        for _ in range(RECONNECTS):
            await come_back(stage)
        await stage.online()
        number = await stage.peer.say("still there", chat=stage.peer.private)
        event = await stage.intake.event()
        assert event.message_id == number
        assert (stage.peer.listening, stage.peer.most_listening) == (1, 1)


async def test_wrong_credentials_stop_with_an_alarm(kind: str) -> None:
    async with opener(kind)() as peer:
        peer.refuse()
        async with acting(peer) as stage:
            await until(lambda: stage.intake.bots and stage.bot.health().state == "auth_failed")
            assert stage.bot.health().reason
            tried = peer.tries
            for _ in range(20):
                await stage.kit.clock.sleep(0.2)
            assert peer.tries == tried <= 3


async def test_no_secret_is_in_its_health_or_the_log(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with opener(kind)() as peer:
        given = msgspec.structs.asdict(peer.config())
        secrets = [value.reveal() for value in given.values() if isinstance(value, Secret) and value]
        peer.refuse()
        async with acting(peer) as stage:
            await until(lambda: stage.intake.bots and stage.bot.health().state == "auth_failed")
            told = repr((stage.bot.health(), stage.bot.name, stage.bot.id, caplog.text))
        assert not [secret for secret in secrets if secret in told]


async def test_a_limit_of_the_platform_is_obeyed(kind: str) -> None:
    async with playing(kind) as stage:
        await stage.peer.say("hi", chat=stage.peer.private)
        await stage.intake.event()
        began = stage.kit.clock.monotonic()
        stage.peer.limit(3.0)
        receipt = await stage.bot.perform(Send(stage.peer.bot, stage.peer.private, text("later")))
        took = stage.kit.clock.monotonic() - began
        if kind in ("onebot11", "napcat", "wxbot"):
            return  # an implementation only says that it failed
        assert isinstance(receipt, Sent), receipt
        assert took >= 3.0
        assert [each.text for each in stage.peer.heard] == ["later"]


async def test_nothing_survives_its_end(kind: str) -> None:
    async with playing(kind) as stage:
        peer, kit = stage.peer, stage.kit
        names = set(kit.nursery.names())
        assert names
    await until(lambda: peer.listening == 0)
    assert kit.nursery.names() == []
    assert not kit.nursery.failures


async def test_a_paused_one_stands_there_and_does_not_connect(kind: str) -> None:
    async with opener(kind)() as peer, acting(peer) as stage:
        await stage.online()
        intake = stage.intake
        paused = open_bot(msgspec.structs.replace(peer.config(), enabled=False), stage.kit)
        tried = peer.tries
        task = stage.kit.nursery.start("paused", paused.run(intake))
        await until(lambda: paused.id in intake.bots and intake.bots[paused.id].health().state == "stopped")
        assert peer.tries == tried
        task.cancel()


async def test_one_that_lives_and_brings_nothing_any_more_is_silent(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "GAPS_TO_LEARN", LEARNT)
    monkeypatch.setattr(pulse, "QUIET_FLOOR", 4.0)
    monkeypatch.setattr(pulse, "QUIET_FACTOR", 0.0)
    monkeypatch.setattr(pulse, "RECHECK", 0.5)
    async with playing(kind) as stage:
        for number in range(LEARNT + 1):
            await stage.peer.say(f"message {number}", chat=stage.peer.private)
            await stage.intake.event()
        await until(lambda: stage.bot.health().state == "silent")
        assert "usually one every" in stage.bot.health().reason
        assert (stage.peer.listening, stage.bot.reachable) == (1, True)
        await stage.peer.say("again", chat=stage.peer.private)
        await until(lambda: stage.bot.health().state == "online")
