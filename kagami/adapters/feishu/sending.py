"""Actions on Feishu. A send carries a `uuid`, with which the platform takes it once within an hour."""

from __future__ import annotations

import secrets
from hashlib import sha256

import msgspec

from kagami.adapters.feishu.calls import Calls
from kagami.adapters.feishu.drafts import compose, reply_to
from kagami.adapters.feishu.media import Files
from kagami.adapters.feishu.recent import Recent
from kagami.adapters.feishu.rest import Rest
from kagami.adapters.feishu.wire import Draft
from kagami.errors import Declined, KagamiError, NotReached, Refused, Unavailable
from kagami.model.action import Action, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import ChatId, split_id

MESSAGES = "/open-apis/im/v1/messages"
_TYPES = {"oc": "chat_id", "ou": "open_id", "on": "union_id", "om": ""}


class _Made(msgspec.Struct, frozen=True):
    message_id: str = ""


def uuid_of(key: str, place: int) -> str:
    """Names one message among all that are ever sent: the part at `place` of the send with this key."""
    return sha256(f"{key}/{place}".encode()).hexdigest()[:32]


class Sending:
    def __init__(self, rest: Rest, files: Files, calls: Calls, recent: Recent) -> None:
        self._rest = rest
        self._files = files
        self._calls = calls
        self._recent = recent

    async def perform(self, action: Action, key: str = "") -> Receipt:
        """`key` names a send: with the same one, Feishu sends no second message for `rest.KEYED_S`."""
        try:
            match action:
                case Send():
                    return await self._send(action, key or secrets.token_hex(16))
                case Delete():
                    await self._rest.ask("DELETE", f"{MESSAGES}/{message_path(action.message_id)}", object)
                    return Sent(action.message_id)
                case _:
                    return Sent(result=await self._calls.call(action.name, action.params))
        except Declined as error:
            return Failed(error.text(), error.number)

    async def _send(self, action: Send, key: str) -> Receipt:
        """The parts in order. Everything is uploaded before the first is sent, so that most failures come before."""
        drafts = compose(action.message, await self._files.uploaded(action.message))
        if not drafts:
            return Failed("there is nothing in this message that Feishu can show")
        replied = reply_to(action.message)
        first = ""
        for place, draft in enumerate(drafts):
            try:
                number = await self._post(action.chat, draft, replied if place == 0 else "", uuid_of(key, place))
            except KagamiError as error:
                if place == 0:
                    raise
                return Unknown(f"only {place} of {len(drafts)} parts were sent: {error.text()}")
            self._recent.saw(number, action.chat)
            first = first or number
        return Sent(first)

    async def _post(self, chat: ChatId, draft: Draft, replied: str, uuid: str) -> str:
        """Send one message and return its id. Without an answer it is said once more with the same `uuid`."""
        body = {"msg_type": draft.kind, "content": draft.written, "uuid": uuid}
        path, params = MESSAGES, {}
        if replied:
            path = f"{MESSAGES}/{message_path(replied)}/reply"
        else:
            kind, body["receive_id"] = address(chat)
            params["receive_id_type"] = kind

        async def say() -> _Made:
            return await self._rest.ask("POST", path, _Made, params=params, json=body, lane=chat)

        try:
            return (await say()).message_id
        except NotReached:
            raise
        except Unavailable as first:
            try:
                return (await say()).message_id
            except KagamiError:
                raise Unavailable(**first.details) from None


def address(chat: ChatId) -> tuple[str, str]:
    """`receive_id_type` and `receive_id` of a chat; an id tells by its first letters which it is."""
    kind, name = split_id(chat)
    if kind not in ("group", "private") or not name:
        raise Refused(reason="Feishu can only send to a group or a private chat.")
    if "@" in name:
        return "email", name
    return _TYPES.get(name[:2], "user_id") if name[2:3] == "_" else "user_id", name


def message_path(message_id: str) -> str:
    """A message's id as a part of a path."""
    if not (message_id.startswith("om_") and message_id.replace("_", "").replace("-", "").isalnum()):
        raise Refused(reason=f"{message_id[:80]!r} is no message of Feishu.")
    return message_id
