"""The commands of a group's admins."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from kagami.plugins.api import Context, Plugin, Rest, UsageError, User

from . import deeds
from .chats import CONFIG, ON, OWN, Chats, key_of, words_of
from .journal import Entry, entries, note
from .ladder import Record
from .rules import MOST_MUTE_MINUTES, OF_CHAT, Rules, name_of, read_rule
from .texts import SUMMARIES, language_of, say, say_value
from .watch import Watch
from .words import plain

Here = Context[Rules]
MOST_WORDS = 500
LONGEST_WORD = 50
SHOWN_ENTRIES = 10
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)")
_BETWEEN = re.compile(r"[\s,，、;；]+")


def declare(plugin: Plugin[Rules], chats: Chats, watch: Watch) -> None:
    """Everything that begins with `/mod`, and what admins do to one person."""
    desk = Desk(chats)

    @plugin.command("mod", aliases=["群管"], role="admin", summary=SUMMARIES["mod"])
    async def mod(ctx: Here, verb: str = "", what: Rest[str] = "") -> str:
        _check_group(ctx)
        watch.pardon(ctx.event.execution)
        return await desk.verb(verb)(ctx, what)

    plugin.command("mute", aliases=["禁言"], role="admin", summary=SUMMARIES["mute"])(mute)
    plugin.command("unmute", aliases=["解禁"], role="admin", summary=SUMMARIES["unmute"])(unmute)
    plugin.command("kick", aliases=["踢出"], role="admin", summary=SUMMARIES["kick"])(kick)
    plugin.command("warns", aliases=["警告记录"], role="admin", summary=SUMMARIES["warns"])(warns)


class Desk:
    """What `/mod` does, by its first word."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats
        self._verbs: dict[str, Callable[[Here, str], Awaitable[str]]] = {}
        for words, verb in (
            ("on 开", self.switch_on),
            ("off 关", self.switch_off),
            ("add 添加 加", self.add),
            ("remove 删除 删", self.remove),
            ("list 列表", self.list),
            ("set 规则 设置", self.set),
            ("log 记录", self.log),
            ("summary 小结", self.summary),
        ):
            self._verbs |= dict.fromkeys(words.split(), verb)

    def verb(self, word: str) -> Callable[[Here, str], Awaitable[str]]:
        return self._verbs.get(word.casefold(), self.help)

    async def help(self, ctx: Here, _: str) -> str:
        return _say(ctx, "help", prefix=ctx.execution.prefix)

    async def switch_on(self, ctx: Here, _: str) -> str:
        await ctx.store.chat.put(ON, value=True)
        await self._chats.changed(ctx)
        return _say(ctx, "on", prefix=ctx.execution.prefix)

    async def switch_off(self, ctx: Here, _: str) -> str:
        await ctx.store.chat.delete(ON)
        await ctx.jobs.drop(_summary_key(ctx))
        await self._chats.changed(ctx)
        return _say(ctx, "off")

    async def add(self, ctx: Here, what: str) -> str:
        words = {word for word in _BETWEEN.split(what) if plain(word) and len(word) <= LONGEST_WORD}
        if not words:
            return _say(ctx, "no_words", prefix=ctx.execution.prefix)
        if len(words | set(words_of(await ctx.store.chat.list(CONFIG)))) > MOST_WORDS:
            return _say(ctx, "too_many", most=MOST_WORDS)
        for word in words:
            await ctx.store.chat.put(key_of(word), word)
        return await self._stored(ctx, _say(ctx, "added", words=_listed(ctx, words)))

    async def remove(self, ctx: Here, what: str) -> str:
        kept = await ctx.store.chat.list(CONFIG)
        found = {word: key_of(word) for word in _BETWEEN.split(what) if plain(word) and key_of(word) in kept}
        if not found:
            return _say(ctx, "unknown_words")
        for key in found.values():
            await ctx.store.chat.delete(key)
        return await self._stored(ctx, _say(ctx, "removed", words=_listed(ctx, found)))

    async def list(self, ctx: Here, _: str) -> str:
        words = words_of(await ctx.store.chat.list(CONFIG))
        return _say(ctx, "words", count=len(words), words=_listed(ctx, words)) if words else _say(ctx, "no_list")

    async def set(self, ctx: Here, what: str) -> str:
        """Without a name, show all rules; without a value, take the operator's again."""
        first, _, text = what.partition(" ")
        if not first:
            return await self._rules(ctx)
        name, text = name_of(first), text.strip()
        if name is None:
            return _say(ctx, "unknown_rule", prefix=ctx.execution.prefix)
        if text:
            try:
                await ctx.store.chat.put(OWN + name, read_rule(name, text))
            except ValueError:
                return _say(ctx, "bad_value", value=text)
        else:
            await ctx.store.chat.delete(OWN + name)
        guarded = await self._chats.changed(ctx)
        if guarded is None:
            return _say(ctx, "is_off", prefix=ctx.execution.prefix)
        return _say(ctx, "rule_set", name=first, value=_value(ctx, guarded.rules, name))

    async def log(self, ctx: Here, _: str) -> str:
        found = await entries(ctx)
        if not found:
            return _say(ctx, "no_log")
        return "\n".join([_say(ctx, "log"), *(_entry(ctx, each) for each in found[:SHOWN_ENTRIES])])

    async def summary(self, ctx: Here, what: str) -> str:
        if what.strip().casefold() in ("off", "关"):
            await ctx.jobs.drop(_summary_key(ctx))
            return _say(ctx, "summary_off")
        clock = _CLOCK.fullmatch(what.strip())
        if clock is None:
            return _say(ctx, "bad_time")
        await ctx.jobs.put(
            _summary_key(ctx), "summary", timetable=f"{int(clock[2])} {int(clock[1])} * * *", missed="skip"
        )
        return _say(ctx, "summary_set", time=what.strip())

    async def _rules(self, ctx: Here) -> str:
        guarded = await self._chats.of(ctx)
        if guarded is None:
            return _say(ctx, "is_off", prefix=ctx.execution.prefix)
        lines = (
            _say(ctx, "rule", name=name, chinese=chinese, value=_value(ctx, guarded.rules, name))
            for name, chinese in OF_CHAT.items()
        )
        return "\n".join([_say(ctx, "rules"), *lines])

    async def _stored(self, ctx: Here, said: str) -> str:
        guarded = await self._chats.changed(ctx)
        return said if guarded else f"{said}\n{_say(ctx, 'is_off', prefix=ctx.execution.prefix)}"


