"""Calls by OneBot 11's names, translated, and Feishu's own as they are.

A call of Feishu is spelled `"GET /open-apis/im/v1/chats"`: the parameters are its query for GET and DELETE, and its
JSON body otherwise; where both are needed they are `{"query": {…}, "body": {…}}`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import msgspec

from kagami import __version__
from kagami.adapters.feishu.content import Reader, read_content
from kagami.adapters.feishu.media import Files
from kagami.adapters.feishu.recent import Recent
from kagami.adapters.feishu.rest import Rest
from kagami.adapters.feishu.wire import ROBOTS, WireMention
from kagami.errors import Declined, KagamiError, UsageError
from kagami.model.ids import split_id
from kagami.onebot.actions import ACTIONS, check
from kagami.onebot.write import write_message

PAGES = 50
_LONGEST_NUMBER = 18
CHATS = "/open-apis/im/v1/chats"
_RAW = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/open-apis/[\w./:-]{1,300})", re.ASCII)
_OPEN = {"user_id_type": "open_id"}


class _Page(msgspec.Struct, frozen=True):
    items: list[dict[str, Any]] = []
    has_more: bool = False
    page_token: str = ""


class _Body(msgspec.Struct, frozen=True):
    content: str = ""


class _From(msgspec.Struct, frozen=True):
    id: str = ""
    sender_type: str = ""


class _Chat(msgspec.Struct, frozen=True):
    name: str = ""
    owner_id: str = ""
    user_manager_id_list: list[str] | None = None
    user_count: str | int = 0
    bot_count: str | int = 0


class _User(msgspec.Struct, frozen=True):
    name: str = ""
    gender: int = 0


class _Found(msgspec.Struct, frozen=True):
    user: _User = _User()


class _Message(msgspec.Struct, frozen=True):
    message_id: str
    msg_type: str = ""
    create_time: str | int = 0
    chat_id: str = ""
    parent_id: str = ""
    sender: _From = _From()
    body: _Body = _Body()
    mentions: list[WireMention] = []


class _Messages(msgspec.Struct, frozen=True):
    items: list[_Message] = []


class Calls:
    """`names` gives the account's id, its open id and its name, as far as they are known; `recent` where things were
    said.
    """

    def __init__(self, rest: Rest, files: Files, names: Callable[[], tuple[str, str, str]], recent: Recent) -> None:
        self._rest = rest
        self._files = files
        self._names = names
        self._recent = recent
        self._known: dict[str, Callable[[dict[str, Any]], Awaitable[Any]]] = {
            "get_login_info": self._login,
            "get_stranger_info": self._stranger,
            "get_group_info": self._group,
            "get_group_list": self._groups,
            "get_group_member_list": self._members,
            "get_group_member_info": self._member,
            "set_group_kick": self._kick,
            "set_group_whole_ban": self._mute_all,
            "set_group_admin": self._admin,
            "set_group_name": self._rename,
            "set_group_leave": self._leave,
            "get_msg": self._message,
            "get_image": self._file,
            "get_record": self._file,
            "get_file": self._file,
            "can_send_image": self._yes,
            "can_send_record": self._yes,
            "get_status": self._status,
            "get_version_info": self._version,
        }

    async def call(self, name: str, params: Mapping[str, Any]) -> Any:
        """What the call returned. `UsageError` for wrong parameters, `Declined` for what Feishu does not have."""
        if (raw := _RAW.fullmatch(name)) is not None:
            return await self._raw(raw[1], raw[2], dict(params))
        known = self._known.get(name)
        if known is None:
            raise Declined(what="Feishu", reason=f"there is nothing like {name[:60]} there", number="unsupported")
        return await known(check(name, params) if name in ACTIONS else dict(params))

    async def _raw(self, method: str, path: str, params: dict[str, Any]) -> Any:
        if path.startswith("/open-apis/auth/") or "/." in path or "//" in path:
            raise Declined(what="Kagami", reason="calls for tokens are its own", number="forbidden")
        if params and params.keys() <= {"query", "body"}:
            query, body = params.get("query") or {}, params.get("body")
        else:
            query, body = (params, None) if method in ("GET", "DELETE") else ({}, params)
        words = {str(key): str(value) for key, value in query.items()}
        return await self._rest.ask(method, path, object, params=words, json=body)

    async def _pages(self, path: str, params: Mapping[str, str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        token = ""
        for _ in range(PAGES):
            more = {"page_token": token} if token else {}
            page = await self._rest.ask("GET", path, _Page, params={**params, "page_size": "100", **more})
            found += page.items
            token = page.page_token
            if not page.has_more or not token:
                break
        return found

    # --- the account, people ---

    async def _login(self, _params: dict[str, Any]) -> Any:
        account, _, name = self._names()
        return {"user_id": account, "nickname": name}

    async def _stranger(self, params: dict[str, Any]) -> Any:
        path = f"/open-apis/contact/v3/users/{_part(params['user_id'])}"
        user = (await self._rest.ask("GET", path, _Found, params=_OPEN)).user
        sex = {1: "male", 2: "female"}.get(user.gender, "unknown")
        return {"user_id": params["user_id"], "nickname": user.name, "sex": sex, "age": 0}

    # --- groups ---

    async def _group(self, params: dict[str, Any]) -> Any:
        found = await self._chat(params["group_id"])
        count = _number(found.user_count) + _number(found.bot_count)
        return {
            "group_id": params["group_id"],
            "group_name": found.name,
            "member_count": count,
            "max_member_count": 0,
        }

    async def _chat(self, group: str) -> _Chat:
        return await self._rest.ask("GET", f"{CHATS}/{_part(group)}", _Chat, params=_OPEN)

    async def _groups(self, _params: dict[str, Any]) -> Any:
        found = await self._pages(CHATS, _OPEN)
        return [
            {
                "group_id": each.get("chat_id", ""),
                "group_name": each.get("name", ""),
                "member_count": 0,
                "max_member_count": 0,
            }
            for each in found
            if each.get("chat_mode") != "p2p"
        ]

    async def _members(self, params: dict[str, Any]) -> Any:
        group = params["group_id"]
        chat = await self._chat(group)
        roles = dict.fromkeys(chat.user_manager_id_list or (), "admin") | {chat.owner_id: "owner"}
        found = await self._pages(f"{CHATS}/{_part(group)}/members", {"member_id_type": "open_id"})
        return [
            {
                "group_id": group,
                "user_id": each.get("member_id", ""),
                "nickname": each.get("name", ""),
                "card": "",
                "role": roles.get(each.get("member_id", ""), "member"),
            }
            for each in found
        ]

    async def _member(self, params: dict[str, Any]) -> Any:
        found = [each for each in await self._members(params) if each["user_id"] == params["user_id"]]
        if not found:
            raise Declined(what="Feishu", reason="the user is not in this group", number="not_found")
        return found[0]

    async def _kick(self, params: dict[str, Any]) -> Any:
        return await self._remove(params["group_id"], params["user_id"], "open_id")

    async def _remove(self, group: str, member: str, kind: str) -> Any:
        path = f"{CHATS}/{_part(group)}/members"
        await self._rest.ask("DELETE", path, object, params={"member_id_type": kind}, json={"id_list": [member]})

    async def _mute_all(self, params: dict[str, Any]) -> Any:
        setting = {"moderation_setting": "only_owner" if params["enable"] else "all_members"}
        await self._rest.ask("PUT", f"{CHATS}/{_part(params['group_id'])}/moderation", object, json=setting)

    async def _admin(self, params: dict[str, Any]) -> Any:
        verb = "add_managers" if params["enable"] else "delete_managers"
        path = f"{CHATS}/{_part(params['group_id'])}/managers/{verb}"
        given = {"manager_ids": [params["user_id"]]}
        await self._rest.ask("POST", path, object, params={"member_id_type": "open_id"}, json=given)

    async def _rename(self, params: dict[str, Any]) -> Any:
        path = f"{CHATS}/{_part(params['group_id'])}"
        await self._rest.ask("PUT", path, object, json={"name": params["group_name"]})

    async def _leave(self, params: dict[str, Any]) -> Any:
        group = params["group_id"]
        if params["is_dismiss"]:
            await self._rest.ask("DELETE", f"{CHATS}/{_part(group)}", object)
        else:
            await self._remove(group, self._names()[0], "app_id")

    # --- messages, files ---

    async def _message(self, params: dict[str, Any]) -> Any:
        path = f"/open-apis/im/v1/messages/{_part(params['message_id'])}"
        found = await self._rest.ask("GET", path, _Messages, params=_OPEN)
        if not found.items:
            raise Declined(what="Feishu", reason="there is no such message", number="not_found")
        message = found.items[0]
        account, open_id, name = self._names()
        ours = message.sender.id == account
        spot = self._recent.spot(message.message_id)
        kind, chat = split_id(spot.chat if spot else self._recent.chat(message.chat_id))
        reader = Reader(message.message_id, {each.key: each for each in message.mentions}, open_id, account)
        return {
            "message_type": kind,
            "message_id": message.message_id,
            "real_id": message.message_id,
            "time": _number(message.create_time) // 1000,
            "sender": {"user_id": message.sender.id, "nickname": name if ours else await self._called(message.sender)},
            "message": write_message(read_content(message.msg_type, message.body.content, reader)),
            **({"group_id": chat} if kind == "group" else {}),
        }

    async def _called(self, sender: _From) -> str:
        """Empty where Feishu does not tell: for other robots, and without the permission."""
        if sender.sender_type in ROBOTS or not sender.id:
            return ""
        with suppress(KagamiError):
            return str((await self._stranger({"user_id": sender.id}))["nickname"])
        return ""

    async def _file(self, params: dict[str, Any]) -> Any:
        name = str(params.get("file") or params.get("file_id") or "")
        if not name:
            raise UsageError(reason="file is missing")
        return {"file": await self._files.fetch(name)}

    # --- what implementations say of themselves ---

    async def _yes(self, _params: dict[str, Any]) -> Any:
        return {"yes": True}

    async def _status(self, _params: dict[str, Any]) -> Any:
        return {"online": True, "good": True}

    async def _version(self, _params: dict[str, Any]) -> Any:
        return {"app_name": "Kagami", "app_version": __version__, "protocol_version": "v11"}


def _number(told: str | int) -> int:
    text = str(told)
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else 0


def _part(name: str) -> str:
    """An id as a part of a path."""
    return quote(str(name), safe="")
