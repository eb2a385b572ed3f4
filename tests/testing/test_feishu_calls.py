"""The fake refuses what the platform refuses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from kagami.testing.feishu import FakeFeishu, fake_feishu
from kagami.testing.feishu_calls import MESSAGES, Fault

TEXT = {"receive_id": "oc_group", "msg_type": "text", "content": '{"text":"hi"}'}


class Caller:
    def __init__(self, feishu: FakeFeishu, session: aiohttp.ClientSession) -> None:
        self.feishu = feishu
        self._session = session

    async def token(self, secret: str = "") -> dict[str, Any]:
        given = {"app_id": self.feishu.app_id, "app_secret": secret or self.feishu.app_secret}
        return await self.call("POST", "/open-apis/auth/v3/tenant_access_token/internal", "", json=given)

    async def call(self, method: str, path: str, token: str, **what: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._session.request(method, self.feishu.url + path, headers=headers, **what) as answer:
            told: dict[str, Any] = await answer.json()
            return told

    async def send(self, body: dict[str, Any], kind: str = "chat_id") -> dict[str, Any]:
        token = (await self.token())["tenant_access_token"]
        return await self.call("POST", f"{MESSAGES}?receive_id_type={kind}", token, json=body)


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with fake_feishu() as feishu, aiohttp.ClientSession() as session:
        yield Caller(feishu, session)


async def test_a_call_needs_a_token_that_is_good(caller: Caller) -> None:
    good = (await caller.token())["tenant_access_token"]
    path = "/open-apis/bot/v3/info"
    codes = [(await caller.call("GET", path, token))["code"] for token in ("", "bad", good)]
    caller.feishu.expire()
    assert [*codes, (await caller.call("GET", path, good))["code"]] == [99991661, 99991663, 0, 99991663]


async def test_a_wrong_secret_gets_no_token(caller: Caller) -> None:
    assert (await caller.token("wrong"))["code"] == 10014


async def test_one_uuid_is_one_message(caller: Caller) -> None:
    first, again, other = [await caller.send(TEXT | {"uuid": uuid}) for uuid in ("a", "a", "b")]
    assert (first == again, first == other, len(caller.feishu.sent)) == (True, False, 2)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"receive_id": "oc_9"}, 230002),
        ({"msg_type": "voice"}, 230001),
        ({"content": {"text": "hi"}}, 230001),
        ({"content": "hi"}, 230001),
        ({"content": '{"text":""}'}, 230001),
        ({"uuid": "u" * 51}, 230001),
        ({"msg_type": "image", "content": '{"image_key":"img_9"}'}, 230001),
        ({"msg_type": "post", "content": '{"zh_cn":{"content":[[]]}}'}, 230001),
        ({"msg_type": "post", "content": '{"zh_cn":{"content":[[{"tag":"odd"}]]}}'}, 230001),
        ({"msg_type": "interactive", "content": json.dumps({"x": "y" * 40_000})}, 230025),
    ],
)
async def test_a_wrong_message_is_refused(caller: Caller, wrong: dict[str, Any], code: int) -> None:
    assert ((await caller.send(TEXT | wrong))["code"], caller.feishu.sent) == (code, [])


async def test_a_wrong_kind_of_receiver_is_refused(caller: Caller) -> None:
    assert (await caller.send(TEXT, "phone"))["code"] == 230001
    assert (await caller.send(TEXT, "open_id"))["code"] == 230013


async def test_a_fault_is_answered_once(caller: Caller) -> None:
    caller.feishu.faults.append(Fault(400, 230020))
    assert [(await caller.send(TEXT))["code"] for _ in range(2)] == [230020, 0]


async def test_a_broken_answer_was_done_all_the_same(caller: Caller) -> None:
    caller.feishu.faults.append(Fault())
    with pytest.raises(aiohttp.ClientError):
        await caller.send(TEXT)
    assert len(caller.feishu.sent) == 1


async def test_an_upload_without_a_form_is_refused(caller: Caller) -> None:
    token = (await caller.token())["tenant_access_token"]
    assert (await caller.call("POST", "/open-apis/im/v1/images", token, data=b"x"))["code"] == 234001
