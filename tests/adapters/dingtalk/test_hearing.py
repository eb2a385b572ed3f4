from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from kagami.adapters.dingtalk import hearing as hearing_module
from kagami.adapters.dingtalk.hearing import Beats
from kagami.errors import StoreClosed
from kagami.model.event import Event
from kagami.model.segment import File, Image, Mention, Text
from kagami.testing.dingtalk import CLIENT_ID, GROUP, STAFF, FakeDingTalk
from tests.adapters.contract import Stage, until

PNG = b"\x89PNG\r\n\x1a\n"


async def test_a_message_is_acknowledged_as_dingtalk_wants_it(stage: Stage, there: FakeDingTalk) -> None:
    await there.say("hi", group=GROUP)
    ack = await there.answered(there.frames[0])
    assert (ack["code"], ack["message"], ack["data"]) == (200, "OK", '{"response":null}')
    assert (await stage.intake.event()).message == (Mention(CLIENT_ID), Text("hi"))


async def test_one_message_in_two_frames_is_one_event(stage: Stage, there: FakeDingTalk) -> None:
    await there.say("hi")
    again = there.callback(msgspec.json.decode(there.frames[0]["data"]))
    await there.push(again)
    assert (await there.answered(again))["code"] == 200
    assert (len(stage.intake.events), stage.intake.again) == (1, 1)


async def test_a_ping_gets_its_data_back(stage: Stage, there: FakeDingTalk) -> None:
    ping = there.frame("SYSTEM", "ping", '{"opaque": "0:1"}')
    await there.push(ping)
    ack = await there.answered(ping)
    assert (ack["code"], ack["data"]) == (200, '{"opaque": "0:1"}')


@pytest.mark.parametrize("topic", ["CONNECTED", "REGISTERED", "KEEPALIVE"])
async def test_other_words_of_the_system_ask_for_nothing(stage: Stage, there: FakeDingTalk, topic: str) -> None:
    word = there.frame("SYSTEM", topic, "")
    await there.push(word)
    await there.acked(await there.say("hi"))
    assert (word["headers"]["messageId"] in there.acks, stage.intake.complaints) == (False, [])


async def test_disconnect_is_acknowledged_and_followed_by_a_new_ticket(stage: Stage, there: FakeDingTalk) -> None:
    for _ in range(3):
        before = there.attempts
        bye = there.frame("SYSTEM", "disconnect", '{"reason":"persistent connection expired"}')
        await there.push(bye)
        assert (await there.answered(bye))["code"] == 200
        while there.attempts == before or there.listening != 1:
            await there.change()
        await stage.online()
    await there.say("still there")
    assert (await stage.intake.event()).text == "still there"
    assert (there.most_listening, stage.bot.health().reconnects) == (1, 3)


async def test_what_is_under_way_is_acknowledged_before_it_parts(stage: Stage, there: FakeDingTalk) -> None:
    stage.intake.hold()
    number = await there.say("last words")
    await stage.intake.event()
    bye = there.frame("SYSTEM", "disconnect", "{}")
    await there.push(bye)
    stage.intake.release()
    await there.answered(bye)
    assert there.acknowledged(number)


async def test_what_is_slow_to_be_kept_does_not_hold_up_the_parting(
    stage: Stage, there: FakeDingTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing_module, "PARTING_SECONDS", 0.01)
    stage.intake.hold()
    number = await there.say("late")
    await stage.intake.event()
    bye = there.frame("SYSTEM", "disconnect", "{}")
    await there.push(bye)
    await there.answered(bye)
    assert not there.acknowledged(number)
    await until(lambda: there.attempts == 2 and there.listening == 1)
    stage.intake.release()
    await there.redeliver()
    await there.acked(number)


