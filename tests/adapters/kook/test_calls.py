from __future__ import annotations

from typing import Any

import pytest

from kagami.adapters.kook.calls import Calls
from kagami.adapters.kook.client import Client
from kagami.errors import Declined, UsageError
from kagami.model.action import Call, Failed, Sent
from kagami.model.ids import BotId
from kagami.testing.kook import BOT, CHANNEL, GUILD, USER, Kook

OTHER = "2400000043"
MEMBER = {
    "user_id": OTHER,
    "nickname": "second",
    "sex": "unknown",
    "age": 0,
    "group_id": CHANNEL,
    "card": "nick of second",
    "join_time": 1_573_816_459,
    "last_sent_time": 1_628_229_821,
    "role": "member",
    "level": "",
    "title": "",
    "unfriendly": False,
    "title_expire_time": 0,
    "card_changeable": True,
}
GROUP = {"group_id": CHANNEL, "group_name": "闲聊", "member_count": 0, "max_member_count": 0}


@pytest.fixture
def calls(client: Client) -> Calls:
    return Calls(client)


async def answer(calls: Calls, name: str, **params: Any) -> Any:
    receipt = await calls.call(Call(BotId(f"kook:{BOT}"), name, params))
    assert isinstance(receipt, Sent), receipt
    return receipt.result


@pytest.mark.parametrize(
    ("name", "params", "result"),
    [
        ("get_login_info", {}, {"user_id": BOT, "nickname": "小镜"}),
        ("get_stranger_info", {"user_id": USER}, {"user_id": USER, "nickname": "tz-un", "sex": "unknown", "age": 0}),
        ("get_group_info", {"group_id": CHANNEL}, GROUP),
        ("get_group_list", {}, [GROUP]),
        ("get_group_member_info", {"group_id": CHANNEL, "user_id": OTHER}, MEMBER),
    ],
)
async def test_what_is_asked_is_answered_in_the_standards_words(
    calls: Calls, name: str, params: dict[str, Any], result: Any
) -> None:
    assert await answer(calls, name, **params) == result


async def test_all_members_of_a_channel_with_the_owner_among_them(calls: Calls, kook: Kook) -> None:
    found = await answer(calls, "get_group_member_list", group_id=CHANNEL)
    assert [(each["user_id"], each["role"]) for each in found] == [(USER, "owner"), (OTHER, "member")]
    assert kook.asked("GET /guild/user-list")[0]["channel_id"] == CHANNEL


async def test_a_message_is_shown_in_the_standards_form(calls: Calls, kook: Kook) -> None:
    kook.rest.shown["m1"] = {
        "id": "m1",
        "type": 9,
        "content": r"\*hi\* (met)5(met)",
        "channel_id": CHANNEL,
        "create_at": 1_614_922_734_322,
        "author": {"id": USER, "username": "tz-un"},
        "quote": None,
    }
    assert await answer(calls, "get_msg", message_id="m1") == {
        "message_id": "m1",
        "real_id": "m1",
        "message_type": "group",
        "group_id": CHANNEL,
        "time": 1_614_922_734,
        "sender": {"user_id": USER, "nickname": "tz-un", "sex": "unknown", "age": 0},
        "message": [{"type": "text", "data": {"text": "*hi* "}}, {"type": "at", "data": {"qq": "5"}}],
    }


@pytest.mark.parametrize(
    ("name", "params", "path", "fields"),
    [
        ("set_group_kick", {"user_id": OTHER}, "/guild/kickout", {"guild_id": GUILD, "target_id": OTHER}),
        ("set_group_ban", {"user_id": OTHER}, "/guild-mute/create", {"guild_id": GUILD, "user_id": OTHER, "type": 1}),
        (
            "set_group_ban",
            {"user_id": OTHER, "duration": 0},
            "/guild-mute/delete",
            {"guild_id": GUILD, "user_id": OTHER, "type": 1},
        ),
        (
            "set_group_card",
            {"user_id": OTHER, "card": "x"},
            "/guild/nickname",
            {"guild_id": GUILD, "user_id": OTHER, "nickname": "x"},
        ),
        ("set_group_name", {"group_name": "new"}, "/channel/update", {"channel_id": CHANNEL, "name": "new"}),
        ("set_group_leave", {}, "/guild/leave", {"guild_id": GUILD}),
    ],
)
async def test_what_is_done_is_done_on_the_server_of_the_channel(
    calls: Calls, kook: Kook, name: str, params: dict[str, Any], path: str, fields: dict[str, Any]
) -> None:
    await answer(calls, name, group_id=CHANNEL, **params)
    assert kook.asked(f"POST {path}") == [fields]


async def test_a_message_is_taken_back(calls: Calls, kook: Kook) -> None:
    kook.rest.messages["m1"] = CHANNEL
    await answer(calls, "delete_msg", message_id="m1")
    assert "m1" not in kook.rest.messages


async def test_the_server_of_a_channel_is_asked_for_once(calls: Calls, kook: Kook) -> None:
    for _ in range(2):
        await answer(calls, "get_group_member_info", group_id=CHANNEL, user_id=OTHER)
    assert len(kook.asked("GET /channel/view")) == 1


async def test_a_raw_call_goes_as_it_is(calls: Calls, kook: Kook) -> None:
    kook.rest.messages["m1"] = CHANNEL
    await answer(calls, "POST /message/add-reaction", msg_id="m1", emoji="😀")
    assert await answer(calls, "GET /channel/view", target_id=CHANNEL, need_children=True)
    assert kook.asked("POST /message/add-reaction") == [{"msg_id": "m1", "emoji": "😀"}]
    assert kook.asked("GET /channel/view") == [{"target_id": CHANNEL, "need_children": "true"}]


@pytest.mark.parametrize("name", ["set_group_whole_ban", "DELETE /message", "GET message", "what"])
async def test_what_there_is_not_fails(calls: Calls, name: str) -> None:
    receipt = await calls.call(Call(BotId("kook:1"), name, {}))
    assert receipt == Failed(f"KOOK has no {name}", "unsupported")


async def test_a_missing_parameter_is_named(calls: Calls) -> None:
    with pytest.raises(UsageError, match="group_id"):
        await answer(calls, "get_group_info")


async def test_who_does_not_exist_is_declined(calls: Calls) -> None:
    with pytest.raises(Declined):
        await answer(calls, "get_stranger_info", user_id="1")


@pytest.mark.parametrize(
    "name", ["GET /gateway/index", "POST /user/offline", "POST /oauth2/token", "GET /user/../gateway/index", "GET //x"]
)
async def test_a_raw_call_for_tokens_is_refused(calls: Calls, kook: Kook, name: str) -> None:
    before = len(kook.calls)
    receipt = await calls.call(Call(BotId(f"kook:{BOT}"), name))
    assert isinstance(receipt, Failed)
    assert (receipt.code, len(kook.calls)) == ("forbidden", before)
