from __future__ import annotations

import asyncio

import msgspec
import pytest

from kagami.adapters.dingtalk.config import DingTalkConfig
from kagami.adapters.dingtalk.link import DingTalkBot, open_bot
from kagami.core.pace import Pace
from kagami.core.secrets import Secret
from kagami.model.action import Call, Failed, Send
from kagami.model.ids import BotId, ChatId
from kagami.model.message import text
from kagami.testing.adapters import open_kit
from kagami.testing.dingtalk import CLIENT_ID, FakeDingTalk
from kagami.testing.gateway import WritingIntake
from tests.adapters.contract import Stage, acting, until
from tests.adapters.dingtalk.peer import DingTalkPeer

CONFIG = DingTalkConfig(client_id=CLIENT_ID, client_secret=Secret("s"), api_url="http://127.0.0.1:1")


async def test_the_account_is_the_application_from_the_start(there: FakeDingTalk) -> None:
    async with open_kit() as kit:
        bot = open_bot(CONFIG, kit)
        assert (bot.id, bot.login()) == (f"dingtalk:{CLIENT_ID}", None)


async def test_who_is_not_connected_says_so(stage: Stage, there: FakeDingTalk) -> None:
    there.client_secret = "another"
    there.cut()
    await until(lambda: stage.bot.health().state == "auth_failed")
    receipt = await stage.bot.perform(Send(stage.bot.id, ChatId("private:u"), text("x")))
    assert isinstance(receipt, Failed)
    assert (receipt.code, "check client_id and client_secret" in receipt.reason) == ("offline", True)


async def test_refused_credentials_are_tried_three_times(there: FakeDingTalk) -> None:
    there.client_secret = "another"
    async with acting(there_peer(there)) as stage:
        await until(lambda: stage.intake.bots and stage.bot.health().state == "auth_failed")
        assert (there.attempts, stage.bot.health().reason.count("authFailed")) == (3, 1)


def there_peer(there: FakeDingTalk) -> DingTalkPeer:
    """With the secret that was right before."""
    peer = DingTalkPeer(there)
    peer.refuse()
    return peer


async def test_a_ticket_that_came_too_late_is_no_wrong_credential(there: FakeDingTalk) -> None:
    there.stale = 4
    async with acting(DingTalkPeer(there)) as stage:
        await stage.online()
        assert there.attempts == 5


async def test_an_operator_closes_the_connection_and_it_comes_back(stage: Stage, there: FakeDingTalk) -> None:
    await stage.bot.close("disconnected by an operator")
    await until(lambda: there.attempts == 2 and there.listening == 1)
    await stage.online()


async def test_another_name_and_pace_need_no_other_connection(stage: Stage, there: FakeDingTalk) -> None:
    config = stage.peer.config()
    faster = msgspec.structs.replace(config, name="Robi", pace=Pace(chat_per_second=3))
    assert stage.adapter.configure(faster)
    assert (stage.bot.name, stage.bot.pace, there.attempts) == ("Robi", Pace(chat_per_second=3), 1)


@pytest.mark.parametrize("change", [{"client_id": "x"}, {"client_secret": Secret("y")}, {"enabled": False}])
async def test_other_credentials_need_another_connection(stage: Stage, change: dict[str, object]) -> None:
    assert not stage.adapter.configure(msgspec.structs.replace(stage.peer.config(), **change))


async def test_before_it_runs_it_can_be_configured_and_does_nothing() -> None:
    async with open_kit() as kit:
        bot = DingTalkBot(CONFIG, kit)
        assert bot.configure(msgspec.structs.replace(CONFIG, name="Robi"))


async def test_before_it_is_connected_nothing_is_sent() -> None:
    async with open_kit() as kit:
        receipt = await DingTalkBot(CONFIG, kit)._perform(Call(BotId("dingtalk:x"), "get_login_info"))
    assert (isinstance(receipt, Failed) and receipt.code) == "offline"


async def test_its_end_leaves_nothing_under_way(there: FakeDingTalk) -> None:
    async with acting(DingTalkPeer(there)) as stage:
        await stage.online()
        stage.intake.hold()
        for user in ("u1", "u2"):
            await there.say("hi", user=user)
        await until(lambda: len(stage.intake.events) == 2)
        kit, intake = stage.kit, stage.intake
    assert (kit.nursery.names(), intake.bots) == ([], {})


async def test_a_host_that_is_away_is_tried_again(unused_tcp_port: int) -> None:
    config = msgspec.structs.replace(CONFIG, api_url=f"http://127.0.0.1:{unused_tcp_port}")
    intake = WritingIntake()
    async with open_kit() as kit:
        bot = open_bot(config, kit)
        task = kit.nursery.start("bot", bot.run(intake))
        await until(lambda: kit.meters.count["link_attempts", f"127.0.0.1:{unused_tcp_port}"] >= 3)
        assert intake.bots[bot.id].health().state != "auth_failed"
        task.cancel()
        await asyncio.wait([task])
