"""Clients that were not written here speak with the fake of WeChat: weixin-ilink 0.3.5 and wechatbot-sdk 0.3.0."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from kagami.testing.weixin import BOT, USER, Weixin, open_weixin
from tests.clients.side import Side, side

PICTURE = bytes(range(256)) * 5
CLIENTS = ("ilink", "wechatbot")

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]


async def told(client: Side, key: str) -> Any:
    """What the client tells next under this key."""
    while key not in (line := await client.told()):
        continue
    return line[key]


async def log_in(there: Weixin, client: Side) -> None:
    qr = await told(client, "qr")
    assert qr.endswith(there.codes[-1])
    there.show("scaned")
    assert await told(client, "status")
    there.show("confirmed")
    assert await told(client, "account") == BOT


async def sent(there: Weixin, count: int) -> list[dict[str, Any]]:
    """The items of what the client has sent, as soon as they are so many."""
    async with asyncio.timeout(30):
        while len(there.sent) < count:
            await there.happened.wait()
    return [each["item_list"][0] for each in there.sent]


@pytest.mark.parametrize("name", CLIENTS)
async def test_a_client_logs_in_and_speaks_with_the_fake(name: str, tmp_path: Path) -> None:
    async with open_weixin(hold=5.0) as there, side("weixin", tmp_path, name, there.url) as client:
        await log_in(there, client)
        there.say("hello 你好")
        assert await told(client, "text") == "hello 你好"
        assert (await sent(there, 1))[0]["text_item"] == {"text": "echo: hello 你好"}
        assert there.typing[0] == (USER, 1)
        there.say(items=[{"type": 2, "image_item": {"media": there.cdn.medium(PICTURE)}}])
        assert base64.b64decode(await told(client, "image")) == PICTURE
        assert there.cdn.content((await sent(there, 2))[1]) == PICTURE
        assert {each["context_token"] for each in there.sent} == {each["context_token"] for each in there.messages}
        assert (there.refused, there.cdn.refused) == ([], [])


async def test_a_client_is_asked_for_the_digits_until_they_are_right(tmp_path: Path) -> None:
    async with open_weixin(hold=5.0) as there, side("weixin", tmp_path, "wechatbot", there.url) as client:
        await told(client, "qr")
        there.show("need_verifycode", digits="4711")
        assert await told(client, "asked") is False
        await client.tell("0000")
        assert await told(client, "asked") is True
        await client.tell("4711")
        assert await told(client, "status") == "scanned"
        there.show("confirmed")
        assert await told(client, "account") == BOT
