"""Rows of the tables from our values, and back. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from kagami.model.action import Action, Failed, Receipt, Send, Sent, Unknown
from kagami.model.event import Event, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import Message, preview
from kagami.model.message import text as plain
from kagami.model.segment import Text
from kagami.model.trace import Mark, Trace
from kagami.ports import MessageRow, Open, SendRow
from kagami.storage.engine import Row, storable

NOBODY = Sender()
# What nobody in the house took; and all outcomes about which its answers have the last word.
UNWANTED = frozenset(("ignored", "dropped"))
SETTLED = UNWANTED | {"handled", "answer"}

_encoder = msgspec.json.Encoder(enc_hook=repr)
_messages: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_actions: msgspec.json.Decoder[Action] = msgspec.json.Decoder(Action)
_senders = msgspec.json.Decoder(Sender)
_marks: msgspec.json.Decoder[tuple[Mark, ...]] = msgspec.json.Decoder(tuple[Mark, ...])


def event_row(number: int, event: Event, accepted_ms: int) -> Row:
    """For `add_events`."""
    text = preview(event.message)
    return (
        number,
        event.execution,
        event.bot,
        event.chat,
        event.user,
        event.kind,
        event.name,
        event.time_ms,
        accepted_ms,
        event.dedupe,
        text,
        write_message(event.message, text),
        event.message_id,
        event.chat_name,
        None if event.sender == NOBODY else write_json(event.sender),
        int(event.mentioned),
        event.native,
    )


def read_open(row: Sequence[Any]) -> Open:
    """An `Open` of `pending_events`, without its sends."""
    event = Event(
        execution=ExecutionId(row[0]),
        bot=BotId(row[1]),
        chat=ChatId(row[2]),
        user=UserId(row[3]),
        kind=row[4],
        name=row[5],
        time_ms=row[6],
        dedupe=row[7],
        message=read_message(row[8], row[9]),
        message_id=row[10],
        chat_name=row[11],
        sender=_senders.decode(row[12]) if row[12] else NOBODY,
        mentioned=bool(row[13]),
        native=row[14],
    )
    return Open(event, accepted_ms=row[15], attempts=row[16], error=row[17])


def send_row(number: int, send: SendRow) -> Row:
    """For `begin_sends`."""
    kind = type(send.body).__name__.lower()
    body = _body(send.body, send.text)
    return (
        number,
        send.execution,
        send.ordinal,
        kind,
        send.bot,
        send.chat,
        send.text,
        body,
        send.created_ms,
        send.attempt,
        send.worker,
    )


def read_action(row: Sequence[Any]) -> Action:
    """Of `kind, bot, chat, text, body`. What is text alone has no body."""
    _, bot, chat, text, body = row
    return _actions.decode(body) if body is not None else Send(BotId(bot), ChatId(chat), plain(text))


def receipt_row(execution: ExecutionId, ordinal: int, receipt: Receipt, done_ms: int) -> Row:
    """For `end_sends`."""
    match receipt:
        case Sent(message_id=message_id, result=result):
            said = None if result is None else write_json(result)
            return (execution, ordinal, "sent", done_ms, message_id, "", "", said)
        case Failed(reason=reason, code=code):
            return (execution, ordinal, "failed", done_ms, "", reason, code, None)
        case Unknown(reason=reason):
            return (execution, ordinal, "unknown", done_ms, "", reason, "", None)


def read_receipt(row: Sequence[Any]) -> Receipt:
    """Of `state, message_id, reason, code, result`."""
    state, message_id, reason, code, result = row
    if state == "sent":
        return Sent(message_id, msgspec.json.decode(result) if result is not None else None)
    return Failed(reason, code) if state == "failed" else Unknown(reason)


def trace_row(trace: Trace) -> Row:
    """For `add_traces`."""
    return (
        trace.execution,
        trace.bot,
        trace.chat,
        trace.user,
        trace.started_ms,
        trace.total_us,
        trace.outcome,
        trace.plugin,
        trace.text,
        trace.error,
        write_json(trace.marks),
    )


def read_trace(row: Sequence[Any]) -> Trace:
    """Of the columns of a trace; behind them its worker, the worst state of its sends, and the reason of that."""
    worker, trouble, reason = row[11:] or (None, None, None)
    outcome, error = row[6], row[9]
    if outcome in SETTLED and trouble:
        outcome, error = ("unsent" if trouble == "failed" else "unsure"), error or reason or ""
    elif outcome in UNWANTED and worker:
        outcome = "answered"
    return Trace(
        execution=ExecutionId(row[0]),
        bot=BotId(row[1]),
        chat=ChatId(row[2]),
        user=UserId(row[3]),
        started_ms=row[4],
        total_us=row[5],
        outcome=outcome,
        plugin=row[7],
        text=row[8],
        error=error,
        marks=_marks.decode(row[10]),
        worker=worker or "",
    )


def read_line(row: Sequence[Any]) -> MessageRow:
    """Of the view `lines`; a send may have its worker behind that."""
    return MessageRow(
        id=row[0],
        direction=row[1],
        time_ms=row[2],
        bot=BotId(row[3]),
        chat=ChatId(row[4]),
        user=UserId(row[5]),
        text=row[6],
        execution=ExecutionId(row[7]),
        outcome=row[8],
        sender=read_sender(row[9]),
        chat_name=row[10],
        message_id=row[11],
        reason=row[12],
        worker="".join(row[13:]),
    )


def read_sender(stored: str | None) -> str:
    """What a sender is called in the chat."""
    if not stored:
        return ""
    sender = _senders.decode(stored)
    return sender.card or sender.name


def write_message(message: Message, text: str) -> str | None:
    """JSON of the parts; None when they say no more than their text does."""
    only = message[0] if len(message) == 1 else None
    plain = not message or (text and type(only) is Text and only.text == text)
    return None if plain else write_json(message)


def read_message(text: str, stored: str | None) -> Message:
    if stored is not None:
        return _messages.decode(stored)
    return (Text(text),) if text else ()


def write_json(value: object) -> str:
    """JSON text of anything: what has no JSON form is written as its `repr`, what no database stores as U+FFFD."""
    try:
        return _encoder.encode(value).decode()
    except UnicodeEncodeError:
        return _encoder.encode(storable(msgspec.to_builtins(value, enc_hook=repr))).decode()
    except (OverflowError, TypeError, RecursionError):
        return _encoder.encode(storable(repr(value))).decode()


def _body(action: Action, text: str) -> str | None:
    if isinstance(action, Send) and write_message(action.message, text) is None:
        return None
    return write_json(action)
