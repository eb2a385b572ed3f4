"""What was said in a chat, by go-cqhttp's actions, which NapCat and its kin have too. Pure.

https://docs.go-cqhttp.org/api/#获取群消息历史记录
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

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
# Of one chat; a gap with more stays open behind them.
MOST = 500
# Times are whole seconds of another clock.
SLACK_MS = 10_000
_ACTIONS = {"group": ("get_group_msg_history", "group_id"), "private": ("get_friend_msg_history", "user_id")}


class Own(NamedTuple):
    """A message that the account itself has sent."""

    message_id: str
    time_ms: int
    message: Message


def ask(bot: BotId, chat: ChatId, count: int = COUNT, before: int | str | None = None) -> Call | None:
    """The call for the newest messages of a chat, or for the message `before` and older ones; None for a chat of
    another kind.
    """
    kind, number = split_id(chat)
    if kind not in _ACTIONS:
        return None
    name, key = _ACTIONS[kind]
    params: dict[str, Any] = {key: write_id(number), "count": count}
    if before is not None:
        # Without them NapCat goes from there towards now; which of the two names it knows depends on its version.
        params |= {"message_seq": before, "reverse_order": True, "reverseOrder": True}
    return Call(bot, name, params)


class Past:
    """What was said in a chat since a moment, page by page backwards.

    `ask` is the call for the next page, None when there is none to ask for; `take` is told its messages. `closed` when
    they go back to that moment, or to the first message that is known there.
    """

    def __init__(self, bot: BotId, chat: ChatId, since_ms: int) -> None:
        self._bot = bot
        self._chat = chat
        self._since_ms = since_ms
        self._ids: set[str] = set()
        self._anchor: int | str | None = None
        self._done = False
        self.messages: list[bytes] = []
        self.closed = False

    def ask(self) -> Call | None:
        return None if self._done else ask(self._bot, self._chat, before=self._anchor)

    def take(self, page: list[bytes]) -> None:
        lines = [(raw, _Line.of(raw)) for raw in page]
        # Depending on the implementation, a page backwards has its newest message first.
        if lines and (lines[0][1].place == self._anchor is not None or lines[0][1].time > lines[-1][1].time):
            lines.reverse()
        older = [(raw, line) for raw, line in lines if line.message_id not in self._ids]
        self._ids |= {line.message_id for _, line in older}
        self.messages[:0] = [raw for raw, _ in older]
        if not older:
            # Nothing but the message that was asked from: it is the first one. Else it was not understood.
            self._done, self.closed = True, len(lines) == 1
            return
        self._anchor = older[0][1].place
        self.closed = 1000 * older[0][1].time <= self._since_ms
        self._done = self.closed or len(self.messages) >= MOST


class _Line(NamedTuple):
    """Which message it is, what later pages are asked from, and its time in seconds."""

    message_id: str
    place: int | str
    time: float

    @classmethod
    def of(cls, raw: bytes) -> _Line:
        said = msgspec.json.decode(raw)
        at, number = said.get("time"), said.get("message_id", 0)
        return cls(str(number), said.get("message_seq") or number, at if isinstance(at, int | float) else 0.0)


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
