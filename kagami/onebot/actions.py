"""The calls of the standard: their parameters, and how a caller's values are read.

Everything scalar may come as a string: numbers in decimal, booleans as `true/false`, `yes/no`, `1/0`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from kagami.errors import NotFound, UsageError

Kind = Literal["id", "number", "flag", "text", "message", "object"]

_TRUE = ("true", "yes", "1")
_FALSE = ("false", "no", "0")
_TYPES: dict[Kind, tuple[type, ...]] = {"id": (str,), "text": (str,), "object": (dict,), "message": (str, dict, list)}


class Parameter(NamedTuple):
    """`needed` without a default; a `default` of None leaves the parameter out."""

    kind: Kind
    needed: bool = True
    default: Any = None


def _or(kind: Kind, default: Any) -> Parameter:
    return Parameter(kind, needed=False, default=default)


_ID = Parameter("id")
_TEXT = Parameter("text")
_MESSAGE = Parameter("message")
_MAYBE_ID = _or("id", None)
_NO = _or("flag", False)
_YES = _or("flag", True)
_EMPTY = _or("text", "")
_MAYBE_TEXT = _or("text", None)

Parameters = Mapping[str, Parameter]

_NONE: Parameters = {}
_GROUP: Parameters = {"group_id": _ID}
_MEMBER: Parameters = {"group_id": _ID, "user_id": _ID}

ACTIONS: dict[str, Parameters] = {
    "send_private_msg": {"user_id": _ID, "message": _MESSAGE, "auto_escape": _NO},
    "send_group_msg": {"group_id": _ID, "message": _MESSAGE, "auto_escape": _NO},
    "send_msg": {
        "message_type": _MAYBE_TEXT,
        "user_id": _MAYBE_ID,
        "group_id": _MAYBE_ID,
        "message": _MESSAGE,
        "auto_escape": _NO,
    },
    "delete_msg": {"message_id": _ID},
    "get_msg": {"message_id": _ID},
    "get_forward_msg": {"id": _TEXT},
    "send_like": {"user_id": _ID, "times": _or("number", 1)},
    "set_group_kick": {**_MEMBER, "reject_add_request": _NO},
    "set_group_ban": {**_MEMBER, "duration": _or("number", 1800)},
    "set_group_anonymous_ban": {
        **_GROUP,
        "anonymous": _or("object", None),
        "anonymous_flag": _MAYBE_TEXT,
        "flag": _MAYBE_TEXT,
        "duration": _or("number", 1800),
    },
    "set_group_whole_ban": {**_GROUP, "enable": _YES},
    "set_group_admin": {**_MEMBER, "enable": _YES},
    "set_group_anonymous": {**_GROUP, "enable": _YES},
    "set_group_card": {**_MEMBER, "card": _EMPTY},
    "set_group_name": {**_GROUP, "group_name": _TEXT},
    "set_group_leave": {**_GROUP, "is_dismiss": _NO},
    "set_group_special_title": {**_MEMBER, "special_title": _EMPTY, "duration": _or("number", -1)},
    "set_friend_add_request": {"flag": _TEXT, "approve": _YES, "remark": _EMPTY},
    "set_group_add_request": {
        "flag": _TEXT,
        "sub_type": _MAYBE_TEXT,
        "type": _MAYBE_TEXT,
        "approve": _YES,
        "reason": _EMPTY,
    },
    "get_login_info": _NONE,
    "get_stranger_info": {"user_id": _ID, "no_cache": _NO},
    "get_friend_list": _NONE,
    "get_group_info": {**_GROUP, "no_cache": _NO},
    "get_group_list": _NONE,
    "get_group_member_info": {**_MEMBER, "no_cache": _NO},
    "get_group_member_list": _GROUP,
    "get_group_honor_info": {**_GROUP, "type": _TEXT},
    "get_cookies": {"domain": _EMPTY},
    "get_csrf_token": _NONE,
    "get_credentials": {"domain": _EMPTY},
    "get_record": {"file": _TEXT, "out_format": _TEXT},
    "get_image": {"file": _TEXT},
    "can_send_image": _NONE,
    "can_send_record": _NONE,
    "get_status": _NONE,
    "get_version_info": _NONE,
    "set_restart": {"delay": _or("number", 0)},
    "clean_cache": _NONE,
    ".handle_quick_operation": {"context": Parameter("object"), "operation": Parameter("object")},
}


def check(name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a standard call: ids as text, numbers and booleans as such, defaults filled in.

    Parameters that the standard does not know stay as they are. `NotFound` for an action that it does not know,
    `UsageError` for a missing or wrong parameter.
    """
    known = ACTIONS.get(name)
    if known is None:
        raise NotFound(what="action", name=name)
    checked = dict(params)
    for key, parameter in known.items():
        value = checked.pop(key, None)
        if value is None:
            if parameter.needed:
                raise UsageError(reason=f"{key} is missing")
            value = parameter.default
        else:
            value = _read(key, parameter.kind, value)
        if value is not None:
            checked[key] = value
    return checked


def _read(key: str, kind: Kind, value: Any) -> Any:
    if kind == "number":
        return _read_number(key, value)
    if kind == "flag":
        return _read_flag(key, value)
    if kind in ("id", "text") and type(value) is int:
        return str(value)
    if not isinstance(value, _TYPES[kind]) or (kind == "id" and not value):
        raise UsageError(reason=f"{key} is not of the type {kind}")
    return value


def _read_number(key: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise UsageError(reason=f"{key} is not a number") from None


def _read_flag(key: str, value: Any) -> bool:
    word = str(value).lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise UsageError(reason=f"{key} is neither true nor false")
