"""What trying an application finds."""

from __future__ import annotations

import asyncio
import socket

import pytest

from kagami.adapters.feishu.config import FeishuConfig
from kagami.adapters.feishu.dial import dial
from kagami.core.secrets import Secret
from kagami.ports import Finding
from kagami.testing.feishu import FakeFeishu


async def found(feishu: FakeFeishu, *, secret: str = "", url: str = "") -> list[Finding]:
    """In a thread of its own, as operations do it."""
    given = Secret(secret or feishu.app_secret)
    config = FeishuConfig(app_id=feishu.app_id, app_secret=given, api_url=url or feishu.url)
    return await asyncio.to_thread(lambda: list(dial(config, "bot", str)))


async def test_the_application_is_named(feishu: FakeFeishu) -> None:
    name, last = await found(feishu)
    assert (name.text, last.state) == ("127.0.0.1 has the address 127.0.0.1", "ok")
    assert last.text == f"it is the application {feishu.app_id} (Mirror)"


async def test_a_wrong_secret_is_named_and_not_shown(feishu: FakeFeishu) -> None:
    findings = await found(feishu, secret="a-wrong-secret")
    assert (findings[-1].state, "app_secret" in findings[-1].fix) == ("bad", True)
    assert "a-wrong-secret" not in str(findings)


@pytest.mark.parametrize(
    ("code", "word"), [(403, "long connection"), (1000040350, "too many connections"), (1, "scripted")]
)
async def test_what_stands_in_the_way_of_the_connection_is_named(feishu: FakeFeishu, code: int, word: str) -> None:
    feishu.endpoint_code = code
    last = (await found(feishu))[-1]
    assert (last.state, word in last.text, bool(last.fix)) == ("bad", True, True)


async def test_a_bot_that_is_not_enabled_is_named(feishu: FakeFeishu) -> None:
    feishu.robot_code = 230006
    last = (await found(feishu))[-1]
    assert ("not enabled" in last.text, "developer console" in last.fix) == (True, True)


async def test_a_port_where_nobody_listens_is_named(feishu: FakeFeishu) -> None:
    last = (await found(feishu, url="http://127.0.0.1:9"))[-1]
    assert (last.state, "larksuite" in last.fix) == ("bad", True)


async def test_a_name_without_an_address_is_named(feishu: FakeFeishu, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    (only,) = await found(feishu, url="http://feishu.invalid")
    assert "has no address" in only.text
