"""A language model as a member of the chat: it listens, remembers a little, and answers when it is spoken to.

The model has no tools. What it says is sent as plain text: it can neither command the bot nor call people.
"""

from __future__ import annotations

import asyncio
import random
from enum import Enum
from typing import Any

from kagami.plugins.api import Context, Failed, Lifetime, Mention, Plugin

from .asking import ask
from .masking import Cover
from .memory import Line, plain_name, shown
from .options import ChatSettings
from .prompts import fill, local, turns
from .rooms import ENABLED, Asked, Room, Rooms
from .rules import reason_to_speak
from .speech import harmless, pieces, plain
from .usage import PREFIX, Tried, count, key_of, outdated, read_day, total
from .usage import shown as shown_usage
from .words import SUMMARY, WORDS, Words

# What comes later than this, as after an outage, is remembered; nobody waits for an answer any more.
STALE_S = 120.0
EXCUSE_S = 300.0
Ctx = Context[ChatSettings]


class Act(Enum):
    STATUS = "状态"
    ON = "开"
    OFF = "关"
    FORGET = "忘记"
    USAGE = "用量"


plugin = Plugin(settings=ChatSettings)
_house: list[Rooms] = []


@plugin.start
async def open_house(life: Lifetime[ChatSettings]) -> None:
    _house[:] = [Rooms(life.settings)]


@plugin.on("message")
async def listen(ctx: Ctx) -> None:
    account = ctx.bot.partition(":")[2]
    if ctx.user == account or _is_command(ctx):
        return
    room = await _house[0].enter(ctx, answer)
    text = shown(ctx.event.message, account)
    if not room.is_on(ctx.settings) or not text:
        return
    now = _ms(ctx)
    await room.remember(ctx, room.memory.take(), _line(ctx, text))
    if (ctx.now() - local(now)).total_seconds() > STALE_S or not ctx.settings.endpoints:
        return
    addressed = _is_addressed(ctx, account)
    reason = reason_to_speak(
        ctx.settings,
        text,
        addressed=addressed,
        user=ctx.user,
        now=local(now),
        silent=(now - room.spoke_ms) / 1000,
        dice=random.random(),  # noqa: S311 - nobody gains by guessing it
    )
    if reason:
        room.rounds.ask(Asked(ctx, addressed), ctx.scope.task)


@plugin.command("chat", aliases=["聊天"], role="admin", summary=SUMMARY)
async def chat(ctx: Ctx, act: Act = Act.STATUS) -> str:
    words = _words(ctx)
    room = await _house[0].enter(ctx, answer)
    match act:
        case Act.ON | Act.OFF:
            room.enabled = act is Act.ON
            await ctx.store.chat.put(ENABLED, room.enabled)
            return words.on if room.enabled else words.off
        case Act.FORGET:
            await room.forget(ctx)
            return words.forgotten
        case Act.USAGE:
            return await _usage(ctx, words)
        case _:
            return _status(ctx.settings, room, words)


async def answer(room: Room, asked: list[Asked]) -> None:
    """One round: whatever was said up to now, to the first model that answers, and its words to the chat."""
    ctx = asked[-1].ctx
    if not room.is_on(ctx.settings):
        return
    memory, place = room.memory, room.memory.take()
    settings = ctx.settings
    guard = ctx.privacy
    people = memory.names()
    guard.know(*people.values())
    cover = Cover(room.names, people, named=settings.send_names and not guard.on, guard=guard.mask)
    messages = turns(_system(ctx, cover), memory.recent(settings.characters), cover)
    if len(messages) == 1:  # everything was forgotten meanwhile
        return
    tries: list[Tried] = []
    said = None
    try:
        async with asyncio.timeout(settings.patience):
            said = await ask(ctx.http, _house[0].chain, _body(settings, messages), ctx.log, tries)
    except TimeoutError:
        ctx.log.warning("no model answered in time", seconds=settings.patience)
    await _count(ctx, tries)
    if said is None:
        await _excuse(ctx, room, must=any(each.must for each in asked))
        return
    # Marks are put back before the answer is made harmless: what they stand for was written by members too.
    text = plain(guard.restore(cover.show(said)), settings.longest)
    if text and await _say(ctx, text):
        room.spoke_ms = _ms(ctx)
        if memory is room.memory:
            await room.remember(ctx, place, Line("", "", text, _ms(ctx)))


