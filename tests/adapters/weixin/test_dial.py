from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from kagami.adapters.weixin.config import WeixinConfig
from kagami.adapters.weixin.dial import dial
from kagami.ports import Finding
from kagami.testing.weixin import Weixin, open_weixin


def last(url: str) -> Finding:
    return list(dial(WeixinConfig(api_url=url), "bot", str))[-1]


async def found(there: Weixin) -> Finding:
    return await asyncio.to_thread(last, there.url)


async def test_where_ilink_answers_a_login_is_possible() -> None:
    async with open_weixin() as there:
        assert await found(there) == Finding("ok", "bot", "iLink answers; its account logs in by QR")


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [(404, {}, "does not speak iLink"), (0, {"ret": -1}, "gives no code for a login (-1)"), (0, {}, "gives no code")],
)
async def test_what_stands_in_the_way_is_named(status: int, answer: dict[str, Any], words: str) -> None:
    async with open_weixin() as there:
        there.statuses["get_bot_qrcode"] = [status] if status else []
        there.answers["get_bot_qrcode"] = [answer]
        finding = await found(there)
        assert (finding.state, bool(finding.fix)) == ("bad", True)
        assert words in finding.text


def test_a_silent_port_is_named(unused_tcp_port: int) -> None:
    finding = last(f"http://127.0.0.1:{unused_tcp_port}")
    assert (finding.state, "cannot be reached" in finding.text) == ("bad", True)


def test_a_name_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    finding = last("https://weixin.invalid")
    assert (finding.state, "the name weixin.invalid has no address" in finding.text) == ("bad", True)
