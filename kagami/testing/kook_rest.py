"""The answers of KOOK's HTTP interface, for `kagami.testing.kook`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

Json = dict[str, Any]

LONGEST_TEXT = 8000
LONGEST_SECTION = 5000
MOST_CARDS = 5
MOST_MODULES = 50
MOST_IMAGES = 9
TYPES = (1, 2, 3, 4, 9, 10)
MEDIA = (2, 3, 4)


class Nope(Exception):
    """An answer with a code."""

    def __init__(
        self, code: int, message: str, *, status: int = 200, reset: float | None = None, everything: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self._reset = reset
        self._everything = everything

    def headers(self, path: str) -> dict[str, str]:
        if self._reset is None:
            return {}
        found = {"X-Rate-Limit-Remaining": "0", "X-Rate-Limit-Reset": f"{self._reset:g}"}
        found["X-Rate-Limit-Bucket"] = path.strip("/")
        return found | ({"X-Rate-Limit-Global": ""} if self._everything else {})


class Home(Protocol):
    url: str

    @property
    def gateway_url(self) -> str: ...

    def number(self, prefix: str = ...) -> str: ...


class Rest:
    """`messages` are ids with the channel or user of each; `assets` the content of what was uploaded, by address."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.users: dict[str, Json] = {}
        self.channels: dict[str, Json] = {}
        self.guilds: dict[str, Json] = {}
        self.messages: dict[str, str] = {}
        self.shown: dict[str, Json] = {}
        self.assets: dict[str, bytes] = {}
        self.me: Json = {"id": "2400000001", "username": "小镜", "identify_num": "0001", "bot": True}
        self.populate()

    def populate(self) -> None:
        self.guilds["7000000000000001"] = {"id": "7000000000000001", "name": "镜子", "user_id": "2400000042"}
        for number, (kind, name) in enumerate([(0, "分组"), (1, "闲聊"), (2, "语音")]):
            channel = f"600000000000000{number}"
            self.channels[channel] = {
                "id": channel,
                "guild_id": "7000000000000001",
                "name": name,
                "type": kind,
                "is_category": kind == 0,
            }
        for user, name in (("2400000042", "tz-un"), ("2400000043", "second")):
            self.users[user] = {
                "id": user,
                "username": name,
                "nickname": f"nick of {name}",
                "bot": False,
                "joined_at": 1_573_816_459_000,
                "active_time": 1_628_229_821_490,
                "is_master": user == "2400000042",
                "roles": [],
            }

    def answer(self, method: str, path: str, fields: Json) -> Any:
        found = _ANSWERS.get(f"{method} {path}")
        if found is None:
            raise Nope(404, "接口不存在", status=404)
        return found(self, fields)

    # --- reading ---

    def gateway(self, fields: Json) -> Any:
        if fields.get("compress", "1") != "1":
            raise Nope(40000, "only compressed frames here")
        return {"url": self._home.gateway_url}

    def my_account(self, _: Json) -> Any:
        return self.me

    def user(self, fields: Json) -> Any:
        return self._known(self.users, fields, "user_id")

    def channel(self, fields: Json) -> Any:
        return self._known(self.channels, fields, "target_id")

    def channel_list(self, fields: Json) -> Any:
        self._known(self.guilds, fields, "guild_id")
        return self._page(list(self.channels.values()), fields)

    def guild_list(self, fields: Json) -> Any:
        return self._page(list(self.guilds.values()), fields)

    def guild(self, fields: Json) -> Any:
        return self._known(self.guilds, fields, "guild_id")

    def members(self, fields: Json) -> Any:
        self._known(self.guilds, fields, "guild_id")
        return self._page(list(self.users.values()), fields)

    def message(self, fields: Json) -> Any:
        return self._known(self.shown, fields, "msg_id")

    def _known(self, among: dict[str, Json], fields: Json, key: str) -> Json:
        if fields.get(key) not in among:
            raise Nope(40000, f"{key} 不存在")
        return among[fields[key]]

    def _page(self, items: list[Json], fields: Json) -> Json:
        """Two on a page, so that clients have to turn it."""
        page, size = int(fields.get("page", 1)), 2
        if int(fields.get("page_size", 50)) > 50:  # noqa: PLR2004 - the most there is
            raise Nope(40000, "page_size")
        meta = {"page": page, "page_total": -(-len(items) // size), "page_size": size, "total": len(items)}
        return {"items": items[(page - 1) * size : page * size], "meta": meta, "sort": []}

    # --- doing ---

    def say(self, fields: Json) -> Any:
        if fields.get("target_id") not in self.channels:
            raise Nope(40000, "频道不存在")
        return self._said(fields, fields.get("type", 9))

    def say_directly(self, fields: Json) -> Any:
        if fields.get("target_id") not in self.users:
            raise Nope(40000, "用户不存在")
        return self._said(fields, fields.get("type", 1))

    def _said(self, fields: Json, kind: Any) -> Json:
        content = fields.get("content")
        if kind not in TYPES:
            raise Nope(40000, "消息类型不支持")
        if not isinstance(content, str) or not content.strip():
            raise Nope(40000, "content 不能为空")
        if kind in MEDIA and content not in self.assets:
            raise Nope(40000, "找不到资源")
        if kind == 10:  # noqa: PLR2004 - a card
            self._check_cards(content)
        elif len(content) > LONGEST_TEXT:
            raise Nope(40000, "content 过长")
        if "quote" in fields and fields["quote"] not in self.messages:
            raise Nope(40000, "引用的消息不存在")
        number = self._home.number()
        self.messages[number] = fields["target_id"]
        return {"msg_id": number, "msg_timestamp": 1_760_000_000_000, "nonce": fields.get("nonce", "")}

    def _check_cards(self, content: str) -> None:
        try:
            cards = json.loads(content)
        except ValueError:
            raise Nope(40000, "卡片格式错误") from None
        sound = isinstance(cards, list) and cards and all(card.get("type") == "card" for card in cards)
        modules = [module for card in cards for module in card["modules"]] if sound else []
        if not sound or len(cards) > MOST_CARDS or len(modules) > MOST_MODULES:
            raise Nope(40000, "卡片格式错误")
        for module in modules:
            self._check_module(module)

    def _check_module(self, module: Json) -> None:
        shown = module.get("elements", [])
        sources = {each["src"] for each in [*shown, module] if "src" in each}
        if len(shown) > MOST_IMAGES or not self.assets.keys() >= sources:
            raise Nope(40000, "找不到资源")
        if len(str(module.get("text", {}).get("content", ""))) > LONGEST_SECTION:
            raise Nope(40000, "卡片格式错误")

    def delete(self, fields: Json) -> Any:
        if self.messages.pop(str(fields.get("msg_id")), None) is None:
            raise Nope(40000, "消息不存在")
        return {}

    def upload(self, fields: Json) -> Any:
        if not isinstance(fields.get("file"), bytes) or not fields.get("name"):
            raise Nope(40000, "file 不能为空")
        url = f"{self._home.url}/assets/{self._home.number('a')}"
        self.assets[url] = fields["file"]
        return {"url": url}

    def kick(self, fields: Json) -> Any:
        self._known(self.guilds, fields, "guild_id")
        self._known(self.users, fields, "target_id")
        del self.users[fields["target_id"]]
        return {}

    def about_member(self, fields: Json) -> Any:
        self._known(self.guilds, fields, "guild_id")
        self._known(self.users, fields, "user_id")
        return {}

    def mute(self, fields: Json) -> Any:
        if fields.get("type") not in (1, 2):
            raise Nope(40000, "type")
        return self.about_member(fields)

    def leave(self, fields: Json) -> Any:
        self._known(self.guilds, fields, "guild_id")
        return {}

    def rename(self, fields: Json) -> Any:
        self._known(self.channels, fields, "channel_id")["name"] = fields["name"]
        return self.channels[fields["channel_id"]]

    def react(self, fields: Json) -> Any:
        if fields.get("msg_id") not in self.messages or not fields.get("emoji"):
            raise Nope(40000, "消息不存在")
        return {}


_ANSWERS: dict[str, Callable[[Rest, Json], Any]] = {
    "GET /gateway/index": Rest.gateway,
    "GET /user/me": Rest.my_account,
    "GET /user/view": Rest.user,
    "GET /channel/view": Rest.channel,
    "GET /channel/list": Rest.channel_list,
    "GET /guild/list": Rest.guild_list,
    "GET /guild/view": Rest.guild,
    "GET /guild/user-list": Rest.members,
    "GET /message/view": Rest.message,
    "POST /message/create": Rest.say,
    "POST /direct-message/create": Rest.say_directly,
    "POST /message/delete": Rest.delete,
    "POST /direct-message/delete": Rest.delete,
    "POST /message/add-reaction": Rest.react,
    "POST /asset/create": Rest.upload,
    "POST /guild/kickout": Rest.kick,
    "POST /guild/nickname": Rest.about_member,
    "POST /guild/leave": Rest.leave,
    "POST /guild-mute/create": Rest.mute,
    "POST /guild-mute/delete": Rest.mute,
    "POST /channel/update": Rest.rename,
}
