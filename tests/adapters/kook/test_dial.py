from __future__ import annotations

import asyncio
import socket

import pytest

from kagami.adapters.kook.config import KookConfig
from kagami.adapters.kook.dial import dial
from kagami.core.secrets import Secret
from kagami.ports import Finding
from kagami.testing.kook import BOT, TOKEN, Kook
from tests.adapters.kook.conftest import config_of


def findings(config: KookConfig) -> list[Finding]:
    return list(dial(config, "bot", str))


async def test_a_sound_bot_tells_its_account(kook: Kook) -> None:
    found = await asyncio.to_thread(findings, config_of(kook))
    assert found == [
        Finding("ok", "bot", "127.0.0.1 has the address 127.0.0.1"),
        Finding("ok", "bot", f"it is account {BOT} (小镜)"),
    ]


async def test_a_wrong_token_is_named_with_what_to_do_and_not_shown(kook: Kook) -> None:
    found = await asyncio.to_thread(findings, config_of(kook, token="wr0ng-t0ken"))
    assert (found[-1].state, "it refuses the token: 认证失败" in found[-1].text, bool(found[-1].fix)) == (
        "bad",
        True,
        True,
    )
    assert "wr0ng" not in str(found)


async def test_a_host_of_another_kind_is_named(kook: Kook) -> None:
    config = KookConfig(token=Secret(TOKEN), api_url=f"{kook.url}/elsewhere")
    found = await asyncio.to_thread(findings, config)
    assert (found[-1].state, bool(found[-1].fix)) == ("bad", True)


def test_a_silent_port_is_named(unused_tcp_port: int) -> None:
    found = findings(KookConfig(token=Secret(TOKEN), api_url=f"http://127.0.0.1:{unused_tcp_port}/api/v3"))
    assert (found[-1].state, f"nothing answers on port {unused_tcp_port}" in found[-1].text) == ("bad", True)


def test_a_name_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    found = findings(KookConfig(token=Secret(TOKEN), api_url="https://kook.invalid/api/v3"))
    assert (found[-1].state, "the name kook.invalid has no address" in found[-1].text) == ("bad", True)
