"""Calls by the names of OneBot 11, as far as Telegram has the thing, and Telegram's own by their own names.

Ids in answers are text. A raw call is spelled as Telegram spells it (`sendPoll`, `editMessageText`), with Telegram's
parameters; a parameter that reads `media:…` is uploaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from kagami.adapters.telegram.places import Target, read_target
from kagami.adapters.telegram.write import Request
from kagami.errors import Refused, UsageError
from kagami.onebot.actions import ACTIONS, check

# A shorter ban would last for ever.
SHORTEST_BAN_S = 31
FILES = {"get_file": "file", "get_image": "file", "get_record": "file"}
# They would take the updates away from this connection.
_OURS = frozenset({"getupdates", "setwebhook", "deletewebhook", "logout", "close"})
_RAW = re.compile(r"[A-Za-z][A-Za-z0-9]{1,63}", re.ASCII)
_MAY_SPEAK = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
)
_ADMIN_MAY = (
    "can_delete_messages",
    "can_invite_users",
    "can_manage_chat",
    "can_pin_messages",
    "can_restrict_members",
)
_ROLES = {"creator": "owner", "administrator": "admin"}

Params = Mapping[str, Any]


class Plan(NamedTuple):
    """Requests, one after the other, and what their results mean together."""

    requests: Sequence[Request]
    read: Callable[[Sequence[Any]], Any]


def is_known(name: str) -> bool:
    """Whether something is asked for a call of this name, of the standard or as a method of Telegram's."""
    return name in _PLANS or _RAW.fullmatch(name) is not None


def plan(name: str, params: Params, now_s: int) -> Plan:
    """What is to be asked for a call that is known; `Refused` where that is not for callers or a parameter is wrong."""
    make = _PLANS.get(name)
    if make is not None:
        return make(check(name, params) if name in ACTIONS else params, now_s)
    if name.lower() in _OURS:
        raise Refused(reason=f"{name} is not for callers: it would take the updates away from Kagami.")
    if _names_local_file(dict(params)):
        raise Refused(reason="Files of the machine that Telegram's server runs on are not for callers.")
    return Plan((Request(name, dict(params)),), _only)


def _names_local_file(value: Any) -> bool:
    """A server of one's own that runs with `--local` reads them: https://github.com/tdlib/telegram-bot-api#usage.

    The media of an album may be given as JSON in a text.
    """
    match value:
        case str():
            if value[:1] not in ("[", "{"):
                return value.startswith("file:/")
            try:
                return _names_local_file(msgspec.json.decode(value))
            except (msgspec.DecodeError, RecursionError):
                return False
        case dict():
            return any(_names_local_file(each) for each in value.values())
        case list() | tuple():
            return any(_names_local_file(each) for each in value)
    return False


def _only(results: Sequence[Any]) -> Any:
    return results[0]


def _nothing(_results: Sequence[Any]) -> None:
    """These calls of the standard answer nothing."""


def _one(method: str, **params: Any) -> Plan:
    return Plan((Request(method, params),), _nothing)


def _group(params: Params) -> int | str:
    return _place(params, "group_id").chat


def _place(params: Params, key: str) -> Target:
    target = read_target(str(params[key]))
    if target is None:
        raise UsageError(reason=f"{key} is no id of Telegram's")
    return target


def _user(params: Params) -> int:
    number = _place(params, "user_id").chat
    if not isinstance(number, int):
        raise UsageError(reason="user_id is no id of a user of Telegram's")
    return number


# --- questions -------------------------------------------------------------------------------------------------------


def _login(_params: Params, _now_s: int) -> Plan:
    return Plan((Request("getMe", {}),), lambda found: _person(found[0]))


def _person(user: Any) -> dict[str, Any]:
    name = f"{user.get('first_name', '')} {user.get('last_name', '')}".strip()
    return {"user_id": str(user.get("id", "")), "nickname": name, "sex": "unknown", "age": 0}


def _stranger(params: Params, _now_s: int) -> Plan:
    return Plan((Request("getChat", {"chat_id": _user(params)}),), lambda found: _person(found[0]))


