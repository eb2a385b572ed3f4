"""NapCat's fake WebUI before a client that was not written here: ncatbot 4.4.1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kagami.testing.napcat import WEBUI_TOKEN, NapCatHost, open_napcat
from tests.clients.side import ANSWER_S, Side, side

ACCOUNT = "10001"

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]


@pytest.fixture
async def napcat() -> AsyncIterator[NapCatHost]:
    async with open_napcat() as opened:
        yield opened


@pytest.fixture
async def ncatbot(napcat: NapCatHost, tmp_path: Path) -> AsyncIterator[Side]:
    port = str(urlsplit(napcat.url).port)
    async with side("napcat", tmp_path, port, WEBUI_TOKEN, ACCOUNT) as client:
        yield client


async def ask(client: Side, function: str) -> object:
    await client.tell(function)
    return await client.told()


async def test_it_logs_in_to_the_webui_and_reads_how_qq_is(napcat: NapCatHost, ncatbot: Side) -> None:
    napcat.quick = [{"uin": ACCOUNT, "isQuickLogin": True}, {"uin": "2", "isQuickLogin": False}]
    assert await ask(ncatbot, "check_login_status") is False
    assert await ask(ncatbot, "report_login_status") == 1
    assert await ask(ncatbot, "get_quick_login") == [ACCOUNT]
    assert await ask(ncatbot, "get_qrcode_url") == napcat.code
    assert napcat.log_ins == 1


async def test_it_logs_qq_in_by_a_code(napcat: NapCatHost, ncatbot: Side) -> None:
    await ncatbot.tell("login")
    async with asyncio.timeout(ANSWER_S):
        while ("/QQLogin/GetQQLoginQrcode", {}) not in napcat.asked:
            await asyncio.sleep(0.01)
    napcat.scan()
    assert await ncatbot.told() is None
    info = await ask(ncatbot, "get_qq_login_info")
    assert isinstance(info, dict)
    assert (info["uin"], info["online"]) == (ACCOUNT, True)
    assert await ask(ncatbot, "report_login_status") == 0


async def test_it_logs_a_known_account_in_without_a_code(napcat: NapCatHost, ncatbot: Side) -> None:
    napcat.quick = [{"uin": ACCOUNT, "isQuickLogin": True}]
    assert await ask(ncatbot, "send_quick_login_request") is True
    assert await ask(ncatbot, "check_login_status") is True
    assert await ask(ncatbot, "send_quick_login_request") is True  # logged in already is good too
