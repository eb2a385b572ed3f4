"""Who stands for an account, from before its login to the next one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from kagami.adapters.kinds import open_bot
from kagami.adapters.weixin.config import WeixinConfig
from kagami.adapters.weixin.link import secret_name
from kagami.adapters.weixin.wire import Credentials
from kagami.engine.keeping import SecretFiles
from kagami.model.action import Call, Delete, Failed, Send, Sent
from kagami.model.ids import ChatId
from kagami.model.message import text
from kagami.ports import Forgets, Login, LoginStep
from kagami.testing.adapters import Notes
from kagami.testing.weixin import BOT, USER
from tests.adapters.contract import Stage, acting, until
from tests.adapters.weixin.peer import WeixinPeer, open_peer

CHAT = ChatId(f"private:{USER}")


def login(stage: Stage) -> Login:
    found = stage.adapter.login()
    assert found is not None
    return found


async def seen(walk: Login, kind: str) -> LoginStep:
    step = await walk.step()
    while step.kind != kind:
        assert not step.over, step
        step = await walk.step(step.number, 5.0)
    return step


async def log_in(peer: WeixinPeer, stage: Stage) -> LoginStep:
    walk = login(stage)
    await seen(walk, "qr")
    peer.there.show("confirmed")
    return await seen(walk, "done")


async def test_before_the_login_it_stands_under_its_name() -> None:
    async with open_peer(logged_in=False) as peer, acting(peer) as stage:
        await until(lambda: stage.intake.bots)
        assert (stage.adapter.id, stage.bot.health().state) == ("weixin:mirror", "connecting")
        assert "log in by QR" in stage.bot.health().reason
        receipt = await stage.bot.perform(Send(stage.bot.id, CHAT, text("hi")))
        assert isinstance(receipt, Failed)
        assert peer.there.calls == []


async def test_a_login_brings_it_online_at_once_under_its_account() -> None:
    notes = Notes()
    async with open_peer(logged_in=False) as peer, acting(peer, notes=notes) as stage:
        await until(lambda: stage.intake.bots)
        step = await log_in(peer, stage)
        assert step.fields == {"account": BOT}
        await stage.online()
        assert list(stage.intake.bots) == [f"weixin:{BOT}"]
        told = json.loads(notes.secrets["weixin-mirror.json"])
        assert (told["bot_token"], told["ilink_bot_id"]) == (peer.there.token, BOT)
        peer.there.say("hello")
        assert (await stage.intake.event()).bot == f"weixin:{BOT}"


async def test_what_a_login_brought_is_used_after_a_restart() -> None:
    notes = Notes()
    async with open_peer(logged_in=False) as peer:
        async with acting(peer, notes=notes) as stage:
            await until(lambda: stage.intake.bots)
            await log_in(peer, stage)
        async with acting(peer, notes=notes) as stage:
            await stage.online()
            assert stage.adapter.id == f"weixin:{BOT}"


async def test_what_a_login_brought_can_be_forgotten() -> None:
    notes = Notes()
    async with open_peer() as peer, acting(peer, notes=notes) as stage:
        await stage.online()
        assert isinstance(stage.adapter, Forgets)
        notes.secrets["weixin-other.json"] = b"{}"
        await stage.adapter.forget()
    assert list(notes.secrets) == ["weixin-other.json"]


async def test_an_ended_login_is_mended_by_another_without_a_restart() -> None:
    async with open_peer() as peer, acting(peer) as stage:
        await stage.online()
        peer.there.end_token()
        await until(lambda: stage.bot.health().state == "auth_failed")
        await log_in(peer, stage)
        await stage.online()
        peer.there.say("again")
        assert (await stage.intake.event()).text == "again"
        assert peer.there.most_listening == 1


async def test_a_login_that_is_under_way_is_the_same_for_all() -> None:
    async with open_peer(logged_in=False) as peer, acting(peer) as stage:
        await until(lambda: stage.intake.bots)
        assert login(stage) is login(stage)


async def test_who_comes_late_sees_the_end_of_a_login() -> None:
    async with open_peer(logged_in=False) as peer, acting(peer) as stage:
        await until(lambda: stage.intake.bots)
        await log_in(peer, stage)
        assert (await login(stage).step()).kind == "done"


async def test_a_login_can_be_begun_anew_after_it_was_given_up() -> None:
    async with open_peer(logged_in=False) as peer, acting(peer) as stage:
        await until(lambda: stage.intake.bots)
        first = login(stage)
        await first.close()
        second = login(stage)
        assert second is not first
        await seen(second, "qr")


async def test_a_bound_account_goes_on_with_what_is_kept() -> None:
    async with open_peer() as peer, acting(peer) as stage:
        await stage.online()
        walk = login(stage)
        await seen(walk, "qr")
        assert peer.there.known_tokens == [[peer.there.token]]
        peer.there.show("binded_redirect")
        await seen(walk, "done")
        await stage.online()
        assert peer.there.most_listening == 1


@pytest.mark.parametrize("content", [b"{", b'{"bot_token":1}'])
async def test_credentials_that_cannot_be_read_are_none(content: bytes) -> None:
    notes = Notes()
    notes.secrets["weixin-mirror.json"] = content
    async with open_peer(logged_in=False) as peer, acting(peer, notes=notes) as stage:
        await until(lambda: stage.intake.bots)
        assert stage.adapter.id == "weixin:mirror"


async def test_another_name_takes_the_credentials_along() -> None:
    notes = Notes()
    async with open_peer() as peer, acting(peer, notes=notes) as stage:
        await stage.online()
        await until(lambda: peer.there.polls == 1)
        assert stage.adapter.configure(msgspec.structs.replace(peer.config(), name="other"))
        await until(lambda: list(notes.secrets) == ["weixin-other.json"])
        assert (stage.bot.name, stage.bot.health().state, peer.there.polls) == ("other", "online", 1)


async def test_who_is_not_known_yet_stands_anew_under_another_name() -> None:
    async with open_peer(logged_in=False) as peer, acting(peer) as stage:
        await until(lambda: stage.intake.bots)
        assert not stage.adapter.configure(msgspec.structs.replace(peer.config(), name="other"))


async def test_another_address_opens_it_anew() -> None:
    async with open_peer() as peer, acting(peer) as stage:
        await stage.online()
        assert not stage.adapter.configure(msgspec.structs.replace(peer.config(), api_url="https://b.example"))


async def test_what_is_known_goes_over_to_the_next_connection() -> None:
    async with open_peer() as peer, acting(peer) as stage:
        await stage.online()
        assert open_bot(peer.config(), stage.kit, stage.adapter).id == f"weixin:{BOT}"


async def test_an_operator_can_drop_the_connection() -> None:
    async with open_peer() as peer, acting(peer) as stage:
        bot = await stage.online()
        await until(lambda: peer.there.polls == 1)
        await bot.close("disconnected by an operator")
        await until(lambda: peer.there.polls == 2)
        assert (peer.there.most_listening, stage.bot) == (1, bot)


async def test_nothing_is_taken_back() -> None:
    async with open_peer() as peer, acting(peer) as stage:
        bot = await stage.online()
        receipt = await bot.perform(Delete(bot.id, CHAT, "1"))
        assert isinstance(receipt, Failed)
        assert receipt.code == "unsupported"


async def test_calls_and_messages_go_out_while_it_is_online() -> None:
    async with open_peer() as peer, acting(peer) as stage:
        bot = await stage.online()
        assert await bot.perform(Call(bot.id, "set_typing", {"user_id": USER})) == Sent()
        assert isinstance(await bot.perform(Send(bot.id, CHAT, text("hi"))), Sent)
        assert (peer.there.typing, len(peer.there.sent)) == ([(USER, 1)], 1)


@pytest.mark.parametrize(
    ("config", "name"),
    [(WeixinConfig(name="my-bot"), "weixin-my-bot.json"), (WeixinConfig(), "weixin-ilinkai.weixin.qq.com.json")],
)
def test_credentials_have_a_file_of_their_own(config: WeixinConfig, name: str) -> None:
    assert secret_name(config) == name


@pytest.mark.parametrize("name", ["../../etc", "镜子", "a b", "x" * 200])
def test_whatever_the_name_it_is_one_of_a_file(name: str, tmp_path: Path) -> None:
    asyncio.run(SecretFiles(tmp_path).write(secret_name(WeixinConfig(name=name)), b"{}"))
    (file,) = tmp_path.iterdir()
    assert (file.stat().st_mode & 0o777, file.suffix) == (0o600, ".json")


async def test_credentials_are_not_shown_to_another_host() -> None:
    notes = Notes()
    async with open_peer(logged_in=False) as peer:
        found = Credentials(peer.there.token, BOT, peer.there.url, USER, "ilink.example")
        notes.secrets[secret_name(peer.config())] = msgspec.json.encode(found)
        async with acting(peer, notes=notes) as stage:
            await until(lambda: stage.intake.bots)
            await seen(login(stage), "qr")
            assert (peer.there.known_tokens, stage.adapter.id) == ([[]], "weixin:mirror")
