"""Accounts."""

from __future__ import annotations

from kagami.errors import NotFound, UsageError
from kagami.i18n import mark
from kagami.model.ids import BotId
from kagami.operations.registry import Request, operation
from kagami.ports import BotRow, Parts


class ListBots(Request, frozen=True):
    pass


class Disconnect(Request, frozen=True):
    bot: str


@operation("bots.list", "bots:read")
async def list_bots(parts: Parts, request: ListBots) -> list[BotRow]:  # noqa: ARG001
    """All accounts with their health and rates."""
    return parts.bots.rows()


@operation("bots.disconnect", "bots:write", asks=True)
async def disconnect(parts: Parts, request: Disconnect) -> None:
    """Close an account's connection; it may come back by itself."""
    bot = parts.bots.get(BotId(request.bot))
    if bot is None:
        raise NotFound(what="bot", name=request.bot)
    if bot.adapter == "sandbox":
        raise UsageError(reason=mark("The sandbox is part of Kagami and always connected."))
    await bot.close("disconnected by an operator")


OPERATIONS = (list_bots, disconnect)
