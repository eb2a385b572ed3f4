"""OneBot 11's standard actions where KOOK has the thing, and raw calls (`GET /path`, `POST /path`).

A text channel stands where OneBot has a group; what belongs to the server around it (members, kicks) is done there.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from kagami.adapters.kook.client import Client
from kagami.adapters.kook.codec import read_message
from kagami.errors import Declined
from kagami.model.action import Call, Failed, Receipt, Sent
from kagami.onebot.actions import ACTIONS, check
from kagami.onebot.write import write_message

TEXT_CHANNEL = 1
MICROPHONE = 1
MOST_CHANNELS = 1000
_PATH = re.compile(r"(?:/[A-Za-z0-9_-]{1,64}){1,5}", re.ASCII)
# What they tell lets others in as the bot, or sends it away.
_OWN_PATHS = ("/gateway/", "/oauth2/", "/user/offline")

Params = dict[str, Any]


class Calls:
    def __init__(self, client: Client) -> None:
        self._client = client
        self._guilds: dict[str, str] = {}
        self._known: dict[str, Callable[[Params], Awaitable[Any]]] = {
            "get_login_info": self._login,
            "get_stranger_info": self._user,
            "get_group_info": self._channel,
            "get_group_list": self._channels,
            "get_group_member_info": self._member,
            "get_group_member_list": self._members,
            "set_group_kick": self._kick,
            "set_group_ban": self._mute,
            "set_group_card": self._rename_member,
            "set_group_name": self._rename,
            "set_group_leave": self._leave,
            "get_msg": self._message,
            "delete_msg": self._delete,
        }

    async def call(self, action: Call) -> Receipt:
        """`Failed` for what KOOK does not have."""
        method, _, path = action.name.partition(" ")
        if method in ("GET", "POST") and path.startswith("/"):
            if _PATH.fullmatch(path) is None or path.startswith(_OWN_PATHS):
                return Failed("this call is Kagami's own, or none of KOOK's", "forbidden")
            return Sent(result=await self._raw(method, path, action.params))
        known = self._known.get(action.name)
        if known is None:
            return Failed(f"KOOK has no {action.name}", "unsupported")
        params = check(action.name, action.params) if action.name in ACTIONS else action.params
        return Sent(result=await known(params))

    async def _raw(self, method: str, path: str, params: Params) -> Any:
        if method == "POST":
            return await self._client.ask("POST", path, json=params)
        return await self._get(path, **{key: _spelled(value) for key, value in params.items()})

    async def _get(self, path: str, **params: str) -> Any:
        return await self._client.ask("GET", path, params=params)

    async def _object(self, path: str, **params: str) -> Params:
        found = await self._get(path, **params)
        if not isinstance(found, dict):
            raise Declined(what="KOOK", reason="its answer is empty", number="")
        return found

    async def _post(self, path: str, **body: Any) -> None:
        await self._client.ask("POST", path, json=body)

    async def _guild(self, channel: str) -> str:
        """The server of a channel; it never changes."""
        known = self._guilds.get(channel)
        if known is None:
            if len(self._guilds) >= MOST_CHANNELS:
                self._guilds.clear()
            found = await self._object("/channel/view", target_id=channel)
            known = self._guilds[channel] = str(found.get("guild_id", ""))
        return known

    # --- what is asked ---

    async def _login(self, _: Params) -> Any:
        me = await self._object("/user/me")
        return {"user_id": str(me.get("id", "")), "nickname": me.get("username", "")}

    async def _user(self, params: Params) -> Any:
        return _stranger(await self._object("/user/view", user_id=params["user_id"]))

    async def _channel(self, params: Params) -> Any:
        return _group(await self._object("/channel/view", target_id=params["group_id"]))

    async def _channels(self, _: Params) -> Any:
        return [
            _group(channel)
            async for guild in self._client.pages("/guild/list", {})
            async for channel in self._client.pages("/channel/list", {"guild_id": str(guild.get("id", ""))})
            if channel.get("type") == TEXT_CHANNEL and not channel.get("is_category")
        ]

    async def _member(self, params: Params) -> Any:
        guild = await self._guild(params["group_id"])
        found = await self._object("/user/view", user_id=params["user_id"], guild_id=guild)
        return _member(found, params["group_id"])

    async def _members(self, params: Params) -> Any:
        channel = params["group_id"]
        asked = {"guild_id": await self._guild(channel), "channel_id": channel}
        return [_member(each, channel) async for each in self._client.pages("/guild/user-list", asked)]

    async def _message(self, params: Params) -> Any:
        found = await self._object("/message/view", msg_id=params["message_id"])
        author = found.get("author")
        message = read_message(int(found.get("type") or 0), found.get("content"), found)
        return {
            "message_id": params["message_id"],
            "real_id": params["message_id"],
            "message_type": "group",
            "group_id": str(found.get("channel_id", "")),
            "time": int(found.get("create_at") or 0) // 1000,
            "sender": _stranger(author if isinstance(author, dict) else {}),
            "message": write_message(message),
        }

    # --- what is done ---

    async def _kick(self, params: Params) -> None:
        await self._post("/guild/kickout", guild_id=await self._guild(params["group_id"]), target_id=params["user_id"])

    async def _mute(self, params: Params) -> None:
        """Of the microphone: a text cannot be forbidden, and there is no end to it but the next call."""
        guild, path = await self._guild(params["group_id"]), "create" if params["duration"] > 0 else "delete"
        await self._post(f"/guild-mute/{path}", guild_id=guild, user_id=params["user_id"], type=MICROPHONE)

    async def _rename_member(self, params: Params) -> None:
        guild = await self._guild(params["group_id"])
        await self._post("/guild/nickname", guild_id=guild, user_id=params["user_id"], nickname=params["card"])

    async def _rename(self, params: Params) -> None:
        await self._post("/channel/update", channel_id=params["group_id"], name=params["group_name"])

    async def _leave(self, params: Params) -> None:
        await self._post("/guild/leave", guild_id=await self._guild(params["group_id"]))

    async def _delete(self, params: Params) -> None:
        await self._post("/message/delete", msg_id=params["message_id"])


def _spelled(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _stranger(user: Params) -> Params:
    name = user.get("username", "")
    return {"user_id": str(user.get("id", "")), "nickname": name, "sex": "unknown", "age": 0}


def _group(channel: Params) -> Params:
    return {
        "group_id": str(channel.get("id", "")),
        "group_name": channel.get("name", ""),
        "member_count": 0,
        "max_member_count": 0,
    }


def _member(user: Params, channel: str) -> Params:
    nickname, name = user.get("nickname") or "", user.get("username", "")
    return {
        **_stranger(user),
        "group_id": channel,
        "card": nickname if nickname != name else "",
        "join_time": int(user.get("joined_at") or 0) // 1000,
        "last_sent_time": int(user.get("active_time") or 0) // 1000,
        "role": "owner" if user.get("is_master") else "member",
        "level": "",
        "title": "",
        "unfriendly": False,
        "title_expire_time": 0,
        "card_changeable": True,
    }
