"""Kagami as the implementation: what applications that speak OneBot 11 get and send, for bots of any platform.

Such applications want integers for ids. `number` gives one for a text id (for a decimal id the id itself), `name`
takes it back; both belong to the caller. A chat that is neither a group nor private is served as a group whose number
stands for the whole `ChatId`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from kagami.errors import UsageError, WireError
from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send, Unknown
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, split_id
from kagami.model.message import Message
from kagami.model.message import text as plain
from kagami.model.segment import AnySegment, Mention, Reply
from kagami.onebot import cq
from kagami.onebot.actions import ACTIONS, check
from kagami.onebot.read import read_message
from kagami.onebot.wire import RETCODES, Retcode, Segment, checked
from kagami.onebot.write import write_id, write_message

NumberOf = Callable[[str], int]
NameOf = Callable[[str], str]
ChatOf = Callable[[str], ChatId]

_PLAIN_CHATS = ("group", "private")
_ID_FIELDS = ("user_id", "group_id", "operator_id", "target_id", "sender_id", "peer_id", "message_id")
# What the standard's events must carry beside the ids of the user and the group.
_NEEDED: dict[str, tuple[str, ...]] = {
    "group_upload": ("file",),
    "group_decrease": ("operator_id",),
    "group_increase": ("operator_id",),
    "group_ban": ("operator_id", "duration"),
    "group_recall": ("operator_id", "message_id"),
    "friend_recall": ("message_id",),
    "notify.poke": ("target_id",),
    "notify.lucky_king": ("target_id",),
    "notify.honor": ("honor_type",),
    "friend": ("comment", "flag"),
    "group": ("comment", "flag"),
}

# What people do themselves. Who did the rest to them is not known: then the operator is 0.
_OWN_DEEDS = ("group_increase.approve", "group_decrease.leave", "group_recall")

_encoder = msgspec.json.Encoder()


# --- events ----------------------------------------------------------------------------------------------------------


def write_event(event: Event, *, self_id: int, number: NumberOf) -> bytes:
    """The frame for an event of any platform; `WireError` for what no JSON can be made of.

    `self_id` is the number of the bot's account.
    """

    def known(name: str) -> int:
        return self_id if name == account else number(name)

    account = split_id(event.bot)[1]
    native = _native(event)
    said = event.kind == "message"
    frame = _said(event, native, known) if said else _happened(event, native, self_id, known)
    try:
        return _encoder.encode(frame | {"time": event.time_ms // 1000, "self_id": self_id, "post_type": event.kind})
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WireError(reason=str(error)) from None


def _native(event: Event) -> dict[str, Any]:
    """The frame that came, when it came in this language."""
    try:
        native = msgspec.json.decode(event.native or "{}")
    except msgspec.DecodeError:
        return {}
    return native if isinstance(native, dict) and native.get("post_type") == event.kind else {}


def _said(event: Event, native: dict[str, Any], number: NumberOf) -> dict[str, Any]:
    private = event.chat.startswith("private:")
    user = number(event.user)
    frame: dict[str, Any] = {
        "message_type": "private" if private else "group",
        "sub_type": native.get("sub_type") or ("friend" if private else "normal"),
        "message_id": number(event.message_id) if event.message_id else 0,
        "user_id": user,
        **_words(event, number),
        "font": 0,
        "sender": {"user_id": user, "nickname": event.sender.name, "sex": "unknown", "age": 0},
    }
    if not private:
        frame |= {"group_id": _group_number(event.chat, number), "anonymous": native.get("anonymous")}
        frame["sender"] |= {"card": event.sender.card, "role": event.sender.role}
    if event.chat_name:
        frame["group_name"] = event.chat_name
    return frame


def _words(event: Event, number: NumberOf) -> dict[str, Any]:
    message = write_message(_renamed(event.message, lambda name: str(number(name))))
    return {"message": message, "raw_message": cq.render(msgspec.convert(message, list[Segment]))}


def _renamed(message: Message, rename: Callable[[str], str]) -> Message:
    """The same message with other ids of users and messages in it."""

    def part(each: AnySegment) -> AnySegment:
        if isinstance(each, Mention) and each.user != "all":
            return Mention(rename(each.user), each.extra)
        return Reply(rename(each.message_id), each.extra) if isinstance(each, Reply) else each

    return tuple([part(each) for each in message])


def _group_number(chat: ChatId, number: NumberOf) -> int:
    kind, rest = split_id(chat)
    return number(rest if kind in _PLAIN_CHATS else chat)


def _happened(event: Event, native: dict[str, Any], self_id: int, number: NumberOf) -> dict[str, Any]:
    kind, _, sub_type = event.name.partition(".")
    user = number(event.user)
    likely: dict[str, Any] = {
        "operator_id": user if event.name in _OWN_DEEDS else 0,
        "target_id": self_id,
        "message_id": number(event.message_id) if event.message_id else 0,
        "duration": 0,
        "honor_type": "",
        # What our adapters take for a request's flag is its message id.
        "comment": event.text,
        "flag": event.message_id,
        "file": {"id": "", "name": "", "size": 0, "busid": 0},
    }
    needed = _NEEDED.get(event.name) or _NEEDED.get(kind, ())
    frame = {key: likely[key] for key in needed}
    if event.kind == "notice" and not native:
        frame |= _told(event, number)
    frame |= {key: _numbers(key, value, number) for key, value in native.items()}
    frame |= {f"{event.kind}_type": kind, "user_id": user}
    if sub_type:
        frame["sub_type"] = sub_type
    if not event.chat.startswith("private:"):
        frame["group_id"] = _group_number(event.chat, number)
    return frame


def _told(event: Event, number: NumberOf) -> dict[str, Any]:
    """What another platform's notice is about: its message, and what was pressed, written anew or reacted with."""
    about = {"message_id": number(event.message_id)} if event.message_id else {}
    return about | (_words(event, number) if event.message else {})