async def mute(ctx: Here, user: User, time: timedelta | None = None) -> str:
    _check_person(ctx, user)
    minutes = ctx.settings.mute_minutes if time is None else round(time.total_seconds() / 60)
    if not 1 <= minutes <= MOST_MUTE_MINUTES:
        return _say(ctx, "bad_minutes")
    return await _by_hand(ctx, "mute", user, done=await deeds.mute(ctx, user, minutes), minutes=minutes)


async def unmute(ctx: Here, user: User) -> str:
    _check_person(ctx, user)
    return await _by_hand(ctx, "unmute", user, done=await deeds.mute(ctx, user, 0))


async def kick(ctx: Here, user: User) -> str:
    _check_person(ctx, user)
    if not await ctx.confirm(_say(ctx, "confirm_kick", user=user)):
        return _say(ctx, "not_kicked")
    return await _by_hand(ctx, "kick", user, done=await deeds.kick(ctx, user))


async def warns(ctx: Here, user: User, clear: Literal["clear", "清零"] | None = None) -> str:
    _check_person(ctx, user)
    if clear is not None:
        await ctx.store.chat.delete(f"record/{user}")
        return _say(ctx, "cleared", user=user)
    record = await ctx.store.chat.get(f"record/{user}", Record(), type=Record)
    return _say(ctx, "warns", user=user, warnings=record.warnings, mutes=record.mutes)


async def _by_hand(ctx: Here, deed: str, user: User, *, done: bool, minutes: int = 0) -> str:
    if not done:
        return _say(ctx, "refused")
    if deed == "unmute":
        await ctx.store.chat.delete(f"record/{user}")
    await note(ctx, Entry(ctx.event.time_ms, deed, user, by=ctx.user))
    return _say(ctx, {"mute": "muted", "unmute": "unmuted", "kick": "kicked"}[deed], user=user, minutes=minutes)


def _check_group(ctx: Here) -> None:
    if not deeds.is_group(ctx):
        raise UsageError(reason=_say(ctx, "only_groups"))


def _check_person(ctx: Here, user: User) -> None:
    _check_group(ctx)
    if deeds.is_bot(ctx, user):
        raise UsageError(reason=_say(ctx, "myself"))


def _summary_key(ctx: Here) -> str:
    return f"summary/{ctx.bot}/{ctx.chat}"


def _entry(ctx: Here, entry: Entry) -> str:
    time = datetime.fromtimestamp(entry.at_ms / 1000, UTC).astimezone()
    why = " ".join(filter(None, [_say(ctx, f"why_{entry.why}"), entry.detail]))
    told = _say(
        ctx, "entry", time=f"{time:%m-%d %H:%M}", deed=_say(ctx, f"deed_{entry.deed}"), user=entry.user, why=why
    )
    return told.rstrip() + (_say(ctx, "by", by=entry.by) if entry.by else "")


def _value(ctx: Here, rules: Rules, name: str) -> str:
    return say_value(language_of(ctx), msgspec.to_builtins(rules)[name])


def _listed(ctx: Here, words: Iterable[str]) -> str:
    return ("、" if language_of(ctx) == "zh" else ", ").join(sorted(words))


def _say(ctx: Here, key: str, **values: object) -> str:
    return say(language_of(ctx), key, **values)
