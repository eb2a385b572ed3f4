"""Quick operations: a short answer to an event, by the call `.handle_quick_operation`.

Source: OneBot 11, "quick operation" of each event. NapCat does only `reply` and `approve`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kagami.errors import UsageError
from kagami.model.action import Call
from kagami.model.event import Event
from kagami.onebot import cq
from kagami.onebot.actions import check
from kagami.onebot.serve import ServedCall

ACTION = ".handle_quick_operation"
_BAN_SECONDS = 1800

Asked = tuple[str, dict[str, Any]]


def quick_call(event: Event, operation: Mapping[str, Any]) -> Call:
    """The call that asks an implementation for a quick operation on one of its own events."""
    return Call(event.bot, ACTION, {"context": msgspec.json.decode(event.native), "operation": dict(operation)})


def expand(call: ServedCall) -> list[ServedCall]:
    """The ordinary calls that a call stands for: itself, or what its quick operation asks for (maybe nothing)."""
    if call.action != ACTION:
        return [call]
    params = check(call.action, call.params)
    context, operation = params["context"], params["operation"]
    wanted = (
        _on_message(context, operation) if context.get("post_type") == "message" else _on_request(context, operation)
    )
    return [ServedCall(name, fields, call.echo, call.pace) for name, fields in wanted]


def _on_message(context: dict[str, Any], operation: dict[str, Any]) -> Iterator[Asked]:
    group = context.get("message_type") == "group"
    user, chat = {"user_id": context.get("user_id")}, {"group_id": context.get("group_id")}
    if operation.get("reply"):
        place = {"message_type": "group"} | chat if group else {"message_type": "private"} | user
        yield "send_msg", {"message": _reply(context, operation, at=group), **place}
    if operation.get("delete"):
        yield "delete_msg", {"message_id": context.get("message_id")}
    if group and operation.get("kick"):
        yield "set_group_kick", chat | user
    if group and operation.get("ban"):
        yield "set_group_ban", chat | user | {"duration": operation.get("ban_duration", _BAN_SECONDS)}


def _reply(context: dict[str, Any], operation: dict[str, Any], *, at: bool) -> list[Any]:
    reply = operation["reply"]
    if isinstance(reply, str):
        plain = operation.get("auto_escape")
        parts = [{"type": "text", "data": {"text": reply}}] if plain else msgspec.to_builtins(cq.parse(reply))
    elif isinstance(reply, list):
        parts = reply
    else:
        parts = [reply]
    if not at or not operation.get("at_sender", True):
        return list(parts)
    sender = {"type": "at", "data": {"qq": str(context.get("user_id"))}}
    return [sender, {"type": "text", "data": {"text": " "}}, *parts]


def _on_request(context: dict[str, Any], operation: dict[str, Any]) -> Iterator[Asked]:
    approve = operation.get("approve")
    if approve is None:
        return
    asked = {"flag": context.get("flag"), "approve": approve}
    match context.get("request_type"):
        case "friend":
            yield "set_friend_add_request", asked | {"remark": operation.get("remark", "")}
        case "group":
            reason = {"sub_type": context.get("sub_type"), "reason": operation.get("reason", "")}
            yield "set_group_add_request", asked | reason
        case _:
            raise UsageError(reason="the context is neither a message nor a request")
