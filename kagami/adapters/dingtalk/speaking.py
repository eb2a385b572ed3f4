"""What a robot says: by the session webhook of a chat while there is one, else by the robot API.

A webhook may mention people and costs no quota, but gives no id: what it sent cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from kagami.adapters.dingtalk.answers import Outcome
from kagami.adapters.dingtalk.asking import Asking
from kagami.adapters.dingtalk.compose import (
    OPAQUE,
    Piece,
    RobotMessage,
    Upload,
    Words,
    compose,
    template_for,
    template_of,
    webhook_body,
)
from kagami.adapters.dingtalk.conversations import Conversations
from kagami.adapters.dingtalk.robot import LONGEST_WAIT_S, Robot
from kagami.adapters.kit import Kit
from kagami.errors import KagamiError, NotReached, Unavailable
from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import ChatId, split_id

WEBHOOK = "webhook:"
BETWEEN = ","
RATE_LIMITED = "rate_limited"


class Speaking:
    """Performs the actions of one robot."""

    def __init__(self, robot: Robot, conversations: Conversations, kit: Kit, name: Callable[[], str]) -> None:
        self._robot = robot
        self._conversations = conversations
        self._kit = kit
        self._asking = Asking(robot, conversations, kit, name)

    async def perform(self, action: Action) -> Receipt:
        match action:
            case Send(chat=chat, message=message):
                return await self._send(chat, compose(message))
            case Delete(chat=chat, message_id=message_id):
                return await self._recall(chat, message_id.split(BETWEEN))
            case Call(name=name, params=params):
                return await self._asking.answer(name, params)

    # --- sending ---

    async def _send(self, chat: ChatId, pieces: list[Piece]) -> Receipt:
        if not pieces:
            return Failed("there is nothing to say in it")
        # Files first: what cannot be sent is found before anything is.
        try:
            ready = [await self._upload(each) if isinstance(each, Upload) else each for each in pieces]
        except Unavailable as error:
            return Failed(error.text())
        ids: list[str] = []
        for piece in ready:
            try:
                receipt = await self._say(chat, piece)
            except KagamiError as error:
                if not ids:
                    raise
                receipt = Unknown(error.text())
            if isinstance(receipt, Sent):
                ids.append(receipt.message_id)
            elif not ids:
                return receipt
            else:
                return Unknown(f"{len(ids)} of {len(ready)} parts were sent, then: {receipt.reason}")
        return Sent(BETWEEN.join(ids))

    async def _upload(self, file: Upload) -> RobotMessage:
        media = await self._robot.upload(file.kind, await self._content(file.source), file.name)
        cover = file.extra.get("cover") if file.kind == "video" else None
        if isinstance(cover, str) and cover:
            return template_for(file, media, await self._robot.upload("image", await self._content(cover), "cover.png"))
        if file.kind == "video":  # without a cover it goes as a file, which is another thing to upload
            media = await self._robot.upload("file", await self._content(file.source), file.name)
        return template_for(file, media)

    async def _content(self, source: str) -> bytes:
        return await self._kit.media.read(await self._kit.media.fetch(source))

    async def _say(self, chat: ChatId, piece: Words | RobotMessage) -> Receipt:
        wait = self._conversations.turn(chat, self._kit.clock.monotonic(), LONGEST_WAIT_S)
        if wait > LONGEST_WAIT_S:
            return Failed(f"a group hears 20 messages a minute of a robot; {wait:.0f} s are waiting", RATE_LIMITED)
        if wait:
            await self._kit.clock.sleep(wait)
        if isinstance(piece, RobotMessage):
            return await self._by_robot(chat, piece)
        if url := self._conversations.webhook(chat, self._kit.clock.wall_ms()):
            receipt = await self._by_webhook(chat, url, piece)
            if not isinstance(receipt, Failed):
                return receipt
        return await self._by_robot(chat, template_of(piece))

    async def _by_webhook(self, chat: ChatId, url: str, words: Words) -> Receipt:
        """`Failed` says that it was not done and that this webhook is no way any more."""
        now_ms = self._kit.clock.wall_ms()
        try:
            outcome = await self._robot.post(url, webhook_body(words))
        except NotReached as error:
            return Failed(error.text())
        if outcome.state == "done":
            return Sent(f"{WEBHOOK}{self._kit.execution(now_ms)}")
        if outcome.state == "unclear":
            return Unknown(outcome.reason)
        if outcome.state == "limited":
            self._conversations.block(chat, now_ms)
        else:
            self._conversations.forget(chat)
        return Failed(outcome.reason, outcome.code)

    async def _by_robot(self, chat: ChatId, template: RobotMessage) -> Receipt:
        kind, number = split_id(chat)
        body: dict[str, Any] = {
            "robotCode": self._robot.code,
            "msgKey": template.key,
            "msgParam": msgspec.json.encode(template.param).decode(),
        }
        if kind == "group":
            path, body["openConversationId"] = "/v1.0/robot/groupMessages/send", number
        elif kind == "private" and not number.startswith(OPAQUE):
            path, body["userIds"] = "/v1.0/robot/oToMessages/batchSend", [number]
        elif kind == "private":
            return Failed("DingTalk lets a robot write to people from outside only as an answer, for 90 minutes")
        else:
            return Failed(f"{chat} is no chat that a robot can write to")
        outcome = await self._robot.ask("POST", path, json=body)
        return _left_out(outcome) or receipt_of(outcome, _key(outcome))

    # --- taking back ---

    async def _recall(self, chat: ChatId, ids: list[str]) -> Receipt:
        if any(each.startswith(WEBHOOK) for each in ids):
            return Failed("DingTalk gives answers by a session webhook no id: they cannot be taken back", "no_id")
        kind, number = split_id(chat)
        body: dict[str, Any] = {"robotCode": self._robot.code, "processQueryKeys": ids}
        path = "/v1.0/robot/otoMessages/batchRecall"
        if kind == "group":
            path, body["openConversationId"] = "/v1.0/robot/groupMessages/recall", number
        elif kind != "private":
            return Failed("to take a message back, DingTalk has to be told its chat")
        outcome = await self._robot.ask("POST", path, json=body)
        refused = outcome.body.get("failedResult") if isinstance(outcome.body, dict) else None
        if outcome.state == "done" and refused:
            return Failed(f"DingTalk: {msgspec.json.encode(refused).decode()[:200]}")
        return receipt_of(outcome)


def receipt_of(outcome: Outcome, message_id: str = "") -> Receipt:
    match outcome.state:
        case "done":
            return Sent(message_id)
        case "unclear":
            return Unknown(outcome.reason)
        case "limited":
            return Failed(outcome.reason, RATE_LIMITED)
        case _:
            return Failed(outcome.reason, outcome.code)


def _key(outcome: Outcome) -> str:
    key = outcome.body.get("processQueryKey") if isinstance(outcome.body, dict) else None
    return key if isinstance(key, str) else ""


def _left_out(outcome: Outcome) -> Failed | None:
    """A private message that was accepted for nobody: there is one receiver."""
    if outcome.state != "done" or not isinstance(outcome.body, dict):
        return None
    if outcome.body.get("invalidStaffIdList"):
        return Failed("DingTalk knows no such user in the enterprise of the robot", "invalidStaffId")
    if outcome.body.get("flowControlledStaffIdList"):
        return Failed("DingTalk holds back messages to this user for now", RATE_LIMITED)
    if outcome.body.get("filteredStaffIdList"):
        return Failed("this user does not take messages of the robot", "filteredStaffId")
    return None
