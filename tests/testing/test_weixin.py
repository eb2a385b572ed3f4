"""The fake refuses what the platform refuses."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from kagami.testing.weixin import BOT, USER, Weixin, open_weixin

HEADERS = {
    "iLink-App-Id": "bot",
    "iLink-App-ClientVersion": "132105",
    "AuthorizationType": "ilink_bot_token",
    "X-WECHAT-UIN": base64.b64encode(b"3405691582").decode(),
}
BASE = {"base_info": {"channel_version": "2.4.9", "bot_agent": "Kagami/1.0 (test)"}}


class Client:
    """Asks as it is told to, right or wrong."""

    def __init__(self, there: Weixin, session: aiohttp.ClientSession) -> None:
        self.there = there
        self._session = session

    async def post(self, name: str, body: dict[str, Any], **headers: str) -> tuple[int, Any]:
        sent = HEADERS | {"Authorization": f"Bearer {self.there.token}"} | headers
        async with self._session.post(f"{self.there.url}/ilink/bot/{name}", json=body, headers=sent) as answer:
            return answer.status, await answer.json()

    async def status(self, **params: str) -> Any:
        url = f"{self.there.url}/ilink/bot/get_qrcode_status"
        async with self._session.get(url, params=params, headers=HEADERS) as answer:
            return (await answer.json())["status"]


@asynccontextmanager
async def asking(**options: Any) -> AsyncIterator[Client]:
    async with open_weixin(**options) as there, aiohttp.ClientSession() as session:
        yield Client(there, session)


def message(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {"from_user_id": "", "to_user_id": USER, "client_id": "c", "message_type": 2, "message_state": 2}
    return {"msg": told | {"item_list": list(items)} | more, **BASE}


TEXT = {"type": 1, "text_item": {"text": "hi"}}


@pytest.mark.parametrize(
    "headers",
    [
        {"iLink-App-Id": "x"},
        {"iLink-App-ClientVersion": "2.4.9"},
        {"AuthorizationType": ""},
        {"X-WECHAT-UIN": base64.b64encode(b"x").decode()},
        {"Content-Type": "text/plain"},
    ],
)
async def test_every_header_has_to_be_right(headers: dict[str, str]) -> None:
    async with asking() as client:
        status, _ = await client.post("sendmessage", message(TEXT), **headers)
        assert (status, len(client.there.refused)) == (400, 1)


@pytest.mark.parametrize("base", [{}, {"base_info": {}}, {"base_info": {"channel_version": "1", "bot_agent": "ü"}}])
async def test_every_body_says_who_asks(base: dict[str, Any]) -> None:
    async with asking() as client:
        status, _ = await client.post("msg/notifystart", base)
        assert status == 400


async def test_an_old_token_has_ended() -> None:
    async with asking() as client:
        assert (await client.post("msg/notifystart", BASE, Authorization="Bearer old"))[1]["ret"] == -14


@pytest.mark.parametrize(
    "body",
    [
        message(),
        message(TEXT, TEXT),
        message(TEXT, message_type=1),
        message(TEXT, client_id=""),
        message(TEXT, to_user_id="u"),
        message({"type": 1, "text_item": {"text": ""}}),
        message({"type": 1, "text_item": {"text": "x" * 20_000}}),
        message({"type": 2, "text_item": {"text": "x"}}),
        message({"type": 2, "image_item": {"media": {"encrypt_query_param": "never uploaded"}}}),
    ],
)
async def test_a_message_that_is_none_is_refused(body: dict[str, Any]) -> None:
    async with asking() as client:
        status, _ = await client.post("sendmessage", body)
        assert (status, client.there.sent) == (400, [])


async def test_a_message_that_comes_twice_is_there_once() -> None:
    async with asking() as client:
        await client.post("sendmessage", message(TEXT))
        await client.post("sendmessage", message(TEXT))
        assert len(client.there.sent) == 1


async def test_what_came_before_the_cursor_does_not_come_again() -> None:
    async with asking(hold=0.01) as client:
        client.there.say("one")
        _, first = await client.post("getupdates", {"get_updates_buf": "", **BASE})
        _, second = await client.post("getupdates", {"get_updates_buf": first["get_updates_buf"], **BASE})
        assert (len(first["msgs"]), second["msgs"], client.there.acknowledged) == (1, [], 1)


async def test_what_is_not_acknowledged_comes_again() -> None:
    async with asking() as client:
        client.there.say("one")
        answers = [(await client.post("getupdates", {"get_updates_buf": "", **BASE}))[1] for _ in range(2)]
        assert [len(each["msgs"]) for each in answers] == [1, 1]


async def test_a_login_goes_from_a_code_to_credentials() -> None:
    async with asking(hold=0.01) as client:
        _, told = await client.post("get_bot_qrcode?bot_type=3", {"local_token_list": []})
        assert await client.status(qrcode=told["qrcode"]) == "wait"
        assert await client.status(qrcode="another") == "expired"
        client.there.show("need_verifycode", digits="12")
        assert await client.status(qrcode=told["qrcode"]) == "need_verifycode"
        assert await client.status(qrcode=told["qrcode"], verify_code="13") == "need_verifycode"
        assert await client.status(qrcode=told["qrcode"], verify_code="12") == "scaned"
        client.there.show("confirmed")
        assert await client.status(qrcode=told["qrcode"]) == "confirmed"


async def test_typing_needs_the_users_ticket() -> None:
    async with asking() as client:
        asked = {"ilink_user_id": USER, "context_token": "", **BASE}
        _, told = await client.post("getconfig", asked)
        body = {"ilink_user_id": USER, "typing_ticket": told["typing_ticket"], "status": 1, **BASE}
        assert (await client.post("sendtyping", body))[0] == 200
        assert (await client.post("sendtyping", body | {"typing_ticket": "x"}))[0] == 400
        assert client.there.typing == [(USER, 1)]


async def test_its_account_is_always_the_same() -> None:
    async with asking() as client:
        assert client.there.say("x") != client.there.say("y")
        assert {each["to_user_id"] for each in client.there.messages} == {BOT}
