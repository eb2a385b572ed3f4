"""The fake is as strict as DingTalk; its official SDK takes it for the real one in `tests/clients`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from kagami.net.api import Api
from kagami.ports import HttpAnswer
from kagami.testing.dingtalk import CLIENT_ID, CLIENT_SECRET, STAFF, FakeDingTalk, open_dingtalk

OPEN = {
    "clientId": CLIENT_ID,
    "clientSecret": CLIENT_SECRET,
    "subscriptions": [{"type": "CALLBACK", "topic": "/v1.0/im/bot/messages/get"}],
}
JSON = {"Accept": "application/json"}


@pytest.fixture
async def there() -> AsyncIterator[FakeDingTalk]:
    async with open_dingtalk() as dingtalk:
        yield dingtalk


@pytest.fixture
async def api(there: FakeDingTalk) -> AsyncIterator[Api]:
    async with Api(there.url) as opened:
        yield opened


async def opened(api: Api, headers: dict[str, str], **changes: Any) -> HttpAnswer:
    return await api.call("POST", "/v1.0/gateway/connections/open", json=OPEN | changes, headers=headers)


@pytest.mark.parametrize(
    ("headers", "changes", "status"),
    [
        (JSON, {}, 200),
        ({"Accept": "text/html"}, {}, 400),
        (JSON, {"clientSecret": f"{CLIENT_SECRET} "}, 401),
        (JSON, {"subscriptions": []}, 400),
        (JSON, {"subscriptions": [{"type": "OTHER"}]}, 400),
    ],
)
async def test_opening(api: Api, headers: dict[str, str], changes: dict[str, Any], status: int) -> None:
    assert (await opened(api, headers, **changes)).status == status


async def test_a_ticket_is_needed(api: Api) -> None:
    assert (await api.call("GET", "/connect", params={"ticket": "made up"})).status == 401


@pytest.mark.parametrize(
    ("template", "param"),
    [("sampleText", '{"text":"x"}'), ("sampleText", {"content": "x"}), ("sampleNothing", "{}")],
)
async def test_a_template_has_to_be_right(there: FakeDingTalk, api: Api, template: str, param: Any) -> None:
    told = await api.call("POST", "/v1.0/oauth2/accessToken", json={"appKey": CLIENT_ID, "appSecret": CLIENT_SECRET})
    headers = {"x-acs-dingtalk-access-token": told.json()["accessToken"]}
    body = {"robotCode": CLIENT_ID, "userIds": [STAFF], "msgKey": template, "msgParam": param}
    answer = await api.call("POST", "/v1.0/robot/oToMessages/batchSend", json=body, headers=headers)
    assert (answer.status, there.heard) == (400, [])


async def test_without_a_token_nothing_is_done(api: Api) -> None:
    answer = await api.call("POST", "/v1.0/robot/oToMessages/batchSend", json={})
    assert (answer.status, answer.json()["code"]) == (401, "InvalidAuthentication")


@pytest.mark.parametrize(
    ("session", "body", "code"), [("made up", {"msgtype": "text"}, 300001), ("", {"msgtype": "text"}, 300001)]
)
async def test_a_webhook_is_needed(api: Api, session: str, body: dict[str, Any], code: int) -> None:
    answer = await api.call("POST", "/robot/sendBySession", params={"session": session}, json=body)
    assert answer.json()["errcode"] == code
