"""What an operator says and takes back in real chats, in the name of a bot."""

from __future__ import annotations

import secrets
import time

import msgspec

from kagami.errors import NotFound, Refused, UsageError
from kagami.i18n import mark
from kagami.model.action import Action, Delete, Receipt, Send, Sent
from kagami.model.ids import RANDOM_BITS, BotId, ChatId, ExecutionId, UserId, execution_id
from kagami.model.message import Message
from kagami.model.message import text as message
from kagami.model.segment import Reply
from kagami.model.trace import Mark, Trace
from kagami.operations.registry import Request, operation
from kagami.ports import Parts

LONGEST = 20_000


class SendMessage(Request, frozen=True):
    """`reply_to` is the platform's id of a message that is quoted."""

    bot: str
    chat: str
    text: str
    reply_to: str = ""


class Resend(Request, frozen=True):
    """`message` is the number of a send in the message log that failed, or whose end is not known."""

    message: int


class DeleteMessage(Request, frozen=True):
    """`message_id` is the platform's."""

    bot: str
    chat: str
    message_id: str


class Done(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the platform said: `outcome` is `sent`, `failed` or `unknown`."""

    execution: ExecutionId
    outcome: str
    message_id: str = ""
    reason: str = ""


@operation("messages.send", "messages:write", asks=True)
async def send(parts: Parts, request: SendMessage) -> Done:
    """Say something in a chat as one of the bots."""
    if not request.text.strip() or len(request.text) > LONGEST:
        raise UsageError(reason=mark("Give a text, of at most 20000 characters."))
    quoted: Message = (Reply(request.reply_to),) if request.reply_to else ()
    return await _do(parts, Send(_bot(parts, request.bot), ChatId(request.chat), (*quoted, *message(request.text))))


@operation("messages.resend", "messages:write", asks=True)
async def resend(parts: Parts, request: Resend) -> Done:
    """Send a message again that failed; one whose end is not known may then be there twice."""
    found = await parts.store.send(request.message)
    if found is None:
        raise NotFound(what="send", name=str(request.message))
    action, state = found
    if state not in ("failed", "unknown"):
        raise Refused(reason=mark("It was sent: only what failed or is unknown can be sent again."))
    if not isinstance(action, Send):
        raise Refused(reason=mark("Only messages can be sent again."))
    _bot(parts, action.bot)
    return await _do(parts, action)


@operation("messages.delete", "messages:write", asks=True)
async def delete(parts: Parts, request: DeleteMessage) -> Done:
    """Take a message back, as far as its platform allows."""
    if not request.message_id:
        raise UsageError(reason=mark("The platform gave this message no id."))
    return await _do(parts, Delete(_bot(parts, request.bot), ChatId(request.chat), request.message_id))


def _bot(parts: Parts, name: str) -> BotId:
    if parts.bots.get(BotId(name)) is None:
        raise NotFound(what="bot", name=name)
    return BotId(name)


async def _do(parts: Parts, action: Send | Delete) -> Done:
    """Through the outbox like any answer, under an execution of its own that says who wanted it."""
    execution = execution_id(parts.clock.wall_ms(), secrets.randbits(RANDOM_BITS))
    began = time.monotonic()
    receipt = await parts.outbox.send(execution, 0, action)
    took = int((time.monotonic() - began) * 1e6)
    outcome = type(receipt).__name__.lower()
    parts.store.ledger.record(_trace(parts, execution, action, took, outcome))
    return _done(execution, outcome, receipt)


def _trace(parts: Parts, execution: ExecutionId, action: Send | Delete, took_us: int, outcome: str) -> Trace:
    who = f"{parts.who.kind} {parts.who.name}"
    marks = (Mark("operator", 0, who), Mark("send", 0), Mark("receipt", took_us, outcome))
    now = parts.clock.wall_ms()
    return Trace(execution, action.bot, action.chat, UserId(""), now, took_us, "handled", marks, text=_told(action))


def _told(action: Action) -> str:
    return "an operator's message" if isinstance(action, Send) else "an operator took a message back"


def _done(execution: ExecutionId, outcome: str, receipt: Receipt) -> Done:
    if isinstance(receipt, Sent):
        return Done(execution, outcome, receipt.message_id)
    return Done(execution, outcome, reason=receipt.reason)


OPERATIONS = (send, resend, delete)
