from __future__ import annotations

import asyncio
import socket

import pytest

from kagami.adapters.dingtalk.config import DingTalkConfig
from kagami.adapters.dingtalk.dial import dial
from kagami.core.secrets import Secret
from kagami.ports import Finding
from kagami.testing.dingtalk import CLIENT_ID, CLIENT_SECRET, FakeDingTalk


async def last(url: str, secret: str = CLIENT_SECRET) -> Finding:
    config = DingTalkConfig(client_id=CLIENT_ID, client_secret=Secret(secret), api_url=url)
    found = await asyncio.to_thread(lambda: list(dial(config, "bot", str)))
    assert secret not in str(found)
    return found[-1]


async def test_a_sound_robot_tells_its_application(there: FakeDingTalk) -> None:
    assert await last(there.url) == Finding("ok", "bot", f"it is the application {CLIENT_ID}, and streams to it")
    assert there.listening == 0


@pytest.mark.parametrize(
    ("path", "secret", "words"),
    [("", "wrong-secret", "refuses the credentials: DingTalk: 鉴权失败 (authFailed)"), ("/nothing", "right", "404")],
)
async def test_what_stands_in_the_way_is_named(there: FakeDingTalk, path: str, secret: str, words: str) -> None:
    found = await last(there.url + path, secret)
    assert (found.state, bool(found.fix), words in found.text) == ("bad", True, True)


async def test_a_silent_port_is_named(unused_tcp_port: int) -> None:
    found = await last(f"http://127.0.0.1:{unused_tcp_port}")
    assert (found.state, f"nothing answers on port {unused_tcp_port}" in found.text) == ("bad", True)


async def test_a_name_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    found = await last("https://api.invalid")
    assert (found.state, "the name api.invalid has no address" in found.text) == ("bad", True)
