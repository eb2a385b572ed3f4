from __future__ import annotations

import asyncio

import msgspec
import pytest

from kagami.adapters.kook.link import KookBot, open_bot
from kagami.core.pace import Pace
from kagami.core.secrets import Secret
from kagami.model.action import Call, Delete, Failed, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId
from kagami.model.message import text
from kagami.testing.adapters import HoldingIntake, Notes, open_kit
from kagami.testing.clock import FakeClock
from kagami.testing.kook import BOT, CHANNEL, Kook
from tests.adapters.kook.conftest import Play, config_of, until

GROUP = ChatId(f"group:{CHANNEL}")
ID = BotId(f"kook:{BOT}")


# --- who it is ---


async def test_until_it_is_known_the_name_or_the_address_stands_for_the_account(kook: Kook, play: Play) -> None:
    config = config_of(kook, name="main")
    kook.token = "another"
    async with play(config) as stage:
        before = await stage.intake.present(BotId("kook:main"))
        assert await before.perform(Call(before.id, "get_login_info")) == Failed(
            f"kook:main is not connected: {before.health().reason or before.health().state}", "offline"
        )
    async with open_kit() as kit:
        assert open_bot(config_of(kook), kit).id == f"kook:{config_of(kook).address}"


async def test_the_account_is_learnt_and_named(kook: Kook, play: Play) -> None:
    async with play() as stage:
        bot = await stage.is_("online")
        assert (bot.id, bot.name, bot.adapter, list(stage.intake.bots)) == (ID, "小镜", "kook", [ID])
        assert len(stage.intake.detached) == 1


async def test_after_a_restart_the_account_is_known_at_once(kook: Kook, play: Play) -> None:
    notes = Notes()
    async with play(notes=notes) as stage:
        await stage.is_("online")
    kook.hello = None
    async with play(notes=notes) as stage:
        bot = await stage.intake.present(ID)
        assert (bot.name, list(stage.intake.bots)) == ("小镜", [ID])


async def test_the_one_that_takes_its_place_knows_the_account(kook: Kook, play: Play) -> None:
    async with play() as stage:
        await stage.is_("online")
        assert open_bot(config_of(kook, name="other"), stage.kit, stage.adapter).id == ID


# --- going on ---


async def test_a_broken_connection_goes_on_where_it_was(kook: Kook, play: Play) -> None:
    async with play() as stage:
        await stage.is_("online")
        await kook.says("one")
        await stage.intake.event()
        kook.cut()
        await kook.says("meanwhile")
        assert (await stage.intake.event()).text == "meanwhile"
        await stage.is_("online")
        assert (stage.bot.health().reconnects, len(kook.asked("GET /gateway/index")), kook.most_open) == (1, 1, 1)


async def test_another_run_gets_what_it_missed_and_what_was_not_on_disk(kook: Kook, play: Play) -> None:
    notes = Notes()
    async with play(notes=notes) as stage:
        await stage.is_("online")
        stage.intake.hold()
        await kook.says("unkept")
        await stage.intake.event()
    await until(lambda: kook.open == 0)
    await kook.says("meanwhile")
    async with play(notes=notes) as stage:
        assert [(await stage.intake.event()).text for _ in range(2)] == ["unkept", "meanwhile"]
        assert (len(kook.asked("GET /gateway/index")), len(kook.asked("GET /user/me"))) == (1, 1)


async def test_another_run_goes_on_after_a_resume_of_the_first(kook: Kook, play: Play) -> None:
    notes = Notes()
    async with play(notes=notes) as stage:
        await stage.is_("online")
        await kook.says("one")
        await stage.intake.event()
        await until(lambda: stage.adapter._session.done == 1)
        kook.cut()
        await until(lambda: kook.attempts == 2)
        await stage.is_("online")
    await until(lambda: kook.open == 0)
    await kook.says("meanwhile")
    async with play(notes=notes) as stage:
        assert (await stage.intake.event()).text == "meanwhile"
        assert len(kook.asked("GET /gateway/index")) == 1


async def test_what_a_resume_acknowledges_was_kept_before(kook: Kook, play: Play) -> None:
    async with play() as stage:
        await stage.is_("online")
        await kook.says("one")
        await stage.intake.event()
        await until(lambda: stage.adapter._session.done == 1)
        kook.hello = None
        kook.cut()
        await until(lambda: kook.attempts == 2)
        kept = stage.notes.values[BotId(f"kook:{config_of(kook).address}"), "session"]
        assert ("&sn=1&" in kook.urls[-1], msgspec.json.decode(kept)["done"]) == (True, 1)


async def test_a_session_that_is_not_known_any_more_is_begun_anew(kook: Kook, play: Play) -> None:
    notes = Notes()
    async with play(notes=notes) as stage:
        await stage.is_("online")
    kook.session = None
    async with play(notes=notes) as stage:
        await stage.is_("online")
        assert len(kook.asked("GET /gateway/index")) == 2
        await kook.says("hi")
        assert (await stage.intake.event()).text == "hi"


async def test_an_old_address_that_is_not_taken_any_more_is_asked_for_anew(kook: Kook, play: Play) -> None:
    async with play() as stage:
        await stage.is_("online")
        kook.gate = "a-newer-token-of-the-gateway"
        kook.cut()
        await until(lambda: len(kook.asked("GET /gateway/index")) == 2)
        await stage.is_("online")


