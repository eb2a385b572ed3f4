"""NapCat that connects to the gateway."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from kagami.adapters.napcat import host
from kagami.adapters.napcat.codec import client_entry
from kagami.adapters.napcat.wire import LoggedIn
from kagami.core.handshake import digest, own_token
from kagami.errors import Refused
from kagami.model.ids import BotId
from kagami.testing.gateway import TOKEN
from kagami.testing.napcat import WEBUI_TOKEN
from kagami.testing.onebot import ACCOUNT
from tests.adapters.napcat.scene import QQ, Scene


@pytest.mark.usefixtures("quick")
async def test_napcat_is_told_to_connect_and_keeps_its_other_entries(scene: Scene) -> None:
    own = {"name": "own", "enable": False, "url": "ws://127.0.0.1:1", "token": "x"}
    scene.napcat.config["network"]["websocketClients"] = [own]
    scene.napcat.scan()
    async with scene.running():
        await scene.until(QQ, "online")
        assert scene.napcat.entries("websocketClients") == [
            own,
            client_entry(scene.port.url, own_token(digest(TOKEN), "qq", ACCOUNT)),
        ]
        await scene.works()


async def test_the_account_is_remembered_over_a_restart(scene: Scene) -> None:
    scene.napcat.scan()
    async with scene.running():
        await scene.until(QQ, "online")
    scene.napcat.kick()
    for peer in scene.napcat.open:
        await peer.connection.close()
    async with scene.running() as adapter:
        await scene.until(QQ, "auth_failed")
        assert adapter.id == QQ


async def test_a_kicked_account_is_told_apart_from_one_that_reconnects(scene: Scene) -> None:
    scene.napcat.scan()
    async with scene.running():
        await scene.until(QQ, "online")
        scene.napcat.kick()
        scene.napcat.config["network"]["websocketClients"] = []
        scene.napcat._reload()
        await scene.until(QQ, "auth_failed")
        scene.napcat.scan()
        await scene.until(QQ, "online")


async def test_a_wrong_token_of_the_webui_stops_after_three_tries(scene: Scene) -> None:
    scene.napcat.token = "another"
    async with scene.running() as adapter:
        await scene.until(BotId("napcat:main"), "auth_failed")
        tried = scene.napcat.log_ins
        for _ in range(10):
            await scene.clock.sleep(host.LOOK_SECONDS)
        assert scene.napcat.log_ins == tried == 3
        assert "bots.webui_token" in scene.intake.bots[adapter.id].health().reason
        assert WEBUI_TOKEN not in scene.intake.bots[adapter.id].health().reason


async def test_a_paused_one_tells_napcat_to_stay_away(scene: Scene) -> None:
    scene.napcat.scan()
    async with scene.running():
        await scene.until(QQ, "online")
    async with scene.running(msgspec.structs.replace(scene.config(), enabled=False)):
        async with asyncio.timeout(10):
            while scene.napcat.entries("websocketClients")[0]["enable"] or scene.napcat.open:
                await asyncio.sleep(0.002)
    async with scene.running():
        await scene.until(QQ, "online")


async def test_another_account_behind_it_is_another_bot(scene: Scene) -> None:
    scene.napcat.scan()
    async with scene.running() as adapter:
        await scene.until(QQ, "online")
        scene.napcat.kick()
        scene.napcat.account = "7007"
        scene.napcat.config["network"]["websocketClients"] = []
        scene.napcat._reload()
        scene.napcat.scan()
        await scene.until(BotId("qq:7007"), "online")
        assert adapter.id == "qq:7007"


async def test_a_napcat_on_another_machine_is_not_sent_to_our_loopback(scene: Scene) -> None:
    """Then the entry could only be wrong; the WebUI's own connection is used."""
    found = scene.config()
    elsewhere = msgspec.structs.replace(found, webui_url="http://napcat.example:6099")
    async with scene.running(elsewhere) as adapter:
        kept = adapter._host
        assert kept is not None
        with pytest.raises(Refused, match="another machine"):
            await kept.connect(LoggedIn("10001"))
