"""Keeps groups clean. Admins of a group switch it on with `/mod on`; a group without it costs next to nothing."""

from __future__ import annotations

from dataclasses import replace

from kagami.plugins.api import Context, Lifetime, Mention, Plugin, Text

from . import admins, deeds
from .chats import Chats
from .greeting import fill, uses_group
from .journal import Entry, note, of_today
from .judge import Breach, judge, key_of
from .ladder import Record, Step, decide
from .rules import Rules
from .texts import language_of, say
from .watch import Watch

# One word about somebody is enough for a while, unless more follows than words.
SILENT_S = 10

plugin = Plugin(settings=Rules)
chats = Chats()
watch = Watch()
admins.declare(plugin, chats, watch)
Here = Context[Rules]


@plugin.start
async def begin(life: Lifetime[Rules]) -> None:
    chats.begin(life.settings)
    watch.clear()


@plugin.on("message")
async def look(ctx: Here) -> None:
    """Every message of every group comes through here."""
    if watch.is_pardoned(ctx.event.execution) or not deeds.is_group(ctx):
        return
    guarded = await chats.of(ctx)
    if guarded is None or ctx.event.sender.role in guarded.rules.exempt_roles:
        return
    breach = judge(ctx.event, guarded, chats.general, watch)
    if breach is not None:
        await act(ctx, guarded.rules, breach)


async def act(ctx: Here, rules: Rules, breach: Breach) -> None:
    """Take the message back, and go one step up the ladder."""
    key = f"record/{ctx.user}"
    before = await ctx.store.chat.get(key, Record(), type=Record)
    step = decide(before, rules, ctx.event.time_ms)
    deleted = step.delete and await deeds.take_back(ctx)
    failed = (step.then == "mute" and not await deeds.mute(ctx, ctx.user, rules.mute_minutes)) or (
        step.then == "kick" and not await deeds.kick(ctx, ctx.user)
    )
    if failed:
        warned = replace(before, warnings=before.warnings + 1, last_ms=ctx.event.time_ms)
        step = replace(step, record=warned, then="warn")
    if step.record != before:
        await ctx.store.chat.put(key, step.record)
    if deed := "delete" if deleted and step.then in (None, "warn") else step.then:
        await note(ctx, Entry(ctx.event.time_ms, deed, ctx.user, breach.why, breach.detail))
    await tell(ctx, rules, breach, step)


async def tell(ctx: Here, rules: Rules, breach: Breach, step: Step) -> None:
    """Say what follows, but do not answer a flood with a flood."""
    may_tell = watch.may_tell(key_of(ctx.event), ctx.event.time_ms, SILENT_S)
    if step.then is None or (step.then == "warn" and not may_tell):
        return
    language = language_of(ctx)
    most = say(language, "most", most=rules.mute_after) if rules.mute_after else ""
    said = say(
        language,
        step.then,
        why=say(language, f"why_{breach.why}"),
        count=step.record.warnings,
        most=most,
        minutes=rules.mute_minutes,
    )
    await ctx.reply((Mention(ctx.user), Text(said)))


@plugin.on("group_increase")
async def welcome(ctx: Here) -> None:
    guarded = await chats.of(ctx)
    if guarded is None or not guarded.rules.welcome or deeds.is_bot(ctx, ctx.user):
        return
    template = guarded.rules.welcome
    group = await deeds.group_name(ctx) if uses_group(template) else ""
    await ctx.reply(fill(template, name=Mention(ctx.user), group=group))


@plugin.on("group_decrease")
async def farewell(ctx: Here) -> None:
    guarded = await chats.of(ctx)
    if guarded is None or not guarded.rules.farewell or deeds.is_bot(ctx, ctx.user):
        return
    template = guarded.rules.farewell
    group = await deeds.group_name(ctx) if uses_group(template) else ""
    await ctx.reply(fill(template, name=await deeds.user_name(ctx), group=group))


@plugin.job("summary")
async def summary(ctx: Here) -> str | None:
    """What was done within a day, where anything was."""
    counts = await of_today(ctx)
    if not counts:
        return None
    language = language_of(ctx)
    lines = (say(language, "count", deed=say(language, f"deed_{deed}"), count=n) for deed, n in counts.most_common())
    return say(language, "summary", counts=("，" if language == "zh" else ", ").join(lines))
