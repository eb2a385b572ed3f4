"""A NapCat that is tried from outside."""

from __future__ import annotations

import asyncio

import msgspec

from kagami.adapters.napcat.config import NapCatConfig
from kagami.adapters.napcat.dial import dial
from kagami.core.secrets import Secret
from kagami.ports import Finding
from kagami.testing.napcat import WEBUI_TOKEN, NapCatHost
from kagami.testing.onebot import listen_as_implementation


async def tried(config: NapCatConfig) -> list[Finding]:
    return await asyncio.to_thread(lambda: list(dial(config, "bot x", str)))


def table(napcat: NapCatHost, url: str = "") -> NapCatConfig:
    return NapCatConfig(name="x", webui_url=napcat.url, webui_token=Secret(WEBUI_TOKEN), url=url)


async def test_it_says_which_account_is_there(napcat: NapCatHost) -> None:
    napcat.scan()
    assert [(each.state, each.text) for each in await tried(table(napcat))] == [
        ("ok", "NapCat's WebUI lets us in"),
        ("ok", "it is account 10001"),
    ]


async def test_nobody_logged_in_comes_with_the_way_to_log_in(napcat: NapCatHost) -> None:
    found = await tried(table(napcat))
    assert [each.state for each in found] == ["ok", "warn"], "it is the next step and no mistake"
    assert (found[-1].text, found[-1].fix) == (
        "nobody is logged in to QQ yet: that is the next step",
        "Log in by QR code: kagami bots login x",
    )


async def test_who_tries_again_and_again_logs_in_once(napcat: NapCatHost) -> None:
    for _ in range(3):
        await tried(table(napcat))
    assert napcat.log_ins == 1
    napcat.restart()
    assert [each.state for each in await tried(table(napcat))] == ["ok", "warn"]


async def test_a_wrong_token_a_code_and_too_many_tries_are_told_apart(napcat: NapCatHost) -> None:
    napcat.token = "another"
    assert "webui.json" in (await tried(table(napcat)))[-1].fix
    napcat.token, napcat.totp = WEBUI_TOKEN, "123456"
    assert "second factor" in (await tried(table(napcat)))[-1].fix
    napcat.rate = 0
    assert (await tried(table(napcat)))[-1].fix == "Wait a minute."


async def test_nobody_there_is_said(unused_tcp_port: int) -> None:
    (found,) = await tried(NapCatConfig(webui_url=f"http://127.0.0.1:{unused_tcp_port}"))
    assert (found.state, found.fix) == ("bad", "Start NapCat, or correct bots.webui_url.")


async def test_its_onebot_connection_is_tried_too(napcat: NapCatHost) -> None:
    napcat.scan()
    async with listen_as_implementation(token="t") as onebot:
        good = msgspec.structs.replace(table(napcat, onebot.url), token=Secret("t"))
        assert [each.state for each in await tried(good)] == ["ok"] * 4
        assert (await tried(table(napcat, onebot.url)))[-1].state == "bad"
