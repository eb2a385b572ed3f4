"""What was said in a chat, by go-cqhttp's actions, which NapCat and its kin have too. Pure.

https://docs.go-cqhttp.org/api/#获取群消息历史记录
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

import msgspec

from kagami.errors import WireError
from kagami.model.action import Call, Send, Sent
from kagami.model.ids import BotId, ChatId, split_id
from kagami.model.message import Message
from kagami.model.segment import Face, Mention, Native, Reply, Text
from kagami.onebot.read import read_message
from kagami.onebot.wire import decode
from kagami.onebot.write import write_id

COUNT = 50
# Times are whole seconds of another clock.
SLACK_MS = 10_000
_ACTIONS = {"group": ("get_group_msg_history", "group_id"), "private": ("get_friend_msg_history", "user_id")}


class Own(NamedTuple):
    """A message that the account itself has sent."""

    message_id: str
    time_ms: int
    message: Message


def ask(bot: BotId, chat: ChatId, count: int = COUNT) -> Call | None:
    """The call for the newest messages of a chat; None for one of another kind."""
    kind, number = split_id(chat)
    if kind not in _ACTIONS:
        return None
    name, key = _ACTIONS[kind]
    return Call(bot, name, {key: write_id(number), "count": count})


def frames(result: object) -> Iterator[bytes]:
    """The messages of an answer, oldest first, each as the frame that would have brought it."""
    said = result.get("messages") if isinstance(result, dict) else None
    for each in said if isinstance(said, list) else ():
        if isinstance(each, dict) and each.get("message_id"):
            yield msgspec.json.encode({"post_type": "message"} | each)


def read_own(raw: bytes, account: str) -> Own | None:
    """A message of the account itself; None for what others have said."""
    try:
        frame = decode(raw)
    except WireError:
        return None
    by = frame.user_id or (frame.sender.user_id if frame.sender is not None else None)
    if str(by) != account or frame.message is None or not isinstance(frame.time, int):
        return None
    return Own(str(frame.message_id), frame.time * 1000, read_message(frame.message))


def find(send: Send, own: Collection[Own], since_ms: int, taken: Collection[str]) -> Sent | None:
    """The receipt of a send, when its message is there and belongs to no other one."""
    wanted = _shape(send.message)
    for each in own:
        if each.time_ms >= since_ms - SLACK_MS and each.message_id not in taken and _shape(each.message) == wanted:
            return Sent(each.message_id)
    return None


def _shape(message: Message) -> list[str]:
    """What of a message comes back as it went out. Files get other names, and spaces move."""
    shape: list[str] = []
    said = ""
    for part in message:
        if isinstance(part, Text):
            said += part.text
            continue
        if isinstance(part, Mention):
            continue  # only groups show them
        shape += [said, _name(part)]
        said = ""
    return ["".join(each.split()) for each in (*shape, said)]


def _name(part: object) -> str:
    match part:
        case Reply(message_id=message_id):
            return f"reply {message_id}"
        case Face(id=face):
            return f"face {face}"
        case Native(kind=kind):
            return kind
        case _:
            return type(part).__name__
