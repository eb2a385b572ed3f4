"""What the bot does on the platform, in the words of OneBot 11. What it may not do is said once, not each time."""

from __future__ import annotations

from kagami.plugins.api import Context, Failed, Receipt, Sent

from .rules import Rules
from .texts import language_of, say


async def take_back(ctx: Context[Rules]) -> bool:
    """Delete the message of the event; whether it was not refused."""
    return await _settled(ctx, "delete", await ctx.delete(ctx.event.message_id))


async def mute(ctx: Context[Rules], user: str, minutes: int) -> bool:
    """For 0 minutes, let somebody speak again."""
    group, number = _number(group_of(ctx)), _number(user)
    receipt = await ctx.call("set_group_ban", group_id=group, user_id=number, duration=minutes * 60)
    return await _settled(ctx, "mute", receipt)


async def kick(ctx: Context[Rules], user: str) -> bool:
    group, number = _number(group_of(ctx)), _number(user)
    receipt = await ctx.call("set_group_kick", group_id=group, user_id=number, reject_add_request=False)
    return await _settled(ctx, "kick", receipt)


async def group_name(ctx: Context[Rules]) -> str:
    """The group's name, or its number where nobody tells."""
    if ctx.event.chat_name:
        return ctx.event.chat_name
    receipt = await ctx.call("get_group_info", group_id=_number(group_of(ctx)))
    return _told(receipt, "group_name") or group_of(ctx)


async def user_name(ctx: Context[Rules]) -> str:
    """The name of the event's user, or the number where nobody tells."""
    sender = ctx.event.sender
    if name := sender.card or sender.name:
        return name
    receipt = await ctx.call("get_stranger_info", user_id=_number(ctx.user))
    return _told(receipt, "nickname") or ctx.user


def group_of(ctx: Context[Rules]) -> str:
    return ctx.chat.partition(":")[2]


def is_group(ctx: Context[Rules]) -> bool:
    return ctx.chat.startswith("group:")


def is_bot(ctx: Context[Rules], user: str) -> bool:
    return user == ctx.bot.partition(":")[2]


async def _settled(ctx: Context[Rules], deed: str, receipt: Receipt) -> bool:
    """An answer that did not come is taken for done: the platform may have done it."""
    key = f"told/{deed}"
    told = await ctx.store.chat.get(key, default=False)
    if not isinstance(receipt, Failed):
        if told:
            await ctx.store.chat.delete(key)
        return True
    ctx.log.warning("a deed was refused", deed=deed, chat=ctx.chat, reason=receipt.reason)
    if not told:
        await ctx.store.chat.put(key, value=True)
        await ctx.reply(say(language_of(ctx), f"cannot_{deed}", reason=receipt.reason))
    return False


def _told(receipt: Receipt, field: str) -> str:
    result = receipt.result if isinstance(receipt, Sent) else None
    return str(result.get(field) or "") if isinstance(result, dict) else ""


def _number(name: str) -> int | str:
    """OneBot 11 wants its ids as numbers."""
    return int(name) if name.isascii() and name.isdecimal() else name
