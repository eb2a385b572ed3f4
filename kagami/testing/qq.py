"""What was said in the chats of an account, with NapCat's history actions."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from typing import Any

from kagami.testing.onebot import USER, Params, Silence, number


class Chats:
    """`messages` are by chat, `("group" or "private", id)`, the oldest first, as events."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.messages: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.deaf = False  # sends are made and never answered
        self._numbers = count(70_001)
        self.answers: dict[str, Callable[[Params], Any]] = {
            "send_group_msg": lambda params: self._sent("group", params),
            "send_private_msg": lambda params: self._sent("private", params),
            "get_group_msg_history": lambda params: self._history("group", params, "group_id"),
            "get_friend_msg_history": lambda params: self._history("private", params, "user_id"),
            "delete_msg": lambda _: None,
        }

    def say(self, text: str, *, user: str = USER, group: str | None = None) -> dict[str, Any]:
        """The frame of what a person says."""
        place: dict[str, Any] = {"message_type": "private", "sub_type": "friend"}
        if group is not None:
            place = {"message_type": "group", "sub_type": "normal", "group_id": number(group)}
        chat = ("private", user) if group is None else ("group", group)
        return self._add(chat, "message", user, [{"type": "text", "data": {"text": text}}], place)

    def _sent(self, kind: str, params: Params) -> Any:
        key = "group_id" if kind == "group" else "user_id"
        chat = (kind, str(params[key]))
        place = {"message_type": kind, "sub_type": "normal", key: params[key], "message_sent_type": "self"}
        frame = self._add(chat, "message_sent", self.account, params["message"], place)
        if self.deaf:
            raise Silence
        return {"message_id": frame["message_id"]}

    def _add(
        self, chat: tuple[str, str], post_type: str, user: str, message: Any, place: dict[str, Any]
    ) -> dict[str, Any]:
        message_id = next(self._numbers)
        frame = {
            "self_id": number(self.account),
            "user_id": number(user),
            "time": int(time.time()),
            "message_id": message_id,
            "message_seq": message_id,
            "real_id": message_id,
            "sender": {"user_id": number(user), "nickname": "Mira", "card": "", "role": "member"},
            "raw_message": "",
            "font": 14,
            "message": message,
            "message_format": "array",
            "post_type": post_type,
        } | place
        self.messages.setdefault(chat, []).append(frame)
        return frame

    def _history(self, kind: str, params: Params, key: str) -> Any:
        """From a message on towards now, or with `reverse_order` backwards; that message is one of them.

        Without one the newest, whatever the order. NapCat 4.18 lists them the oldest first both ways.
        """
        found = self.messages.get((kind, str(params[key])), [])
        amount, start = int(params.get("count", 20)), str(params.get("message_seq") or "")
        if start:
            ids = [str(each["message_id"]) for each in found]
            if start not in ids:
                return {"messages": []}
            at, back = ids.index(start), params.get("reverse_order") or params.get("reverseOrder")
            found = found[: at + 1] if back else found[at : at + amount]
        return {"messages": found[-amount:]}
