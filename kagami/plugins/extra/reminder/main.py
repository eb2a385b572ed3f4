"""Reminds people: `/remind 20min tea`, `/remind 明天 8点 起床`, `/remind every monday 9:00 report`.

A reminder is a job of the conversation in which it was made, so it outlives restarts by itself. What has just rung is
kept with the user for a while, so that an answer like `稍后 10分钟` can set it anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec

from kagami.plugins.api import (
    Context,
    Failed,
    Mention,
    Message,
    Plugin,
    Reply,
    Rest,
    Scheduled,
    Sent,
    Settings,
    Text,
    UsageError,
)

from .days import Impossible
from .spans import read_span
from .texts import SUMMARIES, Language, say, say_moment
from .when import After, At, Every, Found, Vague, find

TRIES = 3
KEPT_RUNG = 5
SNOOZE = r"(?i)^\s*(?:snooze|稍后|稍等|晚点|推迟|再等)(?:再?提醒我?)?[\s,，]*(\S.{0,30})?$"
# A reminder that the bot could not say is tried again after so many minutes, each in turn.
RETRY_MINUTES = (1, 5, 15)


class ReminderSettings(Settings):
    language: Annotated[
        Literal["", "zh", "en"], msgspec.Meta(description="Language of the answers; empty is Kagami's own")
    ] = ""
    most: Annotated[int, msgspec.Meta(ge=1, le=500, description="Reminders that one user may have")] = 20
    longest: Annotated[int, msgspec.Meta(ge=1, le=1000, description="Characters of a reminder's text")] = 200
    least_minutes: Annotated[int, msgspec.Meta(ge=1, description="Minutes between two rings of one reminder")] = 5
    snooze_minutes: Annotated[int, msgspec.Meta(ge=1, description="How long a reminder can be put off")] = 30


@dataclass(frozen=True)
class Note:
    """One reminder; `spoken` is how its time was written, `tries` how often it could not be said."""

    text: str
    spoken: str
    chat: str
    tries: int = 0


@dataclass(frozen=True)
class Rung:
    """What has rung, as message `message`, at `at` (seconds since 1970)."""

    note: Note
    message: str
    at: float


plugin = Plugin(settings=ReminderSettings)
Here = Context[ReminderSettings]


@plugin.command("remind", aliases=["提醒", "提醒我"], cooldown="20/min/user", summary=SUMMARIES["remind"])
async def remind(ctx: Here, what: Rest[str] = "") -> str:
    most = ctx.settings.most
    if len(await ctx.jobs.list(_whose(ctx))) >= most:
        return _say(ctx, "full", most=most, prefix=ctx.execution.prefix)
    found = await _clear(ctx, what or await ctx.ask(_say(ctx, "ask_all")))
    text = found.rest or await ctx.ask(_say(ctx, "ask_what", spoken=found.spoken))
    if len(text) > ctx.settings.longest:
        return _say(ctx, "long", most=ctx.settings.longest)
    return await _set(ctx, found, Note(text, found.spoken, ctx.chat))


@plugin.command("reminders", aliases=["提醒列表", "我的提醒"], summary=SUMMARIES["reminders"])
async def show(ctx: Here) -> str:
    jobs = await _mine(ctx)
    if not jobs:
        return _say(ctx, "none", prefix=ctx.execution.prefix)
    return "\n".join([_say(ctx, "list"), *(f"{number}. {_said(ctx, job)}" for number, job in enumerate(jobs, 1))])


@plugin.command("forget", aliases=["忘掉", "取消提醒"], summary=SUMMARIES["forget"])
async def forget(ctx: Here, number: int | None = None) -> str:
    jobs = await _mine(ctx)
    if not jobs:
        return _say(ctx, "none", prefix=ctx.execution.prefix)
    if number is None and len(jobs) > 1:
        texts = {_said(ctx, job): job for job in jobs}
        job = texts[await ctx.choose(_say(ctx, "choose"), list(texts))]
    elif 1 <= (number or 1) <= len(jobs):
        job = jobs[(number or 1) - 1]
    else:
        return _say(ctx, "no_number", number=number, count=len(jobs))
    if not await ctx.confirm(_say(ctx, "confirm", text=_note(job).text)):
        return _say(ctx, "kept")
    await ctx.jobs.drop(job.key)
    return _say(ctx, "forgotten")


@plugin.job("ring")
async def ring(ctx: Here, note: Note) -> None:
    """The time has come. In a group the user is mentioned, so that the phone makes a sound."""
    rung = await ctx.store.user.get("rung", [], type=list[Rung])
    text = _say(ctx, "ring", text=note.text) + ("" if rung else _say(ctx, "hint"))
    private = ctx.chat.startswith("private:")
    message: Message = (Text(text),) if private else (Mention(ctx.user), Text(f" {text}"))
    receipt = await ctx.reply(message)
    if isinstance(receipt, Failed):
        await _try_later(ctx, note, receipt)
        return
    sent = receipt.message_id if isinstance(receipt, Sent) else ""
    kept = [Rung(note, sent, ctx.event.time_ms / 1000), *rung]
    await ctx.store.user.put("rung", kept[:KEPT_RUNG])


@plugin.intent(regex=SNOOZE)
async def snooze(ctx: Here) -> str | None:
    """An answer to what has just rung: a quoted reminder, else the last one here. Other talk is left alone."""
    span = read_span(ctx.groups[1] or "10min")
    rung = await ctx.store.user.get("rung", [], type=list[Rung])
    least = ctx.event.time_ms / 1000 - ctx.settings.snooze_minutes * 60
    recent = [each for each in rung if each.at >= least and each.note.chat == ctx.chat]
    quoted = {part.message_id for part in ctx.event.message if isinstance(part, Reply)}
    chosen = next((each for each in recent if not quoted or each.message in quoted), None)
    if chosen is None or span is None or not timedelta() < span[0] <= timedelta(days=30):
        return None
    due = await ctx.jobs.put(_key(ctx), "ring", after=span[0], data=replace(chosen.note, spoken=""))
    return _say(ctx, "snoozed", when=_moment(ctx, due))


async def _clear(ctx: Here, line: str) -> Found:
    """When and what, of a line; asks back for a time that was not said, or not at what hour."""
    found = _find(ctx, line)
    what = line if found is None else found.rest
    question = _say(ctx, "ask_when", text=line)
    for _ in range(TRIES):
        if found is not None and not isinstance(found.when, Vague):
            return found._replace(rest=what)
        if found is not None:
            question = _say(ctx, "ask_hour", spoken=found.spoken)
        found = _better(ctx, found, await ctx.ask(question, str))
        question = _say(ctx, "ask_again")
    if found is None or isinstance(found.when, Vague):
        raise UsageError(reason=_say(ctx, "gave_up"))
    return found._replace(rest=what)


def _better(ctx: Here, found: Found | None, answer: str) -> Found | None:
    """To `明天`, the answer `8点` means tomorrow's; an answer like `周五 8点` stands for itself."""
    if found is None:
        return _find(ctx, answer)
    together = _find(ctx, f"{found.spoken} {answer}")
    return together if together is not None and not isinstance(together.when, Vague) else _find(ctx, answer) or found


