"""The message log and what is counted in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kagami.model.action import Action
from kagami.model.ids import BotId, ChatId, ExecutionId
from kagami.ports import ChatRow, MessageRow, SendRow
from kagami.storage.engine import Engine, Params
from kagami.storage.rows import read_action, read_line, read_sender

HIGHEST_ID = (1 << 63) - 1


async def newest(
    engine: Engine, *, bot: BotId | None, chat: ChatId | None, before: int, limit: int
) -> list[MessageRow]:
    """The newest `limit` lines with an id below `before` (0: no bound), oldest first."""
    if limit <= 0:
        return []
    before = before or HIGHEST_ID
    if bot is not None and chat is not None:
        rows = await _of_chat(engine, bot, chat, before, limit)
    else:
        filters: Params = {"bot": bot or "", "chat": chat or "", "user": "", "digested": 0}
        rows = await engine.fetch("lines_above", {**filters, "before": before, "most": limit})
    return [read_line(row) for row in reversed(rows)]


async def _of_chat(engine: Engine, bot: BotId, chat: ChatId, before: int, limit: int) -> list[list[Any]]:
    """What the digest has not read, and then what it knows of this chat; newest first."""
    ((digested,),) = await engine.fetch("digested")
    params: Params = {"bot": bot, "chat": chat, "user": "", "digested": digested, "before": before, "most": limit}
    rows = await engine.fetch("lines_above", params)
    if len(rows) < limit:
        rest = {**params, "before": min(before, digested + 1), "most": limit - len(rows)}
        rows += [row for row in await engine.fetch("lines_of_chat", rest) if row[1] is not None]
    return rows


async def sends(engine: Engine, execution: ExecutionId) -> list[MessageRow]:
    """Everything that an execution sent or called, in order."""
    return [read_line(row) for row in await engine.fetch("sends_of_execution", {"execution": execution})]


async def send(engine: Engine, number: int) -> tuple[Action, str] | None:
    """What was sent under an id, with its state."""
    rows = await engine.fetch("send_of_id", {"number": number})
    return (read_action(rows[0][:5]), rows[0][5]) if rows else None


async def doubtful(engine: Engine, bot: BotId, since_ms: int) -> list[SendRow]:
    """Sends of messages that may have been made, oldest first."""
    rows = await engine.fetch("doubtful_sends", {"bot": bot, "since_ms": since_ms})
    return [
        SendRow(
            ExecutionId(row[0]), row[1], BotId(row[3]), ChatId(row[4]), row[5], read_action(row[2:7]), row[7], row[8]
        )
        for row in rows
    ]


async def chats(engine: Engine, *, limit: int, active_since_ms: int, contains: str) -> list[ChatRow]:
    """The latest first."""
    params: Params = {"active_since_ms": active_since_ms, "contains": contains, "most": max(0, limit)}
    return [
        ChatRow(
            bot=BotId(bot),
            chat=ChatId(chat),
            chat_name=chat_name,
            last_ms=last_ms,
            last_text=last_text,
            last_sender=read_sender(sender),
            messages=amount,
        )
        for bot, chat, chat_name, last_ms, last_text, sender, amount, _ in await engine.fetch("chats", params)
    ]


async def counts(engine: Engine, since_ms: int) -> Mapping[str, int]:
    """`in`, `out`, `failed`, `unknown` since then, `dead` and `open` now."""
    (row,) = await engine.fetch("counts", {"since_ms": since_ms})
    return dict(zip(("in", "out", "failed", "unknown", "dead", "open"), row, strict=True))
