"""The fake WxBot speaks its dialect."""

from __future__ import annotations

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from kagami.net.api import Api
from kagami.testing.wxbot import ACCOUNT, GROUP, PNG, open_wxbot


async def test_its_first_frames_have_an_account_of_text_and_no_date() -> None:
    async with open_wxbot() as host, connect(host.url, proxy=None) as client:
        remark, greeting = [msgspec.json.decode(await client.recv()) for _ in range(2)]
    assert (remark["post_type"], remark["self_id"]) == ("log", ACCOUNT)
    assert (greeting["sub_type"], "time" in greeting) == ("connect", False)


async def test_a_message_goes_out_as_text_and_has_an_id_of_three_parts() -> None:
    async with open_wxbot() as host, connect(host.url, proxy=None) as client:
        call = {"action": "send_group_msg", "params": {"group_id": GROUP, "message": "hi"}, "echo": "1"}
        await client.send(msgspec.json.encode(call))
        answers = [msgspec.json.decode(await client.recv()) for _ in range(3)]
    assert answers[-1]["data"]["message_id"] == f"{GROUP}:1:1"


async def test_its_panel_has_a_picture_and_a_list() -> None:
    async with open_wxbot() as host, Api(host.panel_url) as api:
        assert (await api.call("GET", "/api/qr_code?bot_id=x")).body == PNG
        assert (await api.call("GET", "/api/bots")).json()[0]["is_alive"] is True
        assert host.asked == ["/api/qr_code?bot_id=x", "/api/bots"]


async def test_a_proxy_before_it_asks_for_a_token() -> None:
    async with open_wxbot(token="t") as host:
        with pytest.raises(InvalidStatus):
            async with connect(host.url, proxy=None):
                pass
