"""What the privacy guard does to texts, and the audited look behind it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from kagami.core.privacy.config import ALL_KINDS
from kagami.core.privacy.desk import place_of, walk
from kagami.core.privacy.span import Span
from kagami.core.scopes import allowed
from kagami.errors import NoSuchKind, NotFound, UsageError
from kagami.i18n import mark
from kagami.model.trace import Trace
from kagami.operations.registry import Request, operation
from kagami.ports import AuditRow, ChatRow, MessageRow, Open, Parts

REVEAL = "messages:reveal"
LONGEST = 1_000_000


class Mask(Request, frozen=True):
    """`kinds` are names with commas between them; empty for all that the settings look for."""

    text: str
    kinds: str = ""

    def told(self) -> msgspec.Struct:
        return Mask(text="", kinds=self.kinds)


class Masked(msgspec.Struct, frozen=True):
    """`found` are places in the text that was given, in characters."""

    text: str
    found: list[Span]


class Reveal(Request, frozen=True):
    """`message` is the number of a line of the message log."""

    message: int


@operation("guard.mask", "guard:read")
async def mask_text(parts: Parts, request: Mask) -> Masked:
    """Show what the privacy guard does to a text."""
    if len(request.text) > LONGEST:
        raise UsageError(reason=mark("The text is too long."))
    return Masked(*parts.privacy.inspect(request.text, read_kinds(request.kinds)))


@operation("messages.reveal", REVEAL, watched=True)
async def reveal(parts: Parts, request: Reveal) -> MessageRow:
    """Show one message as it was written."""
    rows = await parts.store.messages(before=request.message + 1, limit=1)
    if not rows or rows[0].id != request.message:
        raise NotFound(what="message", name=str(request.message))
    return rows[0]


def read_kinds(words: str) -> tuple[str, ...]:
    """The kinds that are named; `UsageError` for a word that is none."""
    kinds = tuple(word.strip().lower() for word in words.split(",") if word.strip())
    for kind in kinds:
        if kind not in ALL_KINDS:
            raise NoSuchKind(kind=kind, kinds=", ".join(ALL_KINDS))
    return kinds


def veil(parts: Parts) -> Callable[[str, str, str], str] | None:
    """What hides private things from the caller, `(text, bot, chat)`; None when nothing is hidden from it."""
    if not parts.privacy.guards("operations") or allowed(parts.who, REVEAL):
        return None
    return lambda text, bot, chat: parts.privacy.mask(text, place_of(bot, chat))


def veiled_messages(parts: Parts, rows: list[MessageRow]) -> list[MessageRow]:
    hide = veil(parts)
    if hide is None:
        return rows
    # Names are known in memory alone: whoever spoke before this process began is met here.
    for row in rows:
        parts.privacy.know((row.sender,), place_of(row.bot, row.chat))
    return [
        msgspec.structs.replace(
            row,
            text=hide(row.text, row.bot, row.chat),
            sender=hide(row.sender, row.bot, row.chat),
            reason=hide(row.reason, row.bot, row.chat),
        )
        for row in rows
    ]


def veiled_chats(parts: Parts, rows: list[ChatRow]) -> list[ChatRow]:
    hide = veil(parts)
    if hide is None:
        return rows
    for row in rows:
        parts.privacy.know((row.last_sender,), place_of(row.bot, row.chat))
    return [
        msgspec.structs.replace(
            row,
            chat_name=hide(row.chat_name, row.bot, row.chat),
            last_text=hide(row.last_text, row.bot, row.chat),
            last_sender=hide(row.last_sender, row.bot, row.chat),
        )
        for row in rows
    ]


def veiled_traces(parts: Parts, rows: list[Trace]) -> list[Trace]:
    hide = veil(parts)
    if hide is None:
        return rows
    return [
        msgspec.structs.replace(row, text=hide(row.text, row.bot, row.chat), error=hide(row.error, row.bot, row.chat))
        for row in rows
    ]


def veiled_audit(parts: Parts, rows: list[AuditRow]) -> list[AuditRow]:
    """What was asked for may hold what was said. The rows themselves stay as they are: their chain is made of them."""
    hide = veil(parts)
    return rows if hide is None else [msgspec.structs.replace(row, target=_veiled(row.target, hide)) for row in rows]


def _veiled(target: str, hide: Callable[[str, str, str], str]) -> str:
    try:
        asked: Any = msgspec.json.decode(target)
    except msgspec.MsgspecError:
        return hide(target, "", "")
    named = asked if isinstance(asked, dict) else {}
    bot, chat = str(named.get("bot", "")), str(named.get("chat", ""))
    return msgspec.json.encode(walk(asked, lambda text: hide(text, bot, chat))).decode()


def veiled_events(parts: Parts, rows: list[Open]) -> list[Open]:
    if veil(parts) is None:
        return rows
    return [msgspec.structs.replace(row, event=parts.privacy.outside(row.event)[0]) for row in rows]


OPERATIONS = (mask_text, reveal)
