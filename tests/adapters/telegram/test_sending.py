"""Actions against the fake server, and what is told of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId
from kagami.model.segment import AnySegment, File, Image, Mention, Native, Reply, Text
from kagami.testing.telegram import BOT, GROUP, TOKEN, TOPIC, USER, TelegramServer
from tests.adapters.contract import Stage, playing
from tests.adapters.telegram.peer import TelegramPeer

ME = BotId(f"telegram:{BOT}")
PRIVATE = ChatId(f"private:{USER}")


class Desk:
    """A connected bot and its server."""

    def __init__(self, stage: Stage) -> None:
        assert isinstance(stage.peer, TelegramPeer)
        self.stage = stage
        self.server: TelegramServer = stage.peer.server

    async def send(self, *message: AnySegment, chat: str = PRIVATE) -> Receipt:
        return await self.perform(Send(ME, ChatId(chat), message))

    async def call(self, name: str, **params: Any) -> Receipt:
        return await self.perform(Call(ME, name, params))

    async def perform(self, action: Action) -> Receipt:
        return await self.stage.bot.perform(action)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with playing("telegram") as stage:
        yield Desk(stage)


async def test_an_answer_lands_in_the_topic(desk: Desk) -> None:
    desk.server.say("hi", chat=GROUP, message_thread_id=TOPIC, is_topic_message=True)
    event = await desk.stage.intake.event()
    assert isinstance(await desk.send(Reply(event.message_id), Text("yes"), chat=event.chat), Sent)
    (sent,) = desk.server.sent
    assert (sent["message_thread_id"], sent["quoted"]) == (TOPIC, event.message_id)


async def test_a_mention_shows_the_name_that_was_seen(desk: Desk) -> None:
    desk.server.say("hi")
    await desk.stage.intake.event()
    await desk.send(Mention(str(USER)), Text(" hi"))
    assert desk.server.sent[0]["text"] == "@Ada L. hi"


async def test_several_pictures_are_one_album(desk: Desk) -> None:
    pictures = [Image(desk.stage.media.accept(each)) for each in (b"a", b"b")]
    receipt = await desk.send(*pictures, Text("look"))
    assert [each["content"] for each in desk.server.sent] == [b"a", b"b"]
    numbers = [f"{USER}/{each['message_id']}" for each in desk.server.sent]
    assert receipt == Sent(numbers[0], {"message_ids": numbers})


async def test_a_received_file_is_sent_on(desk: Desk) -> None:
    desk.server.say(document=desk.server.keep(b"content") | {"file_name": "a.txt"})
    (part,) = (await desk.stage.intake.event()).message
    assert isinstance(part, File)
    assert isinstance(await desk.send(part), Sent)
    assert desk.server.sent[0]["content"] == b"content"


async def test_a_long_text_goes_in_pieces(desk: Desk) -> None:
    receipt = await desk.send(Text("😀" * 5000))
    assert isinstance(receipt, Sent)
    assert "".join(each["text"] for each in desk.server.sent) == "😀" * 5000


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (403, "Forbidden: bot was blocked by the user"),
        (400, "Bad Request: chat not found"),
        (413, "Request Entity Too Large"),
    ],
)
async def test_a_refusal_is_certain_and_says_why(desk: Desk, code: int, why: str) -> None:
    desk.server.fail(why, code)
    assert await desk.send(Text("a")) == Failed(f"{why} ({code})", str(code))


async def test_a_server_that_fails_leaves_it_open(desk: Desk) -> None:
    desk.server.fail("Internal Server Error", 500)
    assert isinstance(await desk.send(Text("a")), Unknown)


async def test_what_fails_behind_a_part_that_was_sent_leaves_it_open(desk: Desk) -> None:
    text = Text("a" * 4000 + "\n" + "b" * 4000)
    desk.server.fail("Bad Request: no", 400, method="sendPhoto")
    receipt = await desk.send(text, Image(desk.stage.media.accept(b"c")))
    assert receipt == Unknown("2 of 3 parts were sent, then: Bad Request: no (400)")


async def test_a_wait_that_is_too_long_is_not_waited_for(desk: Desk) -> None:
    desk.server.limit(3600)
    receipt = await desk.send(Text("a"))
    assert isinstance(receipt, Failed)
    assert receipt.code == "rate_limited"


async def test_a_limit_of_one_chat_does_not_hold_up_another(desk: Desk) -> None:
    desk.server.limit(3600)
    await desk.send(Text("a"))
    assert isinstance(await desk.send(Text("b"), chat=f"group:{GROUP}"), Sent)


async def test_a_group_that_moved_is_found_at_its_new_place(desk: Desk) -> None:
    desk.server.moved[-5] = GROUP
    receipt = await desk.send(Text("a"), chat="group:-5")
    assert isinstance(receipt, Sent)
    assert receipt.message_id.startswith(f"{GROUP}/")
    asked = len(desk.server.calls)
    await desk.send(Text("b"), chat="group:-5")
    again = [call.params["chat_id"] for call in desk.server.calls[asked:] if call.method == "sendMessage"]
    assert again == [GROUP]


@pytest.mark.parametrize("kind", ["html", "markdown"])
async def test_formats_that_cannot_be_read_go_as_plain_text(desk: Desk, kind: str) -> None:
    assert isinstance(await desk.send(Native(kind, {"content": "<b>*a < b"})), Sent)
    assert desk.server.sent[0]["text"] == "<b>*a < b"


async def test_formats_that_can_be_read_are_formats(desk: Desk) -> None:
    assert isinstance(await desk.send(Native("html", {"content": "<b>a</b>"})), Sent)
    assert desk.server.sent[0]["text"] == "a"


async def test_a_file_that_is_gone_sends_nothing(desk: Desk) -> None:
    receipt = await desk.send(Text("a"), Image("media:gone"))
    assert isinstance(receipt, Failed)
    assert desk.server.sent == []


async def test_a_message_is_taken_back_by_its_number_alone(desk: Desk) -> None:
    sent = await desk.send(Text("a"))
    assert isinstance(sent, Sent)
    assert await desk.perform(Delete(ME, ChatId(""), sent.message_id)) == Sent()
    assert desk.server.deleted == [(USER, int(sent.message_id.partition("/")[2]))]


async def test_a_message_that_is_gone_cannot_be_taken_back(desk: Desk) -> None:
    assert isinstance(await desk.perform(Delete(ME, PRIVATE, f"{USER}/999")), Failed)
    assert isinstance(await desk.perform(Delete(ME, PRIVATE, "what")), Failed)


async def test_a_call_of_the_standard_is_answered_in_its_words(desk: Desk) -> None:
    receipt = await desk.call("get_login_info")
    assert isinstance(receipt, Sent)
    assert receipt.result["nickname"] == "Kagami"


async def test_a_call_of_telegrams_own_goes_as_it_is(desk: Desk) -> None:
    receipt = await desk.call("getChatMemberCount", chat_id=GROUP)
    assert isinstance(receipt, Sent)
    assert receipt.result == 4


async def test_a_call_may_send_a_file(desk: Desk) -> None:
    reference = desk.stage.media.accept(b"content")
    assert isinstance(await desk.call("sendVideo", chat_id=USER, video=reference), Sent)
    assert desk.server.sent[0]["content"] == b"content"


async def test_a_call_that_telegram_has_not_fails(desk: Desk) -> None:
    assert isinstance(await desk.call("set_group_card", group_id=GROUP, user_id=USER, card="x"), Failed)
    receipt = await desk.call("noSuchMethod")
    assert isinstance(receipt, Failed)
    assert receipt.code == "404"


async def test_a_kick_is_two_calls(desk: Desk) -> None:
    assert await desk.call("set_group_kick", group_id=GROUP, user_id=USER) == Sent()
    asked = [call.method for call in desk.server.calls if call.method != "getUpdates"]
    assert asked[-2:] == ["banChatMember", "unbanChatMember"]


async def test_a_kick_of_which_half_was_done_is_no_failure(desk: Desk) -> None:
    desk.server.fail("Bad Request: no", 400, method="unbanChatMember")
    receipt = await desk.call("set_group_kick", group_id=GROUP, user_id=USER)
    assert receipt == Unknown("banChatMember was done, then: Bad Request: no (400)")


async def test_a_question_that_fails_has_done_nothing(desk: Desk) -> None:
    desk.server.fail("Bad Request: no", 400, method="getChatMemberCount")
    assert isinstance(await desk.call("get_group_info", group_id=GROUP), Failed)


async def test_a_file_is_fetched_when_it_is_asked_for(desk: Desk) -> None:
    receipt = await desk.call("get_file", file=desk.server.keep(b"content")["file_id"])
    assert isinstance(receipt, Sent)
    assert desk.stage.media.files[receipt.result["file"]] == b"content"
    assert TOKEN not in str(receipt)
