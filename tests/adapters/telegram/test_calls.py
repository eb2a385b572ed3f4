from __future__ import annotations

from typing import Any

import pytest

from kagami.adapters.telegram.calls import Plan, is_known, plan
from kagami.adapters.telegram.write import Request
from kagami.errors import NotFound, Refused, UsageError

NOW = 1000
ADA = {"id": 5, "first_name": "Ada", "last_name": "L."}
WHO = {"group_id": -100, "user_id": "5"}
THERE = {"chat_id": -100, "user_id": 5}


def asked(name: str, **params: Any) -> list[Request]:
    return list(plan(name, params, NOW).requests)


def told(name: str, *results: Any, **params: Any) -> Any:
    made: Plan = plan(name, params, NOW)
    return made.read(results)


def test_who_the_bot_is() -> None:
    assert asked("get_login_info") == [Request("getMe", {})]
    assert told("get_login_info", ADA) == {"user_id": "5", "nickname": "Ada L.", "sex": "unknown", "age": 0}


def test_who_somebody_is() -> None:
    assert asked("get_stranger_info", user_id=5) == [Request("getChat", {"chat_id": 5})]


def test_a_group_has_a_name_and_members() -> None:
    assert [each.method for each in asked("get_group_info", group_id="-100/77")] == ["getChat", "getChatMemberCount"]
    found = told("get_group_info", {"id": -100, "title": "Friends"}, 3, group_id=-100)
    assert found == {"group_id": "-100", "group_name": "Friends", "member_count": 3, "max_member_count": 0}


def test_a_member_has_a_role() -> None:
    assert asked("get_group_member_info", **WHO) == [Request("getChatMember", THERE)]
    found = told("get_group_member_info", {"status": "creator", "user": ADA, "custom_title": "boss"}, **WHO)
    assert (found["user_id"], found["role"], found["title"], found["group_id"]) == ("5", "owner", "boss", "-100")


def test_of_members_there_is_a_list_of_the_administrators() -> None:
    (found,) = told("get_group_member_list", [{"status": "administrator", "user": ADA}], group_id=-100)
    assert (found["nickname"], found["role"]) == ("Ada L.", "admin")


def test_who_was_kicked_may_come_again() -> None:
    unban = Request("unbanChatMember", THERE | {"only_if_banned": True})
    assert asked("set_group_kick", **WHO) == [Request("banChatMember", THERE), unban]


def test_who_was_kicked_for_good_may_not() -> None:
    assert asked("set_group_kick", **WHO, reject_add_request=True) == [Request("banChatMember", THERE)]


@pytest.mark.parametrize(("seconds", "until"), [(600, 1600), (5, 1031)])
def test_a_mute_ends_and_is_never_so_short_that_it_lasts_for_ever(seconds: int, until: int) -> None:
    (request,) = asked("set_group_ban", **WHO, duration=seconds)
    assert (request.method, request.params["until_date"]) == ("restrictChatMember", until)
    assert not any(request.params["permissions"].values())


def test_a_mute_of_nothing_gives_the_word_back() -> None:
    (request,) = asked("set_group_ban", **WHO, duration=0)
    assert ("until_date" in request.params, all(request.params["permissions"].values())) == (False, True)


@pytest.mark.parametrize(
    ("name", "params", "method", "key", "value"),
    [
        ("set_group_whole_ban", {"group_id": -100, "enable": False}, "setChatPermissions", "permissions", True),
        ("set_group_admin", WHO, "promoteChatMember", "can_pin_messages", True),
        (
            "set_group_special_title",
            {**WHO, "special_title": "t"},
            "setChatAdministratorCustomTitle",
            "custom_title",
            "t",
        ),
        ("set_group_name", {"group_id": -100, "group_name": "n"}, "setChatTitle", "title", "n"),
        ("set_group_leave", {"group_id": -100}, "leaveChat", "chat_id", -100),
        ("set_group_add_request", {"flag": "-100/5"}, "approveChatJoinRequest", "user_id", 5),
        ("set_group_add_request", {"flag": "-100/5", "approve": False}, "declineChatJoinRequest", "chat_id", -100),
    ],
)
def test_deeds(name: str, params: dict[str, Any], method: str, key: str, value: Any) -> None:
    (request,) = asked(name, **params)
    found = request.params[key]
    assert (request.method, all(found.values()) if isinstance(found, dict) else found) == (method, value)
    assert told(name, True, **params) is None


def test_any_other_name_is_telegrams_own() -> None:
    assert asked("sendPoll", chat_id=-100, question="?") == [Request("sendPoll", {"chat_id": -100, "question": "?"})]
    assert told("sendPoll", {"message_id": 1}, chat_id=-100) == {"message_id": 1}


@pytest.mark.parametrize("name", ["set_group_card", "get_msg", "no such", "send/../getMe", "", "get_group_list"])
def test_what_telegram_has_not_is_not_known(name: str) -> None:
    assert not is_known(name)


@pytest.mark.parametrize("name", ["getUpdates", "GETUPDATES", "setWebhook", "deleteWebhook", "logOut", "close"])
def test_nobody_takes_the_updates_away(name: str) -> None:
    with pytest.raises(Refused):
        plan(name, {}, NOW)


@pytest.mark.parametrize("params", [{}, {"group_id": "x", "user_id": 5}, {"group_id": -100, "user_id": "@ada"}])
def test_wrong_parameters_are_refused(params: dict[str, Any]) -> None:
    with pytest.raises((UsageError, NotFound)):
        plan("get_group_member_info", params, NOW)


@pytest.mark.parametrize(
    "params",
    [
        {"document": "file:///etc/shadow"},
        {"media": [{"type": "photo", "media": "file:/etc/shadow"}]},
        {"media": '[{"type": "photo", "media": "\\u0066ile:/etc/shadow"}]'},
    ],
)
def test_files_of_the_servers_machine_are_not_sent(params: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="not for callers"):
        plan("sendMediaGroup", params, NOW)


def test_a_text_may_speak_of_a_file() -> None:
    assert asked("sendMessage", text="{ see file:///etc/hosts")[0].params["text"] == "{ see file:///etc/hosts"