def _numbers(key: str, value: Any, number: NumberOf) -> Any:
    return number(value) if key in _ID_FIELDS and isinstance(value, str) and value else value


def write_lifecycle(*, self_id: int, time_s: int, sub_type: str = "connect") -> bytes:
    """The first frame after a connect."""
    return _meta("lifecycle", self_id, time_s, {"sub_type": sub_type})


def write_heartbeat(*, self_id: int, time_s: int, interval_ms: int, online: bool) -> bytes:
    """A sign of life; `online` is the bot's own link."""
    return _meta("heartbeat", self_id, time_s, {"status": {"online": online, "good": online}, "interval": interval_ms})


def _meta(kind: str, self_id: int, time_s: int, fields: dict[str, Any]) -> bytes:
    frame = {"time": time_s, "self_id": self_id, "post_type": "meta_event", "meta_event_type": kind}
    return _encoder.encode(frame | fields)


# --- calls -----------------------------------------------------------------------------------------------------------

Pace = Literal["", "async", "rate_limited"]


class ServedCall(msgspec.Struct, frozen=True):
    """A call of an application. `echo` is its JSON as it came, empty for none; `pace` the suffix of the action;
    `self_id` the account that is to do it, where the application says so, with the call or among its parameters.
    """

    action: str
    params: dict[str, Any] = {}
    echo: msgspec.Raw = msgspec.Raw()
    pace: Pace = ""
    self_id: str = ""


class _CallFrame(msgspec.Struct, frozen=True):
    action: str
    params: dict[str, Any] | None = None
    echo: msgspec.Raw = msgspec.Raw()
    self_id: int | str | None = None


_call_decoder = msgspec.json.Decoder(_CallFrame)
_PACES: tuple[Pace, ...] = ("async", "rate_limited")


def read_call(frame: bytes) -> ServedCall:
    """The call that a frame holds, its action and parameters not yet checked; `WireError` when it is none."""
    call = checked(frame, _call_decoder)
    params = dict(call.params or {})
    account = params.pop("self_id", None) or call.self_id or ""
    for pace in _PACES:
        action = call.action.removesuffix(f"_{pace}")
        if action != call.action:
            return ServedCall(action, params, call.echo, pace, str(account))
    return ServedCall(call.action, params, call.echo, "", str(account))


