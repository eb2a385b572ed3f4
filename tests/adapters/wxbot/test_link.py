"""WxBot as a bot, over real sockets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import pytest

from kagami.adapters.wxbot import link
from kagami.adapters.wxbot.config import WxBotConfig
from kagami.adapters.wxbot.link import WxBot, open_bot
from kagami.model.action import Call, Send, Sent
from kagami.model.ids import BotId, ChatId
from kagami.model.segment import Image, Mention, Text
from kagami.ports import BotState
from kagami.testing.adapters import HoldingIntake, KeptMedia, QuickClock, open_kit
from kagami.testing.wxbot import GROUP, USER, WxBotHost, open_wxbot

WECHAT = BotId("wechat:wxid_mirror")


@dataclass
class Scene:
    host: WxBotHost
    adapter: WxBot
    intake: HoldingIntake
    media: KeptMedia

    async def until(self, state: BotState) -> None:
        async with asyncio.timeout(10):
            while self.adapter.id not in self.intake.bots or self.intake.bots[self.adapter.id].health().state != state:
                await asyncio.sleep(0.002)


@asynccontextmanager
async def playing(host: WxBotHost) -> AsyncIterator[Scene]:
    media, intake = KeptMedia(), HoldingIntake()
    async with open_kit(media=media, clock=QuickClock(200)) as kit:
        adapter = open_bot(WxBotConfig(url=host.url, panel_url=host.panel_url), kit)
        task = kit.nursery.start("adapter", adapter.run(intake))
        try:
            yield Scene(host, adapter, intake, media)
        finally:
            task.cancel()
            await asyncio.wait([task])
            assert kit.nursery.names() == []


@pytest.fixture
async def host() -> AsyncIterator[WxBotHost]:
    async with open_wxbot() as opened:
        yield opened


async def test_it_is_an_account_of_wechat(host: WxBotHost) -> None:
    async with playing(host) as scene:
        await scene.until("online")
        bot = scene.intake.bots[WECHAT]
        assert (scene.adapter.id, bot.adapter) == (WECHAT, "wxbot")
        await host.peers[-1].say("hi", user=USER, group=GROUP)
        assert (await scene.intake.event()).chat == f"group:{GROUP}"


async def test_a_message_goes_out_as_a_cq_string_with_its_files(host: WxBotHost) -> None:
    async with playing(host) as scene:
        await scene.until("online")
        picture = scene.media.accept(b"png")
        message = (Mention("@u"), Text(" a,b & [c]"), Image(picture))
        receipt = await scene.intake.bots[WECHAT].perform(Send(WECHAT, ChatId(f"group:{GROUP}"), message))
        assert isinstance(receipt, Sent)
        (call,) = (each for each in host.peers[-1].calls if each["action"] == "send_group_msg")
        assert call["params"] == {
            "group_id": GROUP,
            "message": "[CQ:at,qq=@u] a,b &amp; &#91;c&#93;[CQ:image,file=base64://cG5n]",
        }


async def test_lists_come_as_the_standard_has_them(host: WxBotHost) -> None:
    async with playing(host) as scene:
        await scene.until("online")
        receipt = await scene.intake.bots[WECHAT].perform(Call(WECHAT, "get_friend_list"))
        assert receipt == Sent(result=[{"user_id": USER, "nickname": "Mira"}])


async def test_its_log_goes_to_the_log(host: WxBotHost, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="kagami")
    async with playing(host) as scene:
        await scene.until("online")
        await host.peers[-1].remark("a line of its log")
        await host.peers[-1].say("after it", user=USER)
        assert (await scene.intake.event()).text == "after it"
        assert scene.intake.complaints == []
    assert "a line of its log" in str([record.__dict__ for record in caplog.records])


async def test_nobody_logged_in_is_said_and_the_panel_is_shown(
    host: WxBotHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "POLL_SECONDS", 0.005)
    host.alive = False
    async with playing(host) as scene:
        await scene.until("auth_failed")
        walk = scene.adapter.login()
        assert walk is not None
        async with asyncio.timeout(10):
            step = await walk.step()
            while not step.link:
                step = await walk.step(step.number, 5)
            assert step.link == f"{host.panel_url}/"
            host.alive = True
            while step.kind != "done":
                step = await walk.step(step.number, 5)
        await scene.until("online")


async def test_without_a_panel_there_is_no_login(host: WxBotHost) -> None:
    async with open_kit() as kit:
        assert open_bot(WxBotConfig(url=host.url), kit).login() is None


async def test_another_name_reopens_nothing_and_another_panel_does(host: WxBotHost) -> None:
    async with playing(host) as scene:
        await scene.until("online")
        config = WxBotConfig(url=host.url, panel_url=host.panel_url)
        assert scene.adapter.configure(msgspec.structs.replace(config, name="wx"))
        assert scene.intake.bots[WECHAT].name == "wx"
        assert not scene.adapter.configure(msgspec.structs.replace(config, panel_url="http://127.0.0.1:1"))
