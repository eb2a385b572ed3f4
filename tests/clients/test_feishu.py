"""Feishu's official SDK (lark-oapi 1.7.5) takes the fake for Feishu, and its codec writes what ours writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from kagami.adapters.feishu.frame import Frame, acknowledgement, decode, encode
from kagami.testing.feishu import FakeFeishu, fake_feishu
from tests.clients.side import Side, side

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(500)

pytestmark = [pytest.mark.service, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


def named(frame: Frame) -> dict[str, Any]:
    """A frame with the names of the official codec."""
    return {
        "SeqID": frame.seq_id,
        "LogID": frame.log_id,
        "service": frame.service,
        "method": frame.method,
        "headers": [list(each) for each in frame.headers],
        "payload_encoding": frame.payload_encoding,
        "payload_type": frame.payload_type,
        "LogIDNew": frame.log_id_new,
        "payload": None if frame.payload is None else frame.payload.hex(),
    }


async def test_two_thousand_frames_of_the_official_codec_are_read_and_written_byte_for_byte(tmp_path: Path) -> None:
    async with side("feishu", tmp_path, "frames") as codec:
        await codec.tell({"make": 2000})
        made = await codec.told()
    for written, told in made:
        frame = decode(bytes.fromhex(written))
        assert (named(frame), encode(frame).hex()) == (told, written)


async def test_the_official_codec_reads_our_frames_and_writes_the_same(tmp_path: Path) -> None:
    async with side("feishu", tmp_path, "frames") as codec:
        await codec.tell({"make": 500})
        made = [decode(bytes.fromhex(written)) for written, _ in await codec.told()]
        ours = [encode(acknowledgement(frame, number)).hex() for number, frame in enumerate(made)]
        await codec.tell({"read": ours})
        assert [written for written, _ in await codec.told()] == ours


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def feishu() -> AsyncIterator[FakeFeishu]:
    async with fake_feishu(redeliver_s=20.0) as there:
        yield there
        assert there.problems == []


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sdk(feishu: FakeFeishu, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Side]:
    """One client for all: the package takes 3 s to be imported."""
    folder = tmp_path_factory.mktemp("sdk")
    async with side("feishu", folder, "client", feishu.url, feishu.app_id, feishu.app_secret) as client:
        await until(lambda: feishu.open)
        yield client


async def until(condition: Any) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


async def ask(sdk: Side, do: str, **words: Any) -> tuple[int, Any]:
    await sdk.tell({"do": do, **words})
    told = await sdk.told()
    return told["code"], told["result"]


async def test_a_message_in_parts_is_understood_and_acknowledged(feishu: FakeFeishu, sdk: Side) -> None:
    mentions = [feishu.naming_us()]
    number, delivery = await feishu.say("text", {"text": "@_user_1 你好"}, group="oc_group", mentions=mentions, parts=4)
    assert await sdk.told() == {
        "kind": "message",
        "id": number,
        "chat": "oc_group",
        "type": "text",
        "content": {"text": "@_user_1 你好"},
        "user": "ou_alice",
        "mentions": [["@_user_1", feishu.open_id]],
    }
    await until(lambda: feishu.deliveries[delivery].acks)
    assert feishu.deliveries[delivery].acks[0]["code"] == 200
    assert feishu.pings >= 1


async def test_notices_and_a_button_are_understood_and_acknowledged(feishu: FakeFeishu, sdk: Side) -> None:
    users = [{"name": "Bob", "user_id": {"open_id": "ou_bob"}}]
    joined = {"chat_id": "oc_group", "operator_id": {"open_id": "ou_alice"}, "users": users}
    await feishu.emit("im.chat.member.user.added_v1", joined)
    told = await sdk.told()
    assert (told["kind"], told["event"]["users"][0]["user_id"]["open_id"]) == (
        "im.chat.member.user.added_v1",
        "ou_bob",
    )
    button = {"operator": {"open_id": "ou_bob"}, "action": {"tag": "button", "value": {"k": "v"}}, "token": "c-1"}
    delivery = await feishu.emit("card.action.trigger", button)
    assert await sdk.told() == {"kind": "button", "value": {"k": "v"}, "user": "ou_bob"}
    await until(lambda: feishu.deliveries[delivery].acks)


async def test_messages_are_sent_once_replied_to_read_and_taken_back(feishu: FakeFeishu, sdk: Side) -> None:
    words = {"receiver": "ou_alice", "kind": "open_id", "msg_type": "text", "content": {"text": "hi"}, "uuid": "u-1"}
    code, made = await ask(sdk, "send", **words)
    assert (code, await ask(sdk, "send", **words)) == (0, (0, made))
    code, answer = await ask(sdk, "reply", message=made["message_id"], text="yes")
    code, read = await ask(sdk, "get", message=answer["message_id"])
    assert json.loads(read["items"][0]["body"]["content"]) == {"text": "yes"}
    assert (await ask(sdk, "delete", message=made["message_id"]))[0] == 0
    assert (await ask(sdk, "delete", message=made["message_id"]))[0] == 230011
    sent = [(each.receiver, each.reply) for each in feishu.sent if "hi" in each.content["text"] or each.reply]
    assert sent == [("ou_alice", ""), ("", made["message_id"])]
    assert feishu.tokens_issued == 1


async def test_what_is_wrong_is_refused_with_the_platform_s_codes(feishu: FakeFeishu, sdk: Side) -> None:
    good = {"receiver": "oc_group", "kind": "chat_id", "msg_type": "text", "content": {"text": "hi"}, "uuid": ""}
    for wrong, code in (
        ({"receiver": "oc_elsewhere"}, 230002),
        ({"kind": "phone"}, 230001),
        ({"msg_type": "voice"}, 230001),
        ({"content": {"text": "x" * 160_000}}, 230025),
        ({"uuid": "u" * 51}, 230001),
    ):
        assert (await ask(sdk, "send", **{**good, **wrong}))[0] == code


async def test_files_go_both_ways(feishu: FakeFeishu, sdk: Side) -> None:
    _, image = await ask(sdk, "image", content=PICTURE.hex())
    _, file = await ask(sdk, "file", content=b"text".hex(), name="名.txt")
    assert (feishu.uploads[image["image_key"]], feishu.uploads[file["file_key"]]) == (PICTURE, b"text")
    feishu.resources["om_1", "img_1"] = PICTURE
    assert await ask(sdk, "resource", message="om_1", key="img_1", kind="image") == (0, {"size": len(PICTURE)})


async def test_chats_and_their_members_are_listed(feishu: FakeFeishu, sdk: Side) -> None:
    feishu.groups["oc_zz_other"] = {"name": "Another"}
    _, page = await ask(sdk, "chats")
    assert ([each["name"] for each in page["items"]], page["has_more"]) == (["The group"], True)
    _, members = await ask(sdk, "members", chat="oc_group")
    assert [each["member_id"] for each in members["items"]] == ["ou_alice", "ou_bob"]