async def test_what_the_disk_refuses_is_not_acknowledged(
    stage: Stage, there: FakeDingTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals: list[Event] = []

    def refuse(event: Event, read_at: float) -> Any:
        refusals.append(event)
        raise StoreClosed(reason=f"full at {read_at}")

    with monkeypatch.context() as full:
        full.setattr(stage.intake, "accept", refuse)
        number = await there.say("hi")
        await until(lambda: refusals)
    await there.acked(await there.say("and now"))
    assert (there.acknowledged(number), len(stage.kit.nursery.failures)) == (False, 0)


async def test_an_event_is_a_notice_and_acknowledged(stage: Stage, there: FakeDingTalk) -> None:
    told = {"openConversationId": GROUP, "userId": ["u1", "u2"]}
    event = there.frame("EVENT", "*", told, eventId="e1", eventType="chat_add_member")
    await there.push(event)
    ack = await there.answered(event)
    assert (ack["code"], msgspec.json.decode(ack["data"])["status"]) == (200, "SUCCESS")
    assert [(each.name, each.user) for each in stage.intake.events] == [
        ("group_increase.approve", "u1"),
        ("group_increase.approve", "u2"),
    ]


@pytest.mark.parametrize(("kind", "topic"), [("CALLBACK", "/v1.0/card/instances/callback"), ("OTHER", "x")])
async def test_what_nobody_handles_is_said(stage: Stage, there: FakeDingTalk, kind: str, topic: str) -> None:
    frame = there.frame(kind, topic, {})
    await there.push(frame)
    assert (await there.answered(frame))["code"] == 404


async def test_a_message_that_is_none_is_complained_of_without_its_webhook(stage: Stage, there: FakeDingTalk) -> None:
    body = there.message("m1", "hi", user=STAFF, group="") | {"msgId": ""}
    frame = there.callback(body)
    await there.push(frame)
    assert (await there.answered(frame))["code"] == 400
    ((_, reason, kept),) = stage.intake.complaints
    assert ("msgId" in reason, b"sendBySession" in kept) == (True, False)


async def test_a_frame_that_is_none_is_complained_of(stage: Stage, there: FakeDingTalk) -> None:
    await there.push(b"not JSON")
    await there.acked(await there.say("hi"))
    assert [frame for _, _, frame in stage.intake.complaints] == [b"not JSON"]


async def test_no_webhook_is_in_an_event(stage: Stage, there: FakeDingTalk) -> None:
    await there.say("hi")
    assert "session=" not in repr(await stage.intake.event())


# --- files ---


async def test_a_file_is_fetched_before_it_is_told(stage: Stage, there: FakeDingTalk) -> None:
    await there.show(PNG, msgtype="file")
    event = await stage.intake.event()
    (file,) = event.message
    assert isinstance(file, File)
    assert (stage.media.files[file.file], file.extra) == (PNG, {"name": "report.pdf"})


async def test_a_file_that_does_not_come_leaves_its_code(stage: Stage, there: FakeDingTalk) -> None:
    await there.say(msgtype="picture", content={"downloadCode": "gone"})
    assert (await stage.intake.event()).message == (Image("gone"),)


async def test_a_file_that_takes_too_long_leaves_its_code(
    stage: Stage, there: FakeDingTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing_module, "FETCH_SECONDS", 0.02)
    there.flowing.clear()
    number = await there.show(PNG)
    event = await stage.intake.event()
    (image,) = event.message
    assert isinstance(image, Image)
    assert (event.message_id, image.file.startswith("code")) == (number, True)
    there.flowing.set()


async def test_a_slow_file_holds_up_its_own_chat_only(stage: Stage, there: FakeDingTalk) -> None:
    there.flowing.clear()
    slow = await there.show(PNG)
    behind = await there.say("behind it")
    other = await there.say("elsewhere", group=GROUP)
    first = await stage.intake.event()
    there.flowing.set()
    rest = [(await stage.intake.event()).message_id for _ in range(2)]
    assert (first.message_id, rest) == (other, [slow, behind])


async def test_too_many_at_once_are_not_read(
    stage: Stage, there: FakeDingTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing_module, "MOST_UNDER_WAY", 3)
    stage.intake.hold()
    numbers = [await there.say(f"{number}", user=f"u{number}") for number in range(6)]
    await until(lambda: len(stage.intake.events) == 3)
    stage.intake.release()
    for number in numbers:
        await there.acked(number)
    assert {event.message_id for event in stage.intake.events} == set(numbers)


# --- signs of life ---


def test_the_rhythm_of_pings_is_learnt() -> None:
    beats = Beats()
    learnt = []
    for now in (0.0, 20.0, 60.0):
        beats.beat(now)
        learnt.append(beats.patience)
    assert learnt == [None, 90.0, 120.0]


async def test_pings_that_stay_away_end_the_connection(
    stage: Stage, there: FakeDingTalk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing_module, "LEAST_PATIENCE_S", 0.02)
    monkeypatch.setattr(hearing_module, "BEATS_MISSED", 0.001)
    for _ in range(2):
        await there.push(there.frame("SYSTEM", "ping", "{}"))
    await until(lambda: there.attempts == 2 and there.listening == 1)
    async with asyncio.timeout(5):
        await there.acked(await there.say("back"))
