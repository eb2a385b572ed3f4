"""The connection of a bot as the rest of the house sees it; what all platforms promise is in the contract suite."""

from __future__ import annotations

import json

import msgspec

from kagami.adapters.telegram.config import TelegramConfig
from kagami.adapters.telegram.link import open_bot
from kagami.core.pace import Pace
from kagami.core.secrets import Secret
from kagami.model.action import Call as ActionCall
from kagami.model.action import Failed, Receipt, Send, Sent
from kagami.model.message import text
from kagami.model.segment import Reply
from kagami.ports import Bot
from kagami.testing.adapters import open_kit
from kagami.testing.telegram import BOT, GROUP, TOKEN, USER
from kagami.testing.telegram_checks import Call
from tests.adapters.contract import playing, until
from tests.adapters.telegram.test_poll import server_of

CONFIG = TelegramConfig(token=Secret(TOKEN))


async def test_the_account_is_known_before_it_is_connected() -> None:
    async with open_kit() as kit:
        adapter = open_bot(CONFIG, kit)
        assert (adapter.id, adapter.login()) == (f"telegram:{BOT}", None)


async def test_a_name_and_a_pace_are_changed_without_a_new_connection() -> None:
    async with playing("telegram") as stage:
        config = msgspec.structs.replace(stage.peer.config(), name="shop", pace=Pace(chat_per_second=9))
        assert stage.adapter.configure(config)
        assert (stage.bot.name, stage.bot.pace.chat_per_second) == ("shop", 9)


async def test_another_token_or_proxy_needs_a_new_connection() -> None:
    async with open_kit() as kit:
        adapter = open_bot(CONFIG, kit)
        assert not adapter.configure(msgspec.structs.replace(CONFIG, token=Secret("1:x")))
        assert not adapter.configure(msgspec.structs.replace(CONFIG, proxy="http://127.0.0.1:1"))


async def test_without_a_name_the_bot_is_called_what_it_calls_itself() -> None:
    async with playing("telegram") as stage:
        assert stage.bot.name == "Kagami"


async def test_a_pressed_button_is_answered_at_once() -> None:
    async with playing("telegram") as stage:
        server = server_of(stage)
        message = server.message("choose", chat=GROUP)
        person = {"id": USER, "is_bot": False, "first_name": "Ada"}
        server.update("callback_query", {"id": "44", "from": person, "message": message, "data": "y"})
        event = await stage.intake.event()
        assert (event.name, event.text, event.chat) == ("button", "y", f"group:{GROUP}")
        answer = Call("answerCallbackQuery", {"callback_query_id": "44"})
        await until(lambda: answer in server.calls)


async def test_a_button_that_cannot_be_answered_any_more_harms_nothing() -> None:
    async with playing("telegram") as stage:
        server = server_of(stage)
        server.fail("Bad Request: query is too old", 400, method="answerCallbackQuery")
        person = {"id": USER, "is_bot": False, "first_name": "Ada"}
        server.update("callback_query", {"id": "44", "from": person, "data": "y"})
        await until(lambda: not server.faults)
        server.say("next")
        await until(lambda: len(stage.intake.events) == 2)
        assert stage.bot.health().state == "online"


async def test_a_command_for_another_bot_is_not_for_us() -> None:
    async with playing("telegram") as stage:
        server = server_of(stage)
        for text in ("/go@OtherBot", "/go@kagamitestbot"):
            entity = {"type": "bot_command", "offset": 0, "length": len(text)}
            server.say(text, chat=GROUP, entities=[entity])
        events = [await stage.intake.event(), await stage.intake.event()]
        assert [(event.text, event.mentioned) for event in events] == [("/go@OtherBot", False), ("/go", True)]


async def message(bot: Bot, message_id: str) -> Receipt:
    return await bot.perform(ActionCall(bot.id, "get_msg", {"message_id": message_id}))


async def test_a_message_that_somebody_answers_can_be_asked_for() -> None:
    async with playing("telegram") as stage:
        server = server_of(stage)
        quoted = server.message("", chat=GROUP, photo=[server.keep(b"content") | {"width": 9}], caption="look")
        server.say("what is it?", chat=GROUP, reply_to_message=quoted)
        said = (await stage.intake.event()).message[0]
        assert isinstance(said, Reply)
        told = await message(stage.bot, said.message_id)
        assert isinstance(told, Sent)
        picture, words = told.result["message"]
        assert picture["data"]["file"].startswith("media:")
        assert words == {"type": "text", "data": {"text": "look"}}
        assert told.result | {"message": []} == {
            "message_type": "group",
            "message_id": f"{GROUP}/{quoted['message_id']}",
            "real_id": f"{GROUP}/{quoted['message_id']}",
            "time": quoted["date"],
            "sender": {"user_id": str(USER), "nickname": "Ada L.", "sex": "unknown", "age": 0},
            "message": [],
            "group_id": str(GROUP),
        }


async def test_what_was_said_in_private_and_what_the_bot_said_can_be_asked_for() -> None:
    async with playing("telegram") as stage:
        server_of(stage).say("hi")
        event = await stage.intake.event()
        sent = await stage.bot.perform(Send(event.bot, event.chat, text("hello")))
        assert isinstance(sent, Sent)
        told = [await message(stage.bot, each) for each in (event.message_id, sent.message_id)]
        assert [
            (each.result["message_type"], each.result["sender"]["user_id"], each.result["message"][0]["data"]["text"])
            for each in told
            if isinstance(each, Sent)
        ] == [("private", str(USER), "hi"), ("private", str(BOT), "hello")]


async def test_a_message_that_was_not_heard_is_not_there() -> None:
    async with playing("telegram") as stage:
        receipt = await message(stage.bot, f"{GROUP}/77")
        assert isinstance(receipt, Failed)
        assert receipt.code == "not_found"


async def test_no_event_holds_the_token() -> None:
    async with playing("telegram") as stage:
        server = server_of(stage)
        server.say(document=server.keep(b"content"), caption="look")
        event = await stage.intake.event()
        assert TOKEN not in repr(event)
        assert json.loads(event.native)["message"]["caption"] == "look"
