"""Actions on Feishu."""

from __future__ import annotations

import pytest

from kagami.adapters.feishu.calls import Calls
from kagami.adapters.feishu.media import Files
from kagami.adapters.feishu.recent import Recent
from kagami.adapters.feishu.rest import Rest
from kagami.adapters.feishu.sending import Sending, address
from kagami.errors import Refused, Unavailable
from kagami.model.action import Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId
from kagami.model.message import Message, text
from kagami.model.segment import File, Image, Native, Reply, Text
from kagami.testing.adapters import KeptMedia
from kagami.testing.feishu import FakeFeishu
from kagami.testing.feishu_calls import Fault

BOT = BotId("feishu:cli_1")
GROUP = ChatId("group:oc_group")


@pytest.fixture
def recent() -> Recent:
    return Recent()


@pytest.fixture
def sending(rest: Rest, files: Files, recent: Recent) -> Sending:
    calls = Calls(rest, files, lambda: ("cli_1", "ou_1", "Mirror"), recent)
    return Sending(rest, files, calls, recent)


async def say(sending: Sending, message: Message, chat: ChatId = GROUP) -> Receipt:
    return await sending.perform(Send(BOT, chat, message))


async def test_a_send_has_an_id_and_is_remembered(sending: Sending, feishu: FakeFeishu, recent: Recent) -> None:
    receipt = await say(sending, text("hi"))
    assert receipt == Sent(feishu.sent[0].message_id)
    assert recent.is_ours(feishu.sent[0].message_id)


async def test_without_an_answer_it_is_said_once_more_and_arrives_once(sending: Sending, feishu: FakeFeishu) -> None:
    feishu.faults.append(Fault())
    receipt = await say(sending, text("hi"))
    assert isinstance(receipt, Sent)
    assert [(each.message_id, each.uuid) for each in feishu.sent] == [(receipt.message_id, feishu.sent[0].uuid)]
    assert feishu.sent[0].uuid


async def test_a_server_in_trouble_is_asked_once_more(sending: Sending, feishu: FakeFeishu) -> None:
    feishu.faults.append(Fault(502, 1))
    assert isinstance(await say(sending, text("hi")), Sent)


@pytest.mark.parametrize("second", [Fault(502, 1), Fault(400, 230002)])
async def test_when_that_fails_too_it_may_have_been_done(sending: Sending, feishu: FakeFeishu, second: Fault) -> None:
    feishu.faults += [Fault(502, 1), second]
    with pytest.raises(Unavailable):
        await say(sending, text("hi"))


async def test_each_send_has_a_uuid_of_its_own(sending: Sending, feishu: FakeFeishu) -> None:
    for _ in range(2):
        await say(sending, text("the same"))
    assert len({each.uuid for each in feishu.sent}) == 2


async def test_the_same_key_makes_no_second_message(sending: Sending, feishu: FakeFeishu) -> None:
    first = await sending.perform(Send(BOT, GROUP, text("once")), "execution:0")
    assert await sending.perform(Send(BOT, GROUP, text("once")), "execution:0") == first
    assert len(feishu.sent) == 1


async def test_a_refusal_fails_with_the_platform_s_code(sending: Sending) -> None:
    receipt = await say(sending, text("hi"), ChatId("group:oc_elsewhere"))
    assert receipt == Failed("Feishu declines: the bot is not in this chat (code 230002)", "230002")


async def test_a_message_of_several_parts_is_sent_in_order(
    sending: Sending, feishu: FakeFeishu, media: KeptMedia
) -> None:
    parts = (Reply("om_0"), Text("one"), File(media.accept(b"x")), Text("two"), Native("card", {"elements": []}))
    feishu.messages["om_0"] = {}
    await say(sending, parts)
    assert [(each.kind, each.reply) for each in feishu.sent] == [
        ("text", "om_0"),
        ("file", ""),
        ("text", ""),
        ("interactive", ""),
    ]


async def test_a_picture_that_cannot_be_uploaded_stops_all_of_it(sending: Sending, feishu: FakeFeishu) -> None:
    with pytest.raises(Refused):
        await say(sending, (Text("one"), Image("file:///etc/passwd")))
    assert feishu.sent == []


async def test_a_message_of_nothing_fails(sending: Sending) -> None:
    assert isinstance(await say(sending, text(" ")), Failed)


async def test_a_message_is_taken_back_once(sending: Sending, feishu: FakeFeishu) -> None:
    sent = await say(sending, text("oops"))
    assert isinstance(sent, Sent)
    gone = await sending.perform(Delete(BOT, GROUP, sent.message_id))
    again = await sending.perform(Delete(BOT, GROUP, sent.message_id))
    assert (gone, again, feishu.deleted) == (
        Sent(sent.message_id),
        Failed("Feishu declines: the message was taken back (code 230011)", "230011"),
        [sent.message_id],
    )


@pytest.mark.parametrize("number", ["", "12", "om_1/../../bot", "om_1?x=1"])
async def test_what_is_no_message_s_id_goes_nowhere(sending: Sending, number: str) -> None:
    with pytest.raises(Refused):
        await sending.perform(Delete(BOT, GROUP, number))


async def test_a_call_gives_what_it_returned(sending: Sending) -> None:
    receipt = await sending.perform(Call(BOT, "get_login_info"))
    assert receipt == Sent(result={"user_id": "cli_1", "nickname": "Mirror"})


async def test_a_call_that_is_not_there_fails(sending: Sending) -> None:
    receipt = await sending.perform(Call(BOT, "send_like", {"user_id": "1"}))
    assert isinstance(receipt, Failed)
    assert receipt.code == "unsupported"


async def test_what_is_half_sent_is_not_sent_again_by_itself(sending: Sending) -> None:
    receipt = await say(sending, (Text("one"), Native("share_chat", {}), Native("card", {"x": "y" * 40_000})))
    assert receipt == Unknown("only 2 of 3 parts were sent: Feishu declines: it is too long (code 230025)")


@pytest.mark.parametrize(
    ("chat", "kind"),
    [
        ("group:oc_1", "chat_id"),
        ("private:oc_1", "chat_id"),
        ("private:ou_1", "open_id"),
        ("private:on_1", "union_id"),
        ("private:a@b.c", "email"),
        ("private:4711", "user_id"),
    ],
)
def test_an_id_tells_what_it_is(chat: str, kind: str) -> None:
    assert address(ChatId(chat)) == (kind, chat.partition(":")[2])


@pytest.mark.parametrize("chat", ["channel:1", "group:", ""])
def test_other_chats_are_refused(chat: str) -> None:
    with pytest.raises(Refused):
        address(ChatId(chat))
