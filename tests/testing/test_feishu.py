"""The fake's long connection does what the platform's does; lark-oapi is asked in tests/clients."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from kagami.adapters.feishu.frame import Frame, acknowledgement, decode, encode, ping
from kagami.testing.feishu import SERVICE, FakeFeishu, fake_feishu


@pytest.fixture
async def feishu() -> AsyncIterator[FakeFeishu]:
    async with fake_feishu(redeliver_s=0.02) as there:
        yield there


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def place(feishu: FakeFeishu, session: aiohttp.ClientSession, secret: str = "") -> dict[str, Any]:
    given = {"AppID": feishu.app_id, "AppSecret": secret or feishu.app_secret}
    async with session.post(f"{feishu.url}/callback/ws/endpoint", json=given) as answer:
        told: dict[str, Any] = await answer.json()
        return told


async def connect(feishu: FakeFeishu, session: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse:
    return await session.ws_connect((await place(feishu, session))["data"]["URL"])


async def test_an_address_is_good_for_one_connection(feishu: FakeFeishu, session: aiohttp.ClientSession) -> None:
    url = (await place(feishu, session))["data"]["URL"]
    async with session.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await session.ws_connect(url)
    assert caught.value.headers
    assert caught.value.headers["handshake-status"] == "514"


async def test_wrong_credentials_get_no_address(feishu: FakeFeishu, session: aiohttp.ClientSession) -> None:
    assert (await place(feishu, session, "wrong"))["code"] == 514


async def test_a_ping_is_answered_with_the_settings(feishu: FakeFeishu, session: aiohttp.ClientSession) -> None:
    feishu.pong = {"PingInterval": 90}
    async with await connect(feishu, session) as socket:
        await socket.send_bytes(encode(ping(SERVICE)))
        frame = decode(await socket.receive_bytes())
    assert (frame.header("type"), json.loads(frame.payload or b"")) == ("pong", {"PingInterval": 90})


async def test_what_is_not_acknowledged_comes_again(feishu: FakeFeishu, session: aiohttp.ClientSession) -> None:
    async with await connect(feishu, session) as socket:
        _, delivery = await feishu.say("text", {"text": "hi"})
        first, second = [decode(await socket.receive_bytes()) for _ in range(2)]
        await socket.send_bytes(encode(acknowledgement(second, 1)))
        while not feishu.deliveries[delivery].acks:
            await asyncio.sleep(0.001)
    assert (first, feishu.problems) == (second, [])


async def test_what_happens_while_nobody_is_there_waits(feishu: FakeFeishu, session: aiohttp.ClientSession) -> None:
    await feishu.say("text", {"text": "hi"}, parts=2)
    async with await connect(feishu, session) as socket:
        frames = [decode(await socket.receive_bytes()) for _ in range(2)]
    assert [frame.header("seq") for frame in frames] == ["0", "1"]


@pytest.mark.parametrize(
    "wrong", [b"\xff", encode(ping(1)), encode(Frame(method=1)), encode(Frame(method=9)), b"\x08\x00"]
)
async def test_what_no_client_may_do_is_a_problem(
    feishu: FakeFeishu, session: aiohttp.ClientSession, wrong: bytes
) -> None:
    async with await connect(feishu, session) as socket:
        await socket.send_bytes(wrong)
        async with asyncio.timeout(5):
            while not feishu.problems:
                await asyncio.sleep(0.001)


async def test_an_acknowledgement_that_is_not_its_frame_is_a_problem(
    feishu: FakeFeishu, session: aiohttp.ClientSession
) -> None:
    async with await connect(feishu, session) as socket:
        _, delivery = await feishu.say("text", {"text": "hi"})
        frame = acknowledgement(decode(await socket.receive_bytes()), 1)
        await socket.send_bytes(encode(Frame(method=1, headers=frame.headers, payload=frame.payload)))
        while not feishu.deliveries[delivery].acks:
            await asyncio.sleep(0.001)
    assert len(feishu.problems) == 1


async def test_a_cut_ends_every_connection(feishu: FakeFeishu, session: aiohttp.ClientSession) -> None:
    async with await connect(feishu, session) as socket:
        await feishu.cut()
        assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    assert feishu.open == []