def _find(ctx: Here, line: str) -> Found | None:
    try:
        return find(line, _now(ctx))
    except Impossible as error:
        raise _refused(ctx, error.reason) from None


async def _set(ctx: Here, found: Found, note: Note) -> str:
    match found.when:
        case After(span):
            due = await ctx.jobs.put(_key(ctx), "ring", after=span, data=note)
        case At(moments):
            moment = moments[0] if len(moments) == 1 else await _which(ctx, found.spoken, moments)
            due = await ctx.jobs.put(_key(ctx), "ring", at=moment.astimezone(), data=note)
        case Every(timetable, gap):
            return await _set_regular(ctx, timetable, gap, note)
        case Vague():
            raise _refused(ctx, "nonsense")
    return _say(ctx, "set", when=_moment(ctx, due), text=note.text)


async def _set_regular(ctx: Here, timetable: str, gap: timedelta, note: Note) -> str:
    if gap < timedelta(minutes=ctx.settings.least_minutes):
        return _say(ctx, "often", least=ctx.settings.least_minutes)
    try:
        due = await ctx.jobs.put(_key(ctx), "ring", timetable=timetable, data=note)
    except UsageError:
        raise _refused(ctx, "timetable") from None
    return _say(ctx, "set_regular", spoken=note.spoken, text=note.text, when=_moment(ctx, due))


async def _which(ctx: Here, spoken: str, moments: tuple[datetime, ...]) -> datetime:
    """8 o'clock in the afternoon: this evening's or tomorrow's?"""
    shown = {say_moment(_language(ctx), each, _now(ctx)): each for each in moments}
    return shown[await ctx.choose(_say(ctx, "ask_which", spoken=spoken), list(shown))]


async def _try_later(ctx: Here, note: Note, receipt: Failed) -> None:
    if note.tries == len(RETRY_MINUTES):
        ctx.log.warning("a reminder could not be said", user=ctx.user, chat=ctx.chat, reason=receipt.reason)
        return
    wait = timedelta(minutes=RETRY_MINUTES[note.tries])
    await ctx.jobs.put(_key(ctx), "ring", after=wait, data=replace(note, spoken="", tries=note.tries + 1))


def _refused(ctx: Here, reason: str) -> UsageError:
    examples = _say(ctx, "examples", prefix=ctx.execution.prefix)
    return UsageError(reason=f"{_say(ctx, reason)}\n{examples}")


async def _mine(ctx: Here) -> list[Scheduled]:
    """The user's reminders in this account, the next first. A group gets to see only its own."""
    jobs = await ctx.jobs.list(_whose(ctx))
    private = ctx.chat.startswith("private:")
    return [job for job in jobs if private or _note(job).chat == ctx.chat]


def _whose(ctx: Here) -> str:
    return f"{ctx.bot}/{ctx.user}/"


def _key(ctx: Here) -> str:
    """By the event that sets it: one that is handled again sets the same reminder, not a second one."""
    return f"{_whose(ctx)}{ctx.event.execution}"


def _note(job: Scheduled) -> Note:
    return msgspec.convert(job.data, Note)


def _said(ctx: Here, job: Scheduled) -> str:
    note, when = _note(job), _moment(ctx, job.due)
    key = "line_regular" if job.timetable else "line"
    told = _say(ctx, key, spoken=note.spoken, when=when, text=note.text)
    if note.chat == ctx.chat or note.chat.startswith("private:"):
        return told
    return told + _say(ctx, "elsewhere", chat=note.chat.partition(":")[2])


def _now(ctx: Here) -> datetime:
    """The machine's local time, without its zone, when the event happened: a handler run again sees the same."""
    return datetime.fromtimestamp(ctx.event.time_ms / 1000, UTC).astimezone().replace(tzinfo=None)


def _moment(ctx: Here, due: datetime) -> str:
    return say_moment(_language(ctx), due.astimezone().replace(tzinfo=None), _now(ctx))


def _say(ctx: Here, key: str, **values: object) -> str:
    return say(_language(ctx), key, **values)


def _language(ctx: Here) -> Language:
    return ctx.settings.language or ("zh" if ctx.language == "zh" else "en")
