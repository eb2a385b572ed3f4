from __future__ import annotations

import json

import pytest

from kagami.adapters.kook.client import Client
from kagami.adapters.kook.sending import delete, send
from kagami.errors import Declined, KagamiError, NotReached, Refused, Unavailable
from kagami.model.action import Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId
from kagami.model.segment import AnySegment, File, Image, Reply, Text, Video
from kagami.testing.adapters import KeptMedia
from kagami.testing.kook import BOT, CHANNEL, USER, Kook

BOT_ID = BotId(f"kook:{BOT}")
GROUP = ChatId(f"group:{CHANNEL}")
PRIVATE = ChatId(f"private:{USER}")


@pytest.fixture
def files() -> KeptMedia:
    return KeptMedia()


async def sends(client: Client, files: KeptMedia, *parts: AnySegment, chat: ChatId = GROUP) -> Receipt:
    return await send(client, files, Send(BOT_ID, chat, parts))


async def test_a_message_goes_to_its_channel(kook: Kook, client: Client, files: KeptMedia) -> None:
    receipt = await sends(client, files, Text("hi"))
    assert receipt == Sent(next(iter(kook.rest.messages)))
    assert kook.asked("POST /message/create") == [{"type": 9, "target_id": CHANNEL, "content": "hi"}]


async def test_a_message_goes_to_its_user(kook: Kook, client: Client, files: KeptMedia) -> None:
    await sends(client, files, Text("hi"), chat=PRIVATE)
    assert kook.asked("POST /direct-message/create") == [{"type": 9, "target_id": USER, "content": "hi"}]


async def test_only_the_first_of_several_quotes(kook: Kook, client: Client, files: KeptMedia) -> None:
    kook.rest.messages["m0"] = CHANNEL
    receipt = await sends(client, files, Reply("m0"), Text("a" * 9000))
    sent = kook.asked("POST /message/create")
    assert [each.get("quote") for each in sent] == ["m0", None]
    assert receipt == Sent(list(kook.rest.messages)[1])


@pytest.mark.parametrize(("extra", "name"), [({"name": "a/b.txt"}, "a_b.txt"), ({}, "media"), ({"name": " "}, "media")])
async def test_a_file_keeps_its_name(
    kook: Kook, client: Client, files: KeptMedia, extra: dict[str, str], name: str
) -> None:
    reference = files.accept(b"content")
    await sends(client, files, File(reference, extra=extra))
    (uploaded,) = kook.asked("POST /asset/create")
    wanted = reference.removeprefix("media:") if name == "media" else name
    assert (uploaded["name"], uploaded["file"]) == (wanted, b"content")
    (sent,) = kook.asked("POST /message/create")
    assert json.loads(sent["content"])[0]["modules"][0]["title"] == wanted


async def test_an_address_is_fetched_and_uploaded(kook: Kook, client: Client, files: KeptMedia) -> None:
    files.there["https://elsewhere.example/a.mp4"] = b"film"
    await sends(client, files, Video("", "https://elsewhere.example/a.mp4"))
    (sent,) = kook.asked("POST /message/create")
    assert (sent["type"], kook.rest.assets[sent["content"]]) == (3, b"film")


async def test_a_medium_that_is_gone_lets_nothing_be_said(kook: Kook, client: Client, files: KeptMedia) -> None:
    with pytest.raises(KagamiError):
        await sends(client, files, Text("look"), Image("https://gone.example/a.png"))
    assert not kook.asked("POST /message/create")


async def test_a_medium_whose_host_is_away_is_certainly_no_message(
    client: Client, files: KeptMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: str) -> str:
        raise Unavailable(what="elsewhere", reason="no answer within 30 s")

    monkeypatch.setattr(files, "fetch", away)
    with pytest.raises(NotReached):
        await sends(client, files, Image("https://elsewhere.example/a.png"))


async def test_an_upload_without_an_answer_is_certainly_no_message(
    kook: Kook, client: Client, files: KeptMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kook.rest, "answer", lambda *_: {"url": ""})
    with pytest.raises(NotReached):
        await sends(client, files, Image(files.accept(b"x")))


async def test_a_refused_message_is_certainly_not_sent(client: Client, files: KeptMedia) -> None:
    with pytest.raises(Declined):
        await sends(client, files, Text("hi"), chat=ChatId("group:1"))


async def test_a_part_that_fails_behind_another_leaves_it_open(kook: Kook, client: Client, files: KeptMedia) -> None:
    answered = kook.rest.answer

    def once(method: str, path: str, fields: dict[str, str]) -> object:
        kook.rest.channels.clear() if kook.rest.messages else None
        return answered(method, path, fields)

    kook.rest.answer = once  # type: ignore[method-assign]
    receipt = await sends(client, files, Text("a" * 9000))
    assert receipt == Unknown("1 of 2 parts were sent, the next was not: KOOK declines: 频道不存在")


async def test_nothing_is_not_sent(client: Client, files: KeptMedia) -> None:
    assert await sends(client, files, Text(" ")) == Failed("the message is empty")


@pytest.mark.parametrize("chat", ["guild:7", "group:", "7"])
async def test_what_is_no_chat_is_refused(client: Client, files: KeptMedia, chat: str) -> None:
    with pytest.raises(Refused):
        await sends(client, files, Text("hi"), chat=ChatId(chat))


@pytest.mark.parametrize(("chat", "path"), [(GROUP, "POST /message/delete"), (PRIVATE, "POST /direct-message/delete")])
async def test_a_message_is_taken_back_where_it_was(kook: Kook, client: Client, chat: ChatId, path: str) -> None:
    kook.rest.messages["m0"] = CHANNEL
    assert await delete(client, Delete(BOT_ID, chat, "m0")) == Sent("m0")
    assert kook.asked(path) == [{"msg_id": "m0"}]