async def _say(ctx: Ctx, text: str) -> bool:
    """In pieces, as far as they can be sent; whether any was."""
    for number, piece in enumerate(pieces(text, ctx.settings.piece)):
        if isinstance(await ctx.reply(harmless(piece)), Failed):
            return number > 0
    return True


async def _excuse(ctx: Ctx, room: Room, *, must: bool) -> None:
    """One friendly word now and then to those who wait."""
    now = _ms(ctx)
    if must and now - room.excused_ms >= EXCUSE_S * 1000:
        room.excused_ms = now
        await ctx.reply(_words(ctx).away)


def _line(ctx: Ctx, text: str) -> Line:
    sender = ctx.event.sender
    return Line(ctx.user, plain_name(sender.card or sender.name), text, _ms(ctx))


def _is_command(ctx: Ctx) -> bool:
    """Also of other bots that use the same sign, and of operators."""
    text = ctx.text.lstrip()
    prefix = ctx.prefix
    if text.startswith(("#", prefix) if prefix else "#"):
        return True
    word = text.partition(" ")[0].casefold()
    return not prefix and any(word in (each.name.casefold(), *each.aliases) for each in ctx.commands)


def _is_addressed(ctx: Ctx, account: str) -> bool:
    if ctx.event.mentioned or ctx.chat.startswith("private:"):
        return True
    return any(isinstance(part, Mention) and part.user == account for part in ctx.event.message)


def _ms(ctx: Ctx) -> int:
    """When it was said; not every platform tells."""
    return ctx.event.time_ms or round(ctx.now().timestamp() * 1000)


def _date(ctx: Ctx) -> str:
    return f"{local(_ms(ctx)):%Y-%m-%d}"


def _system(ctx: Ctx, cover: Cover) -> str:
    words = _words(ctx)
    group = words.private if ctx.chat.startswith("private:") else plain_name(ctx.event.chat_name) or "?"
    values = {"group": cover.hide(group), "date": _date(ctx)}
    return f"{fill(ctx.settings.system or words.system, values)}\n\n{words.manners}"


def _body(settings: ChatSettings, messages: list[dict[str, str]]) -> dict[str, Any]:
    body: dict[str, Any] = {"messages": messages, "max_tokens": settings.tokens, "stream": False}
    if settings.temperature is not None:
        body["temperature"] = settings.temperature
    return body


async def _count(ctx: Ctx, tries: list[Tried]) -> None:
    if not tries:
        return
    key = key_of(_date(ctx))
    day = await ctx.store.chat.get(key)
    await ctx.store.chat.put(key, count(read_day(day), tries))
    if day is None:
        for old in outdated(await ctx.store.chat.keys(PREFIX)):
            await ctx.store.chat.delete(old)


async def _usage(ctx: Ctx, words: Words) -> str:
    date = _date(ctx)
    month = await ctx.store.chat.list(key_of(date[: len("2026-01")]))
    today, days = read_day(month.get(key_of(date))), [read_day(day) for day in month.values()]
    return (
        f"{words.today}\n{shown_usage(today, words.usage, words.nothing)}\n"
        f"{words.month}\n{shown_usage(total(days), words.usage, words.nothing)}"
    )


def _status(settings: ChatSettings, room: Room, words: Words) -> str:
    lines = [
        words.status_on if room.is_on(settings) else words.status_off,
        words.remembers.format(lines=len(room.memory), most=settings.lines),
    ]
    for state in _house[0].chain.states(asyncio.get_running_loop().time()):
        template = words.refused if not state.keys else words.rests if state.wait else words.ready
        lines.append(template.format(model=state.endpoint.model, host=state.endpoint.host, seconds=round(state.wait)))
    return "\n".join(lines if settings.endpoints else [*lines, words.unset])


def _words(ctx: Ctx) -> Words:
    return WORDS[ctx.settings.language or ("zh" if ctx.language == "zh" else "en")]
