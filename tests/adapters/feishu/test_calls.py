"""Calls by OneBot 11's names, and by Feishu's own."""

from __future__ import annotations

from typing import Any

import pytest

from kagami.adapters.feishu.calls import Calls
from kagami.adapters.feishu.media import Files
from kagami.adapters.feishu.recent import Recent
from kagami.adapters.feishu.rest import Rest
from kagami.errors import Declined, UsageError
from kagami.model.ids import ChatId
from kagami.testing.adapters import KeptMedia
from kagami.testing.feishu import FakeFeishu

GROUP = {"group_id": "oc_group"}
BOB = {**GROUP, "user_id": "ou_bob"}


@pytest.fixture
def recent() -> Recent:
    return Recent()


@pytest.fixture
def calls(rest: Rest, files: Files, feishu: FakeFeishu, recent: Recent) -> Calls:
    return Calls(rest, files, lambda: (feishu.app_id, feishu.open_id, "Mirror"), recent)


async def test_a_user_is_asked_for(calls: Calls) -> None:
    told = await calls.call("get_stranger_info", {"user_id": "ou_alice"})
    assert told == {"user_id": "ou_alice", "nickname": "Alice", "sex": "female", "age": 0}


async def test_a_group_is_asked_for(calls: Calls) -> None:
    told = await calls.call("get_group_info", GROUP)
    assert told == {"group_id": "oc_group", "group_name": "The group", "member_count": 3, "max_member_count": 0}


async def test_groups_come_from_all_pages_without_private_chats(calls: Calls, feishu: FakeFeishu) -> None:
    feishu.groups |= {"oc_2": {"name": "Two"}, "oc_p": {"name": "", "chat_mode": "p2p"}, "oc_3": {"name": "Three"}}
    told = await calls.call("get_group_list", {})
    assert [each["group_name"] for each in told] == ["The group", "Two", "Three"]


async def test_members_have_their_roles(calls: Calls, feishu: FakeFeishu) -> None:
    feishu.groups["oc_group"]["user_manager_id_list"] = ["ou_alice"]
    told = await calls.call("get_group_member_list", GROUP)
    assert [(each["user_id"], each["nickname"], each["role"]) for each in told] == [
        ("ou_alice", "Alice", "admin"),
        ("ou_bob", "Bob", "owner"),
    ]


async def test_one_member_is_found_among_them(calls: Calls) -> None:
    assert (await calls.call("get_group_member_info", BOB))["role"] == "owner"
    with pytest.raises(Declined):
        await calls.call("get_group_member_info", GROUP | {"user_id": "ou_nobody"})


@pytest.mark.parametrize(
    ("name", "params", "made"),
    [
        ("set_group_kick", BOB, ("DELETE", "/chats/oc_group/members", {"id_list": ["ou_bob"]})),
        ("set_group_whole_ban", GROUP, ("PUT", "/chats/oc_group/moderation", {"moderation_setting": "only_owner"})),
        (
            "set_group_whole_ban",
            GROUP | {"enable": False},
            ("PUT", "/chats/oc_group/moderation", {"moderation_setting": "all_members"}),
        ),
        ("set_group_admin", BOB, ("POST", "/chats/oc_group/managers/add_managers", {"manager_ids": ["ou_bob"]})),
        (
            "set_group_admin",
            BOB | {"enable": "no"},
            ("POST", "/chats/oc_group/managers/delete_managers", {"manager_ids": ["ou_bob"]}),
        ),
        ("set_group_name", GROUP | {"group_name": "New"}, ("PUT", "/chats/oc_group", {"name": "New"})),
        ("set_group_leave", GROUP, ("DELETE", "/chats/oc_group/members", {"id_list": ["cli_a1b2c3d4e5f60718"]})),
        ("set_group_leave", GROUP | {"is_dismiss": True}, ("DELETE", "/chats/oc_group", None)),
        (
            "POST /open-apis/im/v1/messages/om_1/reactions",
            {"reaction_type": {"emoji_type": "OK"}},
            ("POST", "/messages/om_1/reactions", {"reaction_type": {"emoji_type": "OK"}}),
        ),
    ],
)
async def test_a_call_is_made_as_the_platform_wants_it(
    calls: Calls, feishu: FakeFeishu, name: str, params: dict[str, Any], made: tuple[str, str, Any]
) -> None:
    await calls.call(name, params)
    assert feishu.calls == [made]


async def test_a_message_is_asked_for_in_segments(calls: Calls, feishu: FakeFeishu) -> None:
    number, _ = await feishu.say("text", {"text": "hi"}, group="oc_group")
    told = await calls.call("get_msg", {"message_id": number})
    assert (told["message"], told["sender"], told["message_type"], told["group_id"]) == (
        [{"type": "text", "data": {"text": "hi"}}],
        {"user_id": "ou_alice", "nickname": "Alice"},
        "group",
        "oc_group",
    )


async def test_a_private_message_is_of_no_group(calls: Calls, feishu: FakeFeishu, recent: Recent) -> None:
    number, _ = await feishu.say("text", {"text": "hi"})
    recent.saw(number, ChatId("private:ou_alice"), "ou_alice")
    told = await calls.call("get_msg", {"message_id": number})
    assert (told["message_type"], "group_id" in told) == ("private", False)


@pytest.mark.parametrize("name", ["get_file", "get_image"])
async def test_a_file_is_fetched_when_it_is_asked_for(
    calls: Calls, feishu: FakeFeishu, media: KeptMedia, name: str
) -> None:
    feishu.resources["om_1", "file_1"] = b"content"
    told = await calls.call(name, {"file": "om_1/file_1"})
    assert media.files[told["file"]] == b"content"


async def test_what_is_asked_of_implementations_is_answered(calls: Calls) -> None:
    assert await calls.call("can_send_image", {}) == {"yes": True}
    assert (await calls.call("get_status", {}))["online"] is True
    assert (await calls.call("get_version_info", {}))["app_name"] == "Kagami"


async def test_the_platform_s_own_calls_have_queries_and_bodies(calls: Calls, feishu: FakeFeishu) -> None:
    query = {"receive_id_type": "chat_id"}
    body = {"receive_id": "oc_group", "msg_type": "text", "content": '{"text":"raw"}'}
    told = await calls.call("POST /open-apis/im/v1/messages", {"query": query, "body": body})
    assert feishu.sent[0].message_id == told["message_id"]
    page = await calls.call("GET /open-apis/im/v1/chats", {"page_size": 20})
    assert page["items"][0]["chat_id"] == "oc_group"


@pytest.mark.parametrize(
    "name",
    [
        "set_group_ban",
        "fly",
        "GET https://elsewhere.example/open-apis/x",
        "GET /callback/ws/endpoint",
        "POST /open-apis/auth/v3/tenant_access_token/internal",
        "GET /open-apis/im/../auth/v3/x",
        "TRACE /open-apis/im/v1/chats",
    ],
)
async def test_what_is_not_there_or_not_allowed_is_declined(calls: Calls, name: str) -> None:
    params = {**BOB, "duration": 60} if name == "set_group_ban" else {}
    with pytest.raises(Declined):
        await calls.call(name, params)


@pytest.mark.parametrize(("name", "params"), [("get_group_info", {}), ("get_file", {}), ("set_group_name", GROUP)])
async def test_a_missing_parameter_is_named(calls: Calls, name: str, params: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        await calls.call(name, params)
