"""Who does not say its account in the handshake says it in its first frame."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from kagami.gateway.config import GatewayConfig
from kagami.testing.gateway import TOKEN, OpenGateway, open_gateway

WXBOT = "?role=Universal&platform=wechat"
BEAT = {"post_type": "meta_event", "meta_event_type": "heartbeat", "interval": 5000}


def message(account: object, text: str = "hi") -> bytes:
    return msgspec.json.encode(
        {
            "self_id": account, "post_type": "message", "message_type": "private", "user_id": "wxid_a",
            "message_id": "1:2:3", "message": text,
        }
    )  # fmt: skip


async def test_the_account_is_learnt_from_the_first_event(port: OpenGateway) -> None:
    async with connect(port.url + WXBOT, additional_headers={"Authorization": f"Bearer {TOKEN}"}, proxy=None) as peer:
        await peer.send(msgspec.json.encode(BEAT), text=True)
        await peer.send(message("wxid_me"), text=True)
        async with asyncio.timeout(10):
            event = await port.intake.event()
    assert (event.bot, event.text) == ("wechat:wxid_me", "hi")


async def test_the_token_may_be_in_the_address_where_that_is_allowed() -> None:
    async with (
        open_gateway(GatewayConfig(port=0, query_token=True)) as port,
        connect(f"{port.url}{WXBOT}&access_token={TOKEN}", proxy=None) as peer,
    ):
        await peer.send(message("wxid_me"), text=True)
        async with asyncio.timeout(10):
            assert (await port.intake.event()).bot == "wechat:wxid_me"


@pytest.mark.parametrize("account", ["a b", "x" * 65])
async def test_what_is_no_account_is_turned_away(port: OpenGateway, account: str) -> None:
    async with connect(port.url + WXBOT, additional_headers={"Authorization": f"Bearer {TOKEN}"}, proxy=None) as peer:
        await peer.send(message(account), text=True)
        with pytest.raises(ConnectionClosed) as caught:
            await asyncio.wait_for(peer.recv(), 10)
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.reason == "self_id names no account"


async def test_an_account_that_is_here_already_is_not_taken_over(port: OpenGateway) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with (
        connect(port.url + WXBOT, additional_headers=headers, proxy=None) as first,
        connect(port.url + WXBOT, additional_headers=headers, proxy=None) as second,
    ):
        await first.send(message("wxid_me"), text=True)
        async with asyncio.timeout(10):
            await port.intake.event()
        await second.send(message("wxid_me", "again"), text=True)
        async with asyncio.timeout(10):
            await second.wait_closed()
    assert "already connected" in (second.close_reason or "")
