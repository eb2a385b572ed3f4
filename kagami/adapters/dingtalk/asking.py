"""Calls by their OneBot names where DingTalk has the thing, and raw ones by path."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from kagami.adapters.dingtalk.answers import Outcome
from kagami.adapters.dingtalk.conversations import Conversations
from kagami.adapters.dingtalk.robot import Robot
from kagami.adapters.kit import Kit
from kagami.errors import UsageError
from kagami.model.action import Failed, Receipt, Sent, Unknown
from kagami.onebot.actions import ACTIONS, check

METHODS = ("GET", "POST", "PUT", "DELETE")
LARGEST_FILE = 100 * 1024 * 1024
REFERENCE = "media:"

Params = dict[str, Any]
Answer = Callable[[Params], Awaitable[Receipt]]


class Asking:
    """Groups are known as far as the robot was spoken to in them: DingTalk has no list of them."""

    def __init__(self, robot: Robot, conversations: Conversations, kit: Kit, name: Callable[[], str]) -> None:
        self._robot = robot
        self._conversations = conversations
        self._kit = kit
        self._name = name
        self._answers: dict[str, Answer] = {
            "get_login_info": self._myself,
            "get_stranger_info": self._user,
            "get_group_member_info": self._member,
            "get_group_info": self._group,
            "get_group_list": self._groups,
            "get_file": self._file,
            "get_image": self._file,
            "get_record": self._file,
            "can_send_image": self._yes,
            "can_send_record": self._yes,
        }

    async def answer(self, name: str, params: Params) -> Receipt:
        known = self._answers.get(name)
        if known is not None:
            try:
                return await known(check(name, params) if name in ACTIONS else params)
            except UsageError as error:
                return Failed(error.text(), "1400")
        method, _, path = name.partition(" ")
        if method in METHODS and path.startswith("/"):
            return await self._raw(method, path, params)
        if name in ACTIONS:
            return Failed(f"DingTalk lets robots do nothing like {name}", "unsupported")
        return Failed(f"{name[:80]} is no call: write one as POST /v1.0/…", "unsupported")

    async def _raw(self, method: str, path: str, params: Params) -> Receipt:
        if method == "GET":
            outcome = await self._robot.ask(method, path, params={key: str(value) for key, value in params.items()})
        else:
            outcome = await self._robot.ask(method, path, json=params)
        return _told(outcome, outcome.body)

    async def _myself(self, _params: Params) -> Receipt:
        return Sent(result={"user_id": self._robot.code, "nickname": self._name()})

    async def _yes(self, _params: Params) -> Receipt:
        return Sent(result={"yes": True})

    async def _user(self, params: Params) -> Receipt:
        """Needs the right to read the enterprise's contacts: https://open.dingtalk.com/document/orgapp/query-user-details"""
        user = str(params["user_id"])
        outcome = await self._robot.ask("POST", "/topapi/v2/user/get", json={"userid": user, "language": "zh_CN"})
        found = outcome.body.get("result") if isinstance(outcome.body, dict) else None
        name = str(found.get("name") or "") if isinstance(found, dict) else ""
        return _told(outcome, {"user_id": user, "nickname": name, "sex": "unknown", "age": 0})

    async def _member(self, params: Params) -> Receipt:
        """DingTalk tells of the person, not of what it is in the group."""
        receipt = await self._user(params)
        if not isinstance(receipt, Sent):
            return receipt
        return Sent(result={**receipt.result, "group_id": str(params["group_id"]), "card": "", "role": "member"})

    async def _group(self, params: Params) -> Receipt:
        group = str(params["group_id"])
        title = self._conversations.title(f"group:{group}")
        if title is None:
            why = "nobody has spoken to the robot in this group yet, and DingTalk does not tell of it"
            return Failed(why, "unsupported")
        return Sent(result=_shown(group, title))

    async def _groups(self, _params: Params) -> Receipt:
        return Sent(result=[_shown(group, title) for group, title in self._conversations.groups().items()])

    async def _file(self, params: Params) -> Receipt:
        """By the code that a message has where its file was too large to come at once."""
        code = str(params.get("file") or params.get("file_id") or "")
        if not code:
            raise UsageError(reason="file is missing")
        if code.startswith(REFERENCE):
            return Sent(result={"file": code})
        content = await self._robot.download(code, largest=LARGEST_FILE)
        return Sent(result={"file": await self._kit.media.keep(content), "file_size": len(content)})


def _shown(group: str, title: str) -> Params:
    return {"group_id": group, "group_name": title, "member_count": 0, "max_member_count": 0}


def _told(outcome: Outcome, result: Any) -> Receipt:
    if outcome.state == "done":
        return Sent(result=result)
    return Unknown(outcome.reason) if outcome.state == "unclear" else Failed(outcome.reason, outcome.code)
