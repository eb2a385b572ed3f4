"""What happens to a message on its way out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from kagami.adapters.weixin.codec import LONGEST_TEXT
from kagami.adapters.weixin.files import Files
from kagami.adapters.weixin.ilink import ILink, open_api
from kagami.adapters.weixin.media import Carrier
from kagami.adapters.weixin.peers import ABOUT, WINDOW_MS, Peers
from kagami.adapters.weixin.sending import PAUSES, Sender
from kagami.adapters.weixin.wire import Credentials
from kagami.errors import CredentialsRefused, NotFound, NotReached, Unavailable
from kagami.model.action import Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId
from kagami.model.message import Message, text
from kagami.model.segment import Image
from kagami.testing.adapters import KeptMedia, NotedMemory, Notes, QuickClock
from kagami.testing.weixin import BOT, USER, Weixin, open_weixin

BUSY = {"ret": -2, "errmsg": "rate limited"}


@dataclass
class Desk:
    there: Weixin
    media: KeptMedia
    peers: Peers
    clock: QuickClock
    sender: Sender

    async def send(self, message: Message, chat: str = f"private:{USER}") -> Receipt:
        return await self.sender.send(Send(BotId(f"weixin:{BOT}"), ChatId(chat), message))

    @property
    def said(self) -> list[str]:
        return [each["item_list"][0].get("text_item", {}).get("text", "…") for each in self.there.sent]


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with open_weixin() as there, open_api(there.url) as api:
        media, clock = KeptMedia(), QuickClock(500.0)
        bot = BotId(f"weixin:{BOT}")
        peers = Peers(bot, NotedMemory(Notes()))
        peers.heard(USER, "context-1", clock.wall_ms())
        ilink = ILink(api, Credentials(there.token, BOT, there.url))
        carrier = Carrier(api, ilink, media, f"{there.url}/c2c", Files(bot, NotedMemory(Notes())))
        yield Desk(there, media, peers, clock, Sender(ilink, carrier, peers, clock))
        assert there.refused == []


async def test_a_text_goes_with_the_newest_token_and_has_the_platforms_id(desk: Desk) -> None:
    assert await desk.send(text("hi")) == Sent("8001")
    assert (desk.said, desk.there.sent[0]["context_token"]) == (["hi"], "context-1")


async def test_without_an_id_of_the_platform_it_has_ours(desk: Desk) -> None:
    desk.there.says_ids = False
    assert await desk.send(text("hi")) == Sent(desk.there.sent[0]["client_id"])


async def test_texts_and_files_go_one_by_one_in_order(desk: Desk) -> None:
    picture = Image(desk.media.accept(b"png"))
    receipt = await desk.send((*text("a"), picture, *text("b")))
    assert (receipt, desk.said) == (Sent("8003"), ["a", "…", "b"])


async def test_a_long_text_goes_in_parts(desk: Desk) -> None:
    await desk.send(text("x" * (LONGEST_TEXT + 5)))
    assert [len(each) for each in desk.said] == [LONGEST_TEXT, 5]


async def test_messages_are_a_second_apart(desk: Desk) -> None:
    began = desk.clock.monotonic()
    await asyncio.gather(*(desk.send(text(str(number))) for number in range(4)))
    assert desk.clock.monotonic() - began >= 3.0
    assert desk.said == ["0", "1", "2", "3"]


async def test_a_refusal_for_the_rate_is_waited_out(desk: Desk) -> None:
    desk.there.answers["sendmessage"] = [BUSY, BUSY]
    began = desk.clock.monotonic()
    assert await desk.send(text("hi")) == Sent("8001")
    assert desk.clock.monotonic() - began >= PAUSES[0] + PAUSES[1]


async def test_refusals_that_do_not_end_are_told_and_then_obeyed(desk: Desk) -> None:
    desk.there.answers["sendmessage"] = [BUSY] * 20
    receipt = await desk.send(text("hi"))
    assert isinstance(receipt, Failed)
    assert (receipt.code, receipt.reason.startswith("rate limited by WeChat (-2)")) == ("rate_limited", True)
    asked = desk.there.calls.count("sendmessage")
    assert asked == len(PAUSES) + 1
    assert isinstance(await desk.send(text("again")), Failed)
    assert desk.there.calls.count("sendmessage") == asked


async def test_a_message_of_the_user_ends_the_silence(desk: Desk) -> None:
    desk.there.answers["sendmessage"] = [BUSY] * (len(PAUSES) + 1)
    await desk.send(text("hi"))
    desk.peers.heard(USER, "context-2", desk.clock.wall_ms())
    assert isinstance(await desk.send(text("again")), Sent)
    assert desk.there.sent[0]["context_token"] == "context-2"


async def test_silence_for_one_is_none_for_another(desk: Desk) -> None:
    desk.there.answers["sendmessage"] = [BUSY] * (len(PAUSES) + 1)
    await desk.send(text("hi"))
    desk.peers.heard("other@im.wechat", "t", desk.clock.wall_ms())
    assert isinstance(await desk.send(text("hi"), "private:other@im.wechat"), Sent)


@pytest.mark.parametrize(
    ("heard_ms", "sent", "words"),
    [(0, 0, "has not written"), (1, 0, "24 hours"), (None, ABOUT, "takes about 10")],
)
async def test_where_waiting_is_of_no_use_nobody_waits(desk: Desk, heard_ms: int | None, sent: int, words: str) -> None:
    peer = desk.peers[USER]
    peer.heard_ms = peer.heard_ms if heard_ms is None else heard_ms and desk.clock.wall_ms() - WINDOW_MS - 1
    peer.sent = sent
    desk.there.answers["sendmessage"] = [BUSY]
    receipt = await desk.send(text("hi"))
    assert isinstance(receipt, Failed)
    assert words in receipt.reason
    assert desk.there.calls.count("sendmessage") == 1


async def test_the_tenth_without_an_answer_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.peers[USER].sent = ABOUT - 1
    await desk.send(text("hi"))
    assert "has to write" in caplog.text


async def test_another_refusal_is_told_with_its_code(desk: Desk) -> None:
    desk.there.answers["sendmessage"] = [{"ret": -7, "errmsg": "no"}]
    assert await desk.send(text("hi")) == Failed("WeChat refuses it: no", "-7")


async def test_without_an_answer_it_is_asked_once_more_and_not_doubled(desk: Desk) -> None:
    desk.there.drops["sendmessage"] = 1
    assert isinstance(await desk.send(text("hi")), Sent)
    assert (desk.said, desk.there.calls.count("sendmessage")) == (["hi"], 2)


async def test_twice_without_an_answer_is_not_known(desk: Desk) -> None:
    desk.there.drops["sendmessage"] = 3
    with pytest.raises(Unavailable):
        await desk.send(text("hi"))
    assert desk.there.calls.count("sendmessage") == 2


async def test_what_never_went_out_is_known(desk: Desk) -> None:
    await desk.there.stop()
    with pytest.raises(NotReached):
        await desk.send(text("hi"))


async def test_what_may_have_arrived_is_not_known_though_the_platform_is_gone_then(desk: Desk) -> None:
    desk.there.drops["sendmessage"] = 1
    desk.there.stops = True
    with pytest.raises(Unavailable) as caught:
        await desk.send(text("hi"))
    assert (type(caught.value), desk.said) == (Unavailable, ["hi"])


async def test_what_fails_after_a_part_was_sent_says_so(desk: Desk) -> None:
    desk.there.answers["sendmessage"] = [{"ret": 0, "message_id": 5}, {"ret": -7, "errmsg": "no"}]
    receipt = await desk.send(text("x" * (2 * LONGEST_TEXT + 1)))
    assert receipt == Unknown("1 of 3 parts were sent, then: WeChat refuses it: no")


async def test_the_end_of_the_login_between_two_parts_says_both(desk: Desk) -> None:
    desk.there.answers["sendmessage"] = [{"ret": 0}, {"ret": -14}]
    receipt = await desk.send(text("x" * (LONGEST_TEXT + 1)))
    assert isinstance(receipt, Unknown)
    assert receipt.reason.startswith("1 of 2 parts were sent, then: ")
    assert "log in again by QR" in receipt.reason


async def test_the_end_of_the_login_is_an_error(desk: Desk) -> None:
    desk.there.end_token()
    with pytest.raises(CredentialsRefused):
        await desk.send(text("hi"))


async def test_a_server_in_trouble_is_asked_once_more_with_the_same_name(desk: Desk) -> None:
    desk.there.statuses["sendmessage"] = [502]
    assert (await desk.send(text("hi")), desk.said) == (Sent("8001"), ["hi"])


async def test_a_server_that_stays_in_trouble_leaves_it_open(desk: Desk) -> None:
    desk.there.statuses["sendmessage"] = [502, 502]
    with pytest.raises(Unavailable) as caught:
        await desk.send(text("hi"))
    assert type(caught.value) is Unavailable


async def test_a_file_that_is_missing_stops_all_before_anything_is_sent(desk: Desk) -> None:
    with pytest.raises(NotFound):
        await desk.send((*text("a"), Image("media:gone")))
    assert desk.said == []


@pytest.mark.parametrize(("chat", "message"), [("group:1", text("x")), (f"private:{USER}", ())])
async def test_what_cannot_be_said_there_fails(desk: Desk, chat: str, message: Message) -> None:
    assert isinstance(await desk.send(message, chat), Failed)
    assert desk.there.calls == []