def _group_about(params: Params, _now_s: int) -> Plan:
    asked = {"chat_id": _group(params)}

    def read(found: Sequence[Any]) -> dict[str, Any]:
        chat, count = found
        name = chat.get("title", "")
        return {"group_id": str(chat.get("id", "")), "group_name": name, "member_count": count, "max_member_count": 0}

    return Plan((Request("getChat", asked), Request("getChatMemberCount", asked)), read)


def _member(params: Params, _now_s: int) -> Plan:
    group = _group(params)
    request = Request("getChatMember", {"chat_id": group, "user_id": _user(params)})
    return Plan((request,), lambda found: _member_of(group, found[0]))


def _members(params: Params, _now_s: int) -> Plan:
    """The administrators: of others bots get no list."""
    group = _group(params)
    request = Request("getChatAdministrators", {"chat_id": group})
    return Plan((request,), lambda found: [_member_of(group, each) for each in found[0]])


def _member_of(group: int | str, member: Any) -> dict[str, Any]:
    title = member.get("custom_title", "")
    role = _ROLES.get(member.get("status", ""), "member")
    return {"group_id": str(group)} | _person(member.get("user", {})) | {"card": "", "role": role, "title": title}


# --- deeds -----------------------------------------------------------------------------------------------------------


def _kick(params: Params, _now_s: int) -> Plan:
    """Who may come again is let in again at once."""
    who = {"chat_id": _group(params), "user_id": _user(params)}
    ban = Request("banChatMember", who)
    if params["reject_add_request"]:
        return Plan((ban,), _nothing)
    return Plan((ban, Request("unbanChatMember", who | {"only_if_banned": True})), _nothing)


def _ban(params: Params, now_s: int) -> Plan:
    seconds = params["duration"]
    who = {"chat_id": _group(params), "user_id": _user(params), "permissions": _speech(may=seconds <= 0)}
    return _one(
        "restrictChatMember", **who, **({"until_date": now_s + max(seconds, SHORTEST_BAN_S)} if seconds > 0 else {})
    )


def _whole_ban(params: Params, _now_s: int) -> Plan:
    return _one("setChatPermissions", chat_id=_group(params), permissions=_speech(may=not params["enable"]))


def _speech(*, may: bool) -> dict[str, bool]:
    return dict.fromkeys(_MAY_SPEAK, may)


def _admin(params: Params, _now_s: int) -> Plan:
    rights = dict.fromkeys(_ADMIN_MAY, params["enable"])
    return _one("promoteChatMember", chat_id=_group(params), user_id=_user(params), **rights)


def _title(params: Params, _now_s: int) -> Plan:
    who = {"chat_id": _group(params), "user_id": _user(params)}
    return _one("setChatAdministratorCustomTitle", **who, custom_title=params["special_title"])


def _rename(params: Params, _now_s: int) -> Plan:
    return _one("setChatTitle", chat_id=_group(params), title=params["group_name"])


def _leave(params: Params, _now_s: int) -> Plan:
    return _one("leaveChat", chat_id=_group(params))


def _join(params: Params, _now_s: int) -> Plan:
    """`flag` is `<chat id>/<user id>`, the `message_id` of the request."""
    flag = _place(params, "flag")
    method = "approveChatJoinRequest" if params["approve"] else "declineChatJoinRequest"
    return _one(method, chat_id=flag.chat, user_id=flag.number)


_PLANS: dict[str, Callable[[Params, int], Plan]] = {
    "get_login_info": _login,
    "get_stranger_info": _stranger,
    "get_group_info": _group_about,
    "get_group_member_info": _member,
    "get_group_member_list": _members,
    "set_group_kick": _kick,
    "set_group_ban": _ban,
    "set_group_whole_ban": _whole_ban,
    "set_group_admin": _admin,
    "set_group_special_title": _title,
    "set_group_name": _rename,
    "set_group_leave": _leave,
    "set_group_add_request": _join,
}
