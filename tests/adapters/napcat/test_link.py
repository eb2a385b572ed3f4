"""NapCat as a bot, whichever side dials."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from kagami.adapters.napcat import host
from kagami.adapters.napcat.codec import server_entry
from kagami.adapters.napcat.config import NapCatConfig
from kagami.core.backoff import Backoff, Budget
from kagami.core.secrets import Secret
from kagami.model.action import Call, Sent
from kagami.model.ids import BotId
from kagami.ports import Login
from kagami.testing.onebot import listen_as_implementation
from tests.adapters.napcat.scene import QQ, Scene


async def seen(walk: Login, kind: str, after: int = 0) -> None:
    """A step of this kind is the present one."""
    step = await walk.step(after, 5)
    while step.kind != kind:
        step = await walk.step(step.number, 5)


@pytest.mark.usefixtures("quick")
async def test_nobody_logged_in_is_said_and_the_login_leads_to_online(scene: Scene) -> None:
    async with scene.running() as adapter:
        await scene.until(BotId("napcat:main"), "auth_failed")
        assert scene.intake.bots[adapter.id].health().reason == host.LOGGED_OUT
        walk = adapter.login()
        assert walk is not None
        async with asyncio.timeout(10):
            first = await walk.step(1, 5)
            await walk.answer({"choice": "qr"})
            await seen(walk, "qr", first.number)
            scene.napcat.scan()
            await seen(walk, "done")
        await scene.until(QQ, "online")
        assert (adapter.id, scene.intake.bots[QQ].name) == (QQ, "main")
        await scene.works()


async def test_where_the_configuration_is_refused_the_debug_connection_is_used(scene: Scene) -> None:
    scene.napcat.refuses_config = "no"
    scene.napcat.scan()
    async with scene.running() as adapter:
        await scene.until(QQ, "online")
        assert (scene.napcat.debug_lines, adapter.id) == (1, QQ)
        await scene.works()


async def test_where_the_gateway_is_not_reached_the_debug_connection_is_used(
    scene: Scene, unused_tcp_port: int
) -> None:
    scene.url = f"ws://127.0.0.1:{unused_tcp_port}/onebot/v11/ws"
    scene.napcat.scan()
    async with scene.running():
        await scene.until(QQ, "online")
        assert scene.napcat.debug_lines == 1
        assert [each["enable"] for each in scene.napcat.entries("websocketClients")] == [False]
        await scene.works()


async def test_a_debug_connection_that_breaks_gets_a_fresh_address(scene: Scene) -> None:
    scene.napcat.refuses_config = "no"
    scene.napcat.scan()
    async with scene.running():
        await scene.until(QQ, "online")
        await scene.napcat.peers[-1].connection.close()
        async with asyncio.timeout(10):
            while scene.napcat.debug_lines < 2:
                await asyncio.sleep(0.002)
        await scene.until(QQ, "online")
        await scene.works()


async def test_nothing_of_it_survives(scene: Scene) -> None:
    scene.napcat.scan()
    async with scene.running() as adapter:
        await scene.until(QQ, "online")
        adapter.login()
        before = set(scene.port.nursery.names())
        assert "adapter" in before
    left = set(scene.port.nursery.names())
    assert not {name for name in left if name.startswith(("login", "adapter", "WebUI"))}


# --- dialled by us ---


async def test_dialled_it_is_a_napcat_and_its_own_actions_pass(scene: Scene) -> None:
    liked = {"set_msg_emoji_like": lambda params: {"result": params}}
    async with (
        listen_as_implementation(token="t", answers=liked) as napcat,
        scene.running(NapCatConfig(url=napcat.url, token=Secret("t"))) as adapter,
    ):
        await scene.until(QQ, "online")
        assert adapter.login() is None
        params = {"message_id": 1, "emoji_id": "76", "set": True}
        receipt = await scene.intake.bots[QQ].perform(Call(QQ, "set_msg_emoji_like", params))
        assert receipt == Sent(result={"result": params})


@pytest.mark.usefixtures("quick")
async def test_dialled_in_vain_the_webui_says_that_nobody_is_logged_in(
    scene: Scene, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Budget, "wait", lambda _self, _now: 0.0)
    config = msgspec.structs.replace(scene.config(), url=f"ws://127.0.0.1:{unused_tcp_port}", token=Secret("t" * 9))
    async with scene.running(config) as adapter:
        await scene.until(BotId("napcat:main"), "auth_failed")
        walk = adapter.login()
        assert walk is not None
        scene.napcat.scan()
        async with asyncio.timeout(10):
            step = await walk.step()
            while step.kind != "done":
                step = await walk.step(step.number, 1)
                if step.kind == "choose":
                    await walk.answer({"choice": "qr"})
        await scene.until(QQ, "online")
        (entry,) = scene.napcat.entries("websocketServers")
        assert (entry["name"], entry["port"], entry["token"]) == ("kagami", unused_tcp_port, "t" * 9)


async def test_dialled_it_is_there_soon_after_a_login_by_any_way(
    scene: Scene, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pause, tries = [1.0], scene.port.meters.count
    monkeypatch.setattr(Backoff, "delay", lambda _self: pause[0])
    monkeypatch.setattr(Budget, "wait", lambda _self, _now: 0.0)
    config = msgspec.structs.replace(scene.config(), url=f"ws://127.0.0.1:{unused_tcp_port}", token=Secret("t" * 9))
    scene.napcat.config["network"]["websocketServers"].append(server_entry(config.url, "t" * 9))
    async with scene.running(config):
        await scene.until(BotId("napcat:main"), "auth_failed")
        pause[0], before = 1e6, sum(tries.values())
        async with asyncio.timeout(10):
            while sum(tries.values()) == before:
                await asyncio.sleep(0.002)
        scene.napcat.scan()
        await scene.until(QQ, "online")


async def test_another_name_or_pace_reopens_nothing(scene: Scene) -> None:
    scene.napcat.scan()
    async with scene.running() as adapter:
        await scene.until(QQ, "online")
        assert adapter.configure(msgspec.structs.replace(scene.config(), name="other"))
        async with asyncio.timeout(10):
            while scene.intake.bots[QQ].name != "other":
                await asyncio.sleep(0.002)
        assert not adapter.configure(msgspec.structs.replace(scene.config(), webui_token=Secret("x")))
        assert not adapter.configure(msgspec.structs.replace(scene.config(), enabled=False))
