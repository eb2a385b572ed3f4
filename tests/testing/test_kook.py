"""The fake's gateway is as strict as KOOK's; khl.py takes it for the real one in `tests/clients`."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from kagami.net.api import Api
from kagami.testing.kook import TOKEN, Kook, open_kook


@pytest.fixture
async def kook() -> AsyncIterator[Kook]:
    async with open_kook() as there:
        yield there


@asynccontextmanager
async def connected(kook: Kook, more: str = "") -> AsyncIterator[ClientConnection]:
    async with connect(f"{kook.gateway_url}{more}", proxy=None, compression=None) as line:
        yield line


async def frame(line: ClientConnection) -> dict[str, Any]:
    content = await line.recv()
    assert isinstance(content, bytes)
    told: dict[str, Any] = json.loads(zlib.decompress(content))
    return told


async def session(kook: Kook) -> str:
    """Begin a session, let two events happen, and leave."""
    async with connected(kook) as line:
        name = str((await frame(line))["d"]["session_id"])
        await kook.says("one")
        await kook.says("two")
        assert [(await frame(line))["sn"] for _ in range(2)] == [1, 2]
    return name


async def test_only_its_token_is_let_in(kook: Kook) -> None:
    async with Api(f"{kook.url}/api/v3") as api:
        wrong = await api.call("GET", "/user/me", headers={"Authorization": "Bot wrong"})
        bearer = await api.call("GET", "/user/me", headers={"Authorization": f"Bearer {TOKEN}"})
        right = await api.call("GET", "/user/me", headers={"Authorization": f"Bot {TOKEN}"})
    assert [each.status for each in (wrong, bearer, right)] == [401, 401, 200]


async def test_a_limit_is_told_in_the_headers_once(kook: Kook) -> None:
    kook.limit(14, everything=True)
    async with Api(f"{kook.url}/api/v3", headers={"Authorization": f"Bot {TOKEN}"}) as api:
        first = await api.call("POST", "/message/create", json={})
        second = await api.call("POST", "/message/create", json={})
    head = {key: value for key, value in first.headers.items() if key.startswith("x-rate")}
    assert (first.status, head) == (
        429,
        {
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": "14",
            "x-rate-limit-bucket": "message/create",
            "x-rate-limit-global": "",
        },
    )
    assert second.status == 200


async def test_a_wrong_token_of_the_gateway_is_refused_in_the_greeting(kook: Kook) -> None:
    url = kook.gateway_url
    kook.gate = "another"
    async with connect(url, proxy=None) as line:
        assert await frame(line) == {"s": 1, "d": {"code": 40101}}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ("&resume=1", 40106),
        ("&resume=1&sn=x&session_id={}", 40106),
        ("&resume=1&sn=0&session_id=other", 40107),
        ("&resume=1&sn=3&session_id={}", 40108),
    ],
)
async def test_a_resume_that_cannot_be_is_refused(kook: Kook, more: str, code: int) -> None:
    name = await session(kook)
    async with connected(kook, more.format(name)) as line:
        told = await frame(line)
    assert (told["s"], told["d"]["code"]) == (5, code)


async def test_a_resume_brings_what_was_missed_and_says_so(kook: Kook) -> None:
    name = await session(kook)
    async with connected(kook, f"&resume=1&sn=1&session_id={name}") as line:
        told = [await frame(line) for _ in range(3)]
    assert [(each["s"], each.get("sn")) for each in told] == [(1, None), (0, 2), (6, None)]


async def test_a_ping_that_lags_brings_the_rest_again_and_forgets_what_it_told(kook: Kook) -> None:
    async with connected(kook) as line:
        await frame(line)
        await kook.says("one")
        await kook.says("two")
        await line.send(json.dumps({"s": 2, "sn": 1}))
        told = [await frame(line) for _ in range(4)]
        await line.send(json.dumps({"s": 2, "sn": 0}))
        late = [await frame(line) for _ in range(1)]
    assert [(each["s"], each.get("sn")) for each in told] == [(0, 1), (0, 2), (3, None), (0, 2)]
    assert late[0]["d"]["code"] == 40108


async def test_what_happens_while_nobody_is_there_waits(kook: Kook) -> None:
    name = await session(kook)
    await kook.tells("joined_guild", {"user_id": "7"})
    async with connected(kook, f"&resume=1&sn=2&session_id={name}") as line:
        told = [await frame(line) for _ in range(2)]
    assert (told[1]["sn"], told[1]["d"]["extra"]["type"]) == (3, "joined_guild")