# --- credentials ---


@pytest.mark.parametrize("code", [40101, 40102])
async def test_a_token_that_the_gateway_refuses_three_times_is_not_tried_again(
    kook: Kook, play: Play, code: int
) -> None:
    kook.hello = code
    async with play() as stage:
        bot = await stage.is_("auth_failed")
        assert bot.health().reason == (
            f"KOOK refuses our credentials: code {code}; set bots.token to the one of the developers' page"
        )
        assert kook.attempts == 3


async def test_an_expired_gateway_is_asked_for_anew(kook: Kook, play: Play) -> None:
    kook.hello = 40103
    async with play() as stage:
        await until(lambda: len(kook.asked("GET /gateway/index")) >= 2)
        kook.hello = 0
        await stage.is_("online")
        assert len(kook.asked("GET /user/me")) == 1


@pytest.mark.parametrize("url", ["http://elsewhere/?token=g4te", "", "ws://a b/?token=g4te", "ws://a\n/?token=g4te"])
async def test_a_gateway_that_cannot_be_dialled_is_told_without_its_address(
    kook: Kook, play: Play, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    answered = kook.rest.answer
    monkeypatch.setattr(kook.rest, "answer", lambda *words: {"url": url} if "gateway" in words[1] else answered(*words))
    async with play(clock=FakeClock()) as stage:
        bot = await stage.intake.bot(BOT, "kook")
        await until(lambda: kook.asked("GET /gateway/index"))
        await until(lambda: stage.kit.meters.count["link_attempts", kook.url.removeprefix("http://")] > 1)
        assert "g4te" not in repr(bot.health())


async def test_only_an_encrypted_gateway_is_dialled_where_the_interface_is_encrypted(kook: Kook) -> None:
    async with open_kit() as kit:
        bot = KookBot(msgspec.structs.replace(config_of(kook), api_url="https://kook.example/api/v3"), kit)

        async def told(*_: object) -> object:
            return {"url": "ws://kook.example/gateway"}

        bot._client.credentials = told  # type: ignore[assignment,method-assign]
        with pytest.raises(Exception, match="no address that can be dialled"):
            await bot._gateway()


# --- operators ---


async def test_an_operator_may_end_a_connection(kook: Kook, play: Play) -> None:
    async with play() as stage:
        await (await stage.is_("online")).close("by hand")
        await until(lambda: kook.attempts == 2)


async def test_name_and_pace_change_without_another_connection(kook: Kook, play: Play) -> None:
    async with play() as stage:
        bot = await stage.is_("online")
        config = msgspec.structs.replace(config_of(kook, name="new"), pace=Pace(chat_per_second=3))
        assert stage.adapter.configure(config)
        assert (bot.name, bot.pace, kook.attempts) == ("new", Pace(chat_per_second=3), 1)


async def test_another_token_needs_another_connection(kook: Kook, play: Play) -> None:
    async with play() as stage:
        await stage.is_("online")
        assert not stage.adapter.configure(msgspec.structs.replace(config_of(kook), token=Secret("other")))


async def test_another_name_before_the_account_is_known_needs_another_connection(kook: Kook) -> None:
    async with open_kit() as kit:
        assert not open_bot(config_of(kook), kit).configure(config_of(kook, name="new"))


async def test_a_paused_one_stands_there(kook: Kook, play: Play) -> None:
    async with play(config_of(kook, enabled=False)) as stage:
        bot = await stage.is_("stopped")
        assert (bot.health().reason, kook.calls) == ("paused by an operator", [])


async def test_a_removed_one_takes_its_bot_along(kook: Kook, play: Play) -> None:
    intake = HoldingIntake()
    async with play(intake=intake) as stage:
        await stage.is_("online")
    assert not intake.bots


# --- what it is asked to do ---


async def test_a_send_a_call_and_a_delete(kook: Kook, play: Play) -> None:
    async with play() as stage:
        bot = await stage.is_("online")
        sent = await bot.perform(Send(ID, GROUP, text("hi")))
        assert isinstance(sent, Sent)
        assert await bot.perform(Delete(ID, GROUP, sent.message_id)) == Sent(sent.message_id)
        named = await bot.perform(Call(ID, "get_login_info"))
        assert named == Sent(result={"user_id": BOT, "nickname": "小镜"})


async def test_what_the_platform_declines_has_its_code(kook: Kook, play: Play) -> None:
    async with play() as stage:
        bot = await stage.is_("online")
        refused = await bot.perform(Send(ID, ChatId("group:1"), text("hi")))
        assert refused == Failed("KOOK declines: 频道不存在", "40000")


async def test_a_send_without_an_answer_may_have_been_done(
    kook: Kook, play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang_up(*_: object) -> object:
        raise RuntimeError("the fake breaks")

    async with play() as stage:
        bot = await stage.is_("online")
        monkeypatch.setattr(kook.rest, "answer", hang_up)
        assert isinstance(await bot.perform(Send(ID, GROUP, text("hi"))), Unknown)


async def test_answers_are_performed_while_the_disk_is_held_up(kook: Kook, play: Play) -> None:
    async with play() as stage:
        bot = await stage.is_("online")
        stage.intake.hold()
        await kook.says("one")
        await stage.intake.event()
        async with asyncio.timeout(10):
            assert isinstance(await bot.perform(Send(ID, GROUP, text("hi"))), Sent)