def _no_chat(message_id: str) -> ChatId:  # noqa: ARG001
    return ChatId("")


def to_action(call: ServedCall, bot: BotId, *, name: NameOf = str, chat_of: ChatOf = _no_chat) -> Action:
    """The action that a call asks for. `chat_of` finds the chat of a message id.

    A call that the standard does not know becomes a `Call` with its parameters untouched. `UsageError` when a
    parameter is missing or wrong.
    """
    if call.action not in ACTIONS:
        return Call(bot, call.action, call.params)
    params = check(call.action, call.params)
    ids = [key for key, parameter in ACTIONS[call.action].items() if parameter.kind == "id" and key in params]
    params |= {key: name(params[key]) for key in ids}
    match call.action:
        case "send_private_msg" | "send_group_msg" | "send_msg":
            return Send(bot, _chat_of(call.action, params), _renamed(_message(params), name))
        case "delete_msg":
            return Delete(bot, chat_of(params["message_id"]), params["message_id"])
    return Call(bot, call.action, params | {key: write_id(params[key]) for key in ids})


def _chat_of(action: str, params: dict[str, Any]) -> ChatId:
    kind = {"send_private_msg": "private", "send_group_msg": "group"}.get(action) or params.get("message_type")
    if kind is None:
        kind = "group" if "group_id" in params else "private"
    number = params.get({"group": "group_id", "private": "user_id"}.get(kind, ""))
    if not number:
        raise UsageError(reason="user_id or group_id is missing, or message_type is neither private nor group")
    named = split_id(number)[0]
    return ChatId(number if named and kind == "group" else f"{kind}:{number}")


def _message(params: dict[str, Any]) -> Message:
    message = params["message"]
    if isinstance(message, str):
        return plain(message) if params["auto_escape"] else read_message(message)
    try:
        return read_message(msgspec.convert(message, list[Segment] | Segment))
    except msgspec.ValidationError as error:
        raise UsageError(reason=f"message: {error}") from None


# --- responses -------------------------------------------------------------------------------------------------------


class _Response(msgspec.Struct, frozen=True):
    status: Literal["ok", "async", "failed"]
    retcode: int
    data: Any
    message: str
    wording: str
    echo: msgspec.Raw | msgspec.UnsetType


def write_response(echo: msgspec.Raw, *, data: Any = None, retcode: int = Retcode.OK, reason: str = "") -> bytes:
    """The answer to a call. `reason` is for people and defaults to the meaning of the code."""
    status: Literal["ok", "async", "failed"] = "failed"
    if retcode == Retcode.OK:
        status = "ok"
    elif retcode == Retcode.ASYNC:
        status = "async"
    said = reason or ("" if status == "ok" else RETCODES.get(retcode, ""))
    return _encoder.encode(_Response(status, int(retcode), data, said, said, echo if bytes(echo) else msgspec.UNSET))


def write_receipt(echo: msgspec.Raw, action: Action, receipt: Receipt, *, number: NumberOf) -> bytes:
    """The answer to a call whose action was performed."""
    if isinstance(receipt, Failed):
        return write_response(echo, retcode=_retcode(receipt.code), reason=receipt.reason)
    if isinstance(receipt, Unknown):
        return write_response(echo, retcode=Retcode.ASYNC, reason=receipt.reason)
    if isinstance(action, Send):
        return write_response(echo, data={"message_id": number(receipt.message_id) if receipt.message_id else 0})
    return write_response(echo, data=receipt.result if isinstance(action, Call) else None)


def _retcode(code: str) -> int:
    """A platform's own code where it is a number that fails."""
    if code == "unsupported":
        return Retcode.NOT_FOUND
    return int(code) if code.isdecimal() and int(code) > Retcode.ASYNC else Retcode.FAILED


def write_refusal(echo: msgspec.Raw, error: WireError | UsageError) -> bytes:
    """The answer to a call that cannot be read."""
    return write_response(echo, retcode=Retcode.BAD_REQUEST, reason=error.text())
