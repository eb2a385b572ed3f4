from __future__ import annotations

from typing import Any

import pytest

from kagami.errors import NotFound, UsageError
from kagami.onebot.actions import ACTIONS, check

MEMBER = {"group_id": 1, "user_id": 2}
STANDARD = [
    "send_private_msg",
    "send_group_msg",
    "send_msg",
    "delete_msg",
    "get_msg",
    "get_forward_msg",
    "send_like",
    "set_group_kick",
    "set_group_ban",
    "set_group_anonymous_ban",
    "set_group_whole_ban",
    "set_group_admin",
    "set_group_anonymous",
    "set_group_card",
    "set_group_name",
    "set_group_leave",
    "set_group_special_title",
    "set_friend_add_request",
    "set_group_add_request",
    "get_login_info",
    "get_stranger_info",
    "get_friend_list",
    "get_group_info",
    "get_group_list",
    "get_group_member_info",
    "get_group_member_list",
    "get_group_honor_info",
    "get_cookies",
    "get_csrf_token",
    "get_credentials",
    "get_record",
    "get_image",
    "can_send_image",
    "can_send_record",
    "get_status",
    "get_version_info",
    "set_restart",
    "clean_cache",
    ".handle_quick_operation",
]


def test_all_calls_of_the_standard_are_known() -> None:
    assert sorted(ACTIONS) == sorted(STANDARD)


def test_ids_become_text() -> None:
    assert check("delete_msg", {"message_id": -5}) == {"message_id": "-5"}


@pytest.mark.parametrize(
    ("action", "params", "added"),
    [
        ("set_group_ban", MEMBER, {"duration": 1800}),
        ("set_group_special_title", MEMBER, {"special_title": "", "duration": -1}),
        ("set_group_admin", MEMBER, {"enable": True}),
        ("set_group_card", MEMBER, {"card": ""}),
        ("send_like", {"user_id": 2}, {"times": 1}),
        ("set_friend_add_request", {"flag": "f"}, {"flag": "f", "approve": True, "remark": ""}),
        ("set_group_add_request", {"flag": 17}, {"flag": "17", "approve": True, "reason": ""}),
        ("set_restart", {}, {"delay": 0}),
        ("get_group_info", {"group_id": "1", "no_cache": None}, {"no_cache": False}),
    ],
)
def test_defaults_are_filled_in(action: str, params: dict[str, Any], added: dict[str, Any]) -> None:
    ids = {key: str(value) for key, value in params.items() if key.endswith("_id")}
    assert check(action, params) == ids | added


@pytest.mark.parametrize(("given", "read"), [(60, 60), ("60", 60), (60.0, 60), ("-1", -1)])
def test_numbers_may_be_strings(given: object, read: int) -> None:
    assert check("set_group_ban", MEMBER | {"duration": given})["duration"] == read


@pytest.mark.parametrize(
    ("given", "read"),
    [(True, True), ("true", True), ("YES", True), (1, True), ("1", True), (False, False), ("no", False), (0, False)],
)
def test_booleans_may_be_words(given: object, read: bool) -> None:
    assert check("set_group_whole_ban", {"group_id": 1, "enable": given})["enable"] is read


def test_parameters_beyond_the_standard_stay() -> None:
    assert check("get_msg", {"message_id": 5, "timeout": [1]})["timeout"] == [1]


def test_the_callers_parameters_are_left_alone() -> None:
    params = {"message_id": 5}
    check("get_msg", params)
    assert params == {"message_id": 5}


@pytest.mark.parametrize("message", ["hi", [], {"type": "text"}])
def test_a_message_may_have_any_form(message: object) -> None:
    assert check("send_group_msg", {"group_id": 1, "message": message})["message"] == message


@pytest.mark.parametrize(
    ("action", "params", "key"),
    [
        ("delete_msg", {}, "message_id"),
        ("delete_msg", {"message_id": None}, "message_id"),
        ("delete_msg", {"message_id": ""}, "message_id"),
        ("delete_msg", {"message_id": True}, "message_id"),
        ("delete_msg", {"message_id": 1.5}, "message_id"),
        ("send_group_msg", {"group_id": 1, "message": 5}, "message"),
        ("set_group_name", {"group_id": 1, "group_name": []}, "group_name"),
        ("set_group_ban", MEMBER | {"duration": "long"}, "duration"),
        ("set_group_ban", MEMBER | {"duration": []}, "duration"),
        ("set_group_ban", MEMBER | {"duration": 1e999}, "duration"),
        ("set_group_whole_ban", {"group_id": 1, "enable": "maybe"}, "enable"),
        (".handle_quick_operation", {"context": "x", "operation": {}}, "context"),
    ],
)
def test_a_wrong_parameter_is_named(action: str, params: dict[str, Any], key: str) -> None:
    with pytest.raises(UsageError, match=f"^{key} is "):
        check(action, params)


def test_an_unknown_action_is_not_found() -> None:
    with pytest.raises(NotFound):
        check("never_heard_of", {})
