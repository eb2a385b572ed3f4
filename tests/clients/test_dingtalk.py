"""DingTalk's official SDK (dingtalk-stream 0.24.3) takes the fake for DingTalk: what it is told and what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kagami.testing.dingtalk import CLIENT_ID, CLIENT_SECRET, GROUP, STAFF, FakeDingTalk, open_dingtalk
from tests.clients.side import Side, side

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(500)

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]


@pytest.fixture
async def dingtalk() -> AsyncIterator[FakeDingTalk]:
    async with open_dingtalk() as there:
        yield there


@pytest.fixture
async def sdk(dingtalk: FakeDingTalk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Side]:
    monkeypatch.setenv("DINGTALK_OPENAPI_ENDPOINT", dingtalk.url)
    async with side("dingtalk", tmp_path, CLIENT_ID, CLIENT_SECRET) as client:
        async with asyncio.timeout(60):
            while not dingtalk.listening:
                await dingtalk.change()
        yield client


async def test_a_message_of_a_group_is_understood_answered_and_acknowledged(dingtalk: FakeDingTalk, sdk: Side) -> None:
    number = await dingtalk.say("hello 你好", group=GROUP)
    assert await sdk.told() == {
        "kind": "message",
        "type": "text",
        "text": "hello 你好",
        "conversation": GROUP,
        "group": True,
        "user": STAFF,
        "nick": "Mira",
        "message": number,
        "robot": CLIENT_ID,
    }
    ok = {"errcode": 0, "errmsg": "ok"}
    assert await sdk.told() == {"kind": "answered", "text": ok, "markdown": ok}
    await dingtalk.acked(number)
    assert [(each.chat, each.kind) for each in dingtalk.heard] == [
        (f"group:{GROUP}", each) for each in ("text", "markdown")
    ]
    assert dingtalk.heard[0].body["at"] == {"atUserIds": [STAFF]}


async def test_a_picture_is_downloaded_and_another_one_uploaded(dingtalk: FakeDingTalk, sdk: Side) -> None:
    await dingtalk.show(PICTURE)
    assert (await sdk.told())["type"] == "picture"
    told = await sdk.told()
    assert (told["size"], dingtalk.uploads[told["media"]]) == (len(PICTURE), ("image", PICTURE))
    assert dingtalk.tokens_given == 1


async def test_a_rich_text_is_understood(dingtalk: FakeDingTalk, sdk: Side) -> None:
    dingtalk.files["c1"] = PICTURE
    rich = {"richText": [{"text": "look "}, {"type": "picture", "downloadCode": "c1"}]}
    await dingtalk.say(msgtype="richText", content=rich)
    told = await sdk.told()
    assert (told["type"], told["text"]) == ("richText", "look")


async def test_an_event_a_ping_and_an_unknown_topic(dingtalk: FakeDingTalk, sdk: Side) -> None:
    event = dingtalk.frame(
        "EVENT", "*", {"userId": ["u1"]}, eventId="e1", eventType="chat_add_member", eventBornTime="1760000000000"
    )
    await dingtalk.push(event)
    assert await sdk.told() == {"kind": "event", "type": "chat_add_member", "data": {"userId": ["u1"]}}
    assert (await dingtalk.answered(event))["code"] == 200
    ping = dingtalk.frame("SYSTEM", "ping", {"opaque": "abc"})
    await dingtalk.push(ping)
    answer: dict[str, Any] = await dingtalk.answered(ping)
    assert (answer["code"], answer["data"]) == (200, '{"opaque": "abc"}')


async def test_after_disconnect_it_comes_with_another_ticket(dingtalk: FakeDingTalk, sdk: Side) -> None:
    bye = dingtalk.frame("SYSTEM", "disconnect", {"reason": "persistent connection expired"})
    await dingtalk.push(bye)
    await dingtalk.answered(bye)
    async with asyncio.timeout(60):
        while dingtalk.attempts < 2 or not dingtalk.listening:
            await dingtalk.change()
    await dingtalk.say("still there")
    assert (await sdk.told())["text"] == "still there"
    assert dingtalk.most_listening == 1
