"""The fake NapCat does what the real one does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from kagami.adapters.napcat.codec import client_entry, login_hash, write_config
from kagami.adapters.napcat.webui import WebUi
from kagami.errors import Refused
from kagami.net.api import Api
from kagami.testing.clock import FakeClock
from kagami.testing.gateway import TOKEN, open_gateway
from kagami.testing.napcat import UNAUTHORIZED, WEBUI_TOKEN, NapCatHost, open_napcat


@pytest.fixture
async def napcat() -> AsyncIterator[NapCatHost]:
    async with open_napcat() as opened:
        yield opened


async def post(napcat: NapCatHost, route: str, body: Any, credential: str = "") -> Any:
    async with Api(napcat.url) as api:
        answer = await api.call("POST", f"/api{route}", json=body, headers={"Authorization": f"Bearer {credential}"})
        return answer.json()


@pytest.mark.parametrize("body", [{}, {"hash": ""}, {"hash": WEBUI_TOKEN}, {"token": WEBUI_TOKEN}])
async def test_only_the_hash_of_its_token_opens_it(napcat: NapCatHost, body: dict[str, str]) -> None:
    assert (await post(napcat, "/auth/login", body))["code"] == -1
    assert (await post(napcat, "/auth/login", {"hash": login_hash(WEBUI_TOKEN)}))["data"]["Credential"]


@pytest.mark.parametrize("credential", ["", "x", "e30=", "eyJEYXRhIjp7IkNyZWF0ZWRUaW1lIjo5OTk5OTk5OTk5fX0="])
async def test_a_credential_that_it_has_not_signed_is_none(napcat: NapCatHost, credential: str) -> None:
    assert await post(napcat, "/QQLogin/CheckLoginStatus", {}, credential) == UNAUTHORIZED


async def test_a_configuration_is_taken_as_text_only_and_after_the_login_only(napcat: NapCatHost) -> None:
    async with Api(napcat.url) as api:
        webui = WebUi(api, WEBUI_TOKEN, FakeClock())
        for route, body in (("/OB11Config/GetConfig", {}), ("/OB11Config/SetConfig", {"config": "{}"})):
            with pytest.raises(Refused, match="Not Login"):
                await webui.call(route, body)
        napcat.scan()
        with pytest.raises(Refused, match="not a string"):
            await webui.call("/OB11Config/SetConfig", {"config": await webui.network()})


async def test_an_entry_connects_it_and_another_token_alone_changes_nothing(napcat: NapCatHost) -> None:
    napcat.scan()
    async with open_gateway() as port:
        for token in (TOKEN, "another"):
            config = await _network(napcat, client_entry(port.url, token))
            napcat._set_config({"config": config})
            async with asyncio.timeout(5):
                while not napcat.open:
                    await asyncio.sleep(0.001)
        assert [peer.open for peer in napcat.peers] == [True]
        napcat._set_config({"config": await _network(napcat, client_entry(port.url, token, enabled=False))})
        async with asyncio.timeout(5):
            while napcat.open:
                await asyncio.sleep(0.001)


async def _network(napcat: NapCatHost, entry: dict[str, Any]) -> str:
    config = napcat._get_config({})
    return write_config(config | {"network": config["network"] | {"websocketClients": [entry]}})


async def test_its_debug_connection_wants_the_token_that_was_made_for_it(napcat: NapCatHost) -> None:
    napcat.scan()
    async with Api(napcat.url) as api:
        url = await WebUi(api, WEBUI_TOKEN, FakeClock()).debug_url()
    with pytest.raises(InvalidStatus):
        async with connect(f"{url}x", proxy=None):
            pass
    async with connect(url, proxy=None) as line:
        assert b"lifecycle" in await line.recv(decode=False)
