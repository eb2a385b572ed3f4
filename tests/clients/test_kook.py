"""khl.py, a client of KOOK that was not written here, takes the fake for KOOK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kagami.testing.kook import BOT, CHANNEL, GUILD, TOKEN, USER, Kook, open_kook
from tests.clients.side import Side, side

PICTURE = b"\x89PNG\r\n\x1a\n and the rest"
CARD = {"type": "card", "modules": [{"type": "section", "text": {"type": "kmarkdown", "content": "**hi**"}}]}

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]


@pytest.fixture
async def kook() -> AsyncIterator[Kook]:
    async with open_kook() as there:
        yield there


@pytest.fixture
async def khl(kook: Kook, tmp_path: Path) -> AsyncIterator[Side]:
    async with side("kook", tmp_path, kook.url, TOKEN) as client:
        async with asyncio.timeout(60):
            while kook.session is None:
                await asyncio.sleep(0.01)
        yield client


async def done(khl: Side, **what: Any) -> Any:
    await khl.tell(what)
    told = await khl.told()
    return told.get("done", told)


async def test_it_hears_a_message_of_a_channel_by_a_compressed_frame(kook: Kook, khl: Side) -> None:
    number = await kook.says("hello 你好")
    assert await khl.told() == {
        "heard": "hello 你好",
        "id": number,
        "by": USER,
        "name": "tz-un",
        "type": "KMD",
        "chat": CHANNEL,
        "private": False,
    }


async def test_it_hears_a_direct_message_and_its_answer_quotes_it(kook: Kook, khl: Side) -> None:
    number = await kook.says("ping", private=True)
    assert (await khl.told())["private"] is True
    async with asyncio.timeout(10):
        while not (sent := kook.asked("POST /direct-message/create")):
            await asyncio.sleep(0.01)
    assert (sent[0]["content"], sent[0]["quote"], sent[0]["type"]) == ("pong", number, 9)


async def test_it_hears_what_happens(kook: Kook, khl: Side) -> None:
    await kook.tells("joined_guild", {"user_id": USER, "joined_at": 1})
    assert await khl.told() == {"happened": "joined_guild", "body": {"user_id": USER, "joined_at": 1}}


async def test_its_pings_tell_the_number_of_the_last_event(kook: Kook, khl: Side) -> None:
    await kook.says("one")
    await kook.says("two")
    async with asyncio.timeout(10):
        while 2 not in kook.pings:
            await asyncio.sleep(0.01)
    assert kook.session
    assert (kook.session.acked, kook.session.frames) == (2, {})


async def test_it_knows_itself(khl: Side) -> None:
    assert await done(khl, do="me") == {"id": BOT, "name": "小镜", "bot": True}


async def test_it_says_something_in_a_channel_and_to_a_user(kook: Kook, khl: Side) -> None:
    said = await done(khl, do="say", channel=CHANNEL, text="*hi*")
    whispered = await done(khl, do="whisper", user=USER, text="hush")
    assert (kook.rest.messages[said["msg_id"]], kook.rest.messages[whispered["msg_id"]]) == (CHANNEL, USER)
    assert [each["content"] for each in kook.asked("POST /message/create")] == ["*hi*"]


async def test_it_uploads_a_picture_and_sends_it(kook: Kook, khl: Side) -> None:
    await done(khl, do="show", channel=CHANNEL, picture=PICTURE.hex())
    (sent,) = kook.asked("POST /message/create")
    assert (sent["type"], kook.rest.assets[sent["content"]]) == (2, PICTURE)


async def test_it_sends_a_card_and_takes_a_message_back(kook: Kook, khl: Side) -> None:
    said = await done(khl, do="say", channel=CHANNEL, text=[CARD])
    await done(khl, do="forget", message=said["msg_id"])
    assert said["msg_id"] not in kook.rest.messages
    assert await done(khl, do="forget", message=said["msg_id"]) == {"refused": 40000}


async def test_it_turns_the_pages_of_the_members_and_kicks_one(kook: Kook, khl: Side) -> None:
    kook.rest.users["7"] = {"id": "7", "username": "third"}
    assert await done(khl, do="members", guild=GUILD) == [USER, "2400000043", "7"]
    assert await done(khl, do="kick", guild=GUILD, user="7") == "kicked"
    assert "7" not in kook.rest.users


async def test_after_a_broken_connection_it_begins_a_session_anew(kook: Kook, khl: Side) -> None:
    first = kook.session
    kook.cut()
    async with asyncio.timeout(30):
        while kook.session is first:
            await asyncio.sleep(0.01)
    await kook.says("again")
    assert (await khl.told())["heard"] == "again"
